/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/park.h"

static const struct leg_ops bridge_leg_ops;

struct bridge *bridge_of(const struct leg *leg)
{
	return leg->ops == &bridge_leg_ops ? leg->owner : NULL;
}

struct leg *bridge_other(const struct bridge *bridge, const struct leg *leg)
{
	return leg == bridge->caller ? bridge->callee : bridge->caller;
}

static struct bridge *bridge_new(struct calls *calls)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));

	if (!bridge)
		return NULL;
	bridge->calls = calls;
	bridge->since_ms = timers_now(calls->timers);
	bridge->next = calls->bridges;
	if (bridge->next)
		bridge->next->previous = bridge;
	calls->bridges = bridge;
	calls->bridge_count++;
	return bridge;
}

static void bridge_free(struct bridge *bridge)
{
	struct calls *calls = bridge->calls;

	if (bridge->previous)
		bridge->previous->next = bridge->next;
	else
		calls->bridges = bridge->next;
	if (bridge->next)
		bridge->next->previous = bridge->previous;
	calls->bridge_count--;
	timer_cancel(calls->timers, &bridge->differ);
	free(bridge);
}

void bridge_dissolve(struct bridge *bridge)
{
	struct hunt *hunt = bridge->hunt;

	bridge->hunt = NULL;
	hunt_stop(hunt, "dissolved");
	if (bridge->caller)
		leg_set_owner(bridge->caller, NULL, NULL);
	if (bridge->callee)
		leg_set_owner(bridge->callee, NULL, NULL);
	bridge_free(bridge);
}

static void bridge_forget(struct leg *leg)
{
	struct bridge *bridge = leg->owner;

	hunt_forget(bridge->hunt);
	bridge->hunt = NULL;
	bridge_dissolve(bridge);
}

/*
 * What one leg hears of the other: it, or hold audio while the other one holds. Who resumes is expected to
 * talk when his ACK is here: until then he may not know that he is heard.
 */
static void bridge_hear(struct leg *leg, struct leg *other)
{
	if (leg_holds(other)) {
		leg_hear_hold(leg, other);
		return;
	}
	leg_hear_leg(leg, other, leg_on_hold(leg));
	if (!other->invite || other->invite_ours)
		leg_await_word(leg);
}

/* What each may change to by itself: codecs that connect with the other's, or with what that may become. */
static void bridge_codecs(struct bridge *bridge)
{
	struct leg *caller = bridge->caller, *callee = bridge->callee;

	leg_codecs_for(caller, callee->agreement.codec);
	leg_codecs_for(callee, caller->agreed ? caller->agreement.codec : callee->agreement.codec);
}

static void bridge_media(struct bridge *bridge)
{
	if (!bridge->callee)
		return;
	bridge_codecs(bridge);
	bridge_hear(bridge->caller, bridge->callee);
	bridge_hear(bridge->callee, bridge->caller);
}

static bool bridge_differs(const struct bridge *bridge)
{
	const struct leg *caller = bridge->caller, *callee = bridge->callee;

	return callee && caller->agreed && callee->agreed &&
	       !codecs_connect(caller->agreement.codec, callee->agreement.codec);
}

/* Nobody would ever hear anything in this call: better none than a silent one. */
static void bridge_part(struct bridge *bridge)
{
	struct leg *caller = bridge->caller, *callee = bridge->callee;

	log_warn(&caller->subject, "codecs_differ", "caller=%s codec=%s callee=%s callee_codec=%s",
	        caller->number, codec_name(caller->agreement.codec), callee->number,
	        codec_name(callee->agreement.codec));
	bridge_dissolve(bridge);
	leg_hear_nothing(caller, NULL);
	leg_hear_nothing(callee, NULL);
	leg_hangup(caller, "no common codec");
	leg_hangup(callee, "no common codec");
}

static void bridge_align(struct bridge *bridge, struct leg *leg);

static void bridge_differ(struct timer *timer)
{
	struct bridge *bridge = owner_of(timer, struct bridge, differ);

	if (!bridge_differs(bridge))
		return;
	if (bridge->aligned == BRIDGE_ALIGNS && !bridge->caller->invite && !bridge->callee->invite)
		bridge_part(bridge);
	else
		bridge_align(bridge, bridge->caller);
}

/*
 * Each side agreed to what the other could do at that time, but that has changed meanwhile: `leg` is asked
 * for what its other side speaks. When it refuses, the other is asked, and then they may find together by
 * themselves before they are parted.
 */
