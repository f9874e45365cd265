/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/leg_private.h"

void leg_new_call(char call[LEG_CALL_ID])
{
	char random[33];

	sip_random(random);
	snprintf(call, LEG_CALL_ID, "%.12s", random);
}

void leg_set_call(struct leg *leg, const char *call)
{
	if (call != leg->call)
		snprintf(leg->call, sizeof(leg->call), "%s", call);
}

void leg_set_owner(struct leg *leg, const struct leg_ops *ops, void *owner)
{
	leg->ops = ops;
	leg->owner = owner;
}

struct leg *leg_new(struct calls *calls, const struct config_tenant *tenant)
{
	struct leg *leg = calloc(1, sizeof(*leg));

	if (!leg)
		return NULL;
	leg->calls = calls;
	leg->tenant = tenant;
	leg->subject.tenant = tenant->domain;
	leg->subject.call = leg->call;
	leg->started_ms = timers_now(calls->timers);
	leg_new_call(leg->call);
	leg_codecs_for(leg, XD_CODECS);

	leg->next = calls->legs;
	if (leg->next)
		leg->next->previous = leg;
	calls->legs = leg;
	calls->leg_count++;
	return leg;
}

static void leg_unlink(struct leg *leg)
{
	struct calls *calls = leg->calls;

	if (leg->previous)
		leg->previous->next = leg->next;
	else
		calls->legs = leg->next;
	if (leg->next)
		leg->next->previous = leg->previous;
	calls->leg_count--;
}

static void leg_reap(struct timer *timer)
{
	struct calls *calls = owner_of(timer, struct calls, reap);
	struct leg *leg;

	while ((leg = calls->ended)) {
		calls->ended = leg->next;
		free(leg->sdp);
		free(leg->route);
		free(leg);
	}
}

void legs_free(struct calls *calls)
{
	struct leg *leg;

	while ((leg = calls->legs)) {
		if (leg->ops && leg->ops->forget)
			leg->ops->forget(leg);
		timer_cancel(calls->timers, &leg->unheard);
		timer_cancel(calls->timers, &leg->expires);
		leg_reach_stop(leg);
		nexthop_use_end(calls->dataplane, &leg->nexthop);
		transaction_forget(leg->invite);
		transaction_forget(leg->accepted);
		transaction_forget(leg->refer);
		dialog_close(&leg->dialog);
		leg_unlink(leg);
		leg->next = calls->ended;
		calls->ended = leg;
	}
	forks_free(calls);
	leg_reap(&calls->reap);
}

void leg_hears_instead(struct leg *leg, bool instead)
{
	if (instead && !leg->instead)
		leg->calls->instead_count++;
	else if (!instead && leg->instead)
		leg->calls->instead_count--;
	leg->instead = instead;
}

void leg_close_media(struct leg *leg)
{
	leg_hears_instead(leg, false);
	timer_cancel(leg->calls->timers, &leg->unheard);
	timer_cancel(leg->calls->timers, &leg->expires);
	leg_reach_stop(leg);
	nexthop_use_end(leg->calls->dataplane, &leg->nexthop);
	endpoint_close(&leg->endpoint);
	leg->agreed = false;
}

void leg_closing(struct leg *leg)
{
	leg->state = LEG_CLOSING;
	leg_refer_over(leg);
	leg_set_owner(leg, NULL, NULL);
	leg_close_media(leg);
}

void leg_gone(struct leg *leg)
{
	struct calls *calls = leg->calls;

	leg_closing(leg);
	transaction_forget(leg->invite);
	forks_await(leg);
	leg->invite = leg->accepted = NULL;
	dialog_close(&leg->dialog);
	leg_unlink(leg);
	/* Callers up the stack may still look at the leg: it is freed in the loop's next turn. */
	leg->next = calls->ended;
	calls->ended = leg;
	if (timer_set(calls->timers, &calls->reap, 0, leg_reap) < 0)
		log_error(NULL, "out_of_memory", "where=leg_gone");
}

void leg_ended(struct leg *leg, int status, const char *cause)
{
	const struct leg_ops *ops = leg->ops;

	log_info(&leg->subject, "leg_ended", "number=%s cause=\"%s\"", leg->number, cause);
	if (ops && ops->ended)
		ops->ended(leg, status, cause);
}

