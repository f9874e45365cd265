/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many hold frames may fall due at once: what the controller packs streams by. */
#ifndef XDPARK_BURST_H
#define XDPARK_BURST_H

#include <stdint.h>

#include "kmod-free/links.h"

/*
 * 1,024 frames for each of `threads` pump threads (0: none pumps), which hides what a wake-up costs; but no
 * more than the slowest attached link carries in half a millisecond (20 ms of G.711), so that its transmit
 * ring takes them; 64 at least. Links without a speed don't count.
 */
uint32_t burst_choose(const struct links *links, unsigned threads);

/* The same by the slowest link's speed, Mbit/s; 0: unknown. */
uint32_t burst_for(unsigned threads, uint32_t megabits);

#endif
