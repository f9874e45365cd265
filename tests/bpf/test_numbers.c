/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One stream for the whole of a leg: sequence numbers, timestamps and markers over talk, hold and talk. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum { ALICE = 1, BOB = 2, DAVE = 3 };

#define T0 (1000000 * MS)

/* What BOB's phone gets. */
struct heard {
	enum xd_ending ending;
	uint16_t sequence;
	uint32_t timestamp;
	bool marker;
};

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static struct heard heard_of(const struct outcome *outcome)
{
	const uint8_t *rtp = outcome->bytes + 14 + 20 + 8;

	return (struct heard){outcome->ending, (uint16_t)(rtp[2] << 8 | rtp[3]), be32(rtp + 4), rtp[1] >> 7};
}

static struct heard say(struct world *world, struct wire *in, int step)
{
	struct outcome outcome;

	in->sequence = (uint16_t)(in->sequence + step);
	in->timestamp += (uint32_t)(160 * step);
	outcome = world_run(world, in);
	return heard_of(&outcome);
}

static struct heard pump(struct world *world, uint64_t now)
{
	struct outcome outcome = world_pump(world, BOB, now, 214);

	return heard_of(&outcome);
}

static void assert_next(const struct heard *before, const struct heard *now, int step, bool marker)
{
	assert_int_equal(now->sequence, (uint16_t)(before->sequence + step));
	assert_int_equal(now->marker, marker);
}

/* BOB's pos, as if the stream had come to this number. */
static void set_pos(struct world *world, uint16_t sequence, uint32_t timestamp)
{
	__u64 *pos = &world->streams[BOB].pos;

	*pos = (*pos & ~0xffffffffffffULL) | (uint64_t)sequence << 32 | timestamp;
}

static void republish(struct world *world, enum xd_action action, uint64_t t0)
{
	struct xd_plan plan = world_plan_of(world, BOB);

	plan.action = (uint8_t)action;
	if (action == XD_HOLD)
		world_playlist(&plan, t0);
	world_publish(world, BOB, plan, t0);
}

static void losses_reordering_and_silence_stay(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard first, now;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	first = say(world, &in, 0);
	assert_int_equal(first.ending, XD_END_sent_forward);
	assert_true(first.marker);
	now = say(world, &in, 1);
	assert_next(&first, &now, 1, false);
	assert_int_equal(now.timestamp, first.timestamp + 160);
	/* Three lost. */
	now = say(world, &in, 4);
	assert_next(&first, &now, 5, false);
	assert_int_equal(now.timestamp, first.timestamp + 5 * 160);
	/* One of them comes after all, and doesn't move the stream back. */
	now = say(world, &in, -2);
	assert_next(&first, &now, 3, false);
	assert_int_equal(now.timestamp, first.timestamp + 3 * 160);
	assert_int_equal(world_sequence(world, BOB), (uint16_t)(first.sequence + 5));
	assert_int_equal(world_timestamp(world, BOB), first.timestamp + 5 * 160);
	/* The network doubled one. */
	now = say(world, &in, 0);
	assert_next(&first, &now, 3, false);
	/* Silence: the timestamp steps, the talker marks it. */
	in.sequence = (uint16_t)(in.sequence + 2);
	in.timestamp += 16000;
	in.marker = true;
	now = say(world, &in, 1);
	assert_next(&first, &now, 6, true);
	assert_int_equal(now.timestamp, first.timestamp + 16000 + 4 * 160);
	assert_tally(world->streams[BOB].forwarded, 6, 172);
}

