/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The media side of a leg: what SDP says becomes plans of its endpoint. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/leg_private.h"
#include "ctl/random.h"

int leg_media_open(struct leg *leg, const uint8_t family_of[16])
{
	int result = endpoint_open(leg->calls->endpoints, family_of, &leg->endpoint);

	if (result < 0)
		return result;
	memcpy(leg->local.advertise, leg->endpoint.local.ip, sizeof(leg->local.advertise));
	leg->local.port = leg->endpoint.local.port;
	leg->local.telephone_event = true;
	leg->local.direction = SDP_SENDRECV;
	random_bytes(&leg->local.session, sizeof(leg->local.session));
	/* Phones that keep it in a signed 32-bit integer are common. */
	leg->local.session &= 0x7fffffff;
	return 0;
}

int leg_media_agreed(struct leg *leg, const struct sdp *remote, const struct sdp_agreement *agreement)
{
	struct tenant_state *state = tenant_state(leg->tenant);
	/* Held by address or refused: nowhere to send, the next hop stays. */
	int result = sdp_is_somewhere(&agreement->remote) ? leg_nexthop(leg, agreement->remote.ip) : 0;

	if (result < 0)
		return result;
	if (!leg->agreed || leg->agreement.codec != agreement->codec ||
	        memcmp(&leg->agreement.payloads, &agreement->payloads, sizeof(agreement->payloads)) != 0 ||
	        !address_equal(&leg->agreement.remote, &agreement->remote))
		leg->media_new = true;
	leg->agreement = *agreement;
	leg->agreed = true;
	for (unsigned i = 0; i < 2; i++)
		leg->other_types.bits[i] |= remote->others.bits[i];
	if (agreement->payloads[XD_EVENT].type_in != XD_NO_PAYLOAD)
		leg->local.event_type = agreement->payloads[XD_EVENT].type_in;
	leg->remote_direction = remote->remote.port ? remote->direction : SDP_INACTIVE;
	if (remote->held_by_address)
		leg->remote_direction = remote->direction == SDP_INACTIVE ? SDP_INACTIVE : SDP_SENDONLY;
	audio_prepare(leg->calls->audio, state->hold, agreement->codec);
	if (leg->tenant->park.announce)
		audio_prepare_digits(leg->calls->audio, leg->tenant->park.language, agreement->codec);
	return 0;
}

/* Source rule and everything else of a plan that follows from the agreement. */
static void leg_plan(const struct leg *leg, struct xd_plan *plan)
{
	const struct sdp_agreement *agreement = &leg->agreement;

	memset(plan, 0, sizeof(*plan));
	plan->remote_port = htobe16(agreement->remote.port);
	plan->nexthop = nexthop_use_index(&leg->nexthop);
	memcpy(plan->payloads, agreement->payloads, sizeof(plan->payloads));
	memset(plan->source_bits, 0xff, sizeof(plan->source_bits));
	if (leg_latches(leg, agreement->remote.ip)) {
		plan->source_rule = XD_FROM_LATCH;
	} else if (leg->trunk && leg->trunk->media_network_count) {
		plan->source_rule =
		        leg_in_media_networks(leg, agreement->remote.ip) ? XD_FROM_EITHER : XD_FROM_NETWORKS;
		for (size_t i = 0; i < leg->trunk->media_network_count; i++) {
			memcpy(plan->source_networks[i], leg->trunk->media_networks[i].ip, 16);
			plan->source_bits[i] = leg->trunk->media_networks[i].bits;
		}
	} else {
		plan->source_rule = XD_FROM_ADDRESS;
	}
	plan->ptime_ns = agreement->ptime_ms * 1000000;
	plan->frame_chunks = (__u8)(agreement->ptime_ms / 10);
	plan->chunk_bytes = XD_CHUNK_BYTES;
}

static void leg_change(struct leg *leg, struct xd_plan *plan)
{
	endpoint_change(&leg->endpoint, plan, leg->media_new);
	leg->media_new = false;
	if (plan->action != XD_HOLD_UNTIL_HEARD)
		timer_cancel(leg->calls->timers, &leg->unheard);
}

static void leg_join(struct xd_plan *plan, const struct leg *other)
{
	plan->peer = other ? other->endpoint.index : 0;
	plan->hearer = plan->peer;
}

void leg_hear_nothing(struct leg *leg, struct leg *other)
{
	struct xd_plan plan;

	if (!leg->agreed)
		return;
	leg_plan(leg, &plan);
	plan.action = XD_MUTE;
	leg_join(&plan, other);
	leg_hears_instead(leg, false);
	leg_change(leg, &plan);
}

bool leg_on_hold(const struct leg *leg)
{
	__u8 action = leg->endpoint.plan.action;

	return action == XD_HOLD || (action == XD_HOLD_UNTIL_HEARD && !endpoint_heard(&leg->endpoint));
}

