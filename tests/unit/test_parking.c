/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parking: every transition, every wrong order, and who comes second. */
#include "parking_stage.h"

#include <errno.h>
#include <stdio.h>

enum { SEEN = 64 };

static int alice, bob, carol; /* whose calls */

static int take(struct stage *stage, const char *number, const char *taker, struct parked_call **parked)
{
	return parking_take(stage->parking, number, taker, false, parked);
}

static void reserve_park_take_taken(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_reserve(stage, "702", "102", &alice), *taken;

	assert_int_equal(parked->state, PARKED_RESERVED);
	assert_string_equal(parked->number, "702");
	assert_int_equal(parked->orbit, 702);
	assert_string_equal(parked->parker, "102");
	assert_null(parked->taker);
	assert_ptr_equal(parked->call, &alice);
	assert_ptr_equal(parking_at(stage->parking, "702"), parked);
	assert_int_equal(parking_used(stage->parking), 1);
	assert_int_equal(stage->changes, 1);

	stage->now += 500;
	parking_park(parked);
	assert_int_equal(parked->state, PARKED_PARKED);
	assert_int_equal(parked->since_ms, stage->now);
	assert_int_equal(stage->last_state, PARKED_PARKED);

	assert_int_equal(take(stage, "702", "103", &taken), 0);
	assert_ptr_equal(taken, parked);
	assert_int_equal(parked->state, PARKED_TAKING);
	assert_string_equal(parked->taker, "103");
	assert_int_equal(stage->last_state, PARKED_TAKING);

	parking_taken(parked);
	assert_int_equal(stage->last_state, PARKED_GONE);
	assert_ptr_equal(stage->last_call, &alice);
	assert_null(parking_at(stage->parking, "702"));
	assert_int_equal(parking_used(stage->parking), 0);
	assert_int_equal(stage->changes, 4);
	assert_int_equal(stage->stops, 0);
}

static void undo_gives_the_orbit_back(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_reserve(stage, NULL, NULL, &alice);

	assert_string_equal(parked->number, "701");
	parking_undo(parked);
	assert_int_equal(stage->last_state, PARKED_GONE);
	assert_int_equal(parking_used(stage->parking), 0);
	parked = stage_reserve(stage, "701", NULL, &bob);
	assert_ptr_equal(parked->call, &bob);
}

static void return_parks_as_before(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_park(stage, "701", "102", &alice), *taken;
	uint64_t since = parked->since_ms;

	stage->now += 7000;
	assert_int_equal(take(stage, "701", "103", &taken), 0);
	parking_return(taken);
	assert_int_equal(parked->state, PARKED_PARKED);
	assert_null(parked->taker);
	assert_int_equal(parked->since_ms, since);
	assert_int_equal(take(stage, "701", "104", &taken), 0);
	assert_string_equal(taken->taker, "104");
}

static void leaves_in_any_state(void **state)
{
	struct stage *stage = *state;
	struct parked_call *reserved = stage_reserve(stage, "701", "102", &alice);
	struct parked_call *parked = stage_park(stage, "702", "102", &bob);
	struct parked_call *taking = stage_park(stage, "703", "102", &carol), *taken;

	assert_int_equal(take(stage, "703", "103", &taken), 0);
	parking_leave(reserved);
	assert_ptr_equal(stage->last_call, &alice);
	parking_leave(parked);
	assert_ptr_equal(stage->last_call, &bob);
	parking_leave(taking);
	assert_ptr_equal(stage->last_call, &carol);
	assert_int_equal(parking_used(stage->parking), 0);
	assert_int_equal(timers_next(stage->timers), -1);
	/* Nobody took it: the next one who dials hears that it is empty. */
	assert_int_equal(take(stage, "703", "103", &taken), -ENOENT);
}

