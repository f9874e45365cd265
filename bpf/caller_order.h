/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a packet's number stands among those that were there before. */
#ifndef XDPARK_CALLER_ORDER_H
#define XDPARK_CALLER_ORDER_H

#include "bpf/caller_maps.h"

enum order {
	ORDER_ON,    /* further on: `step` says by how many */
	ORDER_LATE,  /* behind a later one, and new */
	ORDER_AGAIN, /* was there already */
	ORDER_ANEW,  /* too far off to be the same numbers */
};

static __always_inline enum order order_take(struct cl_hearing *hearing, __u16 number, __u32 *step)
{
	__s16 ahead = number - hearing->order;
	__u32 back = -ahead;

	*step = ahead;
	if (ahead > CL_JUMP || ahead < -CL_JUMP) {
		hearing->order = number;
		hearing->seen = 1;
		return ORDER_ANEW;
	}
	if (ahead > 0) {
		hearing->seen = ahead < CL_SEEN ? hearing->seen << ahead | 1 : 1;
		hearing->order = number;
		return ORDER_ON;
	}
	if (back >= CL_SEEN)
		return ORDER_LATE;
	if (hearing->seen >> back & 1)
		return ORDER_AGAIN;
	hearing->seen |= 1ULL << back;
	return ORDER_LATE;
}

#endif
