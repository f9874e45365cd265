/* SPDX-License-Identifier: GPL-2.0-or-later */
/* re-INVITEs of both sides (RFC 3261 14): phone hold, resume, other codecs, other addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/leg_private.h"

static void leg_media_changed(struct leg *leg)
{
	if (leg->ops && leg->ops->media_changed)
		leg->ops->media_changed(leg);
}

/* 491 when ours is under way (14.1), 500 with Retry-After when theirs is (14.2). */
static bool reinvite_collides(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	osip_message_t *response;

	if (leg->state == LEG_UP && !leg->invite && !leg->reached)
		return false;
	if (leg->invite_ours || leg->state == LEG_CALLING) {
		response = sip_response(request, 491, NULL, NULL);
		if (response)
			transaction_respond(server, response);
	} else {
		leg_reject(leg, server, 500, NULL);
	}
	return true;
}

/* 0: agreed. 1: the owner answers later. Otherwise the status to refuse with. */
static int reinvite_agree(struct leg *leg)
{
	int result = leg_agree(leg, leg->agreed ? leg->agreement.codec : XD_CODECS);

	if (!result)
		return 0;
	/* The owner is asked once: what it found can't be found again. */
	if (result != -ENOENT || leg->reinvite_waits || !leg->ops || !leg->ops->reoffered)
		return 488;
	result = leg->ops->reoffered(leg, leg->sdp);
	return result ? result : 1;
}

/* `warning`: of a 488, as leg_reject() takes it. */
static void reinvite_answer(struct leg *leg, int status, const char *warning)
{
	if (!status)
		status = reinvite_agree(leg);
	leg->reinvite_waits = status == 1;
	if (status == 1)
		return;
	if (status) {
		leg_reject(leg, leg->invite, status, warning);
		leg_invite_over(leg);
		leg->late_offer = false;
		return;
	}
	if (!leg->late_offer)
		leg_media_changed(leg);
	leg_answer(leg, NULL);
	/* leg_answer() is for first INVITEs too; this dialog stands whether its ACK comes or not. */
	leg->state = LEG_UP;
}

static void reinvite_reached(struct leg *leg, int error)
{
	reinvite_answer(leg, error ? 488 : 0, error ? media_warning(error) : NULL);
}

void leg_reinvited(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	struct sdp *offer;
	int status;

	if (reinvite_collides(leg, server, request))
		return;
	status = leg_sdp_read(leg, request, &offer);
	if (status) {
		leg_reject(leg, server, status, NULL);
		return;
	}
	leg->invite = server;
	leg->invite_ours = false;
	leg->invite_cseq = sip_cseq(request->osip);
	leg->sdp = offer;
	leg->late_offer = !offer;
	transaction_set_owner(server, &leg_server_user, leg);
	status = leg_reach(leg, reinvite_reached);
	if (status != -EINPROGRESS)
		reinvite_reached(leg, status);
}

void leg_reinvite_done(struct leg *leg, int status)
{
	if (leg->reinvite_waits && leg->state == LEG_UP)
		reinvite_answer(leg, status, NULL);
}

void leg_reinvite_cancelled(struct leg *leg)
{
	if (leg->invite && !leg->invite_ours && leg->state == LEG_UP)
		reinvite_answer(leg, 487, NULL);
}

static void reinvite_over(struct leg *leg, int status)
{
	leg_invite_over(leg);
	leg->invite_ours = false;
	if (leg->ops && leg->ops->reinvited)
		leg->ops->reinvited(leg, status);
}

/* Who doesn't know the dialog, or doesn't answer at all, has lost it (RFC 3261 12.2.1.2). */
static void reinvite_refused(struct leg *leg, int status)
{
	reinvite_over(leg, status);
	if ((status != 481 && status != 408) || leg->state != LEG_UP)
		return;
	leg_ended(leg, status, "far end has lost the call");
	if (leg->state == LEG_UP)
		leg_bye(leg, "lost");
}

static void reinvite_answered(struct leg *leg, int error)
{
	if (!error)
		error = leg_answer_agree(leg);
	if (!error)
		leg_media_changed(leg);
	reinvite_over(leg, error ? 488 : 0);
}

static void reinvite_response(void *owner, struct transaction *client, const struct sip_message *response)
{
	struct leg *leg = owner;
	int status = response->osip->status_code;
	int result;

	if (status < 200)
		return;
	if (status >= 300) {
		reinvite_refused(leg, status);
		return;
	}
	dialog_established(&leg->dialog, response);
	leg_ack(leg, client, response);
	if (leg->state != LEG_UP) {
		leg_invite_over(leg);
		return;
	}
	result = leg_answer_read(leg, response);
	if (!result)
		result = leg_reach(leg, reinvite_answered);
	if (result != -EINPROGRESS)
		reinvite_answered(leg, result);
}

static void reinvite_failed(void *owner, struct transaction *client, int status)
{
	struct leg *leg = owner;

	(void)client;
	if (leg->state == LEG_UP)
		reinvite_refused(leg, status);
}

static void reinvite_ended(void *owner, struct transaction *client)
{
	struct leg *leg = owner;

	if (leg->invite == client)
		leg->invite = NULL;
}

static const struct transaction_user reinvite_user = {
        .response = reinvite_response,
        .failed = reinvite_failed,
        .ended = reinvite_ended,
};

int leg_reinvite(struct leg *leg)
{
	osip_message_t *invite;
	int result;

	if (leg->state != LEG_UP || leg->invite || leg->reached)
		return -EBUSY;
	invite = leg_invite_new(leg);
	if (!invite)
		return -ENOMEM;
	result = transaction_send(
	        leg->calls->stack, invite, &leg->dialog.flow, &reinvite_user, leg, &leg->invite);
	if (result < 0)
		return result;
	leg->invite_ours = true;
	return 0;
}
