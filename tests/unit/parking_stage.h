/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parking tests share: a parking on a clock that the test moves, and a note of every callback. */
#ifndef XDPARK_TEST_PARKING_STAGE_H
#define XDPARK_TEST_PARKING_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/park/parking.h"

enum { AFTER_MS = 60000, RING_MS = 30000 };

struct stage {
	uint64_t now;
	struct timers *timers;
	struct parking *parking;
	int recalls, stops, changes;
	enum parked_state last_state; /* of the last change */
	void *last_call;
	/* what `recall` does besides counting; NULL: nothing */
	void (*on_recall)(struct stage *stage, struct parked_call *parked);
};

static uint64_t stage_clock(void *context)
{
	return *(uint64_t *)context;
}

static void stage_recall(void *context, struct parked_call *parked)
{
	struct stage *stage = context;

	assert_true(parked->recalling);
	assert_int_equal(parked->state, PARKED_PARKED);
	assert_non_null(parked->parker);
	stage->recalls++;
	if (stage->on_recall)
		stage->on_recall(stage, parked);
}

static void stage_recall_stop(void *context, struct parked_call *parked)
{
	struct stage *stage = context;

	assert_false(parked->recalling);
	stage->stops++;
	stage->last_call = parked->call;
}

static void stage_changed(void *context, const struct parked_call *parked)
{
	struct stage *stage = context;

	stage->changes++;
	stage->last_state = parked->state;
	stage->last_call = parked->call;
}

static const struct parking_ops stage_ops = {
        .recall = stage_recall,
        .recall_stop = stage_recall_stop,
        .changed = stage_changed,
};

/* A parking with the given ranges; recall after 60 s for 30 s, no quota, the callbacks above, unless
 * `options` says otherwise. */
static void stage_open(struct stage *stage, const struct orbit_range *ranges, unsigned range_count,
        const struct parking_options *options)
{
	struct parking_options all = {.recall_after_ms = AFTER_MS, .recall_ring_ms = RING_MS};

	if (options)
		all = *options;
	stage->now = 1000000;
	stage->timers = timers_new(stage_clock, &stage->now);
	assert_non_null(stage->timers);
	all.timers = stage->timers;
	if (!all.ops)
		all.ops = &stage_ops;
	all.context = stage;
	all.ranges = ranges;
	all.range_count = range_count;
	assert_int_equal(parking_new(&stage->parking, &all), 0);
}

/* Frees the parking and then lets a day pass: a timer left on freed memory would fire into it. */
static void stage_close(struct stage *stage)
{
	parking_free(stage->parking);
	assert_int_equal(timers_next(stage->timers), -1);
	stage->now += 2 * 86400000ULL;
	timers_run(stage->timers);
	timers_free(stage->timers);
}

/* cmocka set-up and tear-down: *state is a stage of four orbits. */
static const struct orbit_range four = {.first = 701, .last = 704, .digits = 3};

static inline int stage_setup(void **state)
{
	static struct stage stage;

	stage = (struct stage){0};
	stage_open(&stage, &four, 1, NULL);
	*state = &stage;
	return 0;
}

static inline int stage_teardown(void **state)
{
	stage_close(*state);
	return 0;
}

static inline void stage_wait(struct stage *stage, uint64_t ms)
{
	stage->now += ms;
	timers_run(stage->timers);
}

static inline struct parked_call *stage_reserve(
        struct stage *stage, const char *number, const char *parker, void *call)
{
	struct parked_call *parked = NULL;

	assert_int_equal(parking_reserve(stage->parking, number, parker, call, &parked), 0);
	assert_non_null(parked);
	return parked;
}

static inline struct parked_call *stage_park(
        struct stage *stage, const char *number, const char *parker, void *call)
{
	struct parked_call *parked = stage_reserve(stage, number, parker, call);

	parking_park(parked);
	return parked;
}

#endif
