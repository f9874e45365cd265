/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a leg, in words that strangers can't break out of. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/call/leg_private.h"

/* Bytes of the UTF-8 character at `text`, 0: it is none. Overlong forms and surrogates aren't. */
static size_t character_bytes(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned low = 0x80, high = 0xbf;
	size_t bytes;

	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xc2 || byte[0] > 0xf4)
		return 0;
	bytes = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	if (byte[0] == 0xe0 || byte[0] == 0xf0)
		low = byte[0] == 0xe0 ? 0xa0 : 0x90;
	if (byte[0] == 0xed || byte[0] == 0xf4)
		high = byte[0] == 0xed ? 0x9f : 0x8f;
	if (byte[1] < low || byte[1] > high)
		return 0;
	for (size_t i = 2; i < bytes; i++)
		if (byte[i] < 0x80 || byte[i] > 0xbf)
			return 0;
	return bytes;
}

/* Names go into headers between quotes, and into JSON: what would end them, or is no UTF-8, is left out. */
static void copy_quotable(char *to, size_t size, const char *from)
{
	size_t length = 0, bytes;

	for (; *from; from += bytes ? bytes : 1) {
		bytes = character_bytes(from);
		if (!bytes || (unsigned char)*from < ' ' || strchr("\"\\\177", *from))
			continue;
		if (length + bytes >= size)
			break;
		memcpy(to + length, from, bytes);
		length += bytes;
	}
	to[length] = '\0';
}

/* The user part as a URI may carry it; anything else is left out. */
static void copy_user(char *to, size_t size, const char *from)
{
	size_t length = 0;

	for (; *from && length + 1 < size; from++)
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.!~*'()&=+$,;?/",
		            *from))
			to[length++] = *from;
	to[length] = '\0';
}

void leg_identity(struct leg *leg, const char *name, const char *number, const char *host)
{
	char quoted[96];
	char host_text[128];

	copy_quotable(quoted, sizeof(quoted), name ? name : "");
	copy_user(leg->number, sizeof(leg->number), number ? number : "");
	if (!leg->number[0])
		snprintf(leg->number, sizeof(leg->number), "anonymous");
	copy_user(host_text, sizeof(host_text), host);
	if (quoted[0])
		snprintf(leg->identity, sizeof(leg->identity), "\"%s\" <sip:%s@%s>", quoted, leg->number,
		        host_text);
	else
		snprintf(leg->identity, sizeof(leg->identity), "<sip:%s@%s>", leg->number, host_text);
}

/* Display names come quoted from the parser. */
static void unquote(char *text)
{
	size_t length = strlen(text);

	if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
		memmove(text, text + 1, length - 2);
		text[length - 2] = '\0';
	}
}

/* RFC 3323, RFC 3325: who calls wants the called side not to know. */
static bool wants_privacy(const osip_message_t *request)
{
	static const char *const kinds[] = {"id", "user", "header"};
	const char *list = sip_header(request, "Privacy", 0);

	while (list && *(list += strspn(list, " \t;,"))) {
		size_t length = strcspn(list, " \t;,");

		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (length == strlen(kinds[i]) && !strncasecmp(list, kinds[i], length))
				return true;
		list += length;
	}
	return false;
}

/* The number of a sip: or tel: URI, without its parameters; NULL: it has none. */
static const char *uri_number(const osip_uri_t *uri, char *number, size_t size)
{
	const char *text = uri ? uri->username : NULL;

	if (uri && !text && uri->scheme && !strcasecmp(uri->scheme, "tel"))
		text = uri->string;
	if (!text || !*text)
		return NULL;
	snprintf(number, size, "%.*s", (int)strcspn(text, ";"), text);
	return number;
}

void leg_identify(struct leg *leg, const osip_message_t *request)
{
	const char *asserted = sip_header(request, "P-Asserted-Identity", 0);
	const osip_from_t *from = request->from;
	osip_from_t *parsed = NULL;
	char name[96] = "", number[64];

	if (leg->user) {
		leg_identity(leg, leg->user->display, leg->user->name, leg->tenant->domain);
		return;
	}
	if (wants_privacy(request)) {
		leg_identity(leg, "Anonymous", NULL, leg->tenant->domain);
		return;
	}
	if (asserted && !osip_from_init(&parsed) && !osip_from_parse(parsed, asserted) &&
	        uri_number(parsed->url, number, sizeof(number)))
		from = parsed;
	if (from->displayname) {
		snprintf(name, sizeof(name), "%s", from->displayname);
		unquote(name);
	}
	leg_identity(leg, name, uri_number(from->url, number, sizeof(number)), leg->tenant->domain);
	osip_from_free(parsed);
}
