/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: compare_sound SOURCE HEARD [LEAST]. Looks for two seconds of SOURCE, each that isn't quiet, in HEARD
 * (audio files) and prints how alike the best are: {"similarity": 0 to 1, "at_s": where in HEARD}. Exit code
 * 0: at least LEAST (0.9 unless told), 1: less, 2: couldn't compare.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/audio/audio.h"
#include "ctl/audio/recording.h"

enum { RATE = 8000, WINDOW = 2 * RATE, STEP = 64, LONGEST = 600 * RATE, BLOCK = 4096 };

enum { EXIT_ALIKE = 0, EXIT_OTHER = 1, EXIT_FAILED = 2 };

struct wave {
	float *samples;
	size_t count;
};

static int wave_read(struct wave *wave, const char *file)
{
	struct recording *recording = NULL;
	char error[256] = "";
	long got = 0;

	if (recording_open(&recording, file, RATE, error) < 0) {
		fprintf(stderr, "compare_sound: %s: %s\n", file, error);
		return -1;
	}
	wave->samples = malloc(LONGEST * sizeof(float));
	while (wave->samples && wave->count + BLOCK <= LONGEST &&
	        (got = recording_read(recording, wave->samples + wave->count, BLOCK)) > 0)
		wave->count += (size_t)got;
	recording_close(recording);
	if (wave->samples && got >= 0 && wave->count > WINDOW)
		return 0;
	fprintf(stderr, "compare_sound: %s: unreadable, or shorter than 2 s\n", file);
	return -1;
}

static double energy(const float *samples, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)samples[i] * (double)samples[i];
	return sum;
}

/* Normalized cross-correlation, of every `stride`-th sample. */
static double likeness(const float *a, const float *b, size_t stride)
{
	double both = 0, first = 0, second = 0;

	for (size_t i = 0; i < WINDOW; i += stride) {
		both += (double)a[i] * (double)b[i];
		first += (double)a[i] * (double)a[i];
		second += (double)b[i] * (double)b[i];
	}
	return first > 0 && second > 0 ? fabs(both) / sqrt(first * second) : 0;
}

/* Coarsely everywhere, then with every sample where that is promising. */
static double search(const float *window, const struct wave *heard, double best, size_t *place)
{
	for (size_t at = 0; at + WINDOW <= heard->count; at++) {
		double here = likeness(window, heard->samples + at, STEP);

		if (here <= 0.8 * best)
			continue;
		here = likeness(window, heard->samples + at, 1);
		if (here > best) {
			best = here;
			*place = at;
		}
	}
	return best;
}

static double search_all(const struct wave *source, const struct wave *heard, double enough, size_t *place)
{
	double mean = energy(source->samples, source->count) / (double)source->count;
	double best = 0;

	for (size_t at = 0; at + WINDOW <= source->count && best < enough; at += RATE)
		if (energy(source->samples + at, WINDOW) > mean * WINDOW / 2)
			best = search(source->samples + at, heard, best, place);
	return best;
}

int main(int argc, char **argv)
{
	struct wave source = {0}, heard = {0};
	double least = argc > 3 ? strtod(argv[3], NULL) : 0.9;
	int status = EXIT_FAILED;
	double similarity;
	size_t at = 0;

	if (argc < 3) {
		fputs("usage: compare_sound SOURCE HEARD [LEAST]\n", stderr);
		return EXIT_FAILED;
	}
	if (!wave_read(&source, argv[1]) && !wave_read(&heard, argv[2])) {
		similarity = search_all(&source, &heard, least, &at);
		printf("{\"similarity\": %.3f, \"at_s\": %.2f}\n", similarity, (double)at / RATE);
		status = similarity >= least ? EXIT_ALIKE : EXIT_OTHER;
	}
	free(source.samples);
	free(heard.samples);
	return status;
}
