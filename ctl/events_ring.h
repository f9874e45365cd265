/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader of a BPF ring buffer without any bpf() call: the consumer's page mapped read-write, the producer's
 * page and the data (twice in a row, so that no record is torn) read-only; the fd can be polled.
 */
#ifndef XDPARK_EVENTS_RING_H
#define XDPARK_EVENTS_RING_H

#include <stdint.h>

#include "bpf/layout.h"

struct events_ring {
	uint64_t *consumer;       /* position that the reader writes */
	const uint64_t *producer; /* position that the kernel writes */
	const uint8_t *data;
	uint32_t bytes; /* of the data; a power of two */
	uint64_t bad;   /* records that are none of ours, and positions that can't be */
};

/* Maps `fd`. 0, -EINVAL (bytes is no power of two of whole pages), or errno of mmap. The fd stays the
 * caller's. */
int events_ring_map(struct events_ring *ring, int fd, uint32_t bytes);

/* Zeroed memory is legal. */
void events_ring_unmap(struct events_ring *ring);

/*
 * Gives every record that waits, 1024 at most, to `event`, which must not unmap the ring. Returns how many.
 * What is still being written is left for later.
 */
unsigned events_ring_read(
        struct events_ring *ring, void (*event)(void *context, const struct xd_event *event), void *context);

#endif
