/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/sound.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DBM0_OF_FULL_SCALE                                                                                   \
	6.16           /* a square wave of full scale: 3.14 dBm0 for the sine, and its crest factor */
#define BENT_FROM 0.6F /* of full scale: peaks above are bent towards BENT_TO */
#define BENT_TO   0.98F

int sound_new(struct sound *sound, size_t count, unsigned rate)
{
	*sound = (struct sound){
	        .samples = calloc(count ? count : 1, sizeof(int16_t)), .count = count, .rate = rate};
	if (sound->samples)
		return 0;
	*sound = (struct sound){0};
	return -ENOMEM;
}

void sound_free(struct sound *sound)
{
	free(sound->samples);
	*sound = (struct sound){0};
}

size_t sound_part_samples(unsigned rate)
{
	return (size_t)rate * SOUND_PART_MS / 1000;
}

uint32_t sound_chunks(const struct sound *sound)
{
	return (uint32_t)(sound->count / (sound->rate / 100));
}

float sound_gain(double mean_square, double level_dbm0)
{
	return (float)(pow(10, (level_dbm0 - DBM0_OF_FULL_SCALE) / 20) / sqrt(mean_square));
}

int16_t sound_sample(float value, float gain)
{
	float size = fabsf(value * gain);

	if (size > BENT_FROM)
		size = BENT_FROM + (BENT_TO - BENT_FROM) * tanhf((size - BENT_FROM) / (BENT_TO - BENT_FROM));
	return (int16_t)lrintf(copysignf(size * 32767, value));
}

double sound_level_dbm0(const struct sound *sound)
{
	double sum = 0;

	for (size_t i = 0; i < sound->count; i++)
		sum += (double)sound->samples[i] * sound->samples[i];
	return 10 * log10(sum / (double)sound->count / (32768.0 * 32768.0)) + DBM0_OF_FULL_SCALE;
}
