/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Legs that we open: INVITE out, what comes back, ACK. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/dispatch.h"
#include "ctl/call/leg_private.h"

static void client_response(void *owner, struct transaction *client, const struct sip_message *response);
static void client_failed(void *owner, struct transaction *client, int status);

static void client_ended(void *owner, struct transaction *client)
{
	struct leg *leg = owner;

	if (leg->accepted == client)
		leg->accepted = NULL;
	if (leg->invite == client)
		leg->invite = NULL;
}

static const struct transaction_user client_user = {
        .response = client_response,
        .failed = client_failed,
        .ended = client_ended,
};

static int leg_open_client(
        struct leg *leg, const struct leg_invitation *invitation, const struct contact *contact)
{
	const struct flow *flow = &contact->flow;
	char text[ADDRESS_TEXT];
	char own_contact[ADDRESS_TEXT + 32];
	char remote[512];
	int result;

	snprintf(own_contact, sizeof(own_contact), "<sip:xdpark@%s>", address_format(&flow->local, text));
	leg_identity(leg, leg->user->display, leg->user->name, leg->tenant->domain);
	snprintf(remote, sizeof(remote), "<sip:%s@%s>", leg->user->name, leg->tenant->domain);
	leg->nat = contact_behind_nat(contact);
	leg->source = flow->remote;
	result = leg_media_open(leg, flow->remote.ip);
	if (result < 0)
		return result;
	return dialog_open_client(leg->calls->dialogs, &leg->dialog, NULL, invitation->from, remote,
	        contact->uri, own_contact, flow, leg);
}

osip_message_t *leg_invite_new(struct leg *leg)
{
	osip_message_t *invite = dialog_request(&leg->dialog, "INVITE");
	char text[SDP_BYTES];
	size_t bytes;

	if (!invite)
		return NULL;
	bytes = leg_sdp_offer(leg, text);
	if (sip_body_set(invite, "application/sdp", text, bytes) < 0 ||
	        sip_header_set(invite, "Allow", SIP_ALLOW) < 0 ||
	        sip_header_set(invite, "Supported", SIP_SUPPORTED) < 0) {
		osip_message_free(invite);
		return NULL;
	}
	return invite;
}

int leg_call(struct calls *calls, const struct leg_invitation *invitation, const struct contact *contact,
        struct leg **result)
{
	struct leg *leg = leg_new(calls, invitation->tenant);
	osip_message_t *invite = NULL;
	char hops[12];
	int error;

	if (!leg)
		return -ENOMEM;
	leg->state = LEG_CALLING;
	leg->user = invitation->user;
	leg_set_call(leg, invitation->call);
	memcpy(leg->codecs, invitation->codecs, invitation->codec_count * sizeof(leg->codecs[0]));
	leg->codec_count = invitation->codec_count;
	error = leg_open_client(leg, invitation, contact);
	if (!error)
		invite = leg_invite_new(leg);
	if (!invite) {
		leg_gone(leg);
		return error ? error : -ENOMEM;
	}
	snprintf(hops, sizeof(hops), "%u", invitation->hops);
	sip_header_set(invite, "Max-Forwards", hops);
	sip_header_set(invite, "P-Asserted-Identity", invitation->from);
	if (invitation->alert)
		sip_header_set(invite, "Alert-Info", invitation->alert);
	leg->invite_ours = true;
	error = transaction_send(calls->stack, invite, &leg->dialog.flow, &client_user, leg, &leg->invite);
	if (error < 0) {
		leg_gone(leg);
		return error;
	}
	leg_set_owner(leg, invitation->ops, invitation->owner);
	*result = leg;
	return 0;
}

int leg_answer_read(struct leg *leg, const struct sip_message *message)
{
	leg_sdp_drop(leg);
	if (leg_sdp_read(leg, message, &leg->sdp))
		return -EINVAL;
	return leg->sdp ? 0 : -ENODATA;
}

int leg_first_answer_read(struct leg *leg, const struct sip_message *message)
{
	int result = leg_answer_read(leg, message);

	if (result || leg->sdp->remote.port)
		return result;
	leg_sdp_drop(leg);
	return -ECONNREFUSED;
}

