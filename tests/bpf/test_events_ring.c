/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of the events ring on a ring of the kernel's own, written by a program of a few instructions. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/events_ring.h"

enum { RING_BYTES = 65536, RECORD_BYTES = 40 };

struct seen {
	unsigned count;
	struct xd_event last;
};

static int ring_fd = -1, program_fd = -1;
static struct events_ring ring;

#define INSTRUCTION(c, d, s, o, i)                                                                           \
	{                                                                                                    \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                          \
	}

/*
 * Puts the first sizeof(struct xd_event) bytes of its packet into the ring. A socket filter may read them
 * from the packet by bpf_skb_load_bytes, and needs no capability beyond CAP_BPF.
 */
static int load_program(void)
{
	const struct bpf_insn instructions[] = {
	        /* r1 is the packet already: bpf_skb_load_bytes(packet, 0, stack, 32) */
	        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0),
	        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0),
	        INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -(int)sizeof(struct xd_event)),
	        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, sizeof(struct xd_event)),
	        INSTRUCTION(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes),
	        /* bpf_ringbuf_output(ring, stack, 32, 0) */
	        INSTRUCTION(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, ring_fd),
	        INSTRUCTION(0, 0, 0, 0, 0),
	        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
	        INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -(int)sizeof(struct xd_event)),
	        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, sizeof(struct xd_event)),
	        INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0),
	        INSTRUCTION(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_output),
	        INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "ring_test", "GPL", instructions,
	        sizeof(instructions) / sizeof(*instructions), NULL);
}

static int setup(void **state)
{
	(void)state;
	ring_fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring_test", 0, 0, RING_BYTES, NULL);
	program_fd = ring_fd < 0 ? -1 : load_program();
	return program_fd < 0 || events_ring_map(&ring, ring_fd, RING_BYTES) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	events_ring_unmap(&ring);
	close(program_fd);
	close(ring_fd);
	return 0;
}

/* One packet through the program. Returns what bpf_ringbuf_output() returned. */
static int produce(uint32_t number)
{
	/* A socket filter sees what is behind the Ethernet header. */
	char packet[ETH_HLEN + sizeof(struct xd_event)] = {0};
	struct xd_event event = {.kind = XD_EVENT_MEDIA_STARTED, .endpoint = number, .time = ~0ULL};
	LIBBPF_OPTS(
	        bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet), .repeat = 1);

	memcpy(packet + ETH_HLEN, &event, sizeof(event));
	assert_int_equal(bpf_prog_test_run_opts(program_fd, &options), 0);
	return (int)options.retval;
}

static void on_event(void *context, const struct xd_event *event)
{
	struct seen *seen = context;

	seen->count++;
	seen->last = *event;
}

static bool is_readable(void)
{
	struct pollfd wait = {.fd = ring_fd, .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

/* Many times around the ring, in order, and the fd says when there is something. */
static void records_of_the_kernel_are_read(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_false(is_readable());
	for (unsigned i = 0; i < 20000; i++) {
		assert_int_equal(produce(i), 0);
		if (i % 100)
			continue;
		assert_true(is_readable());
		events_ring_read(&ring, on_event, &seen);
		assert_int_equal(seen.count, i + 1);
		assert_int_equal(seen.last.endpoint, i);
		assert_true(seen.last.time == ~0ULL);
		assert_false(is_readable());
	}
	assert_int_equal(ring.bad, 0);
}

/* A reader that is late loses what came while the ring was full, and nothing else. */
static void a_full_ring_drops(void **state)
{
	struct seen seen = {0};
	unsigned kept = 0;

	(void)state;
	events_ring_read(&ring, on_event, &seen);
	while (produce(kept) == 0 && kept < RING_BYTES)
		kept++;
	assert_in_range(kept, RING_BYTES / RECORD_BYTES - 1, RING_BYTES / RECORD_BYTES);
	seen.count = 0;
	while (events_ring_read(&ring, on_event, &seen))
		;
	assert_int_equal(seen.count, kept);
	assert_int_equal(seen.last.endpoint, kept - 1);
	assert_int_equal(produce(7), 0);
	events_ring_read(&ring, on_event, &seen);
	assert_int_equal(seen.last.endpoint, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(records_of_the_kernel_are_read, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_full_ring_drops, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