static void wrong_orders_change_nothing(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = stage_reserve(stage, "701", "102", &alice), *taken;
	int changes = stage->changes;

	parking_taken(parked);
	parking_return(parked);
	parking_recall_failed(parked);
	assert_int_equal(parked->state, PARKED_RESERVED);
	assert_int_equal(stage->changes, changes);

	parking_park(parked);
	changes = stage->changes;
	parking_park(parked);
	parking_undo(parked);
	parking_taken(parked);
	parking_return(parked);
	parking_recall_failed(parked);
	assert_int_equal(parked->state, PARKED_PARKED);
	assert_int_equal(stage->changes, changes);

	assert_int_equal(take(stage, "701", "103", &taken), 0);
	changes = stage->changes;
	parking_park(parked);
	parking_undo(parked);
	parking_recall_failed(parked);
	assert_int_equal(parked->state, PARKED_TAKING);
	assert_int_equal(stage->changes, changes);
	assert_ptr_equal(parking_at(stage->parking, "701"), parked);
	assert_int_equal(parking_used(stage->parking), 1);
}

static void reserving_says_why_not(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked = (void *)&alice;

	stage_reserve(stage, "702", NULL, &alice);
	assert_int_equal(parking_reserve(stage->parking, "702", NULL, &bob, &parked), -EBUSY);
	parking_park(parking_at(stage->parking, "702"));
	assert_int_equal(parking_reserve(stage->parking, "702", NULL, &bob, &parked), -EBUSY);
	assert_int_equal(parking_reserve(stage->parking, "700", NULL, &bob, &parked), -ENOENT);
	assert_int_equal(parking_reserve(stage->parking, "705", NULL, &bob, &parked), -ENOENT);
	assert_int_equal(parking_reserve(stage->parking, "0701", NULL, &bob, &parked), -ENOENT);
	assert_int_equal(parking_reserve(stage->parking, "", NULL, &bob, &parked), -ENOENT);
	assert_int_equal(parking_reserve(stage->parking, "70a", NULL, &bob, &parked), -ENOENT);
	assert_int_equal(parking_reserve(stage->parking, "7010000000701", NULL, &bob, &parked), -ENOENT);
	assert_ptr_equal(parked, &alice); /* results are written on success alone */

	assert_string_equal(stage_reserve(stage, NULL, NULL, &bob)->number, "701");
	assert_string_equal(stage_reserve(stage, NULL, NULL, &bob)->number, "703");
	assert_string_equal(stage_reserve(stage, NULL, NULL, &bob)->number, "704");
	assert_int_equal(parking_reserve(stage->parking, NULL, NULL, &bob, &parked), -EBUSY);
}

static void quota_counts_reservations(void **state)
{
	struct stage limited = {0};
	const struct parking_options options = {.quota = 2};
	struct parked_call *parked;

	(void)state;
	stage_open(&limited, &four, 1, &options);
	stage_reserve(&limited, NULL, NULL, &alice);
	parked = stage_park(&limited, "704", NULL, &bob);
	assert_int_equal(parking_reserve(limited.parking, NULL, NULL, &carol, &parked), -EBUSY);
	assert_int_equal(parking_reserve(limited.parking, "703", NULL, &carol, &parked), -EBUSY);
	assert_int_equal(parking_reserve(limited.parking, "799", NULL, &carol, &parked), -ENOENT);
	parking_leave(parked);
	stage_reserve(&limited, "703", NULL, &carol);
	stage_close(&limited);
}

static void taking_says_why_not(void **state)
{
	struct stage *stage = *state;
	struct parked_call *parked, *taken = (void *)&bob;

	assert_int_equal(take(stage, "701", "103", &taken), -ENOENT);
	assert_int_equal(take(stage, "999", "103", &taken), -ENOENT);
	parked = stage_reserve(stage, "701", "102", &alice);
	assert_int_equal(take(stage, "701", "103", &taken), -ENOENT);
	assert_ptr_equal(taken, &bob);
	parking_park(parked);
	assert_int_equal(take(stage, "701", "103", &taken), 0);
}

