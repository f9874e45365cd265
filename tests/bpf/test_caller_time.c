/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig's figures of time: how far a frame is off its stream's grid, how long a taken caller hears nothing,
 * and how long a bridge's packet is under way. Each must lie between what the clock said around the packets.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bpf/caller_scene.h"
#include "tools/rig/machine.h"

#define MS 1000000ULL

enum { PTIME_MS = 20 };

/* When the program read the clock: no sooner and no later. */
struct moment {
	uint64_t after, before;
};

static void wait_ms(uint64_t ms)
{
	assert_int_equal(machine_sleep_until(machine_clock_ns() + ms * MS), 0);
}

/* The caller hears frame `frame` of the clip. */
static struct moment frame_comes(uint32_t frame)
{
	uint8_t payload[FRAME];
	struct wire wire = wire_of_frame(frame, payload);
	struct moment moment = {.after = machine_clock_ns()};

	assert_int_equal(run_wire(&wire), XDP_DROP);
	moment.before = machine_clock_ns();
	return moment;
}

static void assert_between(uint64_t ns, uint64_t least, uint64_t most)
{
	if (ns < least || ns > most)
		fail_msg("%lu ns: not %lu to %lu", ns, least, most);
}

static struct cl_totals totals_now(void)
{
	struct cl_totals totals;

	assert_int_equal(callers_totals(callers, &totals), 0);
	return totals;
}

/* One that is measured, and where it stands in the histogram. */
static void assert_histogram(const __u64 *buckets, uint64_t ns)
{
	for (unsigned i = 0; i < CL_BUCKETS; i++)
		if (buckets[i] != (i == cl_bucket(ns)))
			fail_msg("bucket %u has %llu", i, buckets[i]);
}

/* A frame that comes `ms` after the one before. */
static void deviation_after(uint64_t ms)
{
	struct moment first = frame_comes(0), second;
	uint64_t least, most, ptime = PTIME_MS * MS;
	struct cl_totals totals;

	callers_window(callers, 0, UINT64_MAX);
	wait_ms(ms);
	second = frame_comes(1);
	least = second.after - first.before;
	most = second.before - first.after;
	totals = totals_now();
	if (least >= ptime)
		assert_between(totals.deviation_max, least - ptime, most - ptime);
	else
		assert_between(totals.deviation_max, most < ptime ? ptime - most : 0, ptime - least);
	assert_histogram(totals.deviation, totals.deviation_max);
}

static void a_frame_that_is_late(void **state)
{
	(void)state;
	deviation_after(PTIME_MS + 30);
}

static void a_frame_that_is_early(void **state)
{
	(void)state;
	deviation_after(PTIME_MS - 15);
}

/* The grid follows a stream: what is always late by as much isn't late. */
static void a_grid_that_moved(void **state)
{
	enum { FRAMES = 12, LATE_MS = 10 };
	struct cl_totals totals;

	(void)state;
	frame_comes(0);
	wait_ms(PTIME_MS + LATE_MS);
	for (uint32_t frame = 1; frame < FRAMES; frame++) {
		uint64_t next = frame_comes(frame).after + PTIME_MS * MS;

		if (frame == FRAMES - 2)
			callers_window(callers, 0, UINT64_MAX);
		assert_int_equal(machine_sleep_until(next), 0);
	}
	totals = totals_now();
	assert_true(totals.deviation_max < LATE_MS * MS);
}

/* Between the last frame of the clip and the first word of who takes the call. */
static void the_gap_of_a_take(void **state)
{
	uint8_t said[PACKET_MAX];
	struct moment last, word;

	(void)state;
	callers_expect(callers, 0, CL_HOLD_THEN_TALK, 1);
	callers_expect(callers, 1, CL_TALK, 0);
	frame_comes(0);
	wait_ms(PTIME_MS);
	last = frame_comes(1);
	wait_ms(25);
	caller_says_at(machine_clock_ns(), 1, 1, 1, said);
	word.after = machine_clock_ns();
	relay_talk(said, 0, 7, 7, 0);
	word.before = machine_clock_ns();
	assert_between(
	        callers_hearing(callers, 0)->gap_ns, word.after - last.before, word.before - last.after);
}

static void how_long_talk_is_under_way(void **state)
{
	uint8_t said[PACKET_MAX];
	uint64_t turn = machine_clock_ns(), after;
	struct cl_totals totals;

	(void)state;
	caller_says_at(turn, 1, 1, 1, said);
	wait_ms(15);
	after = machine_clock_ns();
	relay_talk(said, 2, 7, 7, 0);
	totals = totals_now();
	assert_between(totals.latency_max, after - turn, machine_clock_ns() - turn);
	assert_histogram(totals.latency, totals.latency_max);
}

#define TEST(name) cmocka_unit_test_setup(name, scene_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_frame_that_is_late),
	        TEST(a_frame_that_is_early),
	        TEST(a_grid_that_moved),
	        TEST(the_gap_of_a_take),
	        TEST(how_long_talk_is_under_way),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
