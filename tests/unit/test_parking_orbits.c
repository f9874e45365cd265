/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orbits: numbers and slots, the lowest free one, and that 200,000 of them cost no more than a few. */
#include "parking_stage.h"

#include <errno.h>
#include <stdio.h>

#include "ctl/park/orbit.h"

enum { MANY = 200000 };

static int call;

static void numbers_and_slots_map_both_ways(void **state)
{
	const struct orbit_range ranges[] = {
	        {.first = 7000, .last = 7099, .digits = 4},
	        {.first = 1, .last = 20, .digits = 3}, /* 001 to 020 */
	        {.first = 701, .last = 720, .digits = 3},
	        {.first = 0, .last = 9, .digits = 1},
	};
	const char *const absent[] = {"", "1x", "021", "700", "721", "0701", "00", "10", "7100", "6999",
	        "000", "-1", " 1", "1234567890", "999999999999999999999"};
	struct orbits *orbits;
	char number[ORBIT_DIGITS + 1];
	uint32_t slot;

	(void)state;
	assert_int_equal(orbits_new(&orbits, ranges, 4), 0);
	assert_int_equal(orbits_count(orbits), 150);
	for (uint32_t i = 0; i < 150; i++) {
		orbit_number(orbits, i, number);
		assert_true(orbit_find(orbits, number, &slot));
		assert_int_equal(slot, i);
	}
	assert_int_equal(orbit_number(orbits, 0, number), 0);
	assert_string_equal(number, "0");
	assert_int_equal(orbit_number(orbits, 10, number), 1);
	assert_string_equal(number, "001");
	assert_int_equal(orbit_number(orbits, 149, number), 7099);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_false(orbit_find(orbits, absent[i], &slot));
	orbits_free(orbits);
}

static void unsound_ranges_are_refused(void **state)
{
	const struct orbit_range bad[][2] = {
	        {{.first = 701, .last = 710, .digits = 3}, {.first = 710, .last = 720, .digits = 3}},
	        {{.first = 701, .last = 799, .digits = 3}, {.first = 750, .last = 751, .digits = 3}},
	        {{.first = 702, .last = 701, .digits = 3}, {.first = 1, .last = 1, .digits = 1}},
	        {{.first = 701, .last = 1000, .digits = 3}, {.first = 1, .last = 1, .digits = 1}},
	        {{.first = 1, .last = 1, .digits = 0}, {.first = 1, .last = 1, .digits = 1}},
	        {{.first = 1, .last = 1, .digits = 10}, {.first = 1, .last = 1, .digits = 1}},
	        {{.first = 0, .last = PARKING_ORBITS, .digits = 9}, {.first = 1, .last = 1, .digits = 1}},
	};
	struct orbits *orbits;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(orbits_new(&orbits, bad[i], 2), -EINVAL);
	orbits_free(NULL);
}

static void no_orbits_at_all(void **state)
{
	struct orbits *orbits;
	uint32_t slot = 0;

	(void)state;
	assert_int_equal(orbits_new(&orbits, NULL, 0), 0);
	assert_int_equal(orbits_count(orbits), 0);
	assert_false(orbit_lowest_free(orbits, &slot));
	assert_false(orbit_next_used(orbits, &slot));
	assert_false(orbit_find(orbits, "701", &slot));
	orbits_free(orbits);
}

/* Sizes around the words of the tree, each filled, and emptied at random. */
static void the_lowest_free_one_is_found(void **state)
{
	static const uint32_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 262144, 262145};

	(void)state;
	srandom(3);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct orbit_range range = {.first = 0, .last = sizes[i] - 1, .digits = 9};
		struct orbits *orbits;
		uint32_t slot;

		assert_int_equal(orbits_new(&orbits, &range, 1), 0);
		for (uint32_t k = 0; k < sizes[i]; k++) {
			assert_true(orbit_lowest_free(orbits, &slot));
			assert_int_equal(slot, k);
			orbit_set_used(orbits, slot);
		}
		assert_false(orbit_lowest_free(orbits, &slot));
		for (int k = 0; k < 100; k++) {
			uint32_t a = (uint32_t)random() % sizes[i], b = (uint32_t)random() % sizes[i];

			orbit_set_free(orbits, a);
			orbit_set_free(orbits, b);
			assert_true(orbit_lowest_free(orbits, &slot));
			assert_int_equal(slot, a < b ? a : b);
			orbit_set_used(orbits, a);
			orbit_set_used(orbits, b);
		}
		orbits_free(orbits);
	}
}

