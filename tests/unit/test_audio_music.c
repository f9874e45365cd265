/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Music from files: level, seam, length, and files that are broken or meant to hurt. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sndfile.h>

#include "ctl/audio/music.h"
#include "ctl/audio/recording.h"
#include "tests/unit/scratch.h"

enum { PLENTY = 1 << 24 };

/* libsndfile 1.2.0 forgets 6 kB when it refuses a broken Ogg file: not ours to free. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:vorbis_info_init\n";
}

static char directory[SCRATCH_PATH];
static char file[64];

static int setup(void **state)
{
	(void)state;
	scratch_folder(directory, sizeof(directory));
	snprintf(file, sizeof(file), "%s/music", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(directory);
}

static double noise(double t)
{
	(void)t;
	return (double)random() / (double)RAND_MAX - 0.5;
}

static double sine(double t)
{
	return 0.2 * sin(2 * M_PI * 437.3 * t);
}

/* Goes round by itself: whole periods in 120 ms. */
static double round_sine(double t)
{
	return 0.2 * sin(2 * M_PI * 400 * t);
}

static double quiet_sine(double t)
{
	return sine(t) / 1000;
}

static double silence(double t)
{
	(void)t;
	return 0;
}

static double not_a_number(double t)
{
	return fmod(t, 0.5) < 0.001 ? NAN : sine(t);
}

static double out_of_range(double t)
{
	return fmod(t, 0.7) < 0.001 ? 1e30 : sine(t);
}

static double whistle(double t)
{
	return 0.3 * sin(2 * M_PI * 12000 * t);
}

static double sine_and_whistle(double t)
{
	return 0.1 * sine(t) + whistle(t);
}

/* Short loud beats: what an RMS level would drive over the top. */
static double beats(double t)
{
	return fmod(t, 1) < 0.004 ? 0.9 * sin(2 * M_PI * 1000 * t) : 0.001 * sin(2 * M_PI * 300 * t);
}

static void write_file(double (*wave)(double), int format, int rate, int channels, double seconds)
{
	SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
	SNDFILE *out = sf_open(file, SFM_WRITE, &info);
	float frame[8];

	assert_non_null(out);
	srandom(11);
	for (long i = 0; i < lrint(seconds * rate); i++) {
		for (int channel = 0; channel < channels; channel++)
			frame[channel] = (float)wave((double)i / rate);
		assert_int_equal(sf_writef_float(out, frame, 1), 1);
	}
	sf_close(out);
}

static int load(struct music *music, unsigned rate, size_t most, char *error)
{
	error[0] = '\0';
	return music_load(music, file, rate, -18, most, NULL, error);
}

static void expect_refusal(unsigned rate, size_t most, int failed, const char *why)
{
	char error[AUDIO_ERROR_BYTES];
	struct music music;

	assert_int_equal(load(&music, rate, most, error), failed);
	if (!strstr(error, why))
		fail_msg("\"%s\" does not say \"%s\"", error, why);
	assert_non_null(strstr(error, file));
	assert_null(music.loop.samples);
	assert_null(music.intro.samples);
}

static void any_format_comes_out_levelled(void **state)
{
	static const struct {
		int format, rate, channels;
		double (*wave)(double);
	} rows[] = {
	        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 2, sine},
	        {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1, sine},
	        {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 6, noise},
	        {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 16000, 1, quiet_sine},
	        {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, noise},
	        {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 1, sine},
	        {SF_FORMAT_AIFF | SF_FORMAT_PCM_S8, 11025, 1, noise},
	};
	char error[AUDIO_ERROR_BYTES];

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
		write_file(rows[row].wave, rows[row].format, rows[row].rate, rows[row].channels, 3.1);
		for (unsigned rate = 8000; rate <= 16000; rate += 8000) {
			struct music music;

			assert_int_equal(load(&music, rate, PLENTY, error), 0);
			assert_int_equal(music.loop.rate, rate);
			assert_int_equal(music.loop.count % sound_part_samples(rate), 0);
			assert_int_equal(music.intro.count, rate * 480 / 1000);
			assert_true(music.loop.count >= rate * 2500 / 1000);
			assert_true(music.loop.count + music.intro.count <= (size_t)rate * 3300 / 1000);
			assert_true(fabs(sound_level_dbm0(&music.loop) + 18) < 1);
			music_free(&music);
		}
	}
}