static void bridge_align(struct bridge *bridge, struct leg *leg)
{
	if (!bridge_differs(bridge)) {
		bridge->aligned = 0;
		return;
	}
	leg_codecs_for(leg, bridge_other(bridge, leg)->agreement.codec);
	if (bridge->aligned < BRIDGE_ALIGNS && !leg_reinvite(leg))
		bridge->aligned++;
	else if (timer_set(bridge->calls->timers, &bridge->differ, BRIDGE_DIFFER_MS, bridge_differ) < 0)
		log_error(&leg->subject, "out_of_memory", "where=bridge_align");
}

static void bridge_media_changed(struct leg *leg)
{
	struct bridge *bridge = leg->owner;

	bridge_media(bridge);
	/* When it was us who asked, `reinvited` comes. */
	if (bridge->callee && !(leg->invite && leg->invite_ours))
		bridge_align(bridge, bridge_other(bridge, leg));
}

static void bridge_settled(struct leg *leg)
{
	struct leg *other = bridge_other(leg->owner, leg);

	if (other && !leg_holds(leg))
		leg_await_word(other);
}

/* The caller has just said what he wants to speak, so the other is asked first. */
static void bridge_confirmed(struct leg *leg)
{
	struct bridge *bridge = leg->owner;

	bridge_media(bridge);
	bridge_align(bridge, bridge_other(bridge, leg));
}

/* One has gone: what the other hears of it ends before its endpoint does. */
static void bridge_ended(struct leg *leg, int status, const char *cause)
{
	struct bridge *bridge = leg->owner;
	struct leg *other = bridge_other(bridge, leg);

	if (other)
		leg_hear_nothing(other, NULL);
	bridge_dissolve(bridge);
	if (!other)
		return;
	if (other->state == LEG_INCOMING)
		leg_refuse(other, status, NULL);
	else
		leg_hangup(other, cause);
}

/*
 * The codecs of one side don't suit the other any more: the other side is offered what would. While an INVITE
 * of it is under way it can't be, and who asks may try again (491).
 */
static int bridge_reoffered(struct leg *leg, const struct sdp *offer)
{
	struct leg *other = bridge_other(leg->owner, leg);
	int result;

	if (!other)
		return 488;
	other->codec_count = codecs_for_offer(other->tenant, offer, other->codecs);
	result = other->codec_count ? leg_reinvite(other) : -ENOENT;
	if (!result)
		return 0;
	leg_codecs_for(other, leg->agreed ? leg->agreement.codec : XD_CODECS);
	return result == -EBUSY ? 491 : 488;
}

/* 491 is passed on: both sides then try again, each in its own time (RFC 3261 14.1). */
static void bridge_reinvited(struct leg *leg, int status)
{
	struct bridge *bridge = leg->owner;
	struct leg *other = bridge_other(bridge, leg);

	if (!other)
		return;
	leg_codecs_for(other, leg->agreement.codec);
	leg_reinvite_done(other, status && status != 491 ? 488 : status);
	leg_codecs_for(leg, other->agreement.codec);
	/* Who asked has taken it back, or can't do it after all; or `leg` can't do what it was asked for. */
	bridge_align(bridge, status ? other : leg);
}

static void bridge_referred(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	park_referred(leg, server, request);
}

static const struct leg_ops bridge_leg_ops = {
        .settled = bridge_settled,
        .confirmed = bridge_confirmed,
        .ended = bridge_ended,
        .forget = bridge_forget,
        .reoffered = bridge_reoffered,
        .reinvited = bridge_reinvited,
        .media_changed = bridge_media_changed,
        .referred = bridge_referred,
};

static void bridge_rings(void *owner, struct leg *leg, int status, bool early_media)
{
	struct bridge *bridge = owner;
	struct leg *caller = bridge->caller;

	if (early_media && !bridge->early && caller->sdp) {
		leg_codecs_for(caller, leg->agreement.codec);
		if (!leg_agree(caller, leg->agreement.codec)) {
			bridge->early = leg;
			leg_hear_leg(leg, caller, false);
			leg_hear_leg(caller, leg, false);
			leg_early(caller);
			return;
		}
	}
	if (!bridge->early)
		leg_ring(caller, status == 183 ? 183 : 180);
}

static void bridge_dropped(void *owner, struct leg *leg)
{
	struct bridge *bridge = owner;

	if (bridge->early != leg)
		return;
	bridge->early = NULL;
	leg_hear_nothing(bridge->caller, NULL);
}

