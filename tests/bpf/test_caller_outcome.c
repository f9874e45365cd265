/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the callers' counters amount to: who missed how much, and what is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bpf/caller_scene.h"
#include "tools/rig/outcome.h"

/* The program writes it, and the test in its place. */
static struct cl_hearing *hearing(unsigned caller)
{
	return (struct cl_hearing *)callers_hearing(callers, caller);
}

static void heard(unsigned caller, uint32_t received, uint32_t lost)
{
	hearing(caller)->received = received;
	hearing(caller)->lost = lost;
}

static void says(unsigned caller, uint32_t sent)
{
	((struct cl_talking *)callers_talking(callers, caller))->sent = sent;
}

/*
 * In 2 s of 20 ms frames: 100, or 99, up to 3 more that were late before, and up to 3 less if they came after
 * the end, which is at 1000 here.
 */
static void of_the_clip(void **state)
{
	static const struct {
		uint32_t received, gaps;
		uint64_t expected, lost, surplus, last;
	} rows[] = {
	        {98, 0, 98, 0, 0, 1000},
	        {96, 0, 96, 0, 0, 1000},
	        {96, 0, 99, 3, 0, 999},
	        {95, 0, 99, 4, 0, 1000},
	        {95, 2, 97, 2, 0, 1000},
	        {100, 0, 100, 0, 0, 0},
	        {99, 0, 99, 0, 0, 0},
	        {103, 0, 103, 0, 0, 0},
	        {97, 3, 100, 3, 0, 0},
	        {98, 0, 99, 1, 0, 0},
	        {90, 2, 99, 9, 0, 0},
	        {0, 0, 99, 99, 0, 0},
	        {104, 0, 100, 0, 4, 0},
	        {200, 0, 100, 0, 100, 0},
	};

	(void)state;
	callers_disconnect(callers, 1);
	callers_disconnect(callers, 2);
	callers_window(callers, 0, 1000);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outcome outcome;

		heard(0, rows[i].received, rows[i].gaps);
		hearing(0)->last = rows[i].last;
		assert_int_equal(outcome_read(callers, 1, 2, &outcome), 0);
		if (outcome.expected != rows[i].expected || outcome.lost != rows[i].lost ||
		        outcome.surplus != rows[i].surplus)
			fail_msg("row %u: %llu expected, %llu lost, %llu too many", i,
			        (unsigned long long)outcome.expected, (unsigned long long)outcome.lost,
			        (unsigned long long)outcome.surplus);
		assert_int_equal(outcome.faulty, rows[i].lost || rows[i].surplus);
		assert_int_equal(outcome_wrong(&outcome), rows[i].surplus);
	}
}

/* Where nothing says how long it was, the stream's own numbers count, and what is missing when it has
 * stopped. */
static void of_no_set_time(void **state)
{
	static const struct {
		uint64_t stopped_ms, lost, expected;
	} rows[] = {{0, 2, 9}, {199, 2, 9}, {200, 12, 19}, {1010, 52, 59}};
	struct outcome outcome;
	uint64_t end;

	(void)state;
	callers_disconnect(callers, 1);
	callers_disconnect(callers, 2);
	callers_window_close(callers);
	end = callers_window_end(callers);
	heard(0, 7, 2);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		hearing(0)->last = end - rows[i].stopped_ms * 1000000;
		assert_int_equal(outcome_read(callers, 0, 0, &outcome), 0);
		assert_int_equal(outcome.expected, rows[i].expected);
		assert_int_equal(outcome.lost, rows[i].lost);
	}
	/* After the end it went on, and a parked caller is to be taken. */
	hearing(0)->last = end + 1;
	callers_expect(callers, 0, CL_HOLD_THEN_TALK, 1);
	assert_int_equal(outcome_read(callers, 0, 0, &outcome), 0);
	assert_int_equal(outcome.expected, 9);
}

/* Who hears nothing from the first moment on counts from when his call came up. */
static void of_no_sound_at_all(void **state)
{
	struct outcome outcome;

	(void)state;
	callers_disconnect(callers, 1);
	callers_disconnect(callers, 2);
	assert_true(hearing(0)->last > 0);
	hearing(0)->last -= 1000000000;
	callers_window_close(callers);
	assert_int_equal(outcome_read(callers, 0, 0, &outcome), 0);
	assert_in_range(outcome.lost, 50, 60);
	assert_int_equal(outcome.expected, outcome.lost);
	assert_int_equal(outcome.faulty, 1);
}

