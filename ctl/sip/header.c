/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers that osip keeps as text, by either of their names; bodies; random text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/random.h"
#include "ctl/sip/message.h"

/* RFC 3261 20, RFC 3515, RFC 3841, RFC 3892, RFC 4028, RFC 6665; others osip replaces by itself. */
static const struct {
	const char *name, *compact;
} COMPACT[] = {
        {"Accept-Contact", "a"},
        {"Referred-By", "b"},
        {"Request-Disposition", "d"},
        {"Content-Encoding", "e"},
        {"Reject-Contact", "j"},
        {"Supported", "k"},
        {"Event", "o"},
        {"Refer-To", "r"},
        {"Subject", "s"},
        {"Allow-Events", "u"},
        {"Session-Expires", "x"},
        {"Identity", "y"},
};

static const char *compact_of(const char *name)
{
	for (size_t i = 0; i < sizeof(COMPACT) / sizeof(*COMPACT); i++) {
		if (strcasecmp(name, COMPACT[i].name) == 0)
			return COMPACT[i].compact;
	}
	return NULL;
}

static bool is_named(const osip_header_t *header, const char *name, const char *compact)
{
	return header->hname &&
	       (strcasecmp(header->hname, name) == 0 || (compact && strcasecmp(header->hname, compact) == 0));
}

const char *sip_header(const osip_message_t *message, const char *name, int n)
{
	const char *compact = compact_of(name);
	osip_list_iterator_t iterator;

	if (strcasecmp(name, "Allow") == 0) {
		/* The one header without structure that osip keeps apart. */
		const osip_allow_t *allow = osip_list_get(&message->allows, n);

		return allow ? allow->value : NULL;
	}
	for (osip_header_t *header = osip_list_get_first(&message->headers, &iterator); header;
	        header = osip_list_get_next(&iterator)) {
		if (is_named(header, name, compact) && n-- == 0)
			return header->hvalue ? header->hvalue : "";
	}
	return NULL;
}

int sip_header_set(osip_message_t *message, const char *name, const char *value)
{
	const char *compact = compact_of(name);
	int place = 0;

	while (!osip_list_eol(&message->headers, place)) {
		osip_header_t *header = osip_list_get(&message->headers, place);

		if (is_named(header, name, compact)) {
			osip_list_remove(&message->headers, place);
			osip_header_free(header);
		} else {
			place++;
		}
	}
	return osip_message_set_header(message, name, value) ? -ENOMEM : 0;
}

int sip_body_set(osip_message_t *message, const char *type, const char *body, size_t bytes)
{
	osip_content_type_free(message->content_type);
	message->content_type = NULL;
	osip_list_special_free(&message->bodies, (void (*)(void *))osip_body_free);
	osip_list_init(&message->bodies);
	if (osip_message_set_content_type(message, type) || osip_message_set_body(message, body, bytes))
		return -ENOMEM;
	return 0;
}

bool sip_body_is(const struct sip_message *message, const char *type)
{
	const osip_content_type_t *found = message->osip->content_type;
	const char *slash = strchr(type, '/');
	size_t length = slash ? (size_t)(slash - type) : 0;

	return message->body && found && found->type && found->subtype && slash &&
	       strlen(found->type) == length && strncasecmp(found->type, type, length) == 0 &&
	       strcasecmp(found->subtype, slash + 1) == 0;
}

/* Whether one of the comma-separated values is the token; what follows a semicolon doesn't matter. */
static bool list_holds(const char *list, const char *token)
{
	size_t length = strlen(token);

	while (*list) {
		list += strspn(list, " \t,");
		if (strncasecmp(list, token, length) == 0 && strchr(" \t,;", list[length]))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool sip_has_token(const osip_message_t *message, const char *name, const char *token)
{
	const char *list;

	for (int n = 0; (list = sip_header(message, name, n)); n++) {
		if (list_holds(list, token))
			return true;
	}
	return false;
}

void sip_random(char text[33])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
	}
	*text = '\0';
}

uint32_t sip_cseq(const osip_message_t *message)
{
	return (uint32_t)strtoul(message->cseq->number, NULL, 10);
}
