/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig's own checks: the clip as parked callers hear it, with one thing wrong at a time, must be found
 * wrong in just that.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bpf/caller_scene.h"
#include "tools/rig/machine.h"

static void hear_frames(uint32_t first, uint32_t end)
{
	uint8_t payload[FRAME];

	for (uint32_t frame = first; frame < end; frame++) {
		struct wire wire = wire_of_frame(frame, payload);

		assert_int_equal(run_wire(&wire), XDP_DROP);
	}
}

static void a_good_stream(void **state)
{
	struct cl_totals totals;
	uint64_t entries = 0;

	(void)state;
	hear_frames(3, 100); /* from anywhere, and round the loop */
	assert_counts(97, CL_gaps, 0);
	assert_int_equal(callers_hearing(callers, 0)->received, 97);
	assert_int_equal(callers_hearing(callers, 0)->errors, 0);
	callers_totals(callers, &totals);
	for (unsigned i = 0; i < CL_BUCKETS; i++)
		entries += totals.deviation[i];
	assert_int_equal(entries, 97);
}

static void a_gap(void **state)
{
	(void)state;
	hear_frames(0, 10);
	hear_frames(13, 20);
	assert_counts(17, CL_gaps, 3);
	assert_int_equal(callers_hearing(callers, 0)->lost, 3);
}

/* What is missing before the first packet after the measured time was to be heard in it; what comes then
 * isn't. */
static void a_gap_at_the_end(void **state)
{
	(void)state;
	hear_frames(0, 10);
	callers_window(callers, 0, machine_clock_ns());
	hear_frames(13, 20);
	hear_frames(25, 30);
	assert_int_equal(callers_hearing(callers, 0)->received, 0);
	assert_int_equal(callers_hearing(callers, 0)->lost, 3);
}

static void a_duplicate(void **state)
{
	(void)state;
	hear_frames(0, 10);
	hear_frames(9, 10);
	hear_frames(7, 8);
	hear_frames(10, 12);
	assert_counts(14, CL_duplicated, 2);
	assert_int_equal(callers_hearing(callers, 0)->received, 12);
}

static void a_late_packet(void **state)
{
	(void)state;
	hear_frames(0, 10);
	hear_frames(11, 12);
	assert_counts(11, CL_gaps, 1);
	hear_frames(10, 11);
	hear_frames(12, 20);
	/* Nothing is missing any more. */
	assert_counts(20, CL_reordered, 1);
	assert_int_equal(callers_hearing(callers, 0)->lost, 0);
}

static void a_wrong_payload(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire;

	(void)state;
	hear_frames(0, 5);
	wire = wire_of_frame(5, payload);
	payload[159] ^= 1;
	run_wire(&wire);
	assert_counts(6, CL_payload_errors, 1);
	hear_frames(6, 10);
	/* Right bytes at the wrong time. */
	wire = wire_of_frame(10, payload);
	payload_of(9, payload);
	run_wire(&wire);
	assert_counts(11, CL_payload_errors, 2);
	hear_frames(11, 20);
	assert_counts(20, CL_payload_errors, 2);
}

static void a_stream_that_plays_elsewhere(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	hear_frames(0, 5);
	for (uint32_t frame = 5; frame < 20; frame++) {
		struct wire wire = wire_of_frame(frame, payload);

		payload_of(frame + 3, payload);
		run_wire(&wire);
	}
	/* Wrong until the place is looked for anew. */
	assert_counts(20, CL_payload_errors, CL_WRONG_IN_ROW);
}

/* Begins where the clip sounds the same at two places, and turns out to be at the later one, or at neither.
 */
static void a_stream_that_begins_anywhere(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire;

	(void)state;
	hear_frames(AGAIN / 2, 40);
	assert_counts(40 - AGAIN / 2, CL_gaps, 0);
	scene_begin(NULL);
	wire = wire_of_frame(ONCE / 2, payload);
	payload[100] ^= 1;
	run_wire(&wire);
	assert_counts(1, CL_payload_errors, 1);
	/* The first half of a frame that is there, and the second of another one. */
	wire = wire_of_frame(ONCE / 2 + 1, payload);
	memset(payload + FRAME / 2, 1, FRAME / 2);
	run_wire(&wire);
	assert_counts(2, CL_payload_errors, 2);
	hear_frames(ONCE / 2 + 2, 40);
	assert_counts(40 - ONCE / 2, CL_payload_errors, 2);
}

