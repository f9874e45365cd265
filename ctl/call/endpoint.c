/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening, changing and closing take the same time however many endpoints there are. */
#include "ctl/call/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/phases.h"
#include "ctl/call/plan.h"
#include "ctl/random.h"

/* REST_MS: no packet of one call may find the next one at its port. UNTIL_NS: orphans end that long after us.
 */
enum { REST_MS = 2000, RENEW_MS = 60000, STREAM_WORDS = sizeof(struct xd_stream) / sizeof(uint64_t) };
/* Generations are compared by 15 bits: a leg that has seen so many begins, for the program, later than it
 * did. */
enum { LEG_GENERATIONS = 30000, LEG_GENERATIONS_KEPT = 15000 };
#define UNTIL_NS (15ULL * 60 * 1000000000)

/* What the controller keeps of an index. */
struct slot {
	struct endpoint *user; /* NULL: nobody's */
	uint64_t at;           /* ms; in use: when `until` was renewed; else when its rest is over */
	uint32_t next;         /* in the queue of its address; 0: the last */
	bool used, holds;
};

/* A local address: the queue of its free endpoints, oldest freed first. Index 0 ends it, being never used. */
struct pool {
	const struct config_media *media; /* NULL: not in the config */
	uint32_t first, last, used;
};

struct endpoints {
	struct dataplane *dataplane;
	struct timers *timers;
	struct slot *slots;
	struct phases *phases;           /* of the slots that hold */
	uint32_t count;                  /* entries of the maps that belong to an address */
	struct pool pools[XD_ADDRESSES]; /* by the dataplane's number */
	uint32_t pool_count;
	uint32_t swept; /* slots below have been seen by the sweep under way */
};

static struct pool *pool_of(struct endpoints *endpoints, uint32_t index)
{
	return &endpoints->pools[index / dataplane_terms(endpoints->dataplane)->endpoints_each];
}

static void pool_push(struct endpoints *endpoints, uint32_t index, uint64_t rested_at)
{
	struct pool *pool = pool_of(endpoints, index);

	endpoints->slots[index] = (struct slot){.at = rested_at};
	if (pool->last)
		endpoints->slots[pool->last].next = index;
	else
		pool->first = index;
	pool->last = index;
}

static uint32_t pool_pop(struct endpoints *endpoints, struct pool *pool)
{
	uint32_t index = pool->first;

	pool->first = endpoints->slots[index].next;
	if (!pool->first)
		pool->last = 0;
	return index;
}

/*
 * Of the pools of that family the least used one that has a rested endpoint. By runs: calls that begin one
 * after the other lie beside each other.
 */
static int pool_choose(struct endpoints *endpoints, bool ipv4, struct pool **chosen)
{
	uint64_t now = timers_now(endpoints->timers);
	int error = -EAFNOSUPPORT;

	*chosen = NULL;
	for (uint32_t i = 0; i < endpoints->pool_count; i++) {
		struct pool *pool = &endpoints->pools[i];

		if (!pool->media || address_is_ipv4(pool->media->address.ip) != ipv4)
			continue;
		error = -ENOSPC;
		if (pool->first && endpoints->slots[pool->first].at <= now &&
		        (!*chosen || pool->used / PHASES_BLOCK < (*chosen)->used / PHASES_BLOCK))
			*chosen = pool;
	}
	return *chosen ? 0 : error;
}

static struct plan_place place_of(struct endpoints *endpoints, uint32_t index)
{
	return (struct plan_place){.entry = dataplane_endpoint(endpoints->dataplane, index),
	        .rest = dataplane_rest(endpoints->dataplane, index),
	        .due = dataplane_due(endpoints->dataplane, index),
	        .starts = dataplane_starts(endpoints->dataplane, index)};
}

static void entry_stop(struct endpoints *endpoints, uint32_t index)
{
	static const struct xd_plan idle = {.action = XD_IDLE};
	struct plan_place place = place_of(endpoints, index);

	__atomic_store_n(&place.entry->until, 0, __ATOMIC_RELAXED);
	plan_publish(&place, &idle, &idle, 0);
}

static const struct xd_plan_line *line_in_use(struct endpoints *endpoints, uint32_t index)
{
	const struct xd_endpoint *entry = dataplane_endpoint(endpoints->dataplane, index);

	return &entry->plan[__atomic_load_n(&entry->generation, __ATOMIC_RELAXED) & 1];
}

