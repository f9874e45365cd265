/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lines write, and what of it they know again. */
#include "tools/rig/line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLER "rig"

void line_tag(const struct line_hand *hand, const struct line *line, unsigned n, char *tag)
{
	snprintf(tag, LINE_TAG, "%x-%u-%u", hand->run, n, line->turn);
}

bool line_of_tag(const struct line_hand *hand, const char *tag, unsigned *n, uint32_t *turn)
{
	char *end;

	if (strtoul(tag, &end, 16) != hand->run || *end != '-')
		return false;
	*n = (unsigned)strtoul(end + 1, &end, 10);
	if (*end != '-')
		return false;
	*turn = (uint32_t)strtoul(end + 1, &end, 10);
	return !*end;
}

bool line_of_caller(const char *user, unsigned *n)
{
	char *end;

	if (!user || strncmp(user, CALLER, sizeof(CALLER) - 1) != 0)
		return false;
	user += sizeof(CALLER) - 1;
	*n = (unsigned)strtoul(user, &end, 10);
	return *user >= '0' && *user <= '9' && !*end;
}

void line_write_sdp(const struct line_hand *hand, struct sockaddr_in media, char sdp[OFFER_BYTES])
{
	offer_write(&media, hand->codec, hand->ptime_ms, "sendrecv", sdp);
}

/* From, To and Call-ID: of the trunk's calls our own, of those that a phone was called in theirs. */
static int write_dialog(
        const struct line_hand *hand, const struct line *line, unsigned n, char *text, size_t size)
{
	char tag[LINE_TAG];

	line_tag(hand, line, n, tag);
	if (line->phone)
		return snprintf(text, size,
		        "From: <sip:%u@%s>;tag=%s\r\nTo: <sip:" CALLER "%u@%s>;tag=%s\r\nCall-ID: %s\r\n",
		        line->home + 1U, hand->domain, tag, n ^ 1U, hand->domain, line->tag, line->call_id);
	return snprintf(text, size,
	        "From: <sip:" CALLER "%u@%s>;tag=%s\r\nTo: <sip:%s@%s>%s%s\r\nCall-ID: %s@rig\r\n", n,
	        hand->domain, tag, line->number, hand->domain, *line->tag ? ";tag=" : "", line->tag, tag);
}

/* `branch`: what sets apart two requests of one CSeq. */
static size_t line_write(const struct line_hand *hand, const struct line *line, unsigned n,
        const char *method, const char *branch, const char *headers, const char *sdp, char *text)
{
	const char *host = hand->hosts[line->home];
	char dialog[512];
	int length;

	write_dialog(hand, line, n, dialog, sizeof(dialog));
	length = snprintf(text, LINE_MESSAGE,
	        "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%x-%u-%u-%u%s\r\nMax-Forwards: "
	        "70\r\n%s"
	        "CSeq: %u %s\r\nContact: <sip:rig@%s>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
	        method, line->target, host, hand->run, n, line->turn, line->cseq, branch, dialog, line->cseq,
	        method, host, headers, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	return length < LINE_MESSAGE ? (size_t)length : 0;
}

size_t line_write_request(const struct line_hand *hand, const struct line *line, unsigned n,
        const char *method, const char *headers, const char *sdp, char *text)
{
	return line_write(hand, line, n, method, "", headers, sdp, text);
}

size_t line_write_ack(
        const struct line_hand *hand, const struct line *line, unsigned n, bool refusal, char *text)
{
	struct line asking = *line;

	asking.cseq = LINE_INVITE_CSEQ;
	return line_write(hand, &asking, n, "ACK", refusal ? "" : "-ack", "", "", text);
}

/* The Via of a response is the request's, with what the parser noted of its source. */
static int write_vias(const osip_message_t *request, char *text, size_t size)
{
	osip_list_iterator_t iterator;
	int used = 0;

	for (osip_via_t *via = osip_list_get_first(&request->vias, &iterator); via && (size_t)used < size;
	        via = osip_list_get_next(&iterator)) {
		char *value = NULL;

		if (osip_via_to_str(via, &value))
			return -1;
		used += snprintf(text + used, size - (size_t)used, "Via: %s\r\n", value);
		osip_free(value);
	}
	return (size_t)used < size ? used : -1;
}

size_t line_write_answer(const struct line_hand *hand, const struct line *line, unsigned n,
        const struct sip_message *request, int status, const char *sdp, char *text)
{
	const osip_message_t *osip = request->osip;
	char *from = NULL, *to = NULL, *call_id = NULL, *cseq = NULL, tag[LINE_TAG] = "", vias[768];
	const char *host = hand->hosts[line ? line->home : 0];
	osip_generic_param_t *has_tag = NULL;
	int length = LINE_MESSAGE;

	osip_to_get_tag(osip->to, &has_tag);
	if (!has_tag && line)
		line_tag(hand, line, n, tag);
	if (write_vias(osip, vias, sizeof(vias)) > 0 && !osip_from_to_str(osip->from, &from) &&
	        !osip_to_to_str(osip->to, &to) && !osip_call_id_to_str(osip->call_id, &call_id) &&
	        !osip_cseq_to_str(osip->cseq, &cseq))
		length = snprintf(text, LINE_MESSAGE,
		        "SIP/2.0 %d %s\r\n%sFrom: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
		        "Contact: <sip:rig@%s>\r\n%sContent-Length: %zu\r\n\r\n%s",
		        status, status == 200 ? "OK" : "No", vias, from, to, *tag ? ";tag=" : "", tag,
		        call_id, cseq, host, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp),
		        sdp);
	osip_free(from);
	osip_free(to);
	osip_free(call_id);
	osip_free(cseq);
	return length < LINE_MESSAGE ? (size_t)length : 0;
}
