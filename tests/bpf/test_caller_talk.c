/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rig's callers say, and what they check of what their peers said. */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bpf/caller_scene.h"

/* At any time. */
static size_t caller_says(unsigned caller, uint8_t numbers, uint16_t frames, uint8_t *bytes)
{
	return caller_says_at(1000, caller, numbers, frames, bytes);
}

static void what_callers_send(void **state)
{
	const struct cl_talking *talking = callers_talking(callers, 2);
	uint8_t bytes[PACKET_MAX], payload[FRAME];
	size_t length = caller_says(2, 1, 1, bytes);
	struct wire wire = {.from = "10.2.0.2",
	        .to = RELAY,
	        .from_port = CALLERS_PORT_FIRST,
	        .to_port = RELAY_PORT,
	        .tos = 0xb8,
	        .ttl = 64,
	        .fragment = 0x4000,
	        .sequence = talking->sequence,
	        .timestamp = talking->timestamp,
	        .ssrc = talking->ssrc,
	        .payload = payload,
	        .payload_bytes = FRAME,
	        .to_mac = {2, 0, 0, 0, 0, 9}};

	(void)state;
	memcpy(wire.from_mac, bytes + 6, 6);
	memcpy(payload, bytes + 54, FRAME);
	assert_wire(&wire, bytes, length);
	assert_int_equal(talking->sent, 1);
	assert_int_equal(talking->count, 1);
}

static void talk_of_the_peer(void **state)
{
	uint8_t said[PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		/* The talker itself loses some, and is silent for some: that is no fault of the relay's. */
		caller_says(1, i % 7 == 6 ? 2 : 1, i % 5 == 4 ? 60 : 1, said);
		relay_talk(said, 2, 1234, 0x12345678, 0);
	}
	assert_counts(20, CL_gaps, 0);
	assert_int_equal(callers_hearing(callers, 2)->received, callers_talking(callers, 1)->sent);
	assert_int_equal(callers_hearing(callers, 2)->talk, callers_talking(callers, 1)->sent);
}

static void talk_that_is_lost_or_comes_twice(void **state)
{
	uint8_t said[PACKET_MAX];

	(void)state;
	caller_says(1, 1, 1, said);
	relay_talk(said, 2, 7, 7, 0);
	caller_says(1, 1, 1, said);
	caller_says(1, 1, 1, said);
	relay_talk(said, 2, 7, 7, 0);
	assert_counts(2, CL_gaps, 1);
	callers_window(callers, 0, UINT64_MAX);
	relay_talk(said, 2, 7, 7, 0);
	assert_counts(1, CL_duplicated, 1);
	assert_int_equal(callers_hearing(callers, 2)->talk, 0);
}

static void talk_of_somebody_else(void **state)
{
	uint8_t said[PACKET_MAX];

	(void)state;
	caller_says(2, 1, 1, said);
	relay_talk(said, 2, 7, 7, 0);
	assert_counts(0, CL_payload_errors, 1);
}

static void talk_with_a_wrong_byte(void **state)
{
	uint8_t said[PACKET_MAX];

	/* Who, count, timestamp, number, the check itself, when, and what follows. */
	static const int flaws[] = {4, 8, 12, 16, 18, 20, 23, 24, 31, 32, 100, 159};

	(void)state;
	for (unsigned i = 0; i < sizeof(flaws) / sizeof(*flaws); i++) {
		caller_says(1, 1, 1, said);
		relay_talk(said, 2, 7, 7, flaws[i]);
		assert_counts(0, CL_payload_errors, i + 1);
	}
}

static void talk_whose_numbers_move(void **state)
{
	uint8_t said[PACKET_MAX];

	(void)state;
	caller_says(1, 1, 1, said);
	relay_talk(said, 2, 7, 7, 0);
	caller_says(1, 1, 1, said);
	relay_talk(said, 2, 8, 7, 0);
	assert_counts(2, CL_sequence_errors, 1);
	callers_window(callers, 0, UINT64_MAX);
	caller_says(1, 1, 1, said);
	relay_talk(said, 2, 7, 8, 0);
	assert_counts(1, CL_timestamp_errors, 1);
}

