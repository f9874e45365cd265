/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written into an endpoint when, and whose counters a leg sees. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/endpoint_rig.h"

static void a_change_is_one_generation(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_endpoint *entry = &rig->fake->endpoints[1];
	struct xd_plan plan = endpoint.plan;
	uint64_t now = clock_monotonic_ns();

	assert_int_equal(entry->generation, 0);
	plan.action = XD_FORWARD;
	plan.peer = 2;
	endpoint_change(&endpoint, &plan, true);
	assert_int_equal(entry->generation, 1);
	assert_int_equal(entry->plan[1].action, XD_FORWARD);
	assert_int_equal(entry->plan[1].peer, 2);
	assert_int_equal(entry->plan[1].ssrc, endpoint.ssrc);
	assert_int_equal(entry->plan[1].leg_since, 1);
	assert_int_equal(entry->plan[1].media_since, 1);
	assert_in_range(entry->until, now + 899000 * MS, now + 901000 * MS);
	assert_int_equal(rig->fake->due[1], 0);
	plan = endpoint.plan;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(entry->generation, 1);
	endpoint_change(&endpoint, &plan, true);
	assert_int_equal(entry->generation, 2);
	assert_int_equal(entry->plan[0].leg_since, 1);
	assert_int_equal(entry->plan[0].media_since, 2);
	plan.hearer = 7;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(entry->generation, 3);
	assert_int_equal(entry->plan[1].media_since, 2);
	assert_int_equal(entry->plan[1].hearer, 7);
	endpoint_close(&endpoint);
	assert_int_equal(entry->generation, 4);
	assert_int_equal(entry->plan[0].action, XD_IDLE);
	endpoint_change(&endpoint, &plan, true);
	assert_int_equal(entry->generation, 4);
}

/* Holding at frame 3 when the phone begins to send: the frame stays, its time moves into phase. */
static void media_that_starts_sets_the_phase(void **state)
{
	static const uint64_t phases[] = {0, 1, 7, 13, 19, 33};
	struct rig *rig = opened(state);
	struct endpoint endpoint;
	struct xd_plan plan = {.action = XD_HOLD, .ptime_ns = 20 * MS, .parts = 1};
	struct xd_event event = {.kind = XD_EVENT_MEDIA_STARTED, .endpoint = 1};
	uint64_t t0 = clock_monotonic_ns();

	assert_int_equal(endpoint_open(endpoints, ipv4, &endpoint), 0);
	for (unsigned i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		uint64_t due = t0 + 3 * 20 * MS, last_in = t0 + 40 * MS + phases[i] * MS;
		const struct xd_plan_line *now;

		plan.t0 = t0;
		endpoint_change(&endpoint, &plan, true);
		rig->fake->due[1] = due;
		rig->fake->streams[1].last_in = last_in;
		event.generation = rig->fake->endpoints[1].generation;
		endpoints_media_started(endpoints, &event);
		now = plan_of(rig, 1);
		assert_in_range(rig->fake->due[1], due, due + 20 * MS - 1);
		assert_int_equal((rig->fake->due[1] + 100 * 20 * MS - last_in) % (20 * MS), 0);
		assert_int_equal(rig->fake->due[1] - now->t0, 3 * 20 * MS);
		assert_int_equal(now->t0, endpoint.plan.t0);
		assert_int_equal(now->action, XD_HOLD);
	}
	/* Nobody's any more: nothing happens. */
	endpoint_close(&endpoint);
	event.generation = rig->fake->endpoints[1].generation;
	endpoints_media_started(endpoints, &event);
	assert_int_equal(rig->fake->endpoints[1].generation, event.generation);
	event.endpoint = 1000000;
	endpoints_media_started(endpoints, &event);
}

static void generations_are_tagged_by_15_bits(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint;
	struct xd_plan plan = {.action = XD_MUTE};

	rig->fake->endpoints[1].generation = 0x17fff;
	endpoint = leg(ipv4);
	endpoint_change(&endpoint, &plan, true);
	assert_int_equal(endpoint.leg_since, 0x18000);
	assert_int_equal(plan_of(rig, 1)->leg_since, 0);
	assert_int_equal(plan_of(rig, 1)->media_since, 0);
	set_pos(rig, 1, 0x18000, true);
	assert_true(endpoint_heard(&endpoint));
	set_pos(rig, 1, 0x18000, false);
	assert_false(endpoint_heard(&endpoint));
	set_pos(rig, 1, 0x17fff, true);
	assert_false(endpoint_heard(&endpoint));
}

