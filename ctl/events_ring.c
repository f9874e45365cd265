/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/events_ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TURN = 1024 };

static uint32_t page_bytes(void)
{
	return (uint32_t)sysconf(_SC_PAGESIZE);
}

int events_ring_map(struct events_ring *ring, int fd, uint32_t bytes)
{
	uint32_t page = page_bytes();
	void *consumer, *producer;

	if (bytes < page || bytes > 1U << 30 || (bytes & (bytes - 1)))
		return -EINVAL;
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * (size_t)bytes, PROT_READ, MAP_SHARED, fd, page);
	if (producer == MAP_FAILED) {
		int error = -errno;

		munmap(consumer, page);
		return error;
	}
	*ring = (struct events_ring){
	        .consumer = consumer,
	        .producer = producer,
	        .data = (const uint8_t *)producer + page,
	        .bytes = bytes,
	};
	return 0;
}

void events_ring_unmap(struct events_ring *ring)
{
	if (!ring->consumer)
		return;
	munmap(ring->consumer, page_bytes());
	munmap((void *)ring->producer, page_bytes() + 2 * (size_t)ring->bytes);
	*ring = (struct events_ring){0};
}

/* Bytes from one record to the next: header and data, in steps of 8. */
static uint64_t record_step(uint32_t length)
{
	return ((uint64_t)length + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
}

unsigned events_ring_read(
        struct events_ring *ring, void (*event)(void *context, const struct xd_event *event), void *context)
{
	uint64_t at = __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
	uint64_t end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	unsigned count = 0;

	while (at < end && count < TURN) {
		const uint8_t *record = ring->data + (at & (ring->bytes - 1));
		uint32_t header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		struct xd_event copy;

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (at % 8 || end - at > ring->bytes || record_step(length) > end - at) {
			/* Not a ring any more: what it holds can't be told apart, so none of it is read. */
			ring->bad++;
			__atomic_store_n(ring->consumer, end & ~7ULL, __ATOMIC_RELEASE);
			break;
		}
		if (!(header & BPF_RINGBUF_DISCARD_BIT) && length == sizeof(copy)) {
			memcpy(&copy, record + BPF_RINGBUF_HDR_SZ, sizeof(copy));
			event(context, &copy);
			count++;
		} else if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
			ring->bad++;
		}
		at += record_step(length);
		__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
	}
	return count;
}
