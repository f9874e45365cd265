/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an endpoint's plan while the controller may be changing it. */
#ifndef XDPARK_PLAN_H
#define XDPARK_PLAN_H

#include "bpf/atomic.h"
#include "bpf/step.h"

/*
 * What a packet knows of an endpoint: where its entries lie (view_find); then its generation and a copy of
 * its plan's line, which belong together, and `until` (plan_read). Whoever claims or numbers on its strength
 * asks plan_is_current, or swaps a word that holds the generation.
 */
struct view {
	struct xd_endpoint *entry;
	struct xd_stream *stream;
	__u64 *slot; /* due */
	__u64 generation;
	__u64 until;
	__u64 line[XD_CACHE_LINE / 8];
	__u32 index;
	__u32 spare;
};

/* False: there is no such endpoint. */
static __always_inline int view_find(struct view *view, __u32 index)
{
	view->index = index;
	view->spare = 0;
	view->entry = endpoint_at(index);
	view->stream = stream_at(index);
	view->slot = due_at(index);
	return view->entry && view->stream && view->slot;
}

static __always_inline const struct xd_plan_line *view_plan(const struct view *view)
{
	return (const struct xd_plan_line *)view->line;
}

/* The rest of the plan, which isn't copied; ask plan_is_current afterwards. */
static __always_inline const struct xd_plan_rest *view_rest(const struct view *view)
{
	const struct xd_rest *rest = rest_at(view->index);

	return rest ? &rest->plan[view->generation & 1] : NULL;
}

/* The 15 bits of the generation that words like pos hold. */
static __always_inline __u64 view_generation(const struct view *view)
{
	return view->generation & XD_GENERATION_MASK;
}

static __always_inline int plan_is_current(const struct view *view)
{
	barrier();
	return load(view->entry->generation) == view->generation;
}

/* Reads the plan in use of an endpoint that was found. */
static __always_inline int plan_read(struct view *view)
{
	const struct xd_endpoint *entry = view->entry;

	view->generation = load(entry->generation);
	view->until = load(entry->until);
	barrier();
	__builtin_memcpy(view->line, &entry->plan[view->generation & 1], sizeof(view->line));
	barrier();
	return load(entry->generation) == view->generation ? CONTINUE : XD_END_drop_old_generation;
}

static __always_inline int plan_holds(const struct xd_plan_line *plan)
{
	return plan->action == XD_HOLD || plan->action == XD_HOLD_UNTIL_HEARD;
}

/* Whether the phone of `plan` hears the talker. */
static __always_inline int plan_hears(const struct xd_plan_line *plan, __u32 talker)
{
	return plan->peer == talker && (plan->action == XD_FORWARD || plan->action == XD_HOLD_UNTIL_HEARD);
}

/* The same, of a plan that may be changing: where it matters, plan_read and plan_hears ask again. */
static __always_inline int entry_hears(const struct xd_endpoint *entry, __u32 talker)
{
	return plan_hears(&entry->plan[load(entry->generation) & 1], talker);
}

#endif
