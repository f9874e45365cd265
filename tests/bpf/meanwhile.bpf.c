/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay, of the same sources, with moments at which a test lets things happen: see meanwhile.h. */
#include "bpf/atomic.h"
#include "bpf/maps.h"
#include "tests/bpf/meanwhile.h"

MAPPED_ARRAY(meanwhile, 1, struct meanwhile);

/* Whether the helper that is about to be called shall fail. */
__noinline int meanwhile_happens(__u32 moment)
{
	__u32 only = 0;
	struct meanwhile *what = bpf_map_lookup_elem(&meanwhile, &only);
	struct xd_endpoint *entry;
	struct xd_stream *stream;
	__u64 *slot;

	if (!what || what->moment != moment)
		return 0;
	entry = endpoint_at(what->index);
	stream = stream_at(what->index);
	slot = due_at(what->index);
	if (!entry || !stream || !slot)
		return 0;
	what->count++;
	store(entry->generation, what->generation);
	if (what->pos)
		store(stream->pos, what->pos);
	if (what->due)
		store(*slot, what->due);
	return what->no_room;
}

#define bpf_ktime_get_ns() (meanwhile_happens(MEANWHILE_CLOCK), bpf_ktime_get_ns())
#define bpf_xdp_adjust_tail(ctx, more)                                                                       \
	(meanwhile_happens(MEANWHILE_RESIZE) ? -1 : bpf_xdp_adjust_tail(ctx, more))
#define bpf_xdp_adjust_head(ctx, more)                                                                       \
	(meanwhile_happens(MEANWHILE_RESIZE) ? -1 : bpf_xdp_adjust_head(ctx, more))

#include "bpf/relay.bpf.c"
