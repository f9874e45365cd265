/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recall: when the parker is called back, and everything that may come in between. */
#include "parking_stage.h"

#include <errno.h>

static int alice, bob;

static void recalls_after_its_time_rings_and_starts_over(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_park(stage, NULL, "102", &alice);

	stage_wait(stage, AFTER_MS - 1);
	assert_int_equal(stage->recalls, 0);
	stage_wait(stage, 1);
	assert_int_equal(stage->recalls, 1);
	assert_true(parked->recalling);
	stage_wait(stage, RING_MS - 1);
	assert_int_equal(stage->stops, 0);
	stage_wait(stage, 1);
	assert_int_equal(stage->stops, 1);
	assert_false(parked->recalling);
	assert_int_equal(parked->state, PARKED_PARKED);
	stage_wait(stage, AFTER_MS);
	assert_int_equal(stage->recalls, 2);
	assert_int_equal(parked->recalls, 2);
}

static void a_reservation_is_not_recalled(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_reserve(stage, NULL, "102", &alice);

	stage_wait(stage, 3 * 86400000ULL);
	stage_wait(stage, 3 * 86400000ULL);
	assert_int_equal(stage->recalls, 0);
	parking_park(parked);
	stage_wait(stage, AFTER_MS);
	assert_int_equal(stage->recalls, 1);
}

static void nobody_to_recall(void **state)
{
	struct stage *stage = *state, never = {0};
	const struct parking_options options = {.recall_after_ms = 0, .recall_ring_ms = RING_MS};

	stage_park(stage, NULL, NULL, &alice);
	assert_int_equal(timers_next(stage->timers), -1);
	stage_open(&never, &four, 1, &options);
	stage_park(&never, NULL, "102", &bob);
	assert_int_equal(timers_next(never.timers), -1);
	stage_close(&never);
}

static void a_failed_recall_starts_over(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_park(stage, NULL, "102", &alice);

	stage_wait(stage, AFTER_MS);
	stage_wait(stage, 5000);
	parking_recall_failed(parked);
	assert_false(parked->recalling);
	assert_int_equal(stage->stops, 0); /* who says that it failed need not be told to stop */
	stage_wait(stage, AFTER_MS - 1);
	assert_int_equal(stage->recalls, 1);
	stage_wait(stage, 1);
	assert_int_equal(stage->recalls, 2);
	/* Twice: the second has nothing to end. */
	parking_recall_failed(parked);
	stage_wait(stage, 1000);
	parking_recall_failed(parked);
	stage_wait(stage, AFTER_MS - 1000);
	assert_int_equal(stage->recalls, 3);
}

static void fail_at_once(struct stage *stage, struct parked_call *parked)
{
	(void)stage;
	parking_recall_failed(parked);
}

static void leave_at_once(struct stage *stage, struct parked_call *parked)
{
	(void)stage;
	parking_leave(parked);
}

static void answer_at_once(struct stage *stage, struct parked_call *parked)
{
	struct parked_call *taken;

	assert_int_equal(parking_take(stage->parking, parked->number, "102", true, &taken), 0);
	assert_ptr_equal(taken, parked);
	parking_taken(taken);
}

static void recall_may_fail_before_it_returns(void **state)
{
	struct stage *stage = *state;

	stage->on_recall = fail_at_once;
	stage_park(stage, NULL, "102", &alice);
	for (int i = 1; i <= 5; i++) {
		stage_wait(stage, AFTER_MS);
		assert_int_equal(stage->recalls, i);
	}
	assert_int_equal(stage->stops, 0);
}

static void recall_may_end_the_call_before_it_returns(void **state)
{
	struct stage *stage = *state;

	stage->on_recall = leave_at_once;
	stage_park(stage, NULL, "102", &alice);
	stage_wait(stage, AFTER_MS);
	assert_int_equal(parking_used(stage->parking), 0);
	assert_int_equal(stage->stops, 1);

	stage->on_recall = answer_at_once;
	stage_park(stage, NULL, "102", &bob);
	stage_wait(stage, AFTER_MS);
	assert_int_equal(parking_used(stage->parking), 0);
	assert_int_equal(stage->stops, 1); /* the parker answered: nothing to stop */
	assert_int_equal(timers_next(stage->timers), -1);
}

static void a_taker_stops_the_recall(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_park(stage, NULL, "102", &alice), *taken;

	stage_wait(stage, AFTER_MS + 1000);
	assert_int_equal(parking_take(stage->parking, "701", "103", false, &taken), 0);
	assert_int_equal(stage->stops, 1);
	assert_false(parked->recalling);
	/* Too late: the parker's answer loses. */
	assert_int_equal(parking_take(stage->parking, "701", "102", true, &taken), -EALREADY);
	parking_recall_failed(parked);
	stage_wait(stage, 2ULL * AFTER_MS);
	assert_int_equal(stage->recalls, 1);
	parking_taken(parked);
}