/* However many changes a leg sees, its numbers never start anew: they would if it seemed to begin after
 * `pos`. */
static void a_leg_has_no_end_of_generations(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_plan plan = {.action = XD_MUTE};

	for (uint32_t change = 1; change < 70000; change++) {
		uint32_t since;

		plan.hearer = change;
		endpoint_change(&endpoint, &plan, change == 1);
		since = (change - plan_of(rig, 1)->leg_since) & XD_GENERATION_MASK;
		if (change < 30000)
			assert_int_equal(since, change - 1);
		else
			assert_in_range(since, 14000, 31000);
	}
	assert_int_equal(rig->fake->endpoints[1].generation, 69999);
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(rig->fake->endpoints[1].generation, 69999);
}

static void a_talkers_stream_is_in_phase(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_plan plan = hold_plan(&endpoint);
	uint64_t now = clock_monotonic_ns(), last_in = now - 47 * MS - 123;

	rig->fake->streams[1].last_in = last_in;
	endpoint_change(&endpoint, &plan, true);
	assert_int_equal((plan_of(rig, 1)->t0 - last_in) % (20 * MS), 0);
	assert_in_range(plan_of(rig, 1)->t0, now, now + 40 * MS);
	assert_int_equal(rig->fake->due[1], plan_of(rig, 1)->t0);
	assert_int_equal(endpoint.plan.t0, plan_of(rig, 1)->t0);
}

static void a_stream_goes_on_over_changes(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_plan plan = hold_plan(&endpoint);
	uint64_t t0, now;

	endpoint_change(&endpoint, &plan, true);
	t0 = endpoint.plan.t0;
	rig->fake->due[1] = t0 + 60 * MS;
	plan = endpoint.plan;
	plan.first.first = 13;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(plan_of(rig, 1)->t0, t0);
	assert_int_equal(rig->fake->due[1], t0 + 60 * MS);
	/* It talks, and comes back to the same stream: where that would be by now. */
	plan.action = XD_FORWARD;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(rig->fake->due[1], 0);
	plan.action = XD_HOLD;
	now = clock_monotonic_ns();
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal((rig->fake->due[1] - t0) % (20 * MS), 0);
	assert_true(rig->fake->due[1] == t0 || rig->fake->due[1] >= now);
	assert_in_range(rig->fake->due[1], t0, now + 40 * MS);
	/* Another ptime: another grid. */
	plan = endpoint.plan;
	plan.ptime_ns = 30 * MS;
	rig->fake->due[1] = 1;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal((rig->fake->due[1] - t0) % (30 * MS), 0);
	/* A new stream. */
	plan.t0 = 0;
	rig->fake->due[1] = now + 30 * MS;
	endpoint_change(&endpoint, &plan, false);
	assert_in_range(rig->fake->due[1], now, now + 60 * MS);
	/* Holding without frames is no holding. */
	plan.ptime_ns = 0;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(rig->fake->due[1], 0);
}

static void hold_until_heard_needs_live_frames(void **state)
{
	struct rig *rig = *state;
	struct endpoint endpoint;
	struct xd_plan plan;

	rig->fake->welcome.live_frames = 0;
	opened(state);
	endpoint = leg(ipv4);
	plan = hold_plan(&endpoint);
	plan.action = XD_HOLD_UNTIL_HEARD;
	endpoint_change(&endpoint, &plan, true);
	assert_int_equal(plan_of(rig, 1)->action, XD_FORWARD);
	assert_int_equal(endpoint.plan.action, XD_FORWARD);
	assert_int_equal(rig->fake->due[1], 0);
}

/* Another generation would make the talker's next packet a second anchor, and play the hold stream to it. */
static void who_was_heard_is_heard_on(void **state)
{
	static const enum xd_action actions[] = {XD_HOLD_UNTIL_HEARD, XD_FORWARD};
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	const struct xd_endpoint *entry = &rig->fake->endpoints[1];
	struct xd_plan plan = hold_plan(&endpoint), forward;

	plan.action = XD_HOLD_UNTIL_HEARD;
	plan.peer = 2;
	endpoint_change(&endpoint, &plan, true);
	for (unsigned i = 0; i < 2; i++) {
		set_pos(rig, 1, 1, true);
		rig->fake->due[1] = 0;
		plan = endpoint.plan;
		plan.action = (uint8_t)actions[i];
		endpoint_change(&endpoint, &plan, false);
		/* Whatever the stream would play now. */
		plan.t0 = 0;
		plan.first.end = 24;
		endpoint_change(&endpoint, &plan, false);
		plan.parts = 0;
		endpoint_change(&endpoint, &plan, false);
		assert_int_equal(entry->generation, 1);
	}
	/* What matters is changed, and nothing is played on top of the peer. */
	plan = endpoint.plan;
	plan.nexthop = 5;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(entry->generation, 2);
	assert_int_equal(plan_of(rig, 1)->action, XD_FORWARD);
	assert_int_equal(rig->fake->due[1], 0);
	/* What is left of a stream in a plan that doesn't hold is no difference. */
	forward = plan;
	forward.action = XD_FORWARD;
	endpoint_change(&endpoint, &forward, false);
	assert_int_equal(entry->generation, 2);
}

