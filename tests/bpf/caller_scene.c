/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bpf/caller_scene.h"

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
#include "tests/bpf/wires.h"

struct callers *callers;
static struct xd_chunk chunks[CHUNKS];

void payload_of(uint32_t frame, uint8_t payload[FRAME])
{
	for (uint32_t n = 0; n < 2; n++) {
		uint32_t chunk = 2 * frame + n;

		if (chunk >= CHUNKS)
			chunk = LOOP + (chunk - CHUNKS) % (CHUNKS - LOOP);
		memcpy(payload + (size_t)n * XD_CHUNK_BYTES, chunks[chunk].payload, XD_CHUNK_BYTES);
	}
}

struct wire wire_of_frame(uint32_t frame, uint8_t payload[FRAME])
{
	payload_of(frame, payload);
	return (struct wire){.from = RELAY,
	        .to = "10.2.0.1",
	        .from_port = RELAY_PORT,
	        .to_port = CALLERS_PORT_FIRST,
	        .ttl = 64,
	        .sequence = (uint16_t)(NUMBER + frame),
	        .timestamp = TIMESTAMP + frame * FRAME,
	        .ssrc = SSRC,
	        .payload = payload,
	        .payload_bytes = FRAME};
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes to it */
uint32_t run_bytes(uint32_t ifindex, const uint8_t *bytes, size_t length, uint8_t *out)
{
	struct xdp_md context = {.data_end = (uint32_t)length, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = bytes, .data_size_in = (uint32_t)length,
	        .data_out = out, .data_size_out = out ? PACKET_MAX : 0, .ctx_in = &context,
	        .ctx_size_in = sizeof(context), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(callers_program(callers), &run), 0);
	return run.retval;
}

uint32_t run_wire(const struct wire *wire)
{
	uint8_t bytes[PACKET_MAX];
	size_t length = wire_build(wire, bytes);

	return run_bytes(WIRE, bytes, length, NULL);
}

void assert_counts(uint64_t received, int what, uint64_t count)
{
	struct cl_totals totals;

	assert_int_equal(callers_totals(callers, &totals), 0);
	assert_int_equal(totals.count[CL_received], received);
	for (int i = CL_gaps; i < CL_COUNTS; i++)
		if (totals.count[i] != (i == what ? count : 0))
			fail_msg("count %d is %llu", i, totals.count[i]);
}

size_t caller_says_at(uint64_t now, unsigned caller, uint8_t numbers, uint16_t frames, uint8_t *bytes)
{
	uint8_t in[14 + 20 + 8 + 12 + FRAME] = {0};
	struct cl_todo *todo = callers_todo(callers, 0);

	todo->turns[0] = (struct cl_turn){.caller = caller, .numbers = numbers, .frames = frames};
	todo->now = now;
	todo->cursor = 0;
	todo->count = 1;
	assert_int_equal(run_bytes(CL_PUMP_IFINDEX, in, sizeof(in), bytes), XDP_REDIRECT);
	return sizeof(in);
}

void relay_talk(const uint8_t *said, unsigned hearer, uint16_t sequence, uint32_t timestamp, int flaw)
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
	        .ssrc = SSRC,
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

int scene_begin(void **state)
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

int scene_open(void **state)
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
		memset(chunks[i].payload, (int)(i >= AGAIN && i < AGAIN + ALIKE ? i - AGAIN + ONCE : i),
		        XD_CHUNK_BYTES);
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

int scene_close(void **state)
{
	(void)state;
	callers_close(callers);
	return 0;
}
