/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an endpoint's last packet needed, the next one likely needs, too: it is fetched all at once, so that a
 * packet waits for memory once. Only a hint: it may be of another call, and say anything.
 */
#ifndef XDPARK_HINT_H
#define XDPARK_HINT_H

#include "bpf/plan.h"

/* An entry of `hints`: bits 31..0 the hearer (0: none), then which plans were in use. */
#define HINT_TALKER_SHIFT 32
#define HINT_HEARER_SHIFT 33

static __always_inline __u64 hint_of(const struct view *talker)
{
	return (talker->generation & 1) << HINT_TALKER_SHIFT;
}

static __always_inline __u64 hint_of_hearer(__u64 hint, const struct view *hearer)
{
	return hint | hearer->index | (hearer->generation & 1) << HINT_HEARER_SHIFT;
}

/* Has what the talker's packet needs by its hint on its way: if it goes to nobody, it is to carry a frame. */
static __always_inline void hint_follow(const struct view *talker, __u64 hint)
{
	__u32 index = hint;
	const struct xd_endpoint *entry = endpoint_at(index);
	const struct xd_stream *stream = stream_at(index);

	touch(talker->entry->generation);
	touch(talker->entry->plan[hint >> HINT_TALKER_SHIFT & 1]);
	touch(talker->stream->latch);
	if (!index) {
		touch(talker->stream->pos);
		touch(*talker->slot);
	} else if (entry && stream) {
		touch(entry->generation);
		touch(entry->plan[hint >> HINT_HEARER_SHIFT & 1]);
		touch(stream->pos);
	}
}

/* Written only when it changes, so that its line stays shared. */
static __always_inline void hint_keep(__u32 talker, __u64 hint)
{
	__u64 *kept = bpf_map_lookup_elem(&hints, &talker);

	if (kept && load(*kept) != hint)
		store(*kept, hint);
}

#endif