static void the_parkers_answer_shuts_takers_out(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken, *second;

	stage_park(stage, NULL, "102", &alice);
	stage_wait(stage, AFTER_MS);
	assert_int_equal(parking_take(stage->parking, "701", "102", true, &taken), 0);
	assert_int_equal(stage->stops, 0);
	assert_int_equal(parking_take(stage->parking, "701", "103", false, &second), -EALREADY);
	stage_wait(stage, 2ULL * RING_MS);
	assert_int_equal(stage->stops, 0);
	/* The parker's answer came to nothing: the time starts over. */
	parking_return(taken);
	stage_wait(stage, AFTER_MS - 1);
	assert_int_equal(stage->recalls, 1);
	stage_wait(stage, 1);
	assert_int_equal(stage->recalls, 2);
}

static void a_failed_take_keeps_the_time_that_was_left(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken;

	stage_park(stage, NULL, "102", &alice);
	stage_wait(stage, AFTER_MS - 7000);
	assert_int_equal(parking_take(stage->parking, "701", "103", false, &taken), 0);
	assert_int_equal(stage->stops, 0);
	stage_wait(stage, 20000);
	assert_int_equal(stage->recalls, 0);
	parking_return(taken);
	stage_wait(stage, 6999);
	assert_int_equal(stage->recalls, 0);
	stage_wait(stage, 1);
	assert_int_equal(stage->recalls, 1);
}

static void taken_in_the_millisecond_of_the_recall(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken;

	/* The take comes first; the timer was due and doesn't fire any more. */
	stage_park(stage, NULL, "102", &alice);
	stage->now += AFTER_MS;
	assert_int_equal(parking_take(stage->parking, "701", "103", false, &taken), 0);
	timers_run(stage->timers);
	assert_int_equal(stage->recalls, 0);
	/* It failed, and nothing was left of the time: recall at once. */
	parking_return(taken);
	timers_run(stage->timers);
	assert_int_equal(stage->recalls, 1);
	/* The ring's end and a take in one millisecond, the ring's end first. */
	stage_wait(stage, RING_MS);
	assert_int_equal(stage->stops, 1);
	assert_int_equal(parking_take(stage->parking, "701", "103", false, &taken), 0);
	assert_int_equal(stage->stops, 1);
}

static void leaving_stops_the_recall(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_park(stage, NULL, "102", &alice);

	stage_wait(stage, AFTER_MS);
	parking_leave(parked);
	assert_int_equal(stage->stops, 1);
	assert_int_equal(timers_next(stage->timers), -1);
}

static void a_recall_without_limit_rings_until_it_fails(void **state)
{
	struct stage patient = {0};
	const struct parking_options options = {.recall_after_ms = AFTER_MS};
	struct parked_call *parked;

	(void)state;
	stage_open(&patient, &four, 1, &options);
	parked = stage_park(&patient, NULL, "102", &alice);
	stage_wait(&patient, AFTER_MS);
	stage_wait(&patient, 3600000);
	assert_true(parked->recalling);
	assert_int_equal(patient.stops, 0);
	stage_close(&patient);
}

static void freed_in_the_middle_of_everything(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken;

	stage_reserve(stage, "701", "102", &alice);
	stage_park(stage, "702", "102", &alice);
	stage_wait(stage, AFTER_MS);
	stage_park(stage, "703", "102", &bob);
	assert_int_equal(parking_take(stage->parking, "703", "103", false, &taken), 0);
	/* teardown frees: nothing may be left of it */
}

#define stage_test(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        stage_test(recalls_after_its_time_rings_and_starts_over),
	        stage_test(a_reservation_is_not_recalled),
	        stage_test(nobody_to_recall),
	        stage_test(a_failed_recall_starts_over),
	        stage_test(recall_may_fail_before_it_returns),
	        stage_test(recall_may_end_the_call_before_it_returns),
	        stage_test(a_taker_stops_the_recall),
	        stage_test(the_parkers_answer_shuts_takers_out),
	        stage_test(a_failed_take_keeps_the_time_that_was_left),
	        stage_test(taken_in_the_millisecond_of_the_recall),
	        stage_test(leaving_stops_the_recall),
	        cmocka_unit_test(a_recall_without_limit_rings_until_it_fails),
	        stage_test(freed_in_the_middle_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
