/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Legs that phones and trunks open: INVITE in, our answers, ACK. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/dispatch.h"
#include "ctl/call/leg_private.h"

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

/* RFC 3261 13.3.1: the caller doesn't wait any longer. */
static void leg_expired(struct timer *timer)
{
	struct leg *leg = owner_of(timer, struct leg, expires);

	if (leg->state != LEG_INCOMING)
		return;
	leg_ended(leg, 487, "expired");
	leg_refuse(leg, 487, NULL);
}

/* What isn't a number says nothing. */
static int leg_expires(struct leg *leg, const osip_message_t *request)
{
	const char *value = sip_header(request, "Expires", 0);
	unsigned long seconds;
	char *end;

	if (!value || *value < '0' || *value > '9')
		return 0;
	seconds = strtoul(value, &end, 10);
	if (end[strspn(end, " \t")] || seconds > UINT32_MAX)
		return 0;
	return timer_set(leg->calls->timers, &leg->expires, seconds * 1000ULL, leg_expired);
}

static int leg_incoming_open(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	char contact[ADDRESS_TEXT + 32];
	char local[ADDRESS_TEXT];
	int result;

	const char *hops = sip_header(request->osip, "Max-Forwards", 0);

	leg->hops = hops ? (unsigned)strtoul(hops, NULL, 10) : LEG_HOPS;
	leg->nat = via_differs(request);
	leg->source = request->flow.remote;
	leg_identify(leg, request->osip);
	snprintf(contact, sizeof(contact), "<sip:xdpark@%s>", address_format(&request->flow.local, local));
	result = dialog_open_server(leg->calls->dialogs, &leg->dialog, request, contact, leg);
	if (result < 0)
		return result == -EINVAL ? 400 : 500;
	result = leg_media_open(leg, leg->sdp ? leg->sdp->remote.ip : request->flow.remote.ip);
	if (result < 0)
		return result == -EAFNOSUPPORT ? 488 : 503;
	if (leg_expires(leg, request->osip) < 0)
		return 500;
	leg->invite = server;
	leg->invite_cseq = sip_cseq(request->osip);
	leg->late_offer = !leg->sdp;
	transaction_set_owner(server, &leg_server_user, leg);
	return 0;
}

int leg_incoming(struct calls *calls, struct transaction *server, const struct sip_message *request,
        const struct config_tenant *tenant, const struct config_user *user, const struct config_trunk *trunk,
        struct leg **result, const char **warning)
{
	struct leg *leg = leg_new(calls, tenant);
	int status;

	if (!leg)
		return 500;
	leg->state = LEG_INCOMING;
	leg->user = user;
	leg->trunk = trunk;
	status = leg_sdp_read(leg, request, &leg->sdp);
	if (!status) {
		status = leg_incoming_open(leg, server, request);
		if (status == 488)
			*warning = media_warning(-EAFNOSUPPORT);
	}
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

	if (!leg->sdp)
		return 0;
	result = sdp_agree_answer(leg->sdp, leg->codecs, leg->codec_count, prefer, &agreement);
	if (result < 0)
		return result;
	return leg_media_agreed(leg, leg->sdp, &agreement);
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
	bytes = leg->sdp ? leg_sdp_answer(leg, leg->sdp, text) : leg_sdp_offer(leg, text);
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

	if (leg->state != LEG_INCOMING || !leg->sdp)
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
	sip_header_set(response, "Allow", SIP_ALLOW);
	sip_header_set(response, "Supported", SIP_SUPPORTED);
	if (identity)
		sip_header_set(response, "P-Asserted-Identity", identity);
	timer_cancel(leg->calls->timers, &leg->expires);
	leg->state = LEG_ANSWERED;
	result = transaction_respond(leg->invite, response);
	if (result < 0)
		leg->state = LEG_INCOMING;
	return result;
}

