/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spoken digits. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/audio/digits.h"
#include "ctl/audio/refusal.h"

/* The recordings of this repository. */
static void digits_are_words_between_silence(void **state)
{
	static const char *const languages[] = {"en", "de"};
	char error[AUDIO_ERROR_BYTES], sounds[64];

	(void)state;
	for (int language = 0; language < 2; language++) {
		struct sound recordings[DIGITS_RECORDINGS];

		snprintf(sounds, sizeof(sounds), "ctl/audio/sounds/%s", languages[language]);
		assert_int_equal(digits_load(recordings, sounds, 16000, error), 0);
		for (int i = 0; i < DIGITS_RECORDINGS; i++) {
			const struct sound *word = &recordings[i];

			assert_true(word->count >= 3 * sound_part_samples(16000));
			assert_true(word->count <= 10 * sound_part_samples(16000));
			assert_int_equal(word->count % sound_part_samples(16000), 0);
			assert_true(fabs(sound_level_dbm0(word) + 19) < 1.5);
			assert_int_equal(word->samples[0], 0);
			assert_int_equal(word->samples[word->count - 1], 0);
		}
		digits_free(recordings);
	}
}

static void missing_digits_are_an_error(void **state)
{
	struct sound recordings[DIGITS_RECORDINGS];
	char error[AUDIO_ERROR_BYTES];

	(void)state;
	assert_int_equal(digits_load(recordings, "/nowhere", 8000, error), -ENOENT);
	assert_non_null(strstr(error, "0.wav"));
	assert_null(recordings[0].samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(digits_are_words_between_silence),
	        cmocka_unit_test(missing_digits_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
