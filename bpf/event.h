/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hints to the controller. They may be lost: then they are counted. */
#ifndef XDPARK_EVENT_H
#define XDPARK_EVENT_H

#include "bpf/plan.h"

static __always_inline void event_media_started(const struct view *view, __u32 ssrc, __u64 now)
{
	struct xd_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		total_count(XD_EVENTS_LOST);
		return;
	}
	event->kind = XD_EVENT_MEDIA_STARTED;
	event->endpoint = view->index;
	event->generation = view->generation;
	event->time = now;
	event->argument = ssrc;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
}

#endif
