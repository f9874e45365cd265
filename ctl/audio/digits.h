/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spoken digits: recordings 0.wav to 9.wav of a language, and parked.wav ("parked on"), which may be missing.
 */
#ifndef XDPARK_AUDIO_DIGITS_H
#define XDPARK_AUDIO_DIGITS_H

#include "ctl/audio/sound.h"

enum { DIGITS_PARKED = 10, DIGITS_RECORDINGS = 11 };

/*
 * Reads the recordings of `directory` at `rate`: silence around them cut off, levelled, each padded to a
 * multiple of 120 ms that begins and ends with silence. recordings[DIGITS_PARKED] may come back empty.
 * Returns 0, or a negative errno and a sentence in `error` (AUDIO_ERROR_BYTES).
 */
int digits_load(
        struct sound recordings[DIGITS_RECORDINGS], const char *directory, unsigned rate, char *error);

void digits_free(struct sound recordings[DIGITS_RECORDINGS]);

#endif
