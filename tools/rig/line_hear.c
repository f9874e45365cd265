/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lines do about messages that arrive. */
#include "tools/rig/line_hear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/call/sdp.h"

/* The line that a tag of ours belongs to, in this call of it. NULL: a stray. */
static struct line *line_find(struct lines *lines, const osip_from_t *ours)
{
	osip_generic_param_t *tag = NULL;
	uint32_t turn;
	unsigned n;

	osip_from_get_tag((osip_from_t *)ours, &tag);
	if (!tag || !tag->gvalue || !line_of_tag(&lines->hand, tag->gvalue, &n, &turn) || n >= lines->count ||
	        lines->line[n].turn != turn)
		return NULL;
	return &lines->line[n];
}

/* The other side's tag and target. */
static void learn(struct line *line, osip_from_t *theirs, const osip_message_t *message)
{
	const osip_contact_t *contact = osip_list_get(&message->contacts, 0);
	osip_generic_param_t *tag = NULL;
	char *target = NULL;

	osip_from_get_tag(theirs, &tag);
	snprintf(line->tag, sizeof(line->tag), "%s", tag && tag->gvalue ? tag->gvalue : "");
	if (contact && contact->url && !osip_uri_to_str(contact->url, &target))
		snprintf(line->target, sizeof(line->target), "%s", target);
	osip_free(target);
}

/* Where the other side wants its RTP. */
static bool read_relay(const struct sip_message *message, struct sockaddr_in *relay)
{
	struct sockaddr_storage name;
	struct sdp sdp;

	if (!message->body || sdp_read(message->body, message->body_bytes, SDP_ANY_CODEC, &sdp) < 0 ||
	        !sdp_is_somewhere(&sdp.remote) || !address_is_ipv4(sdp.remote.ip))
		return false;
	address_to_socket(&sdp.remote, &name);
	memcpy(relay, &name, sizeof(*relay));
	return true;
}

static void invite_accepted(struct lines *lines, struct line *line, const struct sip_message *response)
{
	/* We gave up, and `over` was told. */
	bool late = line->state == LINE_FREE && !*line->tag;
	struct sockaddr_in relay;

	if (line->state != LINE_CALLING && !late) {
		/* Its ACK was lost, or is under way. */
		lines->counters.again++;
		line_send_ack(lines, line, false);
		return;
	}
	resend_stop(&lines->resend, &line->resend);
	learn(line, response->osip->to, response->osip);
	line_send_ack(lines, line, false);
	if (late) {
		line_drop(lines, line);
		return;
	}
	if (line->leaving) {
		line_end(lines, line);
		return;
	}
	line->state = LINE_UP;
	if (read_relay(response, &relay)) {
		if (lines->ops->answered)
			lines->ops->answered(lines->context, line_number(lines, line), &relay);
		return;
	}
	if (lines->ops->over)
		lines->ops->over(lines->context, line_number(lines, line), CAUSE_NO_MEDIA);
	line_drop(lines, line);
}

static void invite_answered(struct lines *lines, struct line *line, const struct sip_message *response)
{
	int status = response->osip->status_code;
	bool asked = line->state == LINE_CALLING;
	char target[LINE_TARGET];

	if (status < 200) {
		if (asked)
			resend_hold(&lines->resend, &line->resend, timers_now(lines->timers));
	} else if (status < 300) {
		invite_accepted(lines, line, response);
	} else if (asked || line->state == LINE_FREE) {
		/* The ACK goes to whom the INVITE went. */
		memcpy(target, line->target, sizeof(target));
		learn(line, response->osip->to, response->osip);
		memcpy(line->target, target, sizeof(target));
		line_send_ack(lines, line, true);
		if (asked)
			line_is_over(lines, line, status);
	}
}

static void take_response(struct lines *lines, const struct sip_message *response)
{
	const osip_message_t *osip = response->osip;
	struct line *line = line_find(lines, osip->from);
	int status = osip->status_code;

	if (!line) {
		lines->counters.strays++;
		return;
	}
	if (!strcmp(osip->cseq->method, "INVITE")) {
		invite_answered(lines, line, response);
		return;
	}
	if (status < 200)
		return;
	if (sip_cseq(osip) != line->cseq || (line->state != LINE_ENDING && line->state != LINE_REFERRING)) {
		lines->counters.again++;
	} else if (line->state == LINE_ENDING) {
		line_is_over(lines, line, CAUSE_NONE);
	} else {
		resend_stop(&lines->resend, &line->resend);
		line->state = LINE_UP;
		if (lines->ops->referred)
			lines->ops->referred(lines->context, line_number(lines, line), status);
	}
}