int leg_answer_agree(struct leg *leg)
{
	struct sdp_agreement agreement;
	int result;

	if (!leg->sdp)
		return 0;
	result = sdp_agree_offer(&leg->local, leg->sdp, &agreement);
	if (!result)
		result = leg_media_agreed(leg, leg->sdp, &agreement);
	leg_sdp_drop(leg);
	return result;
}

void leg_ack(struct leg *leg, struct transaction *client, const struct sip_message *response)
{
	osip_message_t *ack = dialog_ack(&leg->dialog, sip_cseq(response->osip));

	if (!ack || transaction_ack(client, ack, &leg->dialog.flow) < 0)
		log_error(&leg->subject, "ack_failed", "number=%s", leg->number);
}

/* The answer of a 200 can be met, or not: only now the owner learns of it. */
static void client_reached(struct leg *leg, int error)
{
	if (!error)
		error = leg->sdp ? leg_answer_agree(leg) : leg->media_error;
	leg_sdp_drop(leg);
	if (!error) {
		if (leg->ops && leg->ops->answered)
			leg->ops->answered(leg);
		leg_refer_resume(leg);
		return;
	}
	log_warn(&leg->subject, "answer_unusable", "number=%s error=\"%s\"", leg->number, strerror(-error));
	if (leg->ops && leg->ops->refused)
		leg->ops->refused(leg, 488);
	leg_hangup(leg, "no usable answer to our offer");
}

bool leg_answer_waits(const struct leg *leg)
{
	return leg->reached == client_reached;
}

/*
 * The called side may not end an early dialog (RFC 3261 15): this BYE has overtaken its own 200, or takes the
 * place of a refusal. A 200 that is still on its way finds the leg closing.
 */
void leg_left_early(struct leg *leg)
{
	log_info(&leg->subject, "leg_ended", "number=%s cause=\"BYE before its answer\"", leg->number);
	if (leg->ops && leg->ops->refused)
		leg->ops->refused(leg, 480);
	leg_hangup(leg, "gone");
}

static void client_answered(struct leg *leg, struct transaction *client, const struct sip_message *response)
{
	int result = dialog_established(&leg->dialog, response);

	if (result == -EEXIST) {
		fork_dismiss(leg->calls, &leg->dialog, client, response);
		return;
	}
	if (result < 0) {
		/* Its route set can't be used, so that it can neither be acknowledged nor ended. */
		client_failed(leg, client, 500);
		return;
	}
	leg->accepted = client;
	leg->invite = NULL;
	leg_ack(leg, client, response);
	if (leg->state == LEG_CLOSING) {
		/* The 200 crossed our CANCEL. */
		leg_bye(leg, "no longer wanted");
		return;
	}
	if (leg->state != LEG_CALLING)
		return;
	leg->state = LEG_UP;
	leg->up_ms = timers_now(leg->calls->timers);
	result = leg_first_answer_read(leg, response);
	if (result == -ENODATA && leg->agreed)
		result = 0; /* agreed by the 183 before */
	if (!result)
		result = leg_reach(leg, client_reached);
	if (result != -EINPROGRESS)
		client_reached(leg, result);
}

static void client_progress(struct leg *leg, const struct sip_message *response, int status)
{
	bool early = false;

	if (leg->state != LEG_CALLING || status == 100)
		return;
	if (!leg->agreed && !leg_first_answer_read(leg, response))
		early = !leg_answer_agree(leg);
	if (leg->ops && leg->ops->progress)
		leg->ops->progress(leg, status, early);
}

static void client_failed(void *owner, struct transaction *client, int status)
{
	struct leg *leg = owner;

	(void)client;
	if (leg->state == LEG_CALLING && leg->ops && leg->ops->refused)
		leg->ops->refused(leg, status);
	leg_gone(leg);
}

static void client_response(void *owner, struct transaction *client, const struct sip_message *response)
{
	struct leg *leg = owner;
	int status = response->osip->status_code;

	if (status < 200)
		client_progress(leg, response, status);
	else if (status < 300)
		client_answered(leg, client, response);
	else
		client_failed(leg, client, status);
}
