/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pump's entrance: a live frame for each id of todo. What the id says is a hint; whether a frame is due
 * is decided here.
 */
#ifndef XDPARK_PUMP_H
#define XDPARK_PUMP_H

#include "bpf/hold.h"

enum {
	PUMP_AHEAD = 3, /* frames */
	PUMP_NEAR = 4,  /* endpoints: what is so near behind the last one, the CPU fetches by itself */
};

/*
 * Has what a frame needs of its endpoint on its way; 0: none. Both plans, as it isn't known yet which is in
 * use; not its word of due, which the scan has just read.
 */
static __always_inline void pump_fetch(__u32 index)
{
	const struct xd_endpoint *entry = endpoint_at(index);
	const struct xd_stream *stream = stream_at(index);

	if (!index || !entry || !stream)
		return;
	touch(entry->generation);
	touch(entry->plan[0]);
	touch(entry->plan[1]);
	touch(stream->pos);
}

/* Has what a frame some way ahead is going to need on its way, unless it lies just behind this one's. */
static __always_inline void pump_look_ahead(const struct xd_todo *mine, __u32 cursor, __u32 index)
{
	__u32 ahead = cursor + PUMP_AHEAD;

	if (ahead >= XD_TODO_IDS)
		return;
	ahead = mine->ids[ahead];
	if (ahead - index <= PUMP_NEAR)
		return;
	pump_fetch(ahead);
}

/* The next id of this CPU, and the pump's clock. */
static __always_inline int pump_next(__u32 *index, __u64 *now)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct xd_todo *mine = bpf_map_lookup_elem(&todo, &cpu);
	__u32 cursor;

	if (!mine)
		return XD_END_pump_empty;
	cursor = mine->cursor;
	if (cursor >= mine->count || cursor >= XD_TODO_IDS)
		return XD_END_pump_empty;
	mine->cursor = cursor + 1;
	*index = mine->ids[cursor];
	pump_look_ahead(mine, cursor, *index);
	*now = mine->now;
	return CONTINUE;
}

static __always_inline __s64 pump_frame(struct xdp_md *ctx)
{
	const struct xd_settings *settings = settings_now();
	const struct xd_plan_line *plan;
	struct view view;
	__u64 now, frame;
	__u32 index;
	int ending;

	ending = pump_next(&index, &now);
	if (ending != CONTINUE)
		return ending;
	if (!index || !view_find(&view, index) || !settings)
		return XD_END_pump_bad_id;
	frame = load(*view.slot);
	if (!frame || frame + settings->grace_ns > now)
		return XD_END_pump_lost_claim;
	barrier();
	ending = plan_read(&view);
	if (ending != CONTINUE)
		return ending;
	plan = view_plan(&view);
	/* Streams that are over are stopped, or the scan would find them all the time. */
	if (!plan_holds(plan) || now > view.until) {
		swapped(view.slot, frame, 0);
		return plan_holds(plan) ? XD_END_drop_expired : XD_END_pump_lost_claim;
	}
	return hold_send(ctx, &view, frame, now, 1);
}

#endif
