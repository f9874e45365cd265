/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four callers of the rig on a wire of the test's own, and what a relay would send them. */
#ifndef XDPARK_TESTS_CALLER_SCENE_H
#define XDPARK_TESTS_CALLER_SCENE_H

#include "tests/bpf/packets.h"
#include "tools/rig/callers.h"

enum {
	WIRE = 41,
	OTHER = 42,
	CALLERS = 4, /* two an address: 10.2.0.1 and 10.2.0.2 */
	CHUNKS = 48,
	LOOP = 24,
	ONCE = 10, /* so many chunks from here are there again */
	ALIKE = 6,
	AGAIN = 30,
	FRAME = 160,
	RELAY_PORT = 20000,
	SSRC = 99,      /* of all that the relay sends */
	NUMBER = 65530, /* sequence numbers wrap soon, and so do timestamps */
};

#define RELAY     "10.1.0.1"
#define TIMESTAMP 0xfffffe00U

extern struct callers *callers;

/* Of a group: makes and frees the callers. */
int scene_open(void **state);
int scene_close(void **state);

/* Of each test: caller 0 hears the clip, 1 and 2 each other, 3 has no call; nothing is counted yet. */
int scene_begin(void **state);

/* The payload of frame `frame` of the clip. */
void payload_of(uint32_t frame, uint8_t payload[FRAME]);

/* Frame `frame` of the clip as the relay sends it to caller 0. `payload` must last. */
struct wire wire_of_frame(uint32_t frame, uint8_t payload[FRAME]);

/* Runs the program; what leaves comes to `out` (PACKET_MAX), if that isn't NULL. Returns the verdict. */
uint32_t run_bytes(uint32_t ifindex, const uint8_t *bytes, size_t length, uint8_t *out);
uint32_t run_wire(const struct wire *wire);

/* Has a caller send at `now` (ns), by its turn; the packet that leaves in `bytes`. Its length. */
size_t caller_says_at(uint64_t now, unsigned caller, uint8_t numbers, uint16_t frames, uint8_t *bytes);

/* What a caller said, relayed to `hearer` with other numbers, changed by `flaw` at a byte of the payload. */
void relay_talk(const uint8_t *said, unsigned hearer, uint16_t sequence, uint32_t timestamp, int flaw);

/* Fails unless these are the only counts that aren't 0; `sent` isn't looked at. */
void assert_counts(uint64_t received, int what, uint64_t count);

#endif
