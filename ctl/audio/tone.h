/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ringback tones of countries, made with libspandsp's supervisory tones. */
#ifndef XDPARK_AUDIO_TONE_H
#define XDPARK_AUDIO_TONE_H

#include <stdbool.h>

#include "ctl/audio/sound.h"

/* Whether there is a row for "de", "us", ... */
bool tone_has_country(const char *country);

/* "de, us, ..." for error messages. */
const char *tone_countries(void);

/*
 * As many whole cadences as make a multiple of 120 ms, at 8000 Hz, starting with the tone. Returns 0,
 * -ENOENT (no such country) or -ENOMEM.
 */
int tone_ringback(struct sound *sound, const char *country);

#endif
