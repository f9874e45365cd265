/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far timestamps run ahead of the clock when talk and hold take turns: a packet, and not one each time.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum { ALICE = 1, BOB = 2, TURNS = 40, PACKET = 160, EARLY_TICKS = 40, TICK_NS = 125000, SLACK = 2 };

#define EARLY (5 * MS)

/* What BOB's phone hears of it all. */
struct stream {
	struct world *world;
	struct wire talk, own; /* what ALICE and BOB send */
	uint32_t start;        /* the stream's timestamp when it was exactly on the clock, at `started` */
	uint64_t started;
	uint16_t sequence; /* the last */
	uint32_t timestamp;
	unsigned waited; /* frames */
};

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Ticks that a timestamp is ahead of the clock at a time. */
static int32_t ahead_of(const struct stream *stream, uint32_t timestamp, uint64_t time)
{
	return (int32_t)(timestamp - stream->start - (uint32_t)((time - stream->started) / TICK_NS));
}

/* A packet that was sent goes on with the stream: next number, later timestamp, this far ahead at most. */
static void goes_on(struct stream *stream, const struct outcome *outcome, uint64_t time, int32_t most)
{
	const uint8_t *rtp = outcome->bytes + 14 + 20 + 8;
	uint16_t sequence = (uint16_t)(rtp[2] << 8 | rtp[3]);
	uint32_t timestamp = be32(rtp + 4);

	assert_int_equal(sequence, (uint16_t)(stream->sequence + 1));
	assert_true((int32_t)(timestamp - stream->timestamp) > 0);
	if (ahead_of(stream, timestamp, time) > most)
		fail_msg("%d ticks ahead of the clock, %d are allowed", ahead_of(stream, timestamp, time),
		        most);
	stream->sequence = sequence;
	stream->timestamp = timestamp;
}

static void sleep_until(uint64_t time)
{
	struct timespec until = {(time_t)(time / (1000 * MS)), (long)(time % (1000 * MS))};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
		;
}

/* ALICE and BOB talk, and it is ALICE's first word. */
static struct stream begin(struct world *world)
{
	struct stream stream = {
	        .world = world, .talk = wire_of_phone(1, ALICE), .own = wire_of_phone(2, BOB)};
	struct outcome outcome;

	world_reset(world);
	world->settings->early_ns = EARLY;
	world_bridge(world, ALICE, 1, BOB, 2);
	stream.started = world_now();
	outcome = world_run(world, &stream.talk);
	assert_ending(outcome, sent_forward);
	stream.start = stream.timestamp = world_timestamp(world, BOB);
	stream.sequence = world_sequence(world, BOB);
	return stream;
}

static void talk_again(struct stream *stream, int32_t most)
{
	uint64_t now = world_now();
	struct outcome outcome;

	stream->talk.sequence++;
	stream->talk.timestamp += PACKET;
	outcome = world_run(stream->world, &stream->talk);
	assert_ending(outcome, sent_forward);
	goes_on(stream, &outcome, now, most);
}

static void bob_hears(struct stream *stream, enum xd_action action, uint64_t t0)
{
	struct xd_plan plan = world_plan_of(stream->world, BOB);

	plan.action = (uint8_t)action;
	plan.hearer = action == XD_HOLD ? 0 : ALICE;
	if (action == XD_HOLD)
		world_playlist(&plan, t0);
	world_publish(stream->world, BOB, plan, t0);
}

/* BOB's own packets come as early as may be, one a frame; returns when a frame has been sent by one. */
static void hold_again(struct stream *stream, uint64_t phase)
{
	uint64_t due = world_now() + phase;
	struct outcome outcome;

	bob_hears(stream, XD_HOLD, due);
	for (int frames = 0; frames < 4; frames++, due += 20 * MS) {
		sleep_until(due - EARLY);
		outcome = world_run(stream->world, &stream->own);
		if (outcome.ending == XD_END_sent_hold_ingress) {
			goes_on(stream, &outcome, due, SLACK);
			return;
		}
		assert_ending(outcome, drop_ahead);
		assert_int_equal(stream->world->due[BOB], due + 20 * MS);
		stream->waited++;
	}
	fail_msg("the hold stream has not begun");
}

/*
 * The worst of phases: what speaks next does so at once. A talker's first packet may be ahead by itself and
 * by how early the hold frame before it came; hold frames aren't ahead at all.
 */
static void turns_bring_it_ahead_by_one_packet(void **state)
{
	struct stream stream = begin(*state);

	for (int turn = 0; turn < TURNS; turn++) {
		hold_again(&stream, EARLY);
		bob_hears(&stream, XD_FORWARD, 0);
		talk_again(&stream, PACKET + EARLY_TICKS + SLACK);
	}
	/* Nor is it kept waiting for nothing. */
	assert_in_range(stream.waited, TURNS, 3 * TURNS);
	assert_all_counted(*state);
}

/* Any phases, and hold streams that the pump carries. */
static void whatever_the_phases(void **state)
{
	struct stream stream = begin(*state);
	uint32_t random = 1;

	for (int turn = 0; turn < TURNS; turn++) {
		random = random * 1664525 + 1013904223;
		hold_again(&stream, EARLY + (random >> 8) % (20 * MS));
		sleep_until(world_now() + (random >> 12) % (10 * MS));
		bob_hears(&stream, XD_FORWARD, 0);
		talk_again(&stream, PACKET + EARLY_TICKS + SLACK);
	}
}

/* One hold stream after another: the second begins in another phase. */
static void hold_streams_take_turns(void **state)
{
	struct stream stream = begin(*state);

	for (int turn = 0; turn < TURNS; turn++)
		hold_again(&stream, EARLY + (uint64_t)(turn % 4) * MS);
}

/* A phone that has a new SSRC with every packet is a new talker each time; nobody plays hold audio between.
 */
static void new_talkers_step_by_less(void **state)
{
	struct stream stream = begin(*state);

	for (int n = 0; n < 3 * TURNS; n++) {
		stream.talk.ssrc++;
		talk_again(&stream, 4 * PACKET + SLACK);
	}
	assert_in_range(ahead_of(&stream, stream.timestamp, world_now()), PACKET, 4 * PACKET);
}

/* What a talker's clock has brought ahead isn't waited for, and anchors take it back. */
static void far_ahead_comes_back(void **state)
{
	struct stream stream = begin(*state);
	struct outcome outcome;
	uint64_t due;
	uint32_t before;

	stream.talk.timestamp += 8000;
	talk_again(&stream, 8000 + PACKET + SLACK);
	due = world_now() + EARLY;
	bob_hears(&stream, XD_HOLD, due);
	before = stream.timestamp;
	sleep_until(due - EARLY);
	outcome = world_run(stream.world, &stream.own);
	assert_ending(outcome, sent_hold_ingress);
	goes_on(&stream, &outcome, due, 8000 + 2 * PACKET);
	assert_int_equal(stream.timestamp, before + PACKET);
	bob_hears(&stream, XD_FORWARD, 0);
	before = stream.timestamp;
	talk_again(&stream, 8000 + 2 * PACKET);
	assert_int_equal(stream.timestamp, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(turns_bring_it_ahead_by_one_packet),
	        cmocka_unit_test(whatever_the_phases),
	        cmocka_unit_test(hold_streams_take_turns),
	        cmocka_unit_test(new_talkers_step_by_less),
	        cmocka_unit_test(far_ahead_comes_back),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
