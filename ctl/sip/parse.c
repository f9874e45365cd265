/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to messages: guard, osip's parser, checks, and where a request really came from. */
#include "ctl/sip/parse.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/sip/check.h"
#include "ctl/sip/guard.h"
#include "ctl/sip/message.h"

static void trace(const char *file, int line, osip_trace_level_t level, const char *format, va_list arguments)
{
	/* What osip says about a message is what strangers make it say; the counters and the answers tell. */
	(void)file;
	(void)line;
	(void)level;
	(void)format;
	(void)arguments;
}

static void start(void)
{
	osip_trace_initialize_func(TRACE_LEVEL0, trace);
	parser_init();
}

void sip_parser_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

/* Sets a parameter of the Via, also one that the sender had set. */
static int set_param(osip_via_t *via, const char *name, const char *value)
{
	osip_generic_param_t *param = NULL;
	char *copy = osip_strdup(value), *copy_of_name;

	if (!copy)
		return -ENOMEM;
	osip_via_param_get_byname(via, (char *)name, &param);
	if (param) {
		osip_free(param->gvalue);
		param->gvalue = copy;
		return 0;
	}
	copy_of_name = osip_strdup(name);
	if (copy_of_name && osip_via_param_add(via, copy_of_name, copy) == 0)
		return 0;
	osip_free(copy_of_name);
	osip_free(copy);
	return -ENOMEM;
}

/* RFC 3261 18.2.1, RFC 3581 4: source address and port into the topmost Via. */
static int note_source(osip_message_t *request, const struct address *source)
{
	osip_via_t *via = osip_list_get(&request->vias, 0);
	osip_generic_param_t *rport = NULL, *received = NULL;
	char ip[ADDRESS_TEXT], port[8];
	uint8_t claimed[16];

	osip_via_param_get_byname(via, "rport", &rport);
	osip_via_param_get_byname(via, "received", &received);
	if (rport) {
		snprintf(port, sizeof(port), "%u", source->port);
		if (set_param(via, "rport", port))
			return -ENOMEM;
	} else if (!received && address_parse_ip(via->host, claimed) == 0 &&
	           address_same_ip(claimed, source->ip)) {
		return 0;
	}
	return set_param(via, "received", address_format_ip(source->ip, ip));
}

static int parse(struct sip_message *message, const struct guarded *guarded, int *status, const char **reason)
{
	if (osip_message_init(&message->osip))
		return -ENOMEM;
	if (osip_message_parse(message->osip, guarded->header, guarded->header_bytes)) {
		*status = 400;
		*reason = "Malformed header";
		return -EBADMSG;
	}
	if (sip_check(message->osip, status, reason))
		return -EBADMSG;
	if (MSG_IS_REQUEST(message->osip) && note_source(message->osip, &message->flow.remote))
		return -ENOMEM;
	if (guarded->body_bytes == 0)
		return 0;
	message->body = malloc(guarded->body_bytes + 1);
	if (!message->body)
		return -ENOMEM;
	memcpy(message->body, guarded->body, guarded->body_bytes);
	message->body[guarded->body_bytes] = '\0';
	message->body_bytes = guarded->body_bytes;
	return 0;
}

/* Neither responses nor ACK are ever answered (RFC 3261 8.2.6, 17.1.1.3). */
static bool is_answered(const char *bytes, size_t length)
{
	size_t start = 0;

	while (start < length && (bytes[start] == '\r' || bytes[start] == '\n'))
		start++;
	bytes += start;
	length -= start;
	return !(length >= 4 && (strncasecmp(bytes, "SIP/", 4) == 0 || strncmp(bytes, "ACK ", 4) == 0));
}

int sip_message_parse(struct sip_message **message, const struct flow *flow, char *bytes, size_t length,
        int *status, const char **reason)
{
	bool answered = is_answered(bytes, length);
	struct sip_message *made;
	struct guarded guarded;
	int error;

	sip_parser_start();
	error = sip_guard(bytes, length, flow->transport->ops->reliable, &guarded, status, reason);
	if (error)
		goto refused;
	made = calloc(1, sizeof(*made));
	error = -ENOMEM;
	if (!made)
		goto refused;
	made->flow = *flow;
	error = parse(made, &guarded, status, reason);
	if (!error) {
		*message = made;
		return 0;
	}
	sip_message_free(made);

refused:
	if (error == -ENOMEM) {
		*status = 500;
		*reason = "Server Internal Error";
	}
	if (!answered)
		*status = 0;
	return -EBADMSG;
}

void sip_message_free(struct sip_message *message)
{
	if (!message)
		return;
	osip_message_free(message->osip);
	free(message->body);
	free(message);
}
