/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audio files of any kind that libsndfile reads, as mono at the rate that an encoder wants. */
#ifndef XDPARK_AUDIO_RECORDING_H
#define XDPARK_AUDIO_RECORDING_H

#include <stddef.h>

#include "ctl/audio/refusal.h"

struct recording;

/*
 * Opens a file; `rate`: 8000 or 16000, 0: the file's own. Reads its header only. Result in *recording.
 * Returns 0, or a negative errno and a sentence in `error` (AUDIO_ERROR_BYTES): no such file, not a regular
 * file, not audio, no sensible sample rate.
 */
int recording_open(struct recording **recording, const char *file, unsigned rate, char *error);

/*
 * The next `count` samples at most, within -1 to 1 or a little beyond (never NaN or infinite). Returns how
 * many, 0 at the end, or -EIO when the file is broken here.
 */
long recording_read(struct recording *recording, float *samples, size_t count);

/* Samples a second that recording_read() yields. */
unsigned recording_rate(const struct recording *recording);

/* NULL is legal. */
void recording_close(struct recording *recording);

#endif