/* What was heard so far was at two places; from where only one of them goes on, the other is wrong. */
static void a_guess_that_is_settled(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	hear_frames(ONCE / 2, (ONCE + ALIKE) / 2 + 1);
	for (uint32_t frame = (ONCE + ALIKE) / 2 + 1; frame < 12; frame++) {
		struct wire wire = wire_of_frame(frame, payload);

		payload_of(frame + (AGAIN - ONCE) / 2, payload);
		run_wire(&wire);
	}
	assert_counts(12 - ONCE / 2, CL_payload_errors, 3);
}

static void a_wrong_ssrc(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire = wire_of_frame(5, payload);

	(void)state;
	hear_frames(0, 5);
	wire.ssrc++;
	run_wire(&wire);
	assert_counts(6, CL_ssrc_errors, 1);
}

static void a_wrong_source(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire = wire_of_frame(5, payload);

	(void)state;
	hear_frames(0, 5);
	wire.from = "10.1.0.2";
	run_wire(&wire);
	wire.from = RELAY;
	wire.from_port++;
	run_wire(&wire);
	hear_frames(5, 10);
	assert_counts(10, CL_source_errors, 2);
}

static void a_wrong_timestamp(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	hear_frames(0, 5);
	/* A frame is left out, but not a number. */
	for (uint32_t frame = 5; frame < 10; frame++) {
		struct wire wire = wire_of_frame(frame, payload);

		wire.timestamp += FRAME;
		payload_of(frame + 1, payload);
		run_wire(&wire);
	}
	assert_counts(10, CL_timestamp_errors, 1);
}

static void numbers_begun_anew(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire;

	(void)state;
	hear_frames(0, 5);
	wire = wire_of_frame(5, payload);
	wire.sequence += 20000;
	run_wire(&wire);
	assert_counts(6, CL_sequence_errors, 1);
}

static void a_wrong_checksum(void **state)
{
	uint8_t payload[FRAME], bytes[PACKET_MAX];
	struct wire wire = wire_of_frame(5, payload);
	size_t length = wire_build(&wire, bytes);

	(void)state;
	hear_frames(0, 5);
	bytes[wire_udp(&wire) + 7] ^= 1;
	run_bytes(WIRE, bytes, length, NULL);
	assert_counts(6, CL_checksum_errors, 1);
	wire = wire_of_frame(6, payload);
	length = wire_build(&wire, bytes);
	bytes[wire_ip(&wire) + 11] ^= 1;
	run_bytes(WIRE, bytes, length, NULL);
	assert_counts(7, CL_checksum_errors, 2);
	/* None at all is none that is wrong. */
	wire = wire_of_frame(7, payload);
	wire.no_checksum = true;
	run_wire(&wire);
	assert_counts(8, CL_checksum_errors, 2);
}

static void another_kind_of_packet(void **state)
{
	uint8_t payload[FRAME], bytes[PACKET_MAX] = {0};
	struct wire wire = wire_of_frame(5, payload);
	size_t length;

	(void)state;
	hear_frames(0, 5);
	wire.type = 8;
	run_wire(&wire);
	wire.type = 0;
	wire.payload_bytes = FRAME / 2;
	run_wire(&wire);
	wire.payload_bytes = FRAME;
	wire.csrcs = 1;
	run_wire(&wire);
	assert_counts(5, CL_type_errors, 3);
	/* Shorter in the IP header than in UDP's; more behind it than there should be; dead on arrival. */
	wire = wire_of_frame(5, payload);
	length = wire_build(&wire, bytes);
	bytes[wire_ip(&wire) + 3] -= 40;
	run_bytes(WIRE, bytes, length, NULL);
	length = wire_build(&wire, bytes);
	run_bytes(WIRE, bytes, length + 1, NULL);
	wire.ttl = 0;
	run_wire(&wire);
	assert_counts(5, CL_type_errors, 6);
}