/* Agrees with both and connects them. 0 or negative errno; nothing has been answered then. */
static int bridge_connect(struct bridge *bridge)
{
	struct leg *caller = bridge->caller, *callee = bridge->callee;
	int result;

	leg_codecs_for(caller, callee->agreement.codec);
	/*
	 * The answer in a 183 was the caller's answer, whoever it was for: his phone passes over another one
	 * in the 200 (RFC 3261 13.2.1). Where it doesn't suit who has answered, they are aligned after the
	 * ACK.
	 */
	result = caller->agreed ? 0 : leg_agree(caller, callee->agreement.codec);
	if (result < 0)
		return result;
	/* Before the answer goes out: the caller's first packet is to be heard. */
	bridge_media(bridge);
	/* His own codecs aren't known yet: what doesn't connect is better than nothing, and aligned after it.
	 */
	if (!caller->agreed)
		leg_codecs_prefer(caller, callee->agreement.codec);
	return leg_answer(caller, callee->identity);
}

static void bridge_answered(void *owner, struct leg *leg)
{
	struct bridge *bridge = owner;
	struct leg *caller = bridge->caller;
	int result;

	bridge->hunt = NULL;
	bridge->early = NULL;
	bridge->callee = leg;
	leg_set_owner(leg, &bridge_leg_ops, bridge);
	result = bridge_connect(bridge);
	if (!result) {
		bridge->calls->counters.answered++;
		log_info(&caller->subject, "answered", "caller=%s callee=%s codec=%s", caller->number,
		        leg->number, codec_name(leg->agreement.codec));
		return;
	}
	log_warn(&caller->subject, "not_connected", "caller=%s callee=%s error=\"%s\"", caller->number,
	        leg->number, strerror(-result));
	bridge_dissolve(bridge);
	leg_hear_nothing(caller, NULL);
	leg_hangup(leg, "can't be connected");
	leg_refuse(caller, result == -ENOMEM ? 500 : 488, NULL);
}

static void bridge_failed(void *owner, int status)
{
	struct bridge *bridge = owner;
	struct leg *caller = bridge->caller;

	bridge->hunt = NULL;
	bridge_dissolve(bridge);
	/* It may be anything that the other side lacks. */
	leg_refuse(caller, status,
	        status == 488 ? "399 xdpark \"The other side can't take the call's media\"" : NULL);
}

static const struct hunt_ops bridge_hunt_ops = {
        .progress = bridge_rings,
        .dropped = bridge_dropped,
        .answered = bridge_answered,
        .failed = bridge_failed,
};

void bridge_call(struct leg *caller, const struct config_user *user)
{
	struct hunt_options options = {
	        .calls = caller->calls,
	        .user = user,
	        .from = caller->identity,
	        .call = caller->call,
	        .hops = caller->hops - 1, /* calls that go round in circles come to an end (RFC 7332) */
	        .ring_ms = HUNT_RING_MS,
	        .ops = &bridge_hunt_ops,
	};
	enum xd_codec codecs[XD_CODECS];
	struct bridge *bridge;
	int result;

	options.codecs = codecs;
	if (caller->sdp) {
		options.codec_count = codecs_for_offer(caller->tenant, caller->sdp, codecs);
	} else {
		options.codec_count = caller->codec_count;
		memcpy(codecs, caller->codecs, sizeof(codecs));
	}
	if (!options.codec_count) {
		leg_refuse(caller, 488, NULL);
		return;
	}
	bridge = bridge_new(caller->calls);
	if (!bridge) {
		leg_refuse(caller, 500, NULL);
		return;
	}
	options.owner = bridge;
	bridge->caller = caller;
	leg_set_owner(caller, &bridge_leg_ops, bridge);
	result = hunt_start(&bridge->hunt, &options);
	log_info(&caller->subject, "calling", "caller=%s callee=%s%s", caller->number, user->name,
	        result == -ENOENT ? " result=\"not registered\"" : "");
	if (result < 0) {
		bridge->hunt = NULL;
		bridge_dissolve(bridge);
		leg_refuse(caller, result == -ENOSPC ? 503 : 480, NULL);
	}
}

int bridge_join(struct leg *caller, struct leg *callee, struct bridge **result)
{
	struct bridge *bridge = bridge_new(caller->calls);

	if (!bridge)
		return -ENOMEM;
	bridge->caller = caller;
	bridge->callee = callee;
	leg_set_owner(caller, &bridge_leg_ops, bridge);
	leg_set_owner(callee, &bridge_leg_ops, bridge);
	bridge_media(bridge);
	bridge_align(bridge, caller);
	*result = bridge;
	return 0;
}