void leg_refuse(struct leg *leg, int status, const char *reason)
{
	const struct sip_message *request;
	osip_message_t *response = NULL;

	if (leg->state != LEG_INCOMING)
		return;
	request = transaction_request(leg->invite);
	log_info(&leg->subject, "leg_refused", "number=%s status=%d", leg->number, status);
	leg->calls->counters.refused++;
	if (status == 488 || status == 415)
		leg_reject(leg, leg->invite, status, reason);
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
		leg_reinvite_cancelled(leg);
	}
}

static void leg_confirm(struct leg *leg)
{
	leg->up_ms = timers_now(leg->calls->timers);
	if (leg->ops && leg->ops->confirmed)
		leg->ops->confirmed(leg);
}

/* The answer to our late offer can be met, or not. */
static void late_reached(struct leg *leg, int error)
{
	if (!error)
		error = leg_answer_agree(leg);
	leg_sdp_drop(leg);
	if (error)
		log_warn(&leg->subject, "answer_unusable", "number=%s error=\"%s\"", leg->number,
		        strerror(-error));
	if (!error && leg->up_ms && leg->ops && leg->ops->media_changed)
		leg->ops->media_changed(leg);
	else if (!error && !leg->up_ms)
		leg_confirm(leg);
	else if (!leg->up_ms)
		leg_fail(leg, "no usable answer to our offer");
	/* A re-INVITE that agreed on nothing leaves the session as it was. */
}

static void late_answer(struct leg *leg, const struct sip_message *ack)
{
	int result = leg->up_ms ? leg_answer_read(leg, ack) : leg_first_answer_read(leg, ack);

	if (!result)
		result = leg_reach(leg, late_reached);
	if (result != -EINPROGRESS)
		late_reached(leg, result);
}

/* Whether there is an INVITE of the far end that we have answered, and no ACK of it yet. */
static bool ack_is_awaited(const struct leg *leg)
{
	return leg->invite && !leg->invite_ours && !transaction_request(leg->invite);
}

void leg_ack_implied(struct leg *leg)
{
	if (!ack_is_awaited(leg) || leg->late_offer || (leg->state != LEG_ANSWERED && leg->state != LEG_UP))
		return;
	transaction_acked(leg->invite);
	leg_invite_over(leg);
	leg->state = LEG_UP;
	if (!leg->up_ms)
		leg_confirm(leg);
}

void leg_acked(struct leg *leg, const struct sip_message *ack)
{
	bool late = leg->late_offer;

	/* Not an older one's that was repeated or has taken long. */
	if (!ack_is_awaited(leg) || sip_cseq(ack->osip) != leg->invite_cseq)
		return;
	transaction_acked(leg->invite);
	leg_invite_over(leg);
	leg->late_offer = false;
	if (leg->state == LEG_CLOSING) {
		if (leg->bye_when_acked)
			leg_bye(leg, "hung up");
		return;
	}
	leg->state = LEG_UP;
	if (late)
		late_answer(leg, ack);
	else if (!leg->up_ms)
		leg_confirm(leg);
}

void leg_sdp_drop(struct leg *leg)
{
	free(leg->sdp);
	leg->sdp = NULL;
}

void leg_invite_over(struct leg *leg)
{
	bool theirs = leg->invite && !leg->invite_ours;

	transaction_forget(leg->invite);
	leg->invite = NULL;
	leg->reinvite_waits = false;
	leg_reach_stop(leg);
	leg_sdp_drop(leg);
	if (theirs && leg->ops && leg->ops->settled)
		leg->ops->settled(leg);
}

static void server_failed(void *owner, struct transaction *server, int status)
{
	struct leg *leg = owner;

	(void)server;
	leg_invite_over(leg);
	if (leg->state == LEG_INCOMING) {
		/* Our answer can't be written: an INVITE of the longest headers. */
		leg_ended(leg, status, "can't be answered");
		leg_gone(leg);
		return;
	}
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
