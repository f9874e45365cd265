/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each step of the program gives back: how the packet ends, or that the next step may go on. */
#ifndef XDPARK_STEP_H
#define XDPARK_STEP_H

#include "bpf/maps.h"

/* A step returns enum xd_ending, or this. */
#define CONTINUE (-1)

/*
 * The last step of a packet that is sent returns where it leaves, too: the interface in the upper half.
 * Interfaces are below 2^31, so that it never looks like CONTINUE.
 */
#define LEAVE(ending, ifindex) ((__s64)(ifindex) << 32 | (ending))

/* What the program does with a packet that ends so. */
static __always_inline enum xd_verdict ending_verdict(int ending)
{
	switch (ending) {
#define ENDING(name, verdict, meaning)                                                                       \
	case XD_END_##name:                                                                                  \
		return XD_VERDICT_##verdict;
#include "bpf/endings.def"
#undef ENDING
	default:
		return XD_VERDICT_DROP;
	}
}

#endif
