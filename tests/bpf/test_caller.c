/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig's own checks: what callers hear, with one thing wrong at a time, must be found wrong in just that.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ctl/audio/encode.h"
#include "tests/bpf/packets.h"
#include "tests/bpf/wires.h"
#include "tools/rig/callers.h"

enum {
	WIRE = 41,
	OTHER = 42,
	CALLERS = 4, /* two an address */
	CHUNKS = 48,
	LOOP = 24,
	FRAME = 160,
	RELAY_PORT = 20000,
	NUMBER = 65530, /* sequence numbers wrap soon, and so do timestamps */
};

#define RELAY     "10.1.0.1"
#define TIMESTAMP 0xfffffe00U

static struct callers *callers;
static struct xd_chunk chunks[CHUNKS];

static void payload_of(uint32_t frame, uint8_t payload[FRAME])
{
	for (uint32_t n = 0; n < 2; n++) {
		uint32_t chunk = 2 * frame + n;

		if (chunk >= CHUNKS)
			chunk = LOOP + (chunk - CHUNKS) % (CHUNKS - LOOP);
		memcpy(payload + n * XD_CHUNK_BYTES, chunks[chunk].payload, XD_CHUNK_BYTES);
	}
}

/* Frame `frame` of the clip as the relay sends it to caller 0. `payload` must last. */
static struct wire wire_of_frame(uint32_t frame, uint8_t payload[FRAME])
{
	payload_of(frame, payload);
	return (struct wire){.from = RELAY,
	        .to = "10.2.0.1",
	        .from_port = RELAY_PORT,
	        .to_port = CALLERS_PORT_FIRST,
	        .ttl = 64,
	        .sequence = (uint16_t)(NUMBER + frame),
	        .timestamp = TIMESTAMP + frame * FRAME,
	        .ssrc = 77,
	        .payload = payload,
	        .payload_bytes = FRAME};
}

static uint32_t run_bytes(uint32_t ifindex, const uint8_t *bytes, size_t length, uint8_t *out)
{
	struct xdp_md context = {.data_end = (uint32_t)length, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = bytes, .data_size_in = (uint32_t)length,
	        .data_out = out, .data_size_out = out ? PACKET_MAX : 0, .ctx_in = &context,
	        .ctx_size_in = sizeof(context), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(callers_program(callers), &run), 0);
	return run.retval;
}

static uint32_t run_wire(const struct wire *wire)
{
	uint8_t bytes[PACKET_MAX];
	size_t length = wire_build(wire, bytes);

	return run_bytes(WIRE, bytes, length, NULL);
}

static void hear_frames(uint32_t first, uint32_t end)
{
	uint8_t payload[FRAME];

	for (uint32_t frame = first; frame < end; frame++) {
		struct wire wire = wire_of_frame(frame, payload);

		assert_int_equal(run_wire(&wire), XDP_DROP);
	}
}

/* Just these counts aren't 0; `sent` isn't looked at. */
static void assert_counts(uint64_t received, int what, uint64_t count)
{
	struct cl_totals totals;

	assert_int_equal(callers_totals(callers, &totals), 0);
	assert_int_equal(totals.count[CL_received], received);
	for (int i = CL_gaps; i < CL_COUNTS; i++)
		if (totals.count[i] != (i == what ? count : 0))
			fail_msg("count %d is %llu", i, totals.count[i]);
}