void leg_fail(struct leg *leg, const char *cause)
{
	leg_ended(leg, 488, cause);
	leg_set_owner(leg, NULL, NULL);
	leg_hangup(leg, cause);
}

void leg_codecs_for(struct leg *leg, enum xd_codec codec)
{
	const struct config_tenant *tenant = leg->tenant;

	leg->codec_count = 0;
	for (size_t i = 0; i < tenant->codec_count; i++)
		if (codec == XD_CODECS || codecs_connect(tenant->codecs[i], codec))
			leg->codecs[leg->codec_count++] = tenant->codecs[i];
}

void leg_codecs_prefer(struct leg *leg, enum xd_codec codec)
{
	const struct config_tenant *tenant = leg->tenant;

	leg_codecs_for(leg, codec);
	for (size_t i = 0; i < tenant->codec_count; i++)
		if (!codecs_connect(tenant->codecs[i], codec))
			leg->codecs[leg->codec_count++] = tenant->codecs[i];
}

static bool codec_is_offered(const struct sdp *offer, enum xd_codec codec)
{
	for (unsigned i = 0; i < offer->format_count; i++)
		if (offer->formats[i].kind == XD_VOICE && offer->formats[i].codec == codec)
			return true;
	return false;
}

unsigned codecs_for_offer(const struct config_tenant *tenant, const struct sdp *offer, enum xd_codec *codecs)
{
	unsigned count = 0;

	for (size_t i = 0; i < tenant->codec_count; i++)
		for (size_t answer = 0; answer < tenant->codec_count; answer++)
			if (codec_is_offered(offer, tenant->codecs[answer]) &&
			        codecs_connect(tenant->codecs[i], tenant->codecs[answer])) {
				codecs[count++] = tenant->codecs[i];
				break;
			}
	return count;
}

bool leg_holds(const struct leg *leg)
{
	return leg->agreed &&
	       (leg->remote_direction == SDP_SENDONLY || leg->remote_direction == SDP_INACTIVE);
}

static void bye_ended(void *owner, struct transaction *bye)
{
	(void)bye;
	leg_gone(owner);
}

/* However BYE is answered, or not at all, the dialog is over (RFC 3261 15.1.1). */
static const struct transaction_user bye_user = {.ended = bye_ended};

void leg_bye(struct leg *leg, const char *cause)
{
	osip_message_t *bye = dialog_request(&leg->dialog, "BYE");
	char reason[128];

	if (leg->invite && !leg->invite_ours && transaction_request(leg->invite))
		leg_reject(leg, leg->invite, 487, NULL);
	leg->bye_when_acked = false;
	leg_closing(leg);
	if (bye && cause) {
		snprintf(reason, sizeof(reason), "SIP;text=\"%s\"", cause);
		sip_header_set(bye, "Reason", reason);
	}
	if (!bye || transaction_send(leg->calls->stack, bye, &leg->dialog.flow, &bye_user, leg, NULL) < 0)
		leg_gone(leg);
}

/* Its final response ends it, also a 200 that crosses the CANCEL. `reason`: header value, or NULL. */
static void leg_cancel(struct leg *leg, const char *reason)
{
	leg_closing(leg);
	transaction_cancel(leg->invite, reason);
}

void leg_answered_elsewhere(struct leg *leg)
{
	if (leg->state == LEG_CALLING)
		leg_cancel(leg, "SIP;cause=200;text=\"Call completed elsewhere\"");
	else
		leg_hangup(leg, "answered elsewhere");
}

void leg_hangup(struct leg *leg, const char *cause)
{
	switch (leg->state) {
	case LEG_INCOMING:
		leg_refuse(leg, 480, NULL);
		break;
	case LEG_CALLING:
		leg_cancel(leg, NULL);
		break;
	case LEG_ANSWERED:
		leg_closing(leg);
		leg->bye_when_acked = true;
		break;
	case LEG_UP:
		leg_bye(leg, cause);
		break;
	case LEG_CLOSING:
		break;
	}
}
