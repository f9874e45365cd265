/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ringback: cadence, frequencies and level of every country. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/audio/tone.h"

enum { RATE = 8000 };

/* Power of one frequency, as the mean square of its sine. */
static double power_at(const int16_t *samples, size_t count, double hz)
{
	double real = 0, imaginary = 0;

	for (size_t i = 0; i < count; i++) {
		real += samples[i] * cos(2 * M_PI * hz * (double)i / RATE);
		imaginary += samples[i] * sin(2 * M_PI * hz * (double)i / RATE);
	}
	return 2 * (real * real + imaginary * imaginary) / (double)count / (double)count;
}

static double dbm0(double mean_square)
{
	return 10 * log10(mean_square / (32768.0 * 32768.0)) + 6.16;
}

static double mean_square(const int16_t *samples, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)samples[i] * samples[i];
	return sum / (double)count;
}

static void cadences_are_exact(void **state)
{
	static const struct {
		const char *country;
		double first_hz, second_hz;
		unsigned steps[4];
		unsigned whole_ms;
	} rows[] = {
	        {"de", 425, 0, {1000, 4000}, 15000},
	        {"us", 440, 480, {2000, 4000}, 6000},
	        {"uk", 400, 450, {400, 200, 400, 2000}, 3000},
	        {"fr", 440, 0, {1500, 3500}, 15000},
	};

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
		struct sound sound;
		size_t at = 0;

		assert_int_equal(tone_ringback(&sound, rows[row].country), 0);
		assert_int_equal(sound.rate, RATE);
		assert_int_equal(sound.count, (size_t)rows[row].whole_ms * 8);
		assert_int_equal(sound.count % sound_part_samples(RATE), 0);
		while (at < sound.count) {
			for (int step = 0; step < 4 && rows[row].steps[step]; step++) {
				size_t count = (size_t)rows[row].steps[step] * 8;
				const int16_t *samples = sound.samples + at;

				if (step % 2 == 0) {
					double total = mean_square(samples, count);
					double first = power_at(samples, count, rows[row].first_hz);
					double second =
					        rows[row].second_hz != 0
					                ? power_at(samples, count, rows[row].second_hz)
					                : 0;

					assert_true(fabs(dbm0(total) + 16) < 0.2);
					assert_true((first + second) / total > 0.97);
					if (rows[row].second_hz != 0)
						assert_true(fabs(dbm0(first) - dbm0(second)) < 0.3);
				} else {
					for (size_t i = 0; i < count; i++)
						assert_int_equal(samples[i], 0);
				}
				at += count;
			}
		}
		assert_int_equal(at, sound.count);
		sound_free(&sound);
	}
}

/* libspandsp reads parts of a step that it doesn't set itself: dirty memory must not be heard. */
static void the_same_whatever_was_in_memory(void **state)
{
	struct sound first, second;
	void *dirt[64];

	(void)state;
	assert_int_equal(tone_ringback(&first, "us"), 0);
	for (int i = 0; i < 64; i++) {
		dirt[i] = malloc(64 + (size_t)i * 4);
		assert_non_null(dirt[i]);
		memset(dirt[i], 0x5a, 64 + (size_t)i * 4);
	}
	for (int i = 0; i < 64; i++)
		free(dirt[i]);
	assert_int_equal(tone_ringback(&second, "us"), 0);
	assert_int_equal(first.count, second.count);
	assert_memory_equal(first.samples, second.samples, first.count * sizeof(int16_t));
	sound_free(&first);
	sound_free(&second);
}

static void other_countries_are_refused(void **state)
{
	struct sound sound;

	(void)state;
	assert_true(tone_has_country("uk"));
	assert_false(tone_has_country("UK"));
	assert_false(tone_has_country(""));
	assert_int_equal(tone_ringback(&sound, "xx"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(cadences_are_exact),
	        cmocka_unit_test(the_same_whatever_was_in_memory),
	        cmocka_unit_test(other_countries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