static void answer(struct lines *lines, const struct line *line, const struct sip_message *request,
        int status, const char *sdp)
{
	char text[LINE_MESSAGE];
	size_t length = line_write_answer(
	        &lines->hand, line, line ? line_number(lines, line) : 0, request, status, sdp, text);

	if (!length)
		return;
	lines->counters.sent++;
	flow_send(&request->flow, text, length);
}

static void answer_with_sdp(struct lines *lines, const struct line *line, const struct sip_message *request)
{
	unsigned n = line_number(lines, line);
	char sdp[OFFER_BYTES];

	line_write_sdp(&lines->hand, lines->ops->media(lines->context, n), sdp);
	answer(lines, line, request, 200, sdp);
}

/* At which of our addresses it came. */
static uint8_t home_of(const struct lines *lines, const struct transport *transport)
{
	uint8_t home = 0;

	while (home + 1U < lines->home_count && lines->transports[home] != transport)
		home++;
	return home;
}

/* A user's phone is called: by which line, the caller's name tells. */
static void take_call(struct lines *lines, const struct sip_message *request)
{
	const osip_message_t *osip = request->osip;
	struct sockaddr_in relay;
	struct line *line;
	char *call_id = NULL;
	unsigned n;

	if (!lines->ops->rung) {
		/* A call of an earlier run may be up still, and ring back. */
		lines->counters.strays++;
		answer(lines, NULL, request, 480, "");
		return;
	}
	if (!osip->from->url || !line_of_caller(osip->from->url->username, &n) || (n ^ 1U) >= lines->count ||
	        osip_call_id_to_str(osip->call_id, &call_id)) {
		lines->counters.strays++;
		answer(lines, NULL, request, 404, "");
		return;
	}
	line = &lines->line[n ^ 1U];
	if (line->state != LINE_FREE && line->phone && !strcmp(line->call_id, call_id)) {
		/* Our answer was lost. */
		lines->counters.again++;
		answer_with_sdp(lines, line, request);
	} else if (line->state != LINE_FREE || !read_relay(request, &relay)) {
		answer(lines, line, request, line->state == LINE_FREE ? 488 : 486, "");
	} else {
		*line = (struct line){.turn = line->turn + 1,
		        .state = LINE_ANSWERED,
		        .phone = true,
		        .home = home_of(lines, request->flow.transport)};
		snprintf(line->call_id, sizeof(line->call_id), "%s", call_id);
		learn(line, osip->from, osip);
		answer_with_sdp(lines, line, request);
		lines->ops->rung(lines->context, n ^ 1U, &relay);
	}
	osip_free(call_id);
}

/* RFC 3515 2.4.5: "SIP/2.0 200 OK". */
static void take_notify(struct lines *lines, const struct line *line, const struct sip_message *request)
{
	const char *state = sip_header(request->osip, "Subscription-State", 0);
	int status = 0;

	if (request->body && !strncmp(request->body, "SIP/2.0 ", 8))
		status = (int)strtol(request->body + 8, NULL, 10);
	if (lines->ops->notified)
		lines->ops->notified(lines->context, line_number(lines, line), status,
		        state && !strncasecmp(state, "terminated", 10));
}

static void take_request(struct lines *lines, const struct sip_message *request)
{
	const osip_message_t *osip = request->osip;
	osip_generic_param_t *tag = NULL;
	struct line *line;

	osip_to_get_tag(osip->to, &tag);
	if (!tag && !strcmp(osip->sip_method, "INVITE")) {
		take_call(lines, request);
		return;
	}
	line = line_find(lines, osip->to);
	if (!strcmp(osip->sip_method, "ACK")) {
		if (line && line->state == LINE_ANSWERED) {
			line->state = LINE_UP;
			if (lines->ops->acknowledged)
				lines->ops->acknowledged(lines->context, line_number(lines, line));
		}
		return;
	}
	if (!line) {
		lines->counters.strays++;
		answer(lines, NULL, request, 481, "");
	} else if (!strcmp(osip->sip_method, "INVITE")) {
		answer_with_sdp(lines, line, request);
	} else {
		answer(lines, line, request, 200, "");
	}
	if (line && !strcmp(osip->sip_method, "NOTIFY"))
		take_notify(lines, line, request);
	else if (line && line->state != LINE_FREE && !strcmp(osip->sip_method, "BYE"))
		line_is_over(lines, line, line->state == LINE_ENDING ? CAUSE_NONE : CAUSE_HUNG_UP);
}

void line_receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	struct lines *lines = context;
	struct sip_message *message;
	const char *reason;
	int status;

	lines->counters.received++;
	if (sip_message_parse(&message, flow, bytes, length, &status, &reason) < 0) {
		lines->counters.malformed++;
		return;
	}
	if (MSG_IS_RESPONSE(message->osip))
		take_response(lines, message);
	else
		take_request(lines, message);
	sip_message_free(message);
}