/* From the clip to the peer, as at a take: one stream. */
static void from_hold_to_talk(void **state)
{
	struct sockaddr_in relay = {.sin_family = AF_INET, .sin_port = htons(RELAY_PORT)};
	uint8_t said[PACKET_MAX], payload[FRAME];
	const struct cl_hearing *hearing = callers_hearing(callers, 0);
	uint16_t number, offset;
	struct wire wire;

	(void)state;
	inet_pton(AF_INET, RELAY, &relay.sin_addr);
	callers_expect(callers, 0, CL_HOLD_THEN_TALK, 1);
	for (uint32_t frame = 0; frame < 5; frame++) {
		wire = wire_of_frame(frame, payload);
		wire.ssrc = SSRC;
		run_wire(&wire);
	}
	assert_int_equal(hearing->gap_ns, 0);
	caller_says(1, 1, 1, said);
	memcpy(&number, said + 44, 2);
	offset = (uint16_t)(NUMBER + 5 - ntohs(number));
	relay_talk(said, 0, offset, TIMESTAMP + 5 * FRAME - callers_talking(callers, 1)->timestamp, 0);
	assert_counts(6, CL_gaps, 0);
	assert_int_not_equal(hearing->gap_ns, 0);
	assert_int_equal(hearing->expects, CL_TALK);
	assert_int_equal(hearing->talk, 1);
	/* Hold audio after that is wrong. */
	wire = wire_of_frame(6, payload);
	wire.ssrc = SSRC;
	run_wire(&wire);
	assert_counts(6, CL_payload_errors, 1);
}

/* The timestamps run ahead of the clock, or don't go on. */
static void from_hold_to_talk_at_another_time(void **state)
{
	static const struct {
		int32_t ticks;
		unsigned errors;
	} rows[] = {{FRAME, 0}, {FRAME - 1, 1}, {-FRAME, 1}, {100 * 8, 0}, {1000 * 8, 1}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t said[PACKET_MAX], payload[FRAME];
		struct wire wire = wire_of_frame(0, payload);
		uint16_t number;

		scene_begin(NULL);
		wire.ssrc = SSRC;
		callers_expect(callers, 0, CL_HOLD_THEN_TALK, 1);
		run_wire(&wire);
		caller_says(1, 1, 1, said);
		memcpy(&number, said + 44, 2);
		relay_talk(said, 0, (uint16_t)(NUMBER + 1 - ntohs(number)),
		        TIMESTAMP + (uint32_t)rows[i].ticks - callers_talking(callers, 1)->timestamp, 0);
		assert_counts(2, CL_timestamp_errors, rows[i].errors);
	}
}

static void from_hold_to_talk_with_a_gap(void **state)
{
	uint8_t said[PACKET_MAX], payload[FRAME];
	struct wire wire = wire_of_frame(0, payload);

	(void)state;
	wire.ssrc = SSRC;
	callers_expect(callers, 0, CL_HOLD_THEN_TALK, 1);
	run_wire(&wire);
	caller_says(1, 1, 1, said);
	relay_talk(said, 0, 1, TIMESTAMP + FRAME - callers_talking(callers, 1)->timestamp, 0);
	assert_counts(2, CL_sequence_errors, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, scene_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(what_callers_send),
	        TEST(talk_of_the_peer),
	        TEST(talk_that_is_lost_or_comes_twice),
	        TEST(talk_of_somebody_else),
	        TEST(talk_with_a_wrong_byte),
	        TEST(talk_whose_numbers_move),
	        TEST(from_hold_to_talk),
	        TEST(from_hold_to_talk_at_another_time),
	        TEST(from_hold_to_talk_with_a_gap),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
