/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Music from a file: levelled, and made to go round without an audible seam. */
#ifndef XDPARK_AUDIO_MUSIC_H
#define XDPARK_AUDIO_MUSIC_H

#include <stdatomic.h>

#include "ctl/audio/sound.h"

/*
 * Heard as: intro once, then the loop from where the intro ends, then the loop for ever. Both lengths are
 * multiples of 120 ms. The first `intro.count` samples of the loop are the file's start with the sound that
 * follows the loop's end faded into it; the intro is the same start alone, faded in.
 */
struct music {
	struct sound intro;
	struct sound loop;
};

/*
 * Reads `file` at `rate`, levelled to `level_dbm0` (RMS of the whole). `most_samples`: of intro and loop
 * together. Gives up when *stop becomes true (may be NULL). Returns 0, or a negative errno (-EFBIG: too long;
 * -EINVAL: too short, silent or no audio; -EIO: broken; -ECANCELED; -ENOMEM) and a sentence in `error`
 * (AUDIO_ERROR_BYTES).
 */
int music_load(struct music *music, const char *file, unsigned rate, double level_dbm0, size_t most_samples,
        const atomic_bool *stop, char *error);

void music_free(struct music *music);

/*
 * Whether a file can be music: reads it to its end, without resampling, which is most of the work. Returns 0,
 * or as music_load(); what alone it doesn't find is a file that holds nothing within a telephone's band, and
 * one that is too long.
 */
int music_check(const char *file, char *error);

#endif