static void numbers_wrap(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard before, now;
	int n;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	in.sequence = 65530;
	in.timestamp = 0xffffff00;
	before = say(world, &in, 0);
	for (n = 0; n < 20; n++) {
		now = say(world, &in, 1);
		assert_next(&before, &now, 1, false);
		assert_int_equal(now.timestamp, before.timestamp + 160);
		before = now;
	}
	/* And ours: the next numbers are 65535, 0, 1; the hold stream goes on from there. */
	republish(world, XD_HOLD, T0);
	pump(world, T0 + 5 * MS);
	set_pos(world, 65534, 0xffffffb0);
	for (n = 1; n < 4; n++) {
		now = pump(world, T0 + (uint64_t)n * 20 * MS + 5 * MS);
		assert_int_equal(now.ending, XD_END_sent_hold_pump);
		assert_int_equal(now.sequence, (uint16_t)(65534 + n));
	}
	republish(world, XD_FORWARD, 0);
	set_pos(world, 65535, 0xfffffff0);
	now = say(world, &in, 1);
	assert_int_equal(now.sequence, 0);
	now = say(world, &in, 1);
	assert_int_equal(now.sequence, 1);
	now = say(world, &in, -1);
	assert_int_equal(now.sequence, 0);
}

static void one_stream_over_talk_hold_and_talk(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard before, now;
	uint64_t t0;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	before = say(world, &in, 0);
	now = say(world, &in, 1);
	/* Not before the clock has come to where the talk ends. */
	t0 = world_now() + 50 * MS;
	republish(world, XD_HOLD, t0);
	before = now;
	now = pump(world, t0 + 5 * MS);
	assert_next(&before, &now, 1, true);
	assert_in_range(now.timestamp - before.timestamp, 160, 160 + 800);
	before = now;
	now = pump(world, t0 + 25 * MS);
	assert_next(&before, &now, 1, false);
	assert_int_equal(now.timestamp, before.timestamp + 160);
	/* What the pump was told is past comes to pass for the talker, too. */
	usleep(75000);
	republish(world, XD_FORWARD, 0);
	before = now;
	now = say(world, &in, 1);
	assert_next(&before, &now, 1, true);
	assert_true((int32_t)(now.timestamp - before.timestamp) >= 160);
	before = now;
	now = say(world, &in, 1);
	assert_next(&before, &now, 1, false);
	assert_int_equal(now.timestamp, before.timestamp + 160);
}

static void a_talker_ahead_of_the_clock_doesnt_turn_it_back(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard before, now;
	uint64_t t0;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	say(world, &in, 0);
	in.timestamp += 8000 * 60;
	before = say(world, &in, 1);
	t0 = world_now();
	republish(world, XD_HOLD, t0);
	now = pump(world, t0 + 5 * MS);
	assert_int_equal(now.timestamp, before.timestamp + 160);
}

static void an_older_event_doesnt_turn_the_timestamp_back(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard before, now;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	before = say(world, &in, 0);
	in.timestamp -= 1600;
	now = say(world, &in, 1);
	assert_int_equal(now.timestamp, before.timestamp + 160 - 1600);
	assert_int_equal(world_timestamp(world, BOB), before.timestamp);
}

static void another_ssrc_is_another_anchor(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard before, now;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	before = say(world, &in, 0);
	in.ssrc = 0xdeadbeef;
	in.sequence = 40000;
	in.timestamp = 7;
	now = say(world, &in, 0);
	assert_next(&before, &now, 1, true);
	assert_true((int32_t)(now.timestamp - before.timestamp) >= 160);
	before = now;
	now = say(world, &in, 3);
	assert_next(&before, &now, 3, false);
	assert_int_equal(now.timestamp, before.timestamp + 3 * 160);
}

static void a_leap_is_an_anchor(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard before, now;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	before = say(world, &in, 0);
	now = say(world, &in, 1000);
	assert_next(&before, &now, 1000, false);
	before = now;
	now = say(world, &in, 1001);
	assert_next(&before, &now, 1, true);
	before = now;
	now = say(world, &in, -1001);
	assert_next(&before, &now, 1, true);
}