static int begin(void **state)
{
	struct sockaddr_in relay = {.sin_family = AF_INET, .sin_port = htons(RELAY_PORT)};

	(void)state;
	inet_pton(AF_INET, RELAY, &relay.sin_addr);
	for (unsigned i = 0; i < CALLERS; i++)
		callers_disconnect(callers, i);
	callers_connect(callers, 0, &relay, CL_HOLD, 0);
	callers_connect(callers, 1, &relay, CL_TALK, 2);
	callers_connect(callers, 2, &relay, CL_TALK, 1);
	callers_window(callers, 0, UINT64_MAX);
	return 0;
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
	uint8_t payload[FRAME];
	struct wire wire = wire_of_frame(5, payload);

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

/* Has a caller send; the packet that leaves in `bytes`. Its length. */
static size_t caller_says(unsigned caller, uint8_t numbers, uint16_t frames, uint8_t *bytes)
{
	uint8_t in[14 + 20 + 8 + 12 + FRAME] = {0};
	struct cl_todo *todo = callers_todo(callers, 0);

	todo->turns[0] = (struct cl_turn){.caller = caller, .numbers = numbers, .frames = frames};
	todo->now = 1000;
	todo->cursor = 0;
	todo->count = 1;
	assert_int_equal(run_bytes(CL_PUMP_IFINDEX, in, sizeof(in), bytes), XDP_REDIRECT);
	return sizeof(in);
}

/* What `talker` said, relayed to `hearer` with other numbers, changed by `flaw` at a byte of the payload. */
static void relay_talk(const uint8_t *said, unsigned hearer, uint16_t sequence, uint32_t timestamp, int flaw)
{
	struct sockaddr_in to = callers_address(callers, hearer);
	uint8_t payload[FRAME];
	char ip[INET_ADDRSTRLEN];
	uint16_t number;
	uint32_t time;
	struct wire wire = {.from = RELAY,
	        .to = inet_ntop(AF_INET, &to.sin_addr, ip, sizeof(ip)),
	        .from_port = RELAY_PORT,
	        .to_port = ntohs(to.sin_port),
	        .ttl = 64,
	        .ssrc = 99,
	        .payload = payload,
	        .payload_bytes = FRAME};

	memcpy(&number, said + 44, 2);
	memcpy(&time, said + 46, 4);
	memcpy(payload, said + 54, FRAME);
	wire.sequence = (uint16_t)(ntohs(number) + sequence);
	wire.timestamp = ntohl(time) + timestamp;
	if (flaw)
		payload[flaw] ^= 0x10;
	assert_int_equal(run_wire(&wire), XDP_DROP);
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

	(void)state;
	caller_says(1, 1, 1, said);
	relay_talk(said, 2, 7, 7, 100);
	assert_counts(0, CL_payload_errors, 1);
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
		wire.ssrc = 99;
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
	/* Hold audio after that is wrong. */
	wire = wire_of_frame(6, payload);
	wire.ssrc = 99;
	run_wire(&wire);
	assert_counts(6, CL_payload_errors, 1);
}

static void from_hold_to_talk_with_a_gap(void **state)
{
	uint8_t said[PACKET_MAX], payload[FRAME];
	struct wire wire = wire_of_frame(0, payload);

	(void)state;
	wire.ssrc = 99;
	callers_expect(callers, 0, CL_HOLD_THEN_TALK, 1);
	run_wire(&wire);
	caller_says(1, 1, 1, said);
	relay_talk(said, 0, 1, TIMESTAMP + FRAME - callers_talking(callers, 1)->timestamp, 0);
	assert_counts(2, CL_sequence_errors, 1);
}

static int group_begin(void **state)
{
	static const uint8_t next_hop[6] = {2, 0, 0, 0, 0, 9};
	struct clip clip = {chunks, CHUNKS, LOOP};
	struct callers_options options = {.interface = "wire",
	        .address_count = 2,
	        .count = CALLERS,
	        .ptime_ms = 20,
	        .next_hop = next_hop,
	        .clip = &clip};
	struct in_addr addresses[2];
	char error[CALLERS_ERROR] = "";
	cpu_set_t first;

	(void)state;
	options.addresses = addresses;
	inet_pton(AF_INET, "10.2.0.1", &addresses[0]);
	inet_pton(AF_INET, "10.2.0.2", &addresses[1]);
	for (unsigned i = 0; i < CHUNKS; i++) {
		memset(chunks[i].payload, (int)i, XD_CHUNK_BYTES);
		chunks[i].sum = chunk_sum(chunks[i].payload);
	}
	/* Turns are taken from the entry of the CPU that runs the program. */
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first) || wires_make(WIRE, OTHER))
		return -1;
	if (callers_open(&callers, &options, error))
		print_error("%s\n", error);
	return callers ? 0 : -1;
}

static int group_end(void **state)
{
	(void)state;
	callers_close(callers);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_good_stream),
	        TEST(a_gap),
	        TEST(a_duplicate),
	        TEST(a_late_packet),
	        TEST(a_wrong_payload),
	        TEST(a_stream_that_plays_elsewhere),
	        TEST(a_wrong_ssrc),
	        TEST(a_wrong_source),
	        TEST(a_wrong_timestamp),
	        TEST(numbers_begun_anew),
	        TEST(a_wrong_checksum),
	        TEST(another_kind_of_packet),
	        TEST(what_is_not_for_callers),
	        TEST(rtcp_and_strays),
	        TEST(what_callers_send),
	        TEST(talk_of_the_peer),
	        TEST(talk_that_is_lost_or_comes_twice),
	        TEST(talk_of_somebody_else),
	        TEST(talk_with_a_wrong_byte),
	        TEST(talk_whose_numbers_move),
	        TEST(from_hold_to_talk),
	        TEST(from_hold_to_talk_with_a_gap),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
