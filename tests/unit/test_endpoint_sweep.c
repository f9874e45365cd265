/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When silent callers' streams begin, and what the sweep does to endpoints in use. */
#include <stdlib.h>
#include <string.h>

#include "ctl/call/phases.h"
#include "tests/unit/endpoint_rig.h"

enum { SILENT = 3000 };

static void hold_silently(struct rig *rig, struct endpoint *endpoint, unsigned phases[PHASES])
{
	struct xd_plan plan = hold_plan(endpoint);
	uint64_t now = clock_monotonic_ns();

	if (endpoint->index % 2)
		rig->fake->streams[endpoint->index].last_in = now - 300 * MS;
	endpoint_change(endpoint, &plan, true);
	assert_in_range(endpoint->plan.t0, now, now + 40 * MS);
	assert_int_equal(endpoint->plan.t0 % XD_PHASE_NS, 0);
	phases[endpoint->plan.t0 / XD_PHASE_NS % PHASES]++;
}

static unsigned in_use(const unsigned phases[PHASES])
{
	unsigned used = 0;

	for (unsigned i = 0; i < PHASES; i++)
		used += phases[i] != 0;
	return used;
}

/* A block of 64 neighbours has a phase together; index 0 is never used. */
static void silent_callers_are_packed_then_spread(void **state)
{
	static struct endpoint silent[SILENT];
	struct rig *rig = *state;
	unsigned phases[PHASES] = {0};

	rig->fake->welcome.endpoints_each = SILENT;
	rig->fake->welcome.endpoints = 2 * SILENT;
	rig->fake->welcome.burst = 192;
	opened(state);
	for (unsigned i = 1; i < SILENT; i++) {
		silent[i] = leg(ipv4);
		assert_int_equal(silent[i].index, i);
		hold_silently(rig, &silent[i], phases);
		if (i < PHASES * 192)
			assert_int_equal(in_use(phases), i / 192 + 1);
	}
	for (unsigned i = 0; i < PHASES; i++)
		assert_in_range(phases[i], 256, 320);

	/* Where two blocks leave, the next two find room. */
	for (unsigned i = 128; i < 256; i++)
		endpoint_close(&silent[i]);
	memset(phases, 0, sizeof(phases));
	rig->now += 2000;
	for (unsigned i = 128; i < 256; i++) {
		silent[i] = leg(ipv4);
		hold_silently(rig, &silent[i], phases);
	}
	assert_in_range(in_use(phases), 1, 2);
}

static void the_sweep_renews(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4), other = leg(ipv4);
	struct xd_plan plan = {.action = XD_MUTE};

	endpoint_change(&endpoint, &plan, true);
	rig->fake->endpoints[1].until = 1;
	rig->now += 59999;
	endpoints_sweep(endpoints, 1);
	assert_int_equal(rig->fake->endpoints[1].until, 1);
	rig->now += 1;
	endpoints_sweep(endpoints, 1);
	assert_in_range(rig->fake->endpoints[1].until, clock_monotonic_ns() + 899000 * MS,
	        clock_monotonic_ns() + 901000 * MS);
	assert_int_equal(rig->fake->endpoints[1].generation, 1);
	/* Open but never changed, closed, never opened: nothing is promised to them. */
	assert_int_equal(rig->fake->endpoints[other.index].until, 0);
	endpoint_close(&endpoint);
	rig->now += 600000;
	endpoints_sweep(endpoints, 1);
	assert_int_equal(rig->fake->endpoints[1].until, 0);
	assert_int_equal(rig->fake->endpoints[1].generation, 2);
}

/* In parts, each endpoint's turn comes once in a whole sweep. */
static void a_sweep_in_parts_sees_all(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint legs[7];

	for (unsigned i = 0; i < 7; i++) {
		struct xd_plan plan;

		legs[i] = leg(ipv4);
		plan = hold_plan(&legs[i]);
		endpoint_change(&legs[i], &plan, true);
	}
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 1; i < 8; i++)
			rig->fake->endpoints[i].until = 1;
		rig->now += 60000;
		for (unsigned part = 0; part < 4; part++) {
			unsigned renewed = 0;

			endpoints_sweep(endpoints, 4);
			for (unsigned i = 1; i < 8; i++)
				renewed += rig->fake->endpoints[i].until != 1;
			/* 16 entries, of which 1 to 7 are in use. */
			assert_int_equal(renewed, part ? 7 : 3);
		}
	}
}

static void the_sweep_restarts(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_plan plan = hold_plan(&endpoint);
	uint64_t now, starts;

	plan.action = XD_HOLD_UNTIL_HEARD;
	endpoint_change(&endpoint, &plan, true);
	rig->fake->due[1] = 0;
	set_pos(rig, 1, 1, true);
	endpoints_sweep(endpoints, 1);
	assert_int_equal(rig->fake->due[1], 0);
	set_pos(rig, 1, 0, true);
	now = clock_monotonic_ns();
	starts = rig->fake->starts[0];
	endpoints_sweep(endpoints, 1);
	assert_in_range(rig->fake->due[1], now, now + 60 * MS);
	assert_int_equal(rig->fake->starts[0], starts + 1);
	assert_int_equal((rig->fake->due[1] - endpoint.plan.t0) % (20 * MS), 0);
	rig->fake->due[1] = 17;
	endpoints_sweep(endpoints, 1);
	assert_int_equal(rig->fake->due[1], 17);
	plan = endpoint.plan;
	plan.action = XD_HOLD;
	endpoint_change(&endpoint, &plan, false);
	rig->fake->due[1] = 0;
	set_pos(rig, 1, 2, true);
	endpoints_sweep(endpoints, 1);
	assert_true(rig->fake->due[1] >= now);
	plan.action = XD_FORWARD;
	endpoint_change(&endpoint, &plan, false);
	endpoints_sweep(endpoints, 1);
	assert_int_equal(rig->fake->due[1], 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, endpoint_setup, endpoint_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(silent_callers_are_packed_then_spread),
	        TEST(the_sweep_renews),
	        TEST(a_sweep_in_parts_sees_all),
	        TEST(the_sweep_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