/* Ends what a former controller left at an index. Returns whether its phone may still be sending. */
static bool entry_reclaim(struct endpoints *endpoints, uint32_t index, uint64_t now_ns)
{
	uint64_t last_in =
	        __atomic_load_n(&dataplane_stream(endpoints->dataplane, index)->last_in, __ATOMIC_RELAXED);

	if (line_in_use(endpoints, index)->action != XD_IDLE || *dataplane_due(endpoints->dataplane, index)) {
		entry_stop(endpoints, index);
		return true;
	}
	return last_in && last_in + REST_MS * 1000000ULL > now_ns;
}

/* All endpoints into their pools: first those that can be used at once, behind them those that rest. */
static void pools_fill(struct endpoints *endpoints)
{
	uint64_t now_ns = clock_monotonic_ns(), rested_at = timers_now(endpoints->timers) + REST_MS;

	for (uint32_t index = 1; index < endpoints->count; index++) {
		endpoints->slots[index].used = entry_reclaim(endpoints, index, now_ns);
		if (!endpoints->slots[index].used)
			pool_push(endpoints, index, 0);
	}
	for (uint32_t index = 1; index < endpoints->count; index++)
		if (endpoints->slots[index].used)
			pool_push(endpoints, index, rested_at);
}

static int pool_name(struct endpoints *endpoints, const struct config_media *media, char *reason)
{
	const struct handover_welcome *terms = dataplane_terms(endpoints->dataplane);
	char ip[ADDRESS_TEXT];

	for (uint32_t i = 0; i < terms->addresses; i++)
		if (address_same_ip(terms->address[i], media->address.ip)) {
			endpoints->pools[i].media = media;
			return 0;
		}
	snprintf(reason, 256,
	        "media address %s is none of xdpark-dp's; give it to xdpark-dp (--address) or take it out "
	        "of `media:`",
	        address_format_ip(media->address.ip, ip));
	return -ENOENT;
}

int endpoints_new(struct endpoints **result, struct dataplane *dataplane, struct timers *timers,
        const struct config_media *media, size_t media_count, char *reason)
{
	const struct handover_welcome *terms = dataplane_terms(dataplane);
	struct endpoints *endpoints = calloc(1, sizeof(*endpoints));
	int error = -ENOMEM;

	snprintf(reason, 256, "out of memory");
	if (!endpoints)
		return error;
	endpoints->dataplane = dataplane;
	endpoints->timers = timers;
	endpoints->pool_count = terms->addresses;
	endpoints->count = terms->addresses * terms->endpoints_each;
	endpoints->slots = calloc(endpoints->count, sizeof(*endpoints->slots));
	endpoints->phases = phases_new(endpoints->count, terms->burst);
	if (!endpoints->slots || !endpoints->phases)
		goto failed;
	for (size_t i = 0; i < media_count; i++) {
		error = pool_name(endpoints, &media[i], reason);
		if (error < 0)
			goto failed;
	}
	pools_fill(endpoints);
	*reason = '\0';
	*result = endpoints;
	return 0;
failed:
	endpoints_free(endpoints);
	return error;
}

void endpoints_free(struct endpoints *endpoints)
{
	if (!endpoints)
		return;
	phases_free(endpoints->phases);
	free(endpoints->slots);
	free(endpoints);
}

void endpoints_count(const struct endpoints *endpoints, uint32_t *used, uint32_t *resting, uint32_t *all)
{
	const struct handover_welcome *terms = dataplane_terms(endpoints->dataplane);
	uint64_t now = timers_now(endpoints->timers);

	*used = *resting = *all = 0;
	for (uint32_t index = 1; index < endpoints->count; index++) {
		if (!endpoints->pools[index / terms->endpoints_each].media)
			continue;
		++*all;
		*used += endpoints->slots[index].used;
		*resting += !endpoints->slots[index].used && endpoints->slots[index].at > now;
	}
}