static void from_before_the_anchor_is_dropped_within_1000(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard first, now;
	int n;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	first = say(world, &in, 0);
	now = say(world, &in, -1);
	assert_int_equal(now.ending, XD_END_drop_before_anchor);
	now = say(world, &in, 11);
	now = say(world, &in, -11);
	assert_int_equal(now.ending, XD_END_drop_before_anchor);
	/* The anchor itself, and what came after it, may come again. */
	now = say(world, &in, 1);
	assert_next(&first, &now, 0, false);
	now = say(world, &in, 1);
	assert_next(&first, &now, 1, false);
	/* Far from the anchor, what is behind the last by less than 1000 can't be from before it. */
	for (n = 0; n < 3; n++)
		say(world, &in, 500);
	assert_int_equal(world->streams[BOB].anchor & XD_ANCHOR_YOUNG, 0);
	now = say(world, &in, -900);
	assert_next(&first, &now, 601, false);
}

static void a_new_leg_starts_anew_from_its_ssrc(void **state)
{
	struct world *world = *state;
	struct xd_plan plan;
	struct heard first, now;

	world_reset(world);
	plan = world_plan(XD_HOLD, 2);
	world_playlist(&plan, T0);
	world_publish(world, BOB, plan, T0);
	first = pump(world, T0 + 5 * MS);
	assert_true(first.marker);
	pump(world, T0 + 25 * MS);
	/* The same SSRC, at the same time, is the same start: two CPUs agree. */
	plan.t0 = T0 - 1;
	world_publish(world, BOB, plan, T0 - 1);
	plan.t0 = T0;
	world_publish(world, BOB, plan, T0);
	now = pump(world, T0 + 5 * MS);
	assert_next(&first, &now, 0, true);
	assert_int_equal(now.timestamp, first.timestamp);
	/* Another SSRC is another start. */
	plan.ssrc ^= 0x5a5a;
	plan.t0 = T0 - 1;
	world_publish(world, BOB, plan, T0 - 1);
	now = pump(world, T0 + 5 * MS);
	assert_int_not_equal(now.sequence, first.sequence);
	/* The same leg goes on over 32768 generations and more. */
	plan = world_plan_of(world, BOB);
	first = now;
	world->endpoints[BOB].generation += 2 * 16000;
	world_store(world, BOB, world->endpoints[BOB].generation, &plan);
	world->due[BOB] = T0 + 20 * MS;
	now = pump(world, T0 + 25 * MS);
	assert_next(&first, &now, 1, false);
}

static void a_talker_can_be_the_first_to_be_heard(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct heard first, now;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	first = say(world, &in, 0);
	world_bridge(world, ALICE, 1, BOB, 2);
	now = say(world, &in, 1);
	/* A new leg with the same SSRC: the same first number, the clock has gone on. */
	assert_next(&first, &now, 0, true);
	assert_in_range(now.timestamp - first.timestamp, 0, 8000);
}

static void only_the_named_talker_is_heard(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), dave = wire_of_phone(1, DAVE);
	struct xd_plan plan = world_plan(XD_FORWARD, 1);

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	plan.peer = plan.hearer = BOB;
	world_publish(world, DAVE, plan, 0);
	assert_ending(world_run(world, &dave), drop_hearer_elsewhere);
	assert_ending(world_run(world, &in), sent_forward);
	plan = world_plan_of(world, BOB);
	plan.peer = DAVE;
	world_publish(world, BOB, plan, 0);
	assert_ending(world_run(world, &in), drop_hearer_elsewhere);
	assert_ending(world_run(world, &dave), sent_forward);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(losses_reordering_and_silence_stay),
	        cmocka_unit_test(numbers_wrap),
	        cmocka_unit_test(one_stream_over_talk_hold_and_talk),
	        cmocka_unit_test(a_talker_ahead_of_the_clock_doesnt_turn_it_back),
	        cmocka_unit_test(an_older_event_doesnt_turn_the_timestamp_back),
	        cmocka_unit_test(another_ssrc_is_another_anchor),
	        cmocka_unit_test(a_leap_is_an_anchor),
	        cmocka_unit_test(from_before_the_anchor_is_dropped_within_1000),
	        cmocka_unit_test(a_new_leg_starts_anew_from_its_ssrc),
	        cmocka_unit_test(a_talker_can_be_the_first_to_be_heard),
	        cmocka_unit_test(only_the_named_talker_is_heard),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
