/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages from text, as if they had come over a flow. */
#ifndef XDPARK_TESTS_SIP_TEXT_H
#define XDPARK_TESTS_SIP_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/message.h"

/* UDP that nothing is sent over. */
static const struct transport_ops TEXT_TRANSPORT_OPS = {.name = "UDP"};
static struct transport text_transport = {.ops = &TEXT_TRANSPORT_OPS};

/* From "10.90.0.2:5060" to 10.90.0.1:5060. */
static inline struct flow text_flow(const char *from)
{
	struct flow flow = {.transport = &text_transport};

	assert_int_equal(address_parse(from, 5060, &flow.remote), 0);
	assert_int_equal(
	        address_parse(strchr(from, '[') ? "[fd90::1]:5060" : "10.90.0.1:5060", 5060, &flow.local), 0);
	return flow;
}

/* Lines end with \n in the text; the empty line behind the header is added. NULL: the stack refuses it. */
static inline struct sip_message *text_try(const char *from, const char *text)
{
	struct flow flow = text_flow(from);
	struct sip_message *message = NULL;
	char *bytes = malloc(2 * strlen(text) + 3), *to = bytes;
	const char *reason;
	int status;

	if (!bytes)
		abort();
	for (; *text; text++) {
		if (*text == '\n')
			*to++ = '\r';
		*to++ = *text;
	}
	*to++ = '\r';
	*to++ = '\n';
	if (sip_message_parse(&message, &flow, bytes, (size_t)(to - bytes), &status, &reason) < 0)
		message = NULL;
	free(bytes);
	return message;
}

static inline struct sip_message *text_message(const char *from, const char *text)
{
	struct sip_message *message = text_try(from, text);

	if (!message)
		fail_msg("the stack refuses this message:\n%s", text);
	return message;
}

/* What a message looks like on the wire, for the caller to free. */
static inline char *text_of(osip_message_t *message)
{
	size_t length;
	char *text = NULL;

	osip_message_force_update(message);
	assert_int_equal(osip_message_to_str(message, &text, &length), 0);
	return text;
}

/* Whether the message's text holds `part`; shows the text otherwise. */
#define assert_says(message, part)                                                                           \
	do {                                                                                                 \
		char *said_ = text_of(message);                                                              \
		if (!strstr(said_, part))                                                                    \
			fail_msg("not in the message: %s\n%s", part, said_);                                 \
		free(said_);                                                                                 \
	} while (0)

#define assert_says_not(message, part)                                                                       \
	do {                                                                                                 \
		char *said_ = text_of(message);                                                              \
		if (strstr(said_, part))                                                                     \
			fail_msg("in the message, though it shouldn't: %s\n%s", part, said_);                \
		free(said_);                                                                                 \
	} while (0)

#endif