static void the_used_ones_are_walked_in_order(void **state)
{
	static const uint32_t used[] = {0, 1, 63, 64, 200, 4095, 4999};
	const struct orbit_range range = {.first = 0, .last = 4999, .digits = 4};
	struct orbits *orbits;
	uint32_t slot = 0;

	(void)state;
	assert_int_equal(orbits_new(&orbits, &range, 1), 0);
	assert_false(orbit_next_used(orbits, &slot));
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		orbit_set_used(orbits, used[i]);
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++, slot++) {
		assert_true(orbit_next_used(orbits, &slot));
		assert_int_equal(slot, used[i]);
	}
	assert_int_equal(slot, 5000);
	assert_false(orbit_next_used(orbits, &slot));
	orbits_free(orbits);
}

static double ns_each(uint64_t since, uint32_t count)
{
	return (double)(clock_monotonic_ns() - since) / count;
}

/* Fills, empties and refills one tenant's orbits; returns ns for a reserve and a park when nearly full. */
static double time_orbits(uint32_t count, const char *what)
{
	const struct orbit_range range = {.first = 100000, .last = 100000 + count - 1, .digits = 6};
	struct stage stage = {0};
	struct parked_call **parked = calloc(count, sizeof(void *));
	double fill, find, leave, refill;
	uint64_t begin;

	assert_non_null(parked);
	stage_open(&stage, &range, 1, NULL);
	begin = clock_monotonic_ns();
	for (uint32_t i = 0; i < count; i++)
		parked[i] = stage_park(&stage, NULL, "102", &call);
	fill = ns_each(begin, count);
	assert_int_equal(parking_reserve(stage.parking, NULL, "102", &call, &parked[0]), -EBUSY);
	begin = clock_monotonic_ns();
	for (uint32_t i = 0; i < count; i++)
		assert_ptr_equal(parking_at(stage.parking, parked[i]->number), parked[i]);
	find = ns_each(begin, count);
	/* The last ones go and come again: the lowest free one is at the far end. */
	begin = clock_monotonic_ns();
	for (uint32_t i = count / 2; i < count; i++)
		parking_leave(parked[i]);
	leave = ns_each(begin, count - count / 2);
	begin = clock_monotonic_ns();
	for (uint32_t i = count / 2; i < count; i++)
		parked[i] = stage_park(&stage, NULL, "102", &call);
	refill = ns_each(begin, count - count / 2);
	print_message(
	        "%s orbits: reserve and park %.0f ns, find %.0f ns, leave %.0f ns, park again %.0f ns\n",
	        what, fill, find, leave, refill);
	assert_int_equal(parking_used(stage.parking), count);
	stage_close(&stage);
	free(parked);
	return refill;
}

/* A linear search would take 5,000 times as long; the bound leaves room for cache misses and other work. */
static void two_hundred_thousand_cost_no_more_than_a_few(void **state)
{
	double few, many;

	(void)state;
	time_orbits(64, "64");
	few = time_orbits(1000, "1,000");
	many = time_orbits(MANY, "200,000");
	assert_true(many < few * 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(numbers_and_slots_map_both_ways),
	        cmocka_unit_test(unsound_ranges_are_refused),
	        cmocka_unit_test(no_orbits_at_all),
	        cmocka_unit_test(the_lowest_free_one_is_found),
	        cmocka_unit_test(the_used_ones_are_walked_in_order),
	        cmocka_unit_test(two_hundred_thousand_cost_no_more_than_a_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
