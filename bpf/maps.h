/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps of the program; layout.h says who writes what. Entries that depend on options (endpoints, rests,
 * due, starts, streams, chunks) are sized by whoever loads the object.
 */
#ifndef XDPARK_MAPS_H
#define XDPARK_MAPS_H

#include "bpf/endings.h"
#include "bpf/layout.h" /* before bpf_helpers.h, whose offsetof is no constant expression */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#define MAPPED_ARRAY(name, entries, entry)                                                                   \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                            \
		__uint(map_flags, BPF_F_MMAPABLE);                                                           \
		__uint(max_entries, entries);                                                                \
		__type(key, __u32);                                                                          \
		__type(value, entry);                                                                        \
	} name SEC(".maps")

MAPPED_ARRAY(endpoints, 1, struct xd_endpoint);
MAPPED_ARRAY(rests, 1, struct xd_rest);
MAPPED_ARRAY(streams, 1, struct xd_stream);
MAPPED_ARRAY(due, 1, __u64);
MAPPED_ARRAY(starts, 1, __u64); /* for the pump; the program doesn't use it */
MAPPED_ARRAY(chunks, 1, struct xd_chunk);
MAPPED_ARRAY(todo, XD_CPUS, struct xd_todo);
MAPPED_ARRAY(nexthops, XD_NEXTHOPS, struct xd_nexthop);
MAPPED_ARRAY(addresses, XD_ADDRESSES, struct xd_address);
MAPPED_ARRAY(settings, 1, struct xd_settings);

/* What each endpoint's last packet needed: see hint.h. Small enough to stay in the caches. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hints SEC(".maps");

/* Local address to its number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XD_ADDRESSES);
	__type(key, struct xd_address_key);
	__type(value, __u32);
} locals SEC(".maps");

/* What a local address ends in to its number, as it was found last: a hint, which saves the hash. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} local_hints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XD_EVENTS_BYTES);
} events SEC(".maps");

/* Indexed by enum xd_ending. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XD_TOTALS);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

static __always_inline struct xd_endpoint *endpoint_at(__u32 index)
{
	return bpf_map_lookup_elem(&endpoints, &index);
}

static __always_inline struct xd_rest *rest_at(__u32 index)
{
	return bpf_map_lookup_elem(&rests, &index);
}

static __always_inline struct xd_stream *stream_at(__u32 index)
{
	return bpf_map_lookup_elem(&streams, &index);
}

static __always_inline __u64 *due_at(__u32 index)
{
	return bpf_map_lookup_elem(&due, &index);
}

static __always_inline struct xd_chunk *chunk_at(__u32 index)
{
	return bpf_map_lookup_elem(&chunks, &index);
}

static __always_inline struct xd_nexthop *nexthop_at(__u32 index)
{
	return bpf_map_lookup_elem(&nexthops, &index);
}

static __always_inline struct xd_address *address_at(__u32 number)
{
	return bpf_map_lookup_elem(&addresses, &number);
}

static __always_inline struct xd_settings *settings_now(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&settings, &only);
}

static __always_inline void total_count(__u32 row)
{
	__u64 *total = bpf_map_lookup_elem(&totals, &row);

	if (total)
		*total += 1;
}

#endif