/* Root mean square of a stretch of the loop, which may run over its end. */
static double loudness(const struct sound *loop, size_t from, size_t count)
{
	double sum = 0;

	for (size_t i = from; i < from + count; i++)
		sum += (double)loop->samples[i % loop->count] * loop->samples[i % loop->count];
	return sqrt(sum / (double)count);
}

static int largest_step(const struct sound *loop, size_t from, size_t count)
{
	int largest = 0;

	for (size_t i = from; i < from + count; i++) {
		int step = abs(loop->samples[(i + 1) % loop->count] - loop->samples[i % loop->count]);

		if (step > largest)
			largest = step;
	}
	return largest;
}

/* Steady sound stays as loud, and as smooth, across the seam and the cross-fade after it. */
static void the_seam_is_neither_a_click_nor_a_dip(void **state)
{
	/* The phases of the first sine's two ends differ by chance, yet it must not go away. */
	static const struct {
		double (*wave)(double);
		double most_db;
	} rows[] = {{sine, 3.5}, {round_sine, 0.1}, {noise, 1.5}};
	char error[AUDIO_ERROR_BYTES];

	(void)state;
	for (int row = 0; row < 3; row++) {
		struct music music;
		size_t window = 640, middle;

		write_file(rows[row].wave, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 5.05);
		assert_int_equal(load(&music, 16000, PLENTY, error), 0);
		middle = music.loop.count / 2;
		assert_true(largest_step(&music.loop, music.loop.count - 10, 20) <=
		            largest_step(&music.loop, middle, 16000) * 11 / 10);
		for (size_t at = music.loop.count - 2 * window; at < music.loop.count + 9600; at += window) {
			double here = 20 * log10(loudness(&music.loop, at, window) /
			                           loudness(&music.loop, middle, 16000));

			assert_true(fabs(here) < rows[row].most_db);
		}
		music_free(&music);
	}
}

/* What is heard first: the start, faded in, going over into the loop without a step. */
static void the_intro_leads_into_the_loop(void **state)
{
	char error[AUDIO_ERROR_BYTES];
	struct music music;
	size_t count;

	(void)state;
	write_file(sine, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 4);
	assert_int_equal(load(&music, 8000, PLENTY, error), 0);
	count = music.intro.count;
	assert_true(abs(music.intro.samples[0]) < 10);
	assert_true(loudness(&music.intro, 0, 400) < loudness(&music.loop, 8000, 8000) / 5);
	assert_true(loudness(&music.intro, count - 400, 400) > loudness(&music.loop, 8000, 8000) * 0.95);
	assert_true(abs(music.loop.samples[count] - music.intro.samples[count - 1]) <=
	            largest_step(&music.loop, 8000, 8000) * 11 / 10);
	music_free(&music);
}

static int largest_sample(const struct sound *sound)
{
	int largest = 0;

	for (size_t i = 0; i < sound->count; i++) {
		if (abs(sound->samples[i]) > largest)
			largest = abs(sound->samples[i]);
	}
	return largest;
}

static void what_is_no_number_is_not_heard(void **state)
{
	char error[AUDIO_ERROR_BYTES];
	struct music music;

	(void)state;
	write_file(not_a_number, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 2, 3);
	assert_int_equal(load(&music, 8000, PLENTY, error), 0);
	assert_true(fabs(sound_level_dbm0(&music.loop) + 18) < 0.5);
	assert_true(largest_sample(&music.loop) < 4000);
	music_free(&music);
	write_file(out_of_range, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 2, 3);
	assert_int_equal(load(&music, 8000, PLENTY, error), 0);
	assert_true(largest_sample(&music.loop) < 32200);
	music_free(&music);
}

/* The level is that of what is heard, not of what the file holds beyond the codec's band. */
static void what_no_phone_carries_doesnt_count(void **state)
{
	char error[AUDIO_ERROR_BYTES];
	struct music music;

	(void)state;
	write_file(sine_and_whistle, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 1, 2);
	assert_int_equal(load(&music, 8000, PLENTY, error), 0);
	assert_true(fabs(sound_level_dbm0(&music.loop) + 18) < 0.5);
	music_free(&music);
	write_file(whistle, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 1, 2);
	expect_refusal(8000, PLENTY, -EINVAL, "telephone");
}

