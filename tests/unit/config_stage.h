/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration tests share: a folder with recordings and music in it, and a list of what is
 * reported. */
#ifndef XDPARK_TEST_CONFIG_STAGE_H
#define XDPARK_TEST_CONFIG_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sndfile.h>

#include "ctl/config.h"
#include "tests/unit/scratch.h"

enum { STAGE_REPORTS = 1100, STAGE_TEXT = 700 };

struct stage {
	char folder[64], file[96];
	struct config *config;
	char reports[STAGE_REPORTS][STAGE_TEXT]; /* "LINE: KEY: text" */
	unsigned count;
};

static struct stage stage;

static void stage_touch(const char *name)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", stage.folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

/* A second of a tone, or of less, as WAV whatever it is called. */
static inline void stage_record(const char *name, int rate, unsigned samples, short loudness)
{
	SF_INFO info = {.samplerate = rate, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
	char path[160];
	SNDFILE *file;

	snprintf(path, sizeof(path), "%s/%s", stage.folder, name);
	file = sf_open(path, SFM_WRITE, &info);
	assert_non_null(file);
	for (unsigned i = 0; i < samples; i++) {
		short sample = i / 8 % 2 ? loudness : (short)-loudness;

		assert_int_equal(sf_write_short(file, &sample, 1), 1);
	}
	sf_close(file);
}

static int stage_open(void **state)
{
	char name[32], command[96];

	(void)state;
	scratch_folder(stage.folder, sizeof(stage.folder));
	snprintf(stage.file, sizeof(stage.file), "%s/test.yaml", stage.folder);
	snprintf(command, sizeof(command), "%s/en", stage.folder);
	assert_int_equal(mkdir(command, 0700), 0);
	for (int digit = 0; digit <= 9; digit++) {
		snprintf(name, sizeof(name), "en/%d.wav", digit);
		stage_touch(name);
	}
	stage_record("music.flac", 8000, 8000, 8000);
	return 0;
}

static int stage_close(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", stage.folder);
	return system(command);
}

static void stage_report(void *context, const char *file, unsigned line, const char *key, const char *text)
{
	assert_ptr_equal(context, &stage);
	assert_string_equal(file, stage.file);
	assert_true(stage.count < STAGE_REPORTS);
	snprintf(stage.reports[stage.count++], STAGE_TEXT, "%u: %s: %s", line, key, text);
}

/* Writes the bytes to the file and reads it. */
static int stage_read_bytes(const void *bytes, size_t length)
{
	FILE *file = fopen(stage.file, "w");
	int error;

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	stage.count = 0;
	config_free(stage.config);
	stage.config = NULL;
	error = config_read(&stage.config, stage.file, stage_report, &stage);
	assert_int_equal(error == 0, stage.config != NULL);
	assert_int_equal(error == 0, stage.count == 0);
	return error;
}

static inline int stage_read(const char *text)
{
	return stage_read_bytes(text, strlen(text));
}

static inline void stage_print(void)
{
	for (unsigned i = 0; i < stage.count; i++)
		print_message("%s\n", stage.reports[i]);
}

/* Reads a file that must be good. */
static inline const struct config *stage_good(const char *text)
{
	int error = stage_read(text);

	stage_print();
	assert_int_equal(error, 0);
	return stage.config;
}

#endif