static void of_talk(void **state)
{
	struct outcome outcome;

	(void)state;
	callers_disconnect(callers, 0);
	says(1, 100);
	says(2, 50);
	/* A clip that was heard before makes up for nothing. */
	heard(2, 190, 0);
	hearing(2)->talk = 90;
	heard(1, 53, 0);
	hearing(1)->talk = 53;
	for (unsigned seconds = 0; seconds <= 2; seconds += 2) {
		assert_int_equal(outcome_read(callers, 2, seconds, &outcome), 0);
		assert_int_equal(outcome.expected, 150);
		assert_int_equal(outcome.lost, 10);
		assert_int_equal(outcome.surplus, 3);
		assert_int_equal(outcome.faulty, 2);
	}
}

/* The hold stream had stopped before the peer was heard; within a set time that is of no account. */
static void of_silence_before_talk(void **state)
{
	struct outcome outcome;

	(void)state;
	callers_disconnect(callers, 0);
	callers_disconnect(callers, 2);
	says(2, 50);
	heard(1, 50, 0);
	hearing(1)->talk = 50;
	hearing(1)->gap_ns = 199999999;
	assert_int_equal(outcome_read(callers, 0, 0, &outcome), 0);
	assert_int_equal(outcome.lost, 0);
	hearing(1)->gap_ns = 1795000000;
	assert_int_equal(outcome_read(callers, 0, 0, &outcome), 0);
	assert_int_equal(outcome.lost, 89);
	assert_int_equal(outcome.expected, 139);
	assert_int_equal(outcome.faulty, 1);
	assert_int_equal(outcome_read(callers, 1, 2, &outcome), 0);
	assert_int_equal(outcome.lost, 0);
	/* Nor is it a parked caller's time then, whose taker says nothing. */
	says(2, 0);
	hearing(1)->talk = 0;
	callers_expect(callers, 1, CL_HOLD_THEN_TALK, 2);
	assert_int_equal(outcome_read(callers, 1, 2, &outcome), 0);
	assert_int_equal(outcome.expected, 0);
}

/* Whose call has ended has missed everything. */
static void of_those_that_have_gone(void **state)
{
	struct outcome outcome;

	(void)state;
	heard(0, 100, 0);
	callers_disconnect(callers, 1);
	callers_disconnect(callers, 2);
	assert_int_equal(outcome_read(callers, 3, 2, &outcome), 0);
	assert_int_equal(outcome.expected, 300);
	assert_int_equal(outcome.lost, 200);
	assert_int_equal(outcome.faulty, 2);
}

/* Each kind of error alone is one too many. */
static void what_is_clean(void **state)
{
	struct outcome outcome = {.totals.count[CL_received] = 10};

	(void)state;
	assert_true(outcome_clean(&outcome));
	outcome.totals.count[CL_rtcp] = 5;
	assert_true(outcome_clean(&outcome));
	outcome.totals.count[CL_strays] = 1;
	assert_false(outcome_clean(&outcome));
	outcome.totals.count[CL_strays] = 0;
	for (int i = CL_duplicated; i <= CL_type_errors; i++) {
		outcome.totals.count[i] = 1;
		assert_false(outcome_clean(&outcome));
		assert_int_equal(outcome_wrong(&outcome), 1);
		outcome.totals.count[i] = 0;
	}
	outcome.lost = 1;
	assert_false(outcome_clean(&outcome));
	outcome.lost = 0;
	outcome.surplus = 1;
	assert_false(outcome_clean(&outcome));
	outcome.surplus = 0;
	outcome.totals.count[CL_received] = 0;
	assert_false(outcome_clean(&outcome));
}

static void what_is_wrong_is_reported(void **state)
{
	struct outcome outcome = {.surplus = 1, .totals.count[CL_duplicated] = 2, .totals.count[CL_rtcp] = 4};
	json_t *report = json_object();

	(void)state;
	assert_int_equal(outcome_report(&outcome, false, report), 0);
	assert_int_equal(json_integer_value(json_object_get(report, "wrong")), 3);
	json_decref(report);
}

#define TEST(name) cmocka_unit_test_setup(name, scene_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(of_the_clip),
	        TEST(of_no_set_time),
	        TEST(of_no_sound_at_all),
	        TEST(of_talk),
	        TEST(of_silence_before_talk),
	        TEST(of_those_that_have_gone),
	        TEST(what_is_clean),
	        TEST(what_is_wrong_is_reported),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
