/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/digits.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/audio/recording.h"

enum {
	LONGEST_S = 5,
	HIGHEST_RATE = 16000,
	LEAD_MS = 20, /* silence before, so that a decoder has settled */
	REST_MS = 60, /* and after: the pause between digits */
};

#define LEVEL_DBM0 (-18.0)
#define QUIET      0.02F /* of the loudest sample: below it a word hasn't begun or is over */

/* The word within `samples`: where it starts, how long it is. */
static void word_find(const float *samples, size_t count, size_t *start, size_t *length)
{
	float loudest = 0;
	size_t first = 0, end = count;

	for (size_t i = 0; i < count; i++)
		loudest = fmaxf(loudest, fabsf(samples[i]));
	while (first < end && fabsf(samples[first]) < loudest * QUIET)
		first++;
	while (end > first && fabsf(samples[end - 1]) < loudest * QUIET)
		end--;
	*start = first;
	*length = end - first;
}

static int word_make(struct sound *sound, const float *samples, size_t count, unsigned rate)
{
	size_t part = sound_part_samples(rate), lead = rate * LEAD_MS / 1000, rest = rate * REST_MS / 1000;
	size_t start, length;
	double sum = 0;
	float gain;
	int failed;

	word_find(samples, count, &start, &length);
	failed = sound_new(sound, (lead + length + rest + part - 1) / part * part, rate);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < length; i++)
		sum += (double)samples[start + i] * samples[start + i];
	gain = sum > 0 ? sound_gain(sum / (double)length, LEVEL_DBM0) : 0;
	for (size_t i = 0; i < length; i++)
		sound->samples[lead + i] = sound_sample(samples[start + i], gain);
	return 0;
}

static int word_load(struct sound *sound, const char *file, unsigned rate, char *error)
{
	static _Thread_local float samples[LONGEST_S * HIGHEST_RATE];
	struct recording *recording;
	size_t count = 0, most = (size_t)LONGEST_S * rate;
	int failed = recording_open(&recording, file, rate, error);
	long got;

	if (failed < 0)
		return failed;
	do {
		got = recording_read(recording, samples + count, most - count);
		count += got > 0 ? (size_t)got : 0;
	} while (got > 0 && count < most);
	recording_close(recording);
	if (got < 0)
		return audio_refuse(-EIO, error, "%s is broken: it can't be read to its end", file);
	if (count == 0 || count == most)
		return audio_refuse(-EINVAL, error, "%s is %s; a spoken digit is shorter than %d s", file,
		        count ? "too long" : "empty", LONGEST_S);
	return word_make(sound, samples, count, rate);
}

int digits_load(struct sound recordings[DIGITS_RECORDINGS], const char *directory, unsigned rate, char *error)
{
	int failed = 0;

	memset(recordings, 0, DIGITS_RECORDINGS * sizeof(*recordings));
	for (int i = 0; i < DIGITS_RECORDINGS; i++) {
		char file[PATH_MAX];

		if (i == DIGITS_PARKED)
			snprintf(file, sizeof(file), "%s/parked.wav", directory);
		else
			snprintf(file, sizeof(file), "%s/%d.wav", directory, i);
		failed = word_load(&recordings[i], file, rate, error);
		if (failed == -ENOENT && i == DIGITS_PARKED)
			return 0;
		if (failed < 0)
			break;
	}
	if (failed < 0)
		digits_free(recordings);
	return failed;
}

void digits_free(struct sound recordings[DIGITS_RECORDINGS])
{
	for (int i = 0; i < DIGITS_RECORDINGS; i++)
		sound_free(&recordings[i]);
}
