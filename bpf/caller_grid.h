/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When frames come, against the grid of their own stream: timestamps say how far apart frames are meant to
 * be, and a running mean of what is left says where the grid lies. The mean is over all frames up to 64, and
 * then follows with 1/64 of each: it settles before anything is measured, and a clock that runs a little
 * faster than ours doesn't add up to a deviation.
 */
#ifndef XDPARK_CALLER_GRID_H
#define XDPARK_CALLER_GRID_H

#include "bpf/caller_maps.h"

#define GRID_LOST_NS 1000000000LL /* further off than this: another grid */
#define GRID_SETTLED 64           /* frames, after which its weight stays */

/* What part of a deviation the grid follows, as a shift. */
static __always_inline __u32 grid_weight(__u32 frames)
{
	if (frames < 4)
		return frames < 2 ? 1 : 2;
	if (frames < 16)
		return frames < 8 ? 3 : 4;
	return frames < 32 ? 5 : 6;
}

/*
 * A frame `ticks` of the RTP clock after the last one has come at `now`. Returns how far from the grid that
 * is, in ns.
 */
static __always_inline __u64 grid_deviation(struct cl_hearing *hearing, __u32 ticks, __u64 now)
{
	__u64 expected = hearing->grid + ticks * CL_TICK_NS;
	__s64 off = now - expected;

	if (off > GRID_LOST_NS || off < -GRID_LOST_NS) {
		hearing->grid = now;
		hearing->frames = 0;
		return off < 0 ? -off : off;
	}
	hearing->grid = expected + (off >> grid_weight(hearing->frames));
	if (hearing->frames < GRID_SETTLED)
		hearing->frames++;
	return off < 0 ? -off : off;
}

#endif