/* Counters are added to by the program while we read: word by word. */
static void stream_read(const struct endpoint *endpoint, struct xd_stream *stream)
{
	const struct xd_stream *from = dataplane_stream(endpoint->endpoints->dataplane, endpoint->index);
	const uint64_t __attribute__((may_alias)) *words = (const void *)from;
	uint64_t copy[STREAM_WORDS] = {0};

	for (unsigned i = 0; i < STREAM_WORDS; i++)
		copy[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
	memcpy(stream, copy, sizeof(*stream));
}

int endpoint_open(struct endpoints *endpoints, const uint8_t remote_family_of[16], struct endpoint *endpoint)
{
	const struct handover_welcome *terms = dataplane_terms(endpoints->dataplane);
	struct pool *pool;
	int error = pool_choose(endpoints, address_is_ipv4(remote_family_of), &pool);
	uint64_t generation;
	uint32_t index;

	if (error < 0)
		return error;
	index = pool_pop(endpoints, pool);
	pool->used++;
	endpoints->slots[index] =
	        (struct slot){.user = endpoint, .at = timers_now(endpoints->timers), .used = true};
	generation = dataplane_endpoint(endpoints->dataplane, index)->generation + 1;
	*endpoint = (struct endpoint){
	        .endpoints = endpoints,
	        .index = index,
	        .local.port = (uint16_t)(terms->port_first + 2 * (index % terms->endpoints_each)),
	        .leg_since = (uint32_t)generation,
	        .media_since = (uint32_t)generation,
	};
	random_bytes(&endpoint->ssrc, sizeof(endpoint->ssrc));
	memcpy(endpoint->local.ip, pool->media->advertise, sizeof(endpoint->local.ip));
	stream_read(endpoint, &endpoint->baseline);
	return 0;
}

static void slot_hold(struct endpoints *endpoints, uint32_t index, bool holds)
{
	struct slot *slot = &endpoints->slots[index];

	if (holds != slot->holds)
		(holds ? phases_join : phases_leave)(endpoints->phases, index);
	slot->holds = holds;
}

void endpoint_close(struct endpoint *endpoint)
{
	struct endpoints *endpoints = endpoint->endpoints;

	if (!endpoint->index)
		return;
	entry_stop(endpoints, endpoint->index);
	slot_hold(endpoints, endpoint->index, false);
	pool_of(endpoints, endpoint->index)->used--;
	pool_push(endpoints, endpoint->index, timers_now(endpoints->timers) + REST_MS);
	endpoint->index = 0;
}

/* Whether the peer was heard in the generation in use. */
static bool peer_is_heard(struct dataplane *dataplane, uint32_t index)
{
	uint64_t generation = dataplane_endpoint(dataplane, index)->generation & XD_GENERATION_MASK;
	uint64_t pos = __atomic_load_n(&dataplane_stream(dataplane, index)->pos, __ATOMIC_ACQUIRE);

	return (pos & XD_POS_TALKING) && pos >> XD_POS_GENERATION_SHIFT == generation;
}

bool endpoint_heard(const struct endpoint *endpoint)
{
	return endpoint->index && peer_is_heard(endpoint->endpoints->dataplane, endpoint->index);
}

/* What the program does by the plan in use: once the peer was heard, HOLD_UNTIL_HEARD is FORWARD. */
static struct xd_plan plan_in_effect(const struct endpoint *endpoint)
{
	struct xd_plan plan = endpoint->plan;

	if (plan.action == XD_HOLD_UNTIL_HEARD && endpoint_heard(endpoint)) {
		plan.action = XD_FORWARD;
		plan_trim(&plan);
	}
	return plan;
}

/* Without live frames nobody would play meanwhile; and whoever was heard already needn't be waited for. */
static bool waits_in_vain(
        const struct endpoint *endpoint, const struct xd_plan *next, const struct xd_plan *effect)
{
	return next->action == XD_HOLD_UNTIL_HEARD &&
	       (!dataplane_terms(endpoint->endpoints->dataplane)->live_frames ||
	               (effect->action != endpoint->plan.action && effect->peer == next->peer));
}

void endpoint_change(struct endpoint *endpoint, const struct xd_plan *plan, bool media_changed)
{
	struct endpoints *endpoints = endpoint->endpoints;
	struct xd_plan next = *plan, effect = plan_in_effect(endpoint);
	uint64_t now = clock_monotonic_ns();
	struct plan_place place;
	uint32_t generation;

	if (!endpoint->index)
		return;
	place = place_of(endpoints, endpoint->index);
	generation = (uint32_t)place.entry->generation;
	if (waits_in_vain(endpoint, &next, &effect))
		next.action = XD_FORWARD;
	if (media_changed)
		endpoint->media_since = generation + 1;
	if (generation + 1 - endpoint->leg_since > LEG_GENERATIONS)
		endpoint->leg_since = generation - LEG_GENERATIONS_KEPT;
	next.ssrc = endpoint->ssrc;
	next.leg_since = endpoint->leg_since & XD_GENERATION_MASK;
	next.media_since = endpoint->media_since & XD_GENERATION_MASK;
	if (plan_holds(&next)) {
		slot_hold(endpoints, endpoint->index, true);
		if (!next.t0)
			next.t0 = plan_start(dataplane_stream(endpoints->dataplane, endpoint->index)->last_in,
			        next.ptime_ns, phases_of(endpoints->phases, endpoint->index), now);
	}
	plan_trim(&next);
	if (plan_equals(&next, &effect))
		return;
	slot_hold(endpoints, endpoint->index, plan_holds(&next));
	__atomic_store_n(&place.entry->until, now + UNTIL_NS, __ATOMIC_RELAXED);
	plan_publish(&place, &endpoint->plan, &next, now);
	endpoint->plan = next;
	endpoints->slots[endpoint->index].at = timers_now(endpoints->timers);
}

/*
 * For an endpoint that holds: a packet that was under way in an older generation may have stopped the stream
 * that the newer one had just started. If the peer is heard meanwhile, whoever finds `due` running stops it
 * again.
 */
static void stream_restart(
        struct endpoints *endpoints, uint32_t index, const struct xd_plan_line *plan, uint64_t now)
{
	struct plan_place place = place_of(endpoints, index);

	if (__atomic_load_n(place.due, __ATOMIC_RELAXED) ||
	        (plan->action == XD_HOLD_UNTIL_HEARD && peer_is_heard(endpoints->dataplane, index)))
		return;
	plan_restart(&place, plan, now);
}

void endpoints_media_started(struct endpoints *endpoints, const struct xd_event *event)
{
	struct endpoint *endpoint =
	        event->endpoint < endpoints->count ? endpoints->slots[event->endpoint].user : NULL;
	struct plan_place place;

	if (!endpoint || endpoint->plan.action != XD_HOLD || !endpoint->plan.ptime_ns ||
	        endpoint->media_since > event->generation)
		return;
	place = place_of(endpoints, event->endpoint);
	plan_rephase(&place, &endpoint->plan,
	        __atomic_load_n(
	                &dataplane_stream(endpoints->dataplane, event->endpoint)->last_in, __ATOMIC_RELAXED));
}

static void slot_sweep(struct endpoints *endpoints, uint32_t index, uint64_t now_ms, uint64_t now)
{
	struct slot *slot = &endpoints->slots[index];

	if (!slot->used)
		return;
	if (slot->holds && !*dataplane_due(endpoints->dataplane, index))
		stream_restart(endpoints, index, line_in_use(endpoints, index), now);
	if (now_ms - slot->at < RENEW_MS)
		return;
	slot->at = now_ms;
	if (line_in_use(endpoints, index)->action == XD_IDLE)
		return;
	__atomic_store_n(
	        &dataplane_endpoint(endpoints->dataplane, index)->until, now + UNTIL_NS, __ATOMIC_RELAXED);
}

void endpoints_sweep(struct endpoints *endpoints, uint32_t parts)
{
	uint64_t now_ms = timers_now(endpoints->timers), now = clock_monotonic_ns();
	uint32_t end = endpoints->swept + (endpoints->count + parts - 1) / parts;

	for (; endpoints->swept < end && endpoints->swept < endpoints->count; endpoints->swept++)
		slot_sweep(endpoints, endpoints->swept, now_ms, now);
	if (endpoints->swept == endpoints->count)
		endpoints->swept = 0;
}

void endpoint_counters(const struct endpoint *endpoint, struct endpoint_counters *counters)
{
	const struct xd_stream *then = &endpoint->baseline;
	struct xd_stream now;

	*counters = (struct endpoint_counters){0};
	if (!endpoint->index)
		return;
	stream_read(endpoint, &now);
	/* The lower halves of tallies are packets; all counters may wrap. */
	counters->received = (uint32_t)(now.received - then->received);
	counters->refused = (uint32_t)(now.refused - then->refused);
	counters->rtcp = (uint32_t)(now.rtcp - then->rtcp);
	counters->forwarded = (uint32_t)(now.forwarded - then->forwarded);
	counters->hold_ingress = (uint32_t)(now.hold_ingress - then->hold_ingress);
	counters->hold_pump = (uint32_t)(now.hold_pump - then->hold_pump);
	counters->sent = counters->forwarded + counters->hold_ingress + counters->hold_pump;
	counters->hold_skipped = (uint32_t)(now.hold_skipped - then->hold_skipped);
	counters->last_in = now.last_in == then->last_in ? 0 : now.last_in;
}

uint64_t endpoint_silent_ns(const struct endpoint *endpoint)
{
	struct endpoint_counters counters;
	uint64_t now;

	endpoint_counters(endpoint, &counters);
	if (!counters.last_in)
		return UINT64_MAX;
	now = clock_monotonic_ns();
	return now > counters.last_in ? now - counters.last_in : 0;
}
