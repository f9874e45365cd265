/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file is read twice, so that an hour of music needs no more memory than its 16-bit samples: once as it
 * is, for its length and about its loudness, and once resampled, which takes most of the time. What is heard
 * after that is measured, and levelled in place.
 */
#include "ctl/audio/music.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/recording.h"

enum {
	BLOCK_SAMPLES = 8000,
	SHORTEST_MS = 500,
	FADE_MS = 480, /* cross-fade and intro; a multiple of 120 */
	SHORT_FADE_MS = 120,
	SHORT_FILE_MS = 2000, /* files below get the short fade */
};

#define SILENT_MEAN_SQUARE 1e-8 /* -80 dB below full scale */
#define KEPT_RMS                                                                                             \
	0.03F /* of full scale, before levelling: room for peaks 30 dB above, and 65 dB of resolution */

struct measure {
	size_t count;       /* samples at the rate that is wanted */
	double mean_square; /* 0 to 1 */
};

static int stopped(const atomic_bool *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

static int too_long(const char *file, unsigned rate, size_t most_samples, char *error)
{
	size_t seconds = most_samples / rate;

	return audio_refuse(-EFBIG, error,
	        "%s is longer than the %zu min %zu s that one clip may take of the audio "
	        "memory: shorten it, or give xdpark-dp more --audio-memory",
	        file, seconds / 60, seconds % 60);
}

static int broken(const char *file, char *error)
{
	return audio_refuse(-EIO, error, "%s is broken: it can't be read to its end", file);
}

/* First pass, at the file's own rate. */
static int file_measure(struct measure *measure, const char *file, unsigned rate, size_t most_samples,
        const atomic_bool *stop, char *error)
{
	float block[BLOCK_SAMPLES];
	struct recording *recording;
	int failed = recording_open(&recording, file, 0, error);
	double sum = 0, ratio;
	size_t count = 0;
	long got = 0;

	if (failed)
		return failed;
	ratio = (double)rate / recording_rate(recording);
	while (!stopped(stop) && (double)count * ratio <= (double)most_samples) {
		got = recording_read(recording, block, BLOCK_SAMPLES);
		if (got <= 0)
			break;
		for (long i = 0; i < got; i++)
			sum += (double)block[i] * block[i];
		count += (size_t)got;
	}
	recording_close(recording);
	if (stopped(stop))
		return -ECANCELED;
	if (got < 0)
		return broken(file, error);
	*measure = (struct measure){(size_t)((double)count * ratio), count ? sum / (double)count : 0};
	return measure->count > most_samples ? too_long(file, rate, most_samples, error) : 0;
}

/* Second pass: sound->count samples at most; the file may yield fewer. */
static int file_convert(
        struct sound *sound, const char *file, float gain, const atomic_bool *stop, char *error)
{
	float block[BLOCK_SAMPLES];
	struct recording *recording;
	int failed = recording_open(&recording, file, sound->rate, error);
	size_t done = 0;

	if (failed)
		return failed;
	while (!stopped(stop) && done < sound->count) {
		size_t left = sound->count - done;
		long got = recording_read(recording, block, left < BLOCK_SAMPLES ? left : BLOCK_SAMPLES);

		if (got < 0)
			failed = broken(file, error);
		if (got <= 0)
			break;
		for (long i = 0; i < got; i++)
			sound->samples[done++] = sound_sample(block[i], gain);
	}
	recording_close(recording);
	sound->count = done;
	return stopped(stop) ? -ECANCELED : failed;
}

/* By what is there now. */
static int sound_set_level(struct sound *sound, double level_dbm0)
{
	double sum = 0;
	float gain;

	for (size_t i = 0; i < sound->count; i++)
		sum += (double)sound->samples[i] * sound->samples[i] / (32768.0 * 32768.0);
	if (sum / (double)sound->count < SILENT_MEAN_SQUARE)
		return -EINVAL;
	gain = sound_gain(sum / (double)sound->count, level_dbm0);
	for (size_t i = 0; i < sound->count; i++)
		sound->samples[i] = sound_sample((float)sound->samples[i] / 32768, gain);
	return 0;
}

/* How alike two stretches of sound are: 0 (or opposite) to 1. */
static double likeness(const int16_t *a, const int16_t *b, size_t count)
{
	double ab = 0, aa = 1, bb = 1;

	for (size_t i = 0; i < count; i++) {
		ab += (double)a[i] * b[i];
		aa += (double)a[i] * a[i];
		bb += (double)b[i] * b[i];
	}
	return ab > 0 ? ab / sqrt(aa * bb) : 0;
}

/*
 * Fades what follows the loop's end (`after`) out and the start in, with the loudness kept whether the two
 * are alike or not.
 */
static void seam_close(int16_t *start, const int16_t *after, size_t count)
{
	double alike = likeness(start, after, count);

	for (size_t i = 0; i < count; i++) {
		double in = ((double)i + 0.5) / (double)count, out = 1 - in;
		double loudness = sqrt(in * in + out * out + 2 * alike * in * out);
		double mixed = (start[i] * in + after[i] * out) / loudness;

		start[i] = (int16_t)lrint(fmax(-32767, fmin(32767, mixed)));
	}
}

/* Intro and loop out of the whole file; takes whole->samples over. */
static int music_cut(struct music *music, struct sound *whole)
{
	size_t part = sound_part_samples(whole->rate);
	size_t fade_ms = whole->count * 1000 / whole->rate < SHORT_FILE_MS ? SHORT_FADE_MS : FADE_MS;
	size_t fade = fade_ms * whole->rate / 1000;
	size_t length = (whole->count - fade) / part * part;
	int failed = sound_new(&music->intro, fade, whole->rate);

	if (failed)
		return failed;
	for (size_t i = 0; i < fade; i++) {
		double in = sin(M_PI / 2 * ((double)i + 0.5) / (double)fade);

		music->intro.samples[i] = (int16_t)lrint(whole->samples[i] * in * in);
	}
	seam_close(whole->samples, whole->samples + length, fade);
	music->loop = *whole;
	music->loop.count = length;
	*whole = (struct sound){0};
	return 0;
}

static int too_short(size_t count, unsigned rate, const char *file, char *error)
{
	if (count >= (size_t)rate * SHORTEST_MS / 1000)
		return 0;
	return audio_refuse(-EINVAL, error, "%s is shorter than half a second", file);
}

static int silent(const struct measure *measure, const char *file, char *error)
{
	if (!measure->count || measure->mean_square >= SILENT_MEAN_SQUARE)
		return 0;
	return audio_refuse(-EINVAL, error, "%s holds nothing but silence", file);
}

/* The whole file, levelled. */
static int file_load(struct sound *whole, const char *file, unsigned rate, double level_dbm0,
        size_t most_samples, const atomic_bool *stop, char *error)
{
	struct measure measure = {0};
	int failed = file_measure(&measure, file, rate, most_samples, stop, error);

	if (failed)
		return failed;
	failed = silent(&measure, file, error);
	if (failed)
		return failed;
	if (sound_new(whole, measure.count, rate) < 0)
		return audio_refuse(-ENOMEM, error, "%s: out of memory", file);
	failed = file_convert(whole, file, KEPT_RMS / sqrtf((float)measure.mean_square), stop, error);
	if (!failed)
		failed = too_short(whole->count, rate, file, error);
	if (failed)
		return failed;
	if (sound_set_level(whole, level_dbm0) < 0)
		return audio_refuse(-EINVAL, error, "%s holds nothing that a telephone can carry", file);
	return 0;
}

int music_load(struct music *music, const char *file, unsigned rate, double level_dbm0, size_t most_samples,
        const atomic_bool *stop, char *error)
{
	struct sound whole = {.rate = rate};
	int failed;

	*music = (struct music){0};
	failed = file_load(&whole, file, rate, level_dbm0, most_samples, stop, error);
	if (!failed && music_cut(music, &whole) < 0)
		failed = audio_refuse(-ENOMEM, error, "%s: out of memory", file);
	sound_free(&whole);
	return failed;
}

void music_free(struct music *music)
{
	sound_free(&music->intro);
	sound_free(&music->loop);
}

int music_check(const char *file, char *error)
{
	enum { RATE = 8000 };
	struct measure measure = {0};
	int failed = file_measure(&measure, file, RATE, SIZE_MAX, NULL, error);

	if (!failed)
		failed = silent(&measure, file, error);
	return failed ? failed : too_short(measure.count, RATE, file, error);
}