/* The playlist of the tenant's hold audio; the stream goes on where it was if it is the same one. */
static int leg_hold_stream(struct leg *leg, struct xd_plan *plan)
{
	struct tenant_state *state = tenant_state(leg->tenant);
	struct audio *audio = leg->calls->audio;
	const struct xd_plan *before = &leg->endpoint.plan;
	enum xd_codec codec = leg->agreement.codec;
	bool ready = audio_is_ready(audio, state->hold, codec);
	int result =
	        audio_playlist(audio, state->hold, state->ringback, codec, leg->agreement.ptime_ms, plan);

	if (result < 0)
		return result;
	leg_hears_instead(leg, !ready);
	if (leg_on_hold(leg) && before->ptime_ns == plan->ptime_ns && before->parts == plan->parts &&
	        before->loop == plan->loop && !memcmp(&before->first, &plan->first, sizeof(plan->first)) &&
	        !memcmp(before->later, plan->later, sizeof(plan->later)))
		plan->t0 = before->t0;
	return 0;
}

/* The peer said nothing in 2 s: whoever waits for silence to end has waited long enough. */
static void leg_unheard(struct timer *timer)
{
	struct leg *leg = owner_of(timer, struct leg, unheard);
	struct xd_plan plan = leg->endpoint.plan;

	if (plan.action != XD_HOLD_UNTIL_HEARD || endpoint_heard(&leg->endpoint))
		return;
	plan.action = XD_FORWARD;
	endpoint_change(&leg->endpoint, &plan, false);
}

static void leg_hear_held(struct leg *leg, struct leg *other, enum xd_action action)
{
	struct xd_plan plan;
	int result;

	leg_plan(leg, &plan);
	plan.action = (__u8)action;
	leg_join(&plan, other);
	result = leg_hold_stream(leg, &plan);
	if (result < 0) {
		log_error(&leg->subject, "no_hold_audio", "codec=%s ptime_ms=%u error=\"%s\"",
		        codec_name(leg->agreement.codec), leg->agreement.ptime_ms, strerror(-result));
		plan.action = action == XD_HOLD ? XD_MUTE : XD_FORWARD;
	}
	leg_change(leg, &plan);
}

void leg_await_word(struct leg *leg)
{
	if (leg->endpoint.plan.action == XD_HOLD_UNTIL_HEARD && !timer_is_set(&leg->unheard) &&
	        timer_set(leg->calls->timers, &leg->unheard, LEG_UNHEARD_MS, leg_unheard) < 0)
		log_error(&leg->subject, "out_of_memory", "where=leg_await_word");
}

void leg_hear_hold(struct leg *leg, struct leg *other)
{
	if (!leg->agreed || !leg->agreement.remote_listens)
		leg_hear_nothing(leg, other);
	else
		leg_hear_held(leg, other, XD_HOLD);
}

void leg_hear_leg(struct leg *leg, struct leg *other, bool until_heard)
{
	struct xd_plan plan;

	if (!leg->agreed || !leg->agreement.remote_listens) {
		leg_hear_nothing(leg, other);
		return;
	}
	if (until_heard) {
		leg_hear_held(leg, other, XD_HOLD_UNTIL_HEARD);
		return;
	}
	leg_plan(leg, &plan);
	plan.action = XD_FORWARD;
	leg_join(&plan, other);
	leg_hears_instead(leg, false);
	leg_change(leg, &plan);
}

void leg_refresh_hold(struct leg *leg)
{
	struct xd_plan plan;

	if (!leg->instead || !leg->agreed ||
	        !audio_is_ready(leg->calls->audio, tenant_state(leg->tenant)->hold, leg->agreement.codec))
		return;
	plan = leg->endpoint.plan;
	if (!leg_on_hold(leg) || leg_hold_stream(leg, &plan) < 0)
		return;
	plan.t0 = 0;
	leg_change(leg, &plan);
}

uint32_t leg_hear_number(struct leg *leg, const char *number)
{
	struct xd_plan plan;
	uint32_t length_ms = 0;
	int result;

	if (!leg->agreed || !leg->agreement.remote_listens)
		return 0;
	leg_plan(leg, &plan);
	plan.action = XD_HOLD;
	result = audio_announcement(leg->calls->audio, leg->tenant->park.language, number,
	        leg->agreement.codec, leg->agreement.ptime_ms, &plan, &length_ms);
	if (result < 0) {
		log_info(&leg->subject, "not_announced", "orbit=%s error=\"%s\"", number, strerror(-result));
		return 0;
	}
	leg_hears_instead(leg, false);
	leg_change(leg, &plan);
	return length_ms;
}
