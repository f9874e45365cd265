/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a plan that says what is played. */
#ifndef XDPARK_AUDIO_PLAYLIST_H
#define XDPARK_AUDIO_PLAYLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

/* Whether frames of this length fill every part of 120 ms: 10, 20, 30, 40 and 60 ms. */
bool playlist_takes_ptime(unsigned ptime_ms);

/* Part `number` (below XD_PLAYLIST_PARTS) of a playlist, wherever in the plan it lies. */
const struct xd_part *playlist_part(const struct xd_plan *plan, unsigned number);

/*
 * Sets frame_chunks, chunk_bytes and ptime_ns, and empties the playlist. Returns 0, or -EINVAL
 * for a ptime that playlist_takes_ptime refuses, with the plan as it was.
 */
int playlist_begin(struct xd_plan *plan, unsigned ptime_ms);

/*
 * Appends `count` chunks from `first`. Returns 0, or -EINVAL: `count` isn't a multiple of 12 above 0, the
 * plan has all its parts.
 */
int playlist_add(struct xd_plan *plan, uint32_t first, uint32_t count);

/*
 * Makes the last part longer by `count` chunks: those behind it in memory. A playlist of one part costs the
 * program less than one of several. Returns 0, or -EINVAL as playlist_add does, or where there is no part.
 */
int playlist_stretch(struct xd_plan *plan, uint32_t count);

/* The chunk in memory behind the last part: where it could be stretched to. UINT32_MAX: no part. */
uint32_t playlist_goes_on(const struct xd_plan *plan);

/* Chunks of all parts. */
uint32_t playlist_length(const struct xd_plan *plan);

#endif
