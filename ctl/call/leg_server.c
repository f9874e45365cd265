/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Legs that phones and trunks open: INVITE in, our answers, ACK. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/leg_private.h"

/* Names go into headers between quotes: what would end them, or a line, is left out. */
static void copy_quotable(char *to, size_t size, const char *from)
{
	size_t length = 0;

	for (; *from && length + 1 < size; from++)
		if ((unsigned char)*from >= ' ' && *from != '"' && *from != '\\' && *from != 127)
			to[length++] = *from;
	to[length] = '\0';
}

/* The user part as a URI may carry it; anything else is left out. */
static void copy_user(char *to, size_t size, const char *from)
{
	size_t length = 0;

	for (; *from && length + 1 < size; from++)
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.!~*'()&=+$,;?/#",
		            *from))
			to[length++] = *from;
	to[length] = '\0';
}

void leg_identity(struct leg *leg, const char *name, const char *number, const char *host)
{
	char quoted[96];
	char host_text[128];

	copy_quotable(quoted, sizeof(quoted), name ? name : "");
	copy_user(leg->number, sizeof(leg->number), number && *number ? number : "anonymous");
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

/*
 * Who calls: a user is who has authenticated, whatever From says; a trunk is believed, P-Asserted-Identity
 * before From (RFC 3325).
 */
static void leg_identify(struct leg *leg, const osip_message_t *request)
{
	const char *asserted = sip_header(request, "P-Asserted-Identity", 0);
	const osip_from_t *from = request->from;
	osip_from_t *parsed = NULL;
	char name[96] = "";

	if (leg->user) {
		leg_identity(leg, leg->user->display, leg->user->name, leg->tenant->domain);
		return;
	}
	if (asserted && !osip_from_init(&parsed)) {
		if (!osip_from_parse(parsed, asserted) && parsed->url && parsed->url->username)
			from = parsed;
	}
	if (from->displayname) {
		snprintf(name, sizeof(name), "%s", from->displayname);
		unquote(name);
	}
	leg_identity(leg, name, from->url ? from->url->username : NULL, leg->tenant->domain);
	osip_from_free(parsed);
}

/* Whether the top Via names another address than the request came from: NAT, or a host name that can't be
 * told. */
static bool via_differs(const struct sip_message *request)
{
	osip_via_t *via = osip_list_get(&request->osip->vias, 0);
	uint8_t ip[16];

	if (!via || !via->host || address_parse_ip(via->host, ip) < 0)
		return false;
	return !address_same_ip(ip, request->flow.remote.ip);
}

static int leg_incoming_open(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	char contact[ADDRESS_TEXT + 32];
	char local[ADDRESS_TEXT];
	int result;

	leg->nat = via_differs(request);
	leg->source = request->flow.remote;
	leg_identify(leg, request->osip);
	snprintf(contact, sizeof(contact), "<sip:xdpark@%s>", address_format(&request->flow.local, local));
	result = dialog_open_server(leg->calls->dialogs, &leg->dialog, request, contact, leg);
	if (result < 0)
		return result == -EINVAL ? 400 : 500;
	result = leg_media_open(leg, leg->offer ? leg->offer->remote.ip : request->flow.remote.ip);
	if (result < 0)
		return 503;
	leg->invite = server;
	leg->late_offer = !leg->offer;
	transaction_set_owner(server, &leg_server_user, leg);
	return 0;
}

int leg_incoming(struct calls *calls, struct transaction *server, const struct sip_message *request,
        const struct config_tenant *tenant, const struct config_user *user, const struct config_trunk *trunk,
        struct leg **result)
{
	struct leg *leg = leg_new(calls, tenant);
	int status;

	if (!leg)
		return 500;
	leg->state = LEG_INCOMING;
	leg->user = user;
	leg->trunk = trunk;
	status = leg_sdp_read(request, &leg->offer);
	if (!status)
		status = leg_incoming_open(leg, server, request);
	if (status) {
		leg_gone(leg);
		return status;
	}
	*result = leg;
	return 0;
}

void leg_ring(struct leg *leg, int status)
{
	const struct sip_message *request = transaction_request(leg->invite);
	osip_message_t *response;

	if (leg->state != LEG_INCOMING || !request)
		return;
	response = sip_response(request, status, NULL, leg->dialog.local_tag);
	if (!response)
		return;
	sip_header_set(response, "Contact", leg->dialog.contact);
	transaction_respond(leg->invite, response);
}

int leg_agree(struct leg *leg, enum xd_codec prefer)
{
	struct sdp_agreement agreement;
	int result;

	if (!leg->offer)
		return 0;
	result = sdp_agree_answer(leg->offer, leg->codecs, leg->codec_count, prefer, &agreement);
	if (result < 0)
		return result;
	return leg_media_agreed(leg, leg->offer, &agreement);
}

/* A response to the INVITE in progress with our SDP in it. NULL: no memory, or it was answered before. */
static osip_message_t *response_with_sdp(struct leg *leg, int status)
{
	const struct sip_message *request = transaction_request(leg->invite);
	osip_message_t *response;
	char text[SDP_BYTES];
	size_t bytes;

	if (!request)
		return NULL;
	response = sip_response(request, status, NULL, leg->dialog.local_tag);
	if (!response)
		return NULL;
	bytes = leg->offer ? leg_sdp_answer(leg, leg->offer, text) : leg_sdp_offer(leg, text);
	if (sip_body_set(response, "application/sdp", text, bytes) < 0 ||
	        sip_header_set(response, "Contact", leg->dialog.contact) < 0) {
		osip_message_free(response);
		return NULL;
	}
	return response;
}

void leg_early(struct leg *leg)
{
	osip_message_t *response;

	if (leg->state != LEG_INCOMING || !leg->offer)
		return;
	response = response_with_sdp(leg, 183);
	if (response)
		transaction_respond(leg->invite, response);
}

int leg_answer(struct leg *leg, const char *identity)
{
	osip_message_t *response = response_with_sdp(leg, 200);
	int result;

	if (!response)
		return -ENOMEM;
	sip_header_set(response, "Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER");
	if (identity)
		sip_header_set(response, "P-Asserted-Identity", identity);
	leg->state = LEG_ANSWERED;
	result = transaction_respond(leg->invite, response);
	if (result < 0)
		leg->state = LEG_INCOMING;
	return result;
}

void leg_refuse(struct leg *leg, int status, const char *reason)
{
	const struct sip_message *request = transaction_request(leg->invite);
	osip_message_t *response = NULL;

	if (leg->state != LEG_INCOMING)
		return;
	log_info(&leg->subject, "leg_refused", "number=%s status=%d", leg->number, status);
	leg->calls->counters.refused++;
	if (status == 488 || status == 415)
		leg_reject(leg, leg->invite, status);
	else if (request && (response = sip_response(request, status, reason, leg->dialog.local_tag)))
		transaction_respond(leg->invite, response);
	leg_gone(leg);
}

void leg_cancelled(struct leg *leg)
{
	if (leg->state == LEG_INCOMING) {
		leg_ended(leg, 487, "cancelled");
		leg_refuse(leg, 487, NULL);
	} else if (leg->invite && !leg->invite_ours) {
		/* A re-INVITE taken back: the call goes on as before. */
		leg_reinvite_done(leg, 487);
	}
}

/* The answer to our late offer. False: it can't be met, the leg is to end. */
static bool late_answer(struct leg *leg, const struct sip_message *ack)
{
	struct sdp_agreement agreement;
	struct sdp *answer;
	bool good;

	if (leg_sdp_read(ack, &answer) || !answer)
		return false;
	good = !sdp_agree_offer(&leg->local, answer, &agreement) &&
	       !leg_media_agreed(leg, answer, &agreement);
	free(answer);
	return good;
}

void leg_acked(struct leg *leg, const struct sip_message *ack)
{
	bool first = leg->state == LEG_ANSWERED || leg->state == LEG_CLOSING;
	bool late = leg->late_offer;

	if (!leg->invite || leg->invite_ours)
		return; /* a repeated ACK */
	if (transaction_request(leg->invite))
		return; /* of a re-INVITE that isn't answered yet: an older one's, repeated */
	transaction_acked(leg->invite);
	leg_invite_over(leg);
	leg->late_offer = false;
	if (leg->state == LEG_CLOSING) {
		if (leg->bye_when_acked)
			leg_bye(leg, "hung up");
		return;
	}
	leg->state = LEG_UP;
	if (late && !late_answer(leg, ack)) {
		leg_fail(leg, "no usable answer to our offer");
		return;
	}
	if (first) {
		leg->up_ms = timers_now(leg->calls->timers);
		if (leg->ops && leg->ops->confirmed)
			leg->ops->confirmed(leg);
	} else if (late && leg->ops && leg->ops->media_changed) {
		leg->ops->media_changed(leg);
	}
}

void leg_invite_over(struct leg *leg)
{
	transaction_forget(leg->invite);
	leg->invite = NULL;
	free(leg->offer);
	leg->offer = NULL;
}

static void server_failed(void *owner, struct transaction *server, int status)
{
	struct leg *leg = owner;

	(void)server;
	(void)status;
	leg_invite_over(leg);
	if (leg->state == LEG_ANSWERED || leg->state == LEG_UP) {
		/* RFC 3261 13.3.1.4: no ACK in 64*T1, so BYE. */
		leg->state = LEG_UP;
		leg_ended(leg, 408, "no ACK");
	}
	if (leg->state == LEG_UP || leg->bye_when_acked)
		leg_bye(leg, "no ACK");
}

static void server_ended(void *owner, struct transaction *server)
{
	struct leg *leg = owner;

	if (leg->invite == server)
		leg->invite = NULL;
}

const struct transaction_user leg_server_user = {.failed = server_failed, .ended = server_ended};