static void two_takers_one_wins(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken, *second;

	stage_park(stage, "701", "102", &alice);
	assert_int_equal(take(stage, "701", "103", &taken), 0);
	assert_int_equal(take(stage, "701", "104", &second), -EALREADY);
	assert_string_equal(taken->taker, "103");
	parking_taken(taken);
	stage->now += PARKING_TAKEN_MS - 1;
	assert_int_equal(take(stage, "701", "104", &second), -EALREADY);
	stage->now += 1;
	assert_int_equal(take(stage, "701", "104", &second), -ENOENT);
}

static void taken_is_forgotten_when_somebody_parks_there(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken, *parked;

	stage_park(stage, "701", "102", &alice);
	assert_int_equal(take(stage, "701", "103", &taken), 0);
	parking_taken(taken);
	parked = stage_reserve(stage, "701", "102", &bob);
	assert_int_equal(take(stage, "701", "104", &taken), -EALREADY); /* of the call before */
	parking_park(parked);
	assert_int_equal(take(stage, "701", "104", &taken), 0);
	assert_ptr_equal(taken->call, &bob);
	parking_leave(taken);
	assert_int_equal(take(stage, "701", "104", &taken), -ENOENT);
}

static bool note_number(void *context, const struct parked_call *parked)
{
	char *seen = context;
	size_t used = strlen(seen);

	snprintf(seen + used, SEEN - used, "%s ", parked->number);
	return strlen(seen) < 8;
}

static void each_goes_in_order_and_leaves_reservations_out(void **state)
{
	struct stage *stage = *state;
	struct parked_call *taken;
	char seen[SEEN] = "";

	parking_each(stage->parking, note_number, seen);
	assert_string_equal(seen, "");
	stage_park(stage, "704", NULL, &alice);
	stage_reserve(stage, "703", NULL, &alice);
	stage_park(stage, "702", NULL, &bob);
	assert_int_equal(take(stage, "704", "103", &taken), 0);
	parking_each(stage->parking, note_number, seen);
	assert_string_equal(seen, "702 704 ");
	stage_park(stage, "701", NULL, &carol);
	seen[0] = '\0';
	parking_each(stage->parking, note_number, seen);
	assert_string_equal(seen, "701 702 "); /* stopped by its false */
}

static void the_callers_names_need_not_last(void **state)
{
	struct stage *stage = *state;
	char parker[] = "102", taker[] = "103";
	struct parked_call *parked = stage_park(stage, "701", parker, &alice);

	assert_int_equal(take(stage, "701", taker, &parked), 0);
	memset(parker, 'x', sizeof(parker) - 1);
	memset(taker, 'x', sizeof(taker) - 1);
	assert_string_equal(parked->parker, "102");
	assert_string_equal(parked->taker, "103");
}

static void without_changed_nobody_is_told(void **state)
{
	static const struct parking_ops silent = {.recall = stage_recall, .recall_stop = stage_recall_stop};
	struct stage *stage = *state;
	struct parking_options options = {
	        .timers = stage->timers, .ops = &silent, .ranges = &four, .range_count = 1};
	struct parking *other;
	struct parked_call *parked;

	assert_int_equal(parking_new(&other, &options), 0);
	assert_int_equal(parking_reserve(other, NULL, NULL, &alice, &parked), 0);
	parking_park(parked);
	parking_leave(parked);
	parking_free(other);
	parking_free(NULL);
	assert_int_equal(stage->changes, 0);
}

#define stage_test(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        stage_test(reserve_park_take_taken),
	        stage_test(undo_gives_the_orbit_back),
	        stage_test(return_parks_as_before),
	        stage_test(leaves_in_any_state),
	        stage_test(wrong_orders_change_nothing),
	        stage_test(reserving_says_why_not),
	        cmocka_unit_test(quota_counts_reservations),
	        stage_test(taking_says_why_not),
	        stage_test(two_takers_one_wins),
	        stage_test(taken_is_forgotten_when_somebody_parks_there),
	        stage_test(each_goes_in_order_and_leaves_reservations_out),
	        stage_test(the_callers_names_need_not_last),
	        stage_test(without_changed_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