/* What comes in another shape is the caller's still: with options, the first of fragments, too short for RTP.
 */
static void packets_in_another_shape(void **state)
{
	uint8_t payload[FRAME], bytes[PACKET_MAX];
	struct wire wire = wire_of_frame(5, payload);
	size_t length;

	(void)state;
	hear_frames(0, 5);
	wire.ip_options = 2;
	assert_int_equal(run_wire(&wire), XDP_DROP);
	wire.ip_options = 0;
	wire.fragment = 0x2000;
	assert_int_equal(run_wire(&wire), XDP_DROP);
	wire.fragment = 0;
	wire.raw = payload;
	wire.raw_bytes = 4;
	assert_int_equal(run_wire(&wire), XDP_DROP);
	assert_counts(5, CL_type_errors, 3);
	assert_int_equal(callers_hearing(callers, 0)->errors, 3);
	/* A later fragment has no ports. */
	wire = wire_of_frame(5, payload);
	wire.fragment = 0x0010;
	assert_int_equal(run_wire(&wire), XDP_PASS);
	wire.fragment = 0;
	wire.ip_options = 2;
	wire.to_port = CALLERS_PORT_FIRST - 2;
	assert_int_equal(run_wire(&wire), XDP_PASS);
	/* Another version has its addresses elsewhere, whatever Ethernet says. */
	wire = wire_of_frame(5, payload);
	length = wire_build(&wire, bytes);
	bytes[wire_ip(&wire)] = 0x65;
	assert_int_equal(run_bytes(WIRE, bytes, length, NULL), XDP_PASS);
	assert_counts(5, CL_type_errors, 3);
}

static void what_is_not_for_callers(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire = wire_of_frame(0, payload), changed = wire;

	(void)state;
	changed.to = "10.2.0.3";
	assert_int_equal(run_wire(&changed), XDP_PASS);
	/* The last 16 bits are those of a caller's. */
	changed.to = "10.3.0.1";
	assert_int_equal(run_wire(&changed), XDP_PASS);
	changed = wire;
	changed.to_port = CALLERS_PORT_FIRST - 1;
	assert_int_equal(run_wire(&changed), XDP_PASS);
	changed.to_port = CALLERS_PORT_FIRST + 4;
	assert_int_equal(run_wire(&changed), XDP_PASS);
	changed = wire;
	changed.protocol = 6;
	assert_int_equal(run_wire(&changed), XDP_PASS);
	changed = wire;
	changed.from = "fd01::1";
	changed.to = "fd01::2";
	assert_int_equal(run_wire(&changed), XDP_PASS);
	assert_counts(0, CL_gaps, 0);
}

static void rtcp_and_strays(void **state)
{
	uint8_t payload[FRAME];
	struct wire wire = wire_of_frame(0, payload);

	(void)state;
	wire.to_port++;
	assert_int_equal(run_wire(&wire), XDP_DROP);
	assert_counts(0, CL_rtcp, 1);
	callers_window(callers, 0, UINT64_MAX);
	wire = wire_of_frame(0, payload);
	wire.to = "10.2.0.2";
	wire.to_port += 2;
	assert_int_equal(run_wire(&wire), XDP_DROP);
	assert_counts(0, CL_strays, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, scene_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_good_stream),
	        TEST(a_gap),
	        TEST(a_gap_at_the_end),
	        TEST(a_duplicate),
	        TEST(a_late_packet),
	        TEST(a_wrong_payload),
	        TEST(a_stream_that_plays_elsewhere),
	        TEST(a_stream_that_begins_anywhere),
	        TEST(a_guess_that_is_settled),
	        TEST(a_wrong_ssrc),
	        TEST(a_wrong_source),
	        TEST(a_wrong_timestamp),
	        TEST(numbers_begun_anew),
	        TEST(a_wrong_checksum),
	        TEST(another_kind_of_packet),
	        TEST(packets_in_another_shape),
	        TEST(what_is_not_for_callers),
	        TEST(rtcp_and_strays),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
