/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open loop: things are due at a set rate, whether those before them are done or not, so that a slow
 * server gets no easier load than a fast one.
 */
#ifndef XDPARK_RIG_PACE_H
#define XDPARK_RIG_PACE_H

#include <stdint.h>

struct pace {
	uint64_t start_ns; /* CLOCK_MONOTONIC; the first one */
	double rate;       /* a second */
	unsigned count;    /* in all */
	unsigned started;  /* of them; the user counts */
};

/* When number `n` (from 0) is due. */
uint64_t pace_at(const struct pace *pace, unsigned n);

/* Whether another one is due by now. */
static inline int pace_is_due(const struct pace *pace, uint64_t now_ns)
{
	return pace->started < pace->count && pace_at(pace, pace->started) <= now_ns;
}

#endif
