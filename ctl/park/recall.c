/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/park/recall.h"

/* How long the timer of a call that waits for nothing is set: it only keeps its room. */
enum { ASIDE_MS = 24 * 3600 * 1000 };

static void recall_fire(struct timer *timer);

static bool recall_wanted(const struct parked_call *parked)
{
	return parked->parker && parking_recall_rules(parked->parking)->after_ms;
}

/* Fails only at the first time, in recall_reserve(). */
static int recall_set(struct parked_call *parked, uint64_t after_ms)
{
	return timer_set(
	        parking_recall_rules(parked->parking)->timers, &parked->timer, after_ms, recall_fire);
}

static void recall_tell_stop(struct parked_call *parked)
{
	const struct recall_rules *rules = parking_recall_rules(parked->parking);

	rules->ops->recall_stop(rules->context, parked);
}

/* The timer has just left the heap, so there is room for it. */
static void recall_fire(struct timer *timer)
{
	struct parked_call *parked = owner_of(timer, struct parked_call, timer);
	const struct recall_rules *rules = parking_recall_rules(parked->parking);

	if (parked->state != PARKED_PARKED) {
		recall_set(parked, ASIDE_MS);
	} else if (parked->recalling) {
		recall_start(parked);
		recall_tell_stop(parked);
	} else {
		parked->recalling = true;
		parked->recalls++;
		recall_set(parked, rules->ring_ms ? rules->ring_ms : ASIDE_MS);
		rules->ops->recall(rules->context, parked);
	}
}

int recall_reserve(struct parked_call *parked)
{
	return recall_wanted(parked) ? recall_set(parked, ASIDE_MS) : 0;
}

void recall_start(struct parked_call *parked)
{
	parked->recalling = false;
	if (recall_wanted(parked))
		recall_set(parked, parking_recall_rules(parked->parking)->after_ms);
}

void recall_pause(struct parked_call *parked, bool by_recall)
{
	const struct recall_rules *rules = parking_recall_rules(parked->parking);
	bool recalling = parked->recalling;

	if (!recall_wanted(parked))
		return;
	if (recalling) {
		parked->left_ms = rules->after_ms;
	} else {
		uint64_t now = timers_now(rules->timers);

		parked->left_ms = parked->timer.at > now ? parked->timer.at - now : 0;
	}
	parked->recalling = false;
	recall_set(parked, ASIDE_MS);
	if (recalling && !by_recall)
		recall_tell_stop(parked);
}

void recall_resume(struct parked_call *parked)
{
	if (recall_wanted(parked))
		recall_set(parked, parked->left_ms);
}

void recall_end(struct parked_call *parked)
{
	bool recalling = parked->recalling;

	timer_cancel(parking_recall_rules(parked->parking)->timers, &parked->timer);
	parked->recalling = false;
	if (recalling)
		recall_tell_stop(parked);
}
