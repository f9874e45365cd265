/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/uri.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool text_is_clean(const char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			return false;
	}
	return true;
}

static bool is_clean_or_absent(const char *text)
{
	return !text || text_is_clean(text);
}

/* Decimal, 1 to 65535. NULL is SIP_PORT. 0: none of these. */
static uint16_t port_read(const char *text)
{
	unsigned long port;
	char *end;

	if (!text)
		return SIP_PORT;
	if (!isdigit((unsigned char)*text))
		return 0;
	port = strtoul(text, &end, 10);
	return *end || port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* A name or an address: anything else that osip lets through as host would come out as something different.
 */
static bool host_is_valid(const char *host)
{
	uint8_t ip[16];

	if (!host || !*host)
		return false;
	if (strchr(host, ':'))
		return address_parse_ip(host, ip) == 0;
	for (; *host; host++) {
		if (!isalnum((unsigned char)*host) && !strchr("-._", *host))
			return false;
	}
	return true;
}

bool uri_is_usable(const osip_uri_t *uri)
{
	osip_list_iterator_t iterator;

	if (!uri || !uri->scheme ||
	        (strcasecmp(uri->scheme, "sip") != 0 && strcasecmp(uri->scheme, "sips") != 0))
		return false;
	if (!host_is_valid(uri->host) || !port_read(uri->port))
		return false;
	if (!is_clean_or_absent(uri->username) || !is_clean_or_absent(uri->password))
		return false;
	for (osip_uri_param_t *param = osip_list_get_first(&uri->url_params, &iterator); param;
	        param = osip_list_get_next(&iterator)) {
		if (!is_clean_or_absent(param->gname) || !is_clean_or_absent(param->gvalue))
			return false;
	}
	return true;
}

bool uri_takes_transport(const osip_uri_t *uri, const char *transport)
{
	const char *asked = uri_parameter(uri, "transport");

	return strcasecmp(uri->scheme, "sip") == 0 &&
	       (!asked || !*asked || strcasecmp(asked, transport) == 0);
}

int uri_text(const osip_uri_t *uri, char **text)
{
	osip_uri_t bare;
	char *result = NULL;

	if (!uri_is_usable(uri))
		return -EINVAL;
	bare = *uri;
	osip_list_init(&bare.url_headers);
	if (osip_uri_to_str(&bare, &result))
		return -ENOMEM;
	if (strlen(result) >= URI_BYTES || !text_is_clean(result)) {
		osip_free(result);
		return -EINVAL;
	}
	*text = result;
	return 0;
}

int uri_parse(const char *text, osip_uri_t **uri)
{
	osip_uri_t *result;

	if (osip_uri_init(&result))
		return -ENOMEM;
	if (osip_uri_parse(result, text) || !uri_is_usable(result)) {
		osip_uri_free(result);
		return -EINVAL;
	}
	*uri = result;
	return 0;
}

const char *uri_parameter(const osip_uri_t *uri, const char *name)
{
	osip_list_iterator_t iterator;

	for (osip_uri_param_t *param = osip_list_get_first(&uri->url_params, &iterator); param;
	        param = osip_list_get_next(&iterator)) {
		if (param->gname && strcasecmp(param->gname, name) == 0)
			return param->gvalue ? param->gvalue : "";
	}
	return NULL;
}

int uri_address(const osip_uri_t *uri, struct address *address)
{
	struct address result = {.port = port_read(uri->port)};

	if (!uri->host || !result.port || address_parse_ip(uri->host, result.ip) < 0)
		return -EINVAL;
	*address = result;
	return 0;
}

static bool is_separator(char c)
{
	return c && strchr("-.()", c);
}

/* RFC 3966 3: digits and visual separators, perhaps behind a plus. */
static bool is_telephone(const char *user, size_t length)
{
	size_t digits = 0;

	for (size_t i = user[0] == '+'; i < length; i++) {
		if (!isdigit((unsigned char)user[i]) && !is_separator(user[i]))
			return false;
		digits += !is_separator(user[i]);
	}
	return digits > 0;
}

int number_read(const char *user, bool phone, char *number, size_t size)
{
	size_t length = strcspn(user, ";"), used = 0;
	bool bare = phone && is_telephone(user, length);

	for (size_t i = 0; i < length; i++) {
		if (bare && is_separator(user[i]))
			continue;
		if (used + 1 >= size)
			return -EINVAL;
		number[used++] = user[i];
	}
	number[used] = '\0';
	return 0;
}

int uri_number(const osip_uri_t *uri, char *number, size_t size)
{
	const char *kind = uri_parameter(uri, "user");

	return number_read(
	        uri->username ? uri->username : "", kind && strcasecmp(kind, "phone") == 0, number, size);
}

bool host_equal(const char *a, const char *b)
{
	uint8_t ip_a[16], ip_b[16];

	if (strcasecmp(a, b) == 0)
		return true;
	return address_parse_ip(a, ip_a) == 0 && address_parse_ip(b, ip_b) == 0 &&
	       address_same_ip(ip_a, ip_b);
}

char *uri_device(const osip_uri_t *uri)
{
	const char *transport = uri_parameter(uri, "transport");
	const char *user = uri->username ? uri->username : "";
	const char *host = uri->host;
	char *device, *end, literal[ADDRESS_TEXT];
	struct address address;
	int length;

	if (uri_address(uri, &address) == 0)
		host = address_format_ip(address.ip, literal);
	length = asprintf(&device, "%s;%s;%s;%u;%s", uri->scheme, transport && *transport ? transport : "udp",
	        host, port_read(uri->port), user);
	if (length < 0)
		return NULL;
	/* Only the user part knows case. */
	end = device + length - strlen(user);
	for (char *at = device; at < end; at++)
		*at = (char)tolower((unsigned char)*at);
	return device;
}
