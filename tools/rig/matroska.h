/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A u-law clip as a Matroska file, in blocks of one frame each: what rtpengine's player sends packet by
 * packet at even distances. Of a file without blocks of that length (WAV) it makes uneven ones. The samples
 * are linear, 16 bits: the player makes the same u-law of them again, but for a negative zero.
 */
#ifndef XDPARK_RIG_MATROSKA_H
#define XDPARK_RIG_MATROSKA_H

#include <stdio.h>

#include "tools/rig/clip.h"

/*
 * Writes the part of a u-law clip that goes round, as often as it takes to end with a whole frame, in blocks
 * of `ptime_ms`. 0 or -EIO.
 */
int matroska_write(FILE *file, const struct clip *clip, unsigned ptime_ms);

#endif
