/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for the relay program: the shipped object, loaded in a network namespace of the test's own, with
 * its maps mapped as the daemons map them, and plans published the way the controller does it.
 *
 * Two local addresses, an index range each. Phones 1 and 2 have IPv4, 3 and 4 IPv6 addresses; phone n is row
 * n of nexthops, reached by WORLD_WIRE without VLAN tags.
 */
#ifndef XDPARK_TESTS_WORLD_H
#define XDPARK_TESTS_WORLD_H

#include <stdbool.h>

#include "bpf/endings.h"
#include "bpf/layout.h"
#include "tests/bpf/packets.h"

enum {
	WORLD_PORT_FIRST = 10000,
	WORLD_EACH = 32,      /* endpoints an address */
	WORLD_ADDRESSES = 2,  /* LOCAL4 and LOCAL6 */
	WORLD_ENDPOINTS = 64, /* the second half is LOCAL6's */
	WORLD_CHUNKS = 240,
	WORLD_CHUNKS_LARGE = 262128,
	WORLD_PHONES = 4,
	WORLD_EVENTS_BYTES = 4096,
	WORLD_WIRE = 41,  /* ifindex: where packets come from */
	WORLD_OTHER = 42, /* ifindex: another interface */
};

#define LOCAL4 "10.1.0.1"
#define LOCAL6 "fd01::1"

#define MS 1000000ULL

struct bpf_object;
struct meanwhile;

struct world {
	struct bpf_object *object;
	int program;
	uint32_t chunk_count;
	struct xd_endpoint *endpoints;
	struct xd_rest *rests;
	struct xd_stream *streams;
	uint64_t *due;
	struct xd_chunk *chunks;
	struct xd_todo *todo;
	struct xd_nexthop *nexthops;
	struct xd_address *addresses;
	struct xd_settings *settings;
	struct meanwhile *meanwhile; /* NULL: nothing happens while a packet is under way */
	uint64_t packets;            /* that were run */
};

/* What came out of the program. */
struct outcome {
	int verdict; /* XDP_PASS... */
	enum xd_ending ending;
	uint8_t bytes[PACKET_MAX];
	size_t length;
};

/* cmocka's setup and teardown of a group: *state is the struct world. Each test begins with world_reset. */
int world_open(void **state);
int world_open_large(void **state);     /* with WORLD_CHUNKS_LARGE chunks */
int world_open_meanwhile(void **state); /* with moments at which a test lets things happen */
int world_close(void **state);

/* Forgets all calls, streams and counters; maps as a dataplane just started leaves them, and the phones. */
void world_reset(struct world *world);

/* Puts a far end into row `index` of nexthops: reachable by `ifindex`, without VLAN tags. Returns the row. */
struct xd_nexthop *world_nexthop(struct world *world, uint32_t index, const char *address, uint32_t ifindex);

/* A plan for a phone: PCMU 0, event 101, noise 13; address rule. Its leg begins with it. */
struct xd_plan world_plan(enum xd_action action, uint32_t phone);

/* Makes it a plan that holds: 20 ms, a playlist of two parts of 24 and 36 chunks, starting over at the
 * second. */
void world_playlist(struct xd_plan *plan, uint64_t t0);

/*
 * Publishes a plan as layout.h orders it, and starts the stream at its first frame not before `now` (or goes
 * on with it); `until` is far away. Returns whether it goes on. A plan whose leg_since or media_since is
 * 0xffff gets the new generation there.
 */
enum { WORLD_NOW = 0xffff };
bool world_publish(struct world *world, uint32_t index, struct xd_plan plan, uint64_t now);

/* Writes a plan as that of a generation, without publishing it. */
void world_store(struct world *world, uint32_t index, uint64_t generation, const struct xd_plan *plan);

/* Two endpoints that hear each other, both FORWARD. */
void world_bridge(struct world *world, uint32_t a, uint32_t phone_a, uint32_t b, uint32_t phone_b);

/* The plan in use of an endpoint, to be changed and published again. */
struct xd_plan world_plan_of(const struct world *world, uint32_t index);

/* The address of a phone. */
const char *world_phone(uint32_t phone);

/* What a phone sends to an endpoint: 20 ms of PCMU; the test says sequence, timestamp, SSRC. */
struct wire wire_of_phone(uint32_t phone, uint32_t index);

/*
 * What an endpoint sends to a phone: headers of the plan and the hop in use, and the number that `pos` says
 * was given last. Payload, type and marker are the test's.
 */
struct wire wire_of_relay(const struct world *world, uint32_t phone, uint32_t index);

/* The number given last to what an endpoint's phone hears. */
uint16_t world_sequence(const struct world *world, uint32_t index);
uint32_t world_timestamp(const struct world *world, uint32_t index);

/* RTP port of an endpoint. */
uint16_t world_port(uint32_t index);

/* CLOCK_MONOTONIC, as the program reads it. */
uint64_t world_now(void);

/* Runs a packet that comes in by `ifindex`. */
struct outcome world_run_bytes(struct world *world, uint32_t ifindex, const uint8_t *bytes, size_t length);

/* Runs a packet that comes in by WORLD_WIRE. */
struct outcome world_run(struct world *world, const struct wire *wire);

/*
 * The same, from any thread, without asking for the ending: *outcome gets the rest. The caller adds what it
 * ran to world->packets.
 */
void world_run_quickly(
        struct world *world, uint32_t ifindex, const uint8_t *bytes, size_t length, struct outcome *outcome);

/*
 * The same, with so little room before the packet that no header can grow: metadata fills it. False: this
 * kernel (before 6.3) takes no such packet from a test.
 */
bool world_run_without_headroom(struct world *world, const struct wire *wire, struct outcome *outcome);

/* Runs a pump frame of `length` bytes for `index`, with the pump's clock at `now`. */
struct outcome world_pump(struct world *world, uint32_t index, uint64_t now, size_t length);

/* A row of totals, over all CPUs. */
uint64_t world_total(const struct world *world, uint32_t row);

/* All packets that were run have ended somewhere. */
void assert_all_counted(const struct world *world);

/* What a chunk's byte is: the first four are its number, lowest first, so that tests know a payload by them.
 */
uint8_t world_chunk_byte(uint32_t chunk, uint32_t byte);

/* The payload of `count` chunks from `first`, in `payload`. */
void world_payload(uint32_t first, uint32_t count, uint8_t *payload);

/* The events ring's file descriptor. */
int world_events(const struct world *world);

/* Name of an ending, for messages. */
const char *ending_name(enum xd_ending ending);

/* A tally of so many packets, each of so many bytes. */
#define assert_tally(tally, packets, bytes_each)                                                             \
	assert_int_equal((tally), (uint64_t)(packets) * (bytes_each) << XD_TALLY_BYTES_SHIFT | (packets))

#define assert_ending(outcome, name)                                                                         \
	do {                                                                                                 \
		if ((outcome).ending != XD_END_##name)                                                       \
			fail_msg("ended in %s, not in %s", ending_name((outcome).ending), #name);            \
	} while (0)

#endif
