/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Decimal digits only, spaces around them allowed, value at most `most`. */
static bool is_number(const char *text, uint64_t most)
{
	uint64_t value = 0;
	const char *c;

	if (!text)
		return false;
	text += strspn(text, " \t");
	for (c = text; *c >= '0' && *c <= '9'; c++) {
		value = value * 10 + (uint64_t)(*c - '0');
		if (value > most)
			return false;
	}
	return c > text && c[strspn(c, " \t")] == '\0';
}

static bool is_filled(const char *text)
{
	return text && *text;
}

static bool is_port(const char *text)
{
	return !text || (is_number(text, UINT16_MAX) && strspn(text, "0") < strlen(text));
}

static const char *check_via(const osip_message_t *message)
{
	const osip_via_t *via = osip_list_get(&message->vias, 0);
	osip_generic_param_t *branch = NULL;

	if (!via)
		return "Via missing";
	if (!via->version || strcmp(via->version, "2.0") != 0 || !is_filled(via->protocol) ||
	        !is_filled(via->host) || !is_port(via->port))
		return "Malformed Via";
	osip_via_param_get_byname((osip_via_t *)via, "branch", &branch);
	if (branch && !is_filled(branch->gvalue))
		return "Malformed Via";
	return NULL;
}

static const char *check_parties(const osip_message_t *message)
{
	if (!message->from || !message->from->url)
		return "From missing";
	if (!message->to || !message->to->url)
		return "To missing";
	if (!message->call_id || !is_filled(message->call_id->number))
		return "Call-ID missing";
	return NULL;
}

static const char *check_cseq(const osip_message_t *message)
{
	if (!message->cseq)
		return "CSeq missing";
	if (!is_number(message->cseq->number, INT32_MAX) || !is_filled(message->cseq->method))
		return "Malformed CSeq";
	if (MSG_IS_REQUEST(message) && strcmp(message->cseq->method, message->sip_method) != 0)
		return "CSeq of another method";
	return NULL;
}

/* RFC 2543 knew no Max-Forwards: it may be missing. */
static const char *check_max_forwards(const osip_message_t *message)
{
	osip_header_t *header = NULL;

	osip_message_header_get_byname(message, "Max-Forwards", 0, &header);
	if (header && !is_number(header->hvalue, 255))
		return "Malformed Max-Forwards";
	return NULL;
}

static const char *check_request_uri(const osip_message_t *message)
{
	const osip_uri_t *uri = message->req_uri;

	if (!message->sip_method || !uri || !uri->scheme || !is_filled(uri->host) || !is_port(uri->port))
		return "Malformed Request-URI";
	if (osip_list_size(&uri->url_headers) > 0)
		return "Headers in the Request-URI";
	return NULL;
}

int sip_check(const osip_message_t *message, int *status, const char **reason)
{
	const char *wrong = NULL;

	if (MSG_IS_REQUEST(message))
		wrong = check_request_uri(message);
	else if (message->status_code < 100 || message->status_code > 699)
		wrong = "Malformed status code";
	if (!wrong)
		wrong = check_via(message);
	if (!wrong)
		wrong = check_parties(message);
	if (!wrong)
		wrong = check_cseq(message);
	if (!wrong)
		wrong = check_max_forwards(message);
	if (!wrong)
		return 0;
	*status = 400;
	*reason = wrong;
	return -EBADMSG;
}