/* Until the peer is heard, and when it is another, the stream is played. */
static void who_was_not_heard_is_waited_for(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_plan plan = hold_plan(&endpoint);

	plan.action = XD_HOLD_UNTIL_HEARD;
	plan.peer = 2;
	endpoint_change(&endpoint, &plan, true);
	plan.nexthop = 5;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(plan_of(rig, 1)->action, XD_HOLD_UNTIL_HEARD);
	set_pos(rig, 1, 2, true);
	plan.peer = 3;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(rig->fake->endpoints[1].generation, 3);
	assert_int_equal(plan_of(rig, 1)->action, XD_HOLD_UNTIL_HEARD);
	assert_int_not_equal(rig->fake->due[1], 0);
	plan.action = XD_FORWARD;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(rig->fake->endpoints[1].generation, 4);
	assert_int_equal(plan_of(rig, 1)->action, XD_FORWARD);
}

/* The pump looks where the controller says that it has started a stream, and nowhere else. */
static void starts_are_told(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint = leg(ipv4);
	struct xd_plan plan = hold_plan(&endpoint), talks = {.action = XD_FORWARD, .peer = 2};
	const uint64_t *starts = rig->fake->starts;

	endpoint_change(&endpoint, &talks, true);
	assert_int_equal(*starts, 0);
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(*starts, 1);
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(*starts, 1);
	plan = endpoint.plan;
	plan.t0 += 5 * MS;
	endpoint_change(&endpoint, &plan, false);
	assert_int_equal(*starts, 2);
	endpoint_change(&endpoint, &talks, false);
	assert_int_equal(*starts, 2);
	endpoint_close(&endpoint);
	assert_int_equal(*starts, 2);
}

static void counters_are_the_legs_own(void **state)
{
	struct rig *rig = opened(state);
	struct xd_stream *stream = &rig->fake->streams[1];
	struct endpoint_counters counters;
	struct endpoint endpoint;

	stream->received = 172ULL * 100 << 32 | 100;
	stream->forwarded = 0xffffffff00000000ULL | 50;
	stream->last_in = 5;
	endpoint = leg(ipv4);
	endpoint_counters(&endpoint, &counters);
	assert_int_equal(counters.received, 0);
	assert_int_equal(counters.last_in, 0);
	assert_true(endpoint_silent_ns(&endpoint) == UINT64_MAX);
	stream->received = 172ULL * 103 << 32 | 103;
	stream->forwarded = 172ULL << 32 | 55;
	stream->hold_pump = 172ULL * 2 << 32 | 2;
	stream->last_in = clock_monotonic_ns() - 5 * MS;
	endpoint_counters(&endpoint, &counters);
	assert_int_equal(counters.received, 3);
	assert_int_equal(counters.sent, 7);
	assert_int_equal(counters.hold_pump, 2);
	assert_in_range(endpoint_silent_ns(&endpoint), 5 * MS, 1000 * MS);
	endpoint_close(&endpoint);
	endpoint_counters(&endpoint, &counters);
	assert_int_equal(counters.received, 0);
	assert_true(endpoint_silent_ns(&endpoint) == UINT64_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, endpoint_setup, endpoint_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_change_is_one_generation),
	        TEST(media_that_starts_sets_the_phase),
	        TEST(generations_are_tagged_by_15_bits),
	        TEST(a_leg_has_no_end_of_generations),
	        TEST(a_talkers_stream_is_in_phase),
	        TEST(a_stream_goes_on_over_changes),
	        TEST(hold_until_heard_needs_live_frames),
	        TEST(who_was_heard_is_heard_on),
	        TEST(who_was_not_heard_is_waited_for),
	        TEST(starts_are_told),
	        TEST(counters_are_the_legs_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
