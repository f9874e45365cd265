/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mono 16-bit sound in memory, on its way from a file or a generator to the encoder. */
#ifndef XDPARK_AUDIO_SOUND_H
#define XDPARK_AUDIO_SOUND_H

#include <stddef.h>
#include <stdint.h>

enum {
	SOUND_CHUNKS_A_PART = 12, /* the least common multiple of the ptimes 10, 20, 30, 40 and 60 ms */
	SOUND_PART_MS = 120,      /* so many ms of sound are the smallest part of a playlist */
};

struct sound {
	int16_t *samples; /* owned */
	size_t count;
	unsigned rate; /* 8000 or 16000 Hz */
};

/* Room for `count` samples of silence. Returns 0, or -ENOMEM with *sound zeroed. */
int sound_new(struct sound *sound, size_t count, unsigned rate);

/* Frees the samples and zeroes *sound. */
void sound_free(struct sound *sound);

/* Samples of one 120 ms part. */
size_t sound_part_samples(unsigned rate);

/* Chunks of 10 ms in `sound`, whose length is a multiple of 10 ms. */
uint32_t sound_chunks(const struct sound *sound);

/*
 * The factor that brings sound with this mean square (samples within -1 to 1) to `level_dbm0`. 0 dBm0 is
 * what G.711 makes of it: a sine of full scale is 3.14 dBm0.
 */
float sound_gain(double mean_square, double level_dbm0);

/* One sample, within -1 to 1, amplified; peaks are bent, never cut. */
int16_t sound_sample(float value, float gain);

/* Measured level in dBm0; silence is -INFINITY. */
double sound_level_dbm0(const struct sound *sound);

#endif
