/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a plan that says what is played. */
#ifndef XDPARK_AUDIO_PLAYLIST_H
#define XDPARK_AUDIO_PLAYLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

/* Whether frames of this length fill every part of 120 ms: 10, 20, 30, 40 and 60 ms. */
bool playlist_takes_ptime(unsigned ptime_ms);

/*
 * Sets frame_chunks, chunk_bytes, frame_samples and ptime_ns, and empties the playlist. Returns 0, or -EINVAL
 * for a ptime that playlist_takes_ptime refuses, with the plan as it was.
 */
int playlist_begin(struct xd_plan *plan, unsigned ptime_ms);

/*
 * Appends `count` chunks from `first`. Returns 0, or -EINVAL: `count` isn't a multiple of 12 above 0, the
 * plan has all its parts.
 */
int playlist_add(struct xd_plan *plan, uint32_t first, uint32_t count);

#endif
