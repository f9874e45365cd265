/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HOLD_UNTIL_HEARD: the parked caller hears the hold stream until the taker's first voice packet. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum { CALLER = 1, TAKER = 2 };

#define T0 (1000000 * MS)

/* CALLER was parked and has heard frame 0; TAKER has just taken the call. Returns the plan of CALLER. */
static struct xd_plan take(struct world *world)
{
	struct xd_plan plan = world_plan(XD_HOLD, 1), taker = world_plan(XD_FORWARD, 2);

	world_reset(world);
	world_playlist(&plan, T0);
	world_publish(world, CALLER, plan, T0);
	assert_ending(world_pump(world, CALLER, T0 + 5 * MS, 214), sent_hold_pump);
	plan = world_plan_of(world, CALLER);
	plan.action = XD_HOLD_UNTIL_HEARD;
	plan.peer = plan.hearer = TAKER;
	taker.peer = taker.hearer = CALLER;
	world_publish(world, TAKER, taker, 0);
	world_publish(world, CALLER, plan, T0);
	return plan;
}

static void holds_until_the_first_voice_packet(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(2, TAKER), out;
	struct outcome outcome;
	uint16_t sequence;

	take(world);
	sequence = world_sequence(world, CALLER);
	/* The stream goes on: same frames, same clock. */
	assert_int_equal(world->due[CALLER], T0 + 20 * MS);
	assert_ending(world_pump(world, CALLER, T0 + 25 * MS, 214), sent_hold_pump);
	assert_int_equal(world_sequence(world, CALLER), (uint16_t)(sequence + 1));
	/* Noise and digits don't count as talk, and change nothing. */
	in.type = 13;
	assert_ending(world_run(world, &in), drop_not_voice);
	in.type = 101;
	assert_ending(world_run(world, &in), drop_not_voice);
	assert_int_equal(world->due[CALLER], T0 + 40 * MS);
	assert_ending(world_pump(world, CALLER, T0 + 45 * MS, 214), sent_hold_pump);
	/* Voice does: it is the anchor, and the hold stream stops. */
	in.type = 0;
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_forward);
	out = wire_of_relay(world, 1, CALLER);
	out.marker = true;
	assert_wire(&out, outcome.bytes, outcome.length);
	assert_int_equal(out.sequence, (uint16_t)(sequence + 3));
	assert_int_equal(world->due[CALLER], 0);
	assert_true(world->streams[CALLER].pos & XD_POS_TALKING);
	/* From now on it is FORWARD: digits and noise pass. */
	in.type = 101;
	in.sequence++;
	assert_ending(world_run(world, &in), sent_forward);
	assert_ending(world_pump(world, CALLER, T0 + 65 * MS, 214), pump_lost_claim);
	assert_all_counted(world);
}

static void the_callers_packets_go_to_the_taker(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, CALLER), out;
	struct outcome outcome;

	take(world);
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_forward);
	out = wire_of_relay(world, 2, TAKER);
	out.marker = true;
	assert_wire(&out, outcome.bytes, outcome.length);
	/* His own frame is left to the pump. */
	assert_int_equal(world->due[CALLER], T0 + 20 * MS);
	assert_ending(world_pump(world, CALLER, T0 + 25 * MS, 214), sent_hold_pump);
}

static void a_claimed_frame_gets_no_number_once_the_peer_is_heard(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(2, TAKER);
	uint64_t pos;

	take(world);
	assert_ending(world_run(world, &in), sent_forward);
	pos = world->streams[CALLER].pos;
	/* As if the claim had been under way while the peer was heard. */
	world->due[CALLER] = T0 + 20 * MS;
	assert_ending(world_pump(world, CALLER, T0 + 25 * MS, 214), drop_claimed_heard);
	assert_int_equal(world->streams[CALLER].pos, pos);
	/* Who finds it running, stops it. */
	assert_int_equal(world->due[CALLER], 0);
}

static void held_again_it_plays_again(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(2, TAKER);
	struct xd_plan plan = take(world);
	struct outcome outcome;
	uint16_t sequence;

	assert_ending(world_run(world, &in), sent_forward);
	sequence = world_sequence(world, CALLER);
	plan.action = XD_HOLD;
	plan.t0 = T0 + 100 * MS;
	world_publish(world, CALLER, plan, T0 + 100 * MS);
	assert_ending(world_run(world, &in), drop_hearer_elsewhere);
	outcome = world_pump(world, CALLER, T0 + 105 * MS, 214);
	assert_ending(outcome, sent_hold_pump);
	assert_int_equal(world_sequence(world, CALLER), (uint16_t)(sequence + 1));
	assert_true(outcome.bytes[43] & 0x80);
}

static void an_expired_hearer_hears_nothing(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(2, TAKER);
	struct xd_plan plan = take(world);
	uint64_t pos = world->streams[CALLER].pos;

	world_publish(world, CALLER, plan, T0);
	world->endpoints[CALLER].until = 1;
	assert_ending(world_run(world, &in), drop_expired);
	assert_int_equal(world->streams[CALLER].pos, pos);
}

static void who_cant_be_reached_isnt_marked_as_heard(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(2, TAKER);
	uint64_t pos;

	take(world);
	pos = world->streams[CALLER].pos;
	world->nexthops[1].state = XD_NEXTHOP_PENDING;
	assert_ending(world_run(world, &in), drop_nexthop);
	assert_int_equal(world->streams[CALLER].pos, pos);
	assert_int_equal(world->due[CALLER], T0 + 20 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(holds_until_the_first_voice_packet),
	        cmocka_unit_test(the_callers_packets_go_to_the_taker),
	        cmocka_unit_test(a_claimed_frame_gets_no_number_once_the_peer_is_heard),
	        cmocka_unit_test(held_again_it_plays_again),
	        cmocka_unit_test(an_expired_hearer_hears_nothing),
	        cmocka_unit_test(who_cant_be_reached_isnt_marked_as_heard),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