static void peaks_are_bent_not_cut(void **state)
{
	char error[AUDIO_ERROR_BYTES];
	struct music music;
	int largest;

	(void)state;
	write_file(beats, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, 10);
	assert_int_equal(load(&music, 8000, PLENTY, error), 0);
	largest = largest_sample(&music.loop);
	assert_true(largest > 15000 && largest < 32200);
	music_free(&music);
}

static void unusable_files_are_refused_in_words(void **state)
{
	static const char nonsense[] = "RIFF\xff\xff\xff\x7fWAVEfmt \xff\xff\xff\xff not quite";
	FILE *out;

	(void)state;
	expect_refusal(8000, PLENTY, -ENOENT, "No such file");
	assert_int_equal(mkfifo(file, 0600), 0);
	expect_refusal(8000, PLENTY, -EINVAL, "not a regular file");
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0);
	expect_refusal(8000, PLENTY, -EINVAL, "not a regular file");
	rmdir(file);
	out = fopen(file, "w");
	assert_non_null(out);
	fwrite(nonsense, 1, sizeof(nonsense), out);
	fclose(out);
	expect_refusal(8000, PLENTY, -EINVAL, "no audio file");
	write_file(sine, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0.4);
	expect_refusal(8000, PLENTY, -EINVAL, "shorter than half a second");
	write_file(silence, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 2);
	expect_refusal(8000, PLENTY, -EINVAL, "silence");
	write_file(sine, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1000, 1, 2);
	expect_refusal(8000, PLENTY, -EINVAL, "1000 Hz");
	write_file(sine, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 61);
	expect_refusal(8000, (size_t)8000 * 60, -EFBIG, "longer than the 1 min 0 s");
	assert_int_equal(chmod(file, 0600), 0);
}

static void stops_when_told_to(void **state)
{
	char error[AUDIO_ERROR_BYTES];
	atomic_bool stop = true;
	struct music music;

	(void)state;
	write_file(sine, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 1);
	assert_int_equal(music_load(&music, file, 8000, -18, PLENTY, &stop, error), -ECANCELED);
}

static int open_descriptors(void)
{
	DIR *listing = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(listing);
	while (readdir(listing))
		count++;
	closedir(listing);
	return count;
}

/* Bytes changed at random, and the end cut off: an error or music, never a crash, never a leak. */
static void damaged_files_do_no_harm(void **state)
{
	static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM,
	        SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS,
	        SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_ULAW,
	        SF_FORMAT_CAF | SF_FORMAT_ALAC_16};
	char error[AUDIO_ERROR_BYTES];
	int before, refused = 0, taken = 0;

	(void)state;
	before = open_descriptors();
	for (size_t format = 0; format < sizeof(formats) / sizeof(*formats); format++) {
		static uint8_t bytes[1 << 20];
		size_t length;
		FILE *whole;

		write_file(sine, formats[format], 8000, 1, 0.7);
		whole = fopen(file, "r");
		assert_non_null(whole);
		length = fread(bytes, 1, sizeof(bytes), whole);
		fclose(whole);
		for (int round = 0; round < 60; round++) {
			size_t cut = random() % 3 ? length : 1 + (size_t)random() % length;
			FILE *damaged = fopen(file, "w");
			struct music music;

			assert_non_null(damaged);
			fwrite(bytes, 1, cut, damaged);
			for (int change = 0; change < 1 + round / 10; change++) {
				/* mostly in the header */
				fseek(damaged, random() % (random() % 2 ? (long)length : 80), SEEK_SET);
				fputc((int)(random() & 0xff), damaged);
			}
			fclose(damaged);
			if (load(&music, 16000, PLENTY, error) < 0) {
				assert_true(error[0] != '\0');
				refused++;
			} else {
				taken++;
			}
			music_free(&music);
		}
	}
	print_message("%d refused, %d taken\n", refused, taken);
	assert_true(refused > 20 && taken > 20);
	assert_int_equal(open_descriptors(), before);
}

#define music_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        music_test(any_format_comes_out_levelled),
	        music_test(the_seam_is_neither_a_click_nor_a_dip),
	        music_test(the_intro_leads_into_the_loop),
	        music_test(what_is_no_number_is_not_heard),
	        music_test(what_no_phone_carries_doesnt_count),
	        music_test(peaks_are_bent_not_cut),
	        music_test(unusable_files_are_refused_in_words),
	        music_test(stops_when_told_to),
	        music_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
