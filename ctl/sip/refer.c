/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a REFER asks for. Its NOTIFYs are in refer_notifier.c. */
#include "ctl/sip/refer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/sip/uri.h"

/* -EINVAL: too long, or with control bytes that an escape had hidden. */
static int text_take(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size || !text_is_clean(text))
		return -EINVAL;
	memcpy(to, text, length + 1);
	return 0;
}

/* Whether Refer-To holds one address and nothing behind it: osip takes the first of several. */
static bool value_is_one(const char *value)
{
	const char *end = value;

	/* A display name's quotes may hold anything. */
	while (*end == '"') {
		for (end++; *end && *end != '"'; end++) {
			if (*end == '\\' && end[1])
				end++;
		}
		end += *end == '"';
		end += strspn(end, " \t");
	}
	if (strchr(end, '<')) {
		end = strchr(end, '>');
		if (!end)
			return false;
		end += 1 + strspn(end + 1, " \t");
		if (*end && *end != ';')
			return false;
	}
	return !strchr(end, ',');
}

static int uri_take(struct refer *refer, const osip_uri_t *uri)
{
	const char *method = uri_parameter(uri, "method");
	osip_list_iterator_t iterator;

	if (uri_number(uri, refer->user, sizeof(refer->user)) < 0 ||
	        text_take(refer->host, sizeof(refer->host), uri->host) < 0 ||
	        text_take(refer->method, sizeof(refer->method), method && *method ? method : "INVITE") < 0)
		return -EINVAL;
	for (osip_uri_header_t *header = osip_list_get_first(&uri->url_headers, &iterator); header;
	        header = osip_list_get_next(&iterator)) {
		if (!header->gname || strcasecmp(header->gname, "Replaces") != 0)
			continue;
		if (*refer->replaces || !header->gvalue ||
		        text_take(refer->replaces, sizeof(refer->replaces), header->gvalue) < 0)
			return -EINVAL;
	}
	return 0;
}

/* Other schemes than sip: are addresses, too, if none that we can lead to. */
static int address_take(struct refer *refer, const osip_uri_t *uri)
{
	const char *rest;

	if (!uri)
		return -EINVAL;
	rest = uri->string ? uri->string : "";
	if (!*rest)
		return uri_is_usable(uri) ? uri_take(refer, uri) : -EINVAL;
	if (!text_is_clean(rest))
		return -EINVAL;
	snprintf(refer->method, sizeof(refer->method), "INVITE");
	return strcasecmp(uri->scheme, "tel") ? 0 : number_read(rest, true, refer->user, sizeof(refer->user));
}

static int refer_to_read(const char *value, struct refer *refer)
{
	osip_from_t *address;
	int error = -EINVAL;

	if (!value_is_one(value))
		return -EINVAL;
	if (osip_from_init(&address))
		return -ENOMEM;
	if (osip_from_parse(address, value) == 0)
		error = address_take(refer, address->url);
	osip_from_free(address);
	return error;
}

/* RFC 4488: `Refer-Sub: false`, perhaps with parameters. */
static bool wants_notify(const osip_message_t *osip)
{
	const char *value = sip_header(osip, "Refer-Sub", 0);

	return !value || strncasecmp(value, "false", 5) != 0 || !strchr(" \t;", value[5]);
}

int refer_read(const struct sip_message *request, struct refer *refer)
{
	const osip_message_t *osip = request->osip;
	const char *refer_to = sip_header(osip, "Refer-To", 0);
	const char *referred_by = sip_header(osip, "Referred-By", 0);
	struct refer read = {.subscribe = wants_notify(osip)};
	int error;

	if (!refer_to || sip_header(osip, "Refer-To", 1))
		return -EINVAL;
	error = refer_to_read(refer_to, &read);
	if (error < 0)
		return error;
	if (referred_by && text_take(read.referred_by, sizeof(read.referred_by), referred_by) < 0)
		return -EINVAL;
	*refer = read;
	return 0;
}
