/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/hold.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/audio/music.h"
#include "ctl/audio/refusal.h"
#include "ctl/config/value.h"

#define MUSIC_LEVEL (-18.0)

const struct config_hold hold_default = {.kind = HOLD_RINGBACK, .country = "us", .level_dbm0 = MUSIC_LEVEL};

/* Rows of the ringback table of ctl/audio. */
static const char *const countries[] = {"de", "us", "uk", "fr"};

/* Why a file can't be read; NULL: it can. */
static const char *file_refusal(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "not a regular file";
	return access(path, R_OK) < 0 ? strerror(errno) : NULL;
}

static void read_ringback(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	int country = value_choice(
	        reading, where, value, "ringback of", countries, sizeof(countries) / sizeof(countries[0]));
	struct config_hold *hold = to;

	(void)field;
	if (country < 0)
		return;
	hold->kind = HOLD_RINGBACK;
	hold->country = countries[country];
}

/* A file that was looked at: many tenants may have the same. */
struct music_file {
	struct music_file *next;
	const char *path;
	const char *refusal; /* NULL: it can be music */
};

/* What is wrong with a music file; NULL: nothing, or no memory (the reading has failed). */
static const char *music_refusal(struct reading *reading, const char *path)
{
	char why[AUDIO_ERROR_BYTES];
	struct music_file *file;
	int error;

	for (file = reading->music; file; file = file->next)
		if (strcmp(file->path, path) == 0)
			return file->refusal;
	error = music_check(path, why);
	file = memory_take(reading->scratch, 1, sizeof(*file));
	if (file && error && error != -ENOMEM)
		file->refusal = memory_text(reading->scratch, why, strlen(why));
	if (!file || error == -ENOMEM || (error && !file->refusal)) {
		reading_fail(reading);
		return NULL;
	}
	file->path = path;
	file->next = reading->music;
	reading->music = file;
	return file->refusal;
}

static void read_music(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value), *path, *refusal;
	struct config_hold *hold = to;

	(void)field;
	path = text ? value_path(reading, text) : NULL;
	if (!path)
		return;
	refusal = file_refusal(path);
	if (refusal)
		problem_at(reading, where, value, "%.300s can't be read: %s", path, refusal);
	else if ((refusal = music_refusal(reading, path)))
		problem_at(reading, where, value, "%s", refusal);
	hold->kind = HOLD_MUSIC;
	hold->file = path;
}

static const struct field fields[] = {
        FIELD(struct config_hold, "ringback", read_ringback, kind),
        FIELD(struct config_hold, "music", read_music, kind),
        FIELD(struct config_hold, "level", value_read_level, level_dbm0),
};

_Static_assert(offsetof(struct config_hold, kind) == 0, "ringback and music read the whole struct");

enum { SEEN_RINGBACK = 1, SEEN_MUSIC = 2, SEEN_LEVEL = 4 };

static void read_mapping(struct reading *reading, const struct where *where, const yaml_node_t *value,
        struct config_hold *hold)
{
	mapping_seen seen =
	        mapping_read(reading, where, value, fields, sizeof(fields) / sizeof(fields[0]), hold);

	if ((seen & SEEN_RINGBACK) && (seen & SEEN_MUSIC))
		problem_at(reading, where, value, "has both ringback and music; give one of them");
	else if (!(seen & (SEEN_RINGBACK | SEEN_MUSIC)))
		problem_at(reading, where, value, "has neither ringback nor music; give one of them");
	else if ((seen & SEEN_RINGBACK) && (seen & SEEN_LEVEL))
		problem_at(reading, where, value, "level is of music alone; leave it out");
}

void hold_read(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	struct config_hold *hold = to;
	const char *text;

	(void)field;
	if (value->type == YAML_MAPPING_NODE) {
		read_mapping(reading, where, value, hold);
		return;
	}
	text = value_text(reading, where, value);
	if (!text)
		return;
	if (strcmp(text, "silence") == 0)
		hold->kind = HOLD_SILENCE;
	else if (strcmp(text, "ringback") != 0)
		problem_at(reading, where, value,
		        "\"%.40s\" is not ringback, silence, {ringback: de} or {music: FILE}", text);
}

bool spoken_check(
        struct reading *reading, const struct where *where, const yaml_node_t *node, const char *language)
{
	const char *sounds = reading->config->sounds;

	if (reading->spoken && strcmp(reading->spoken, language) == 0)
		return true;
	if (!sounds) {
		problem_at(reading, where, node,
		        "orbits are to be spoken, but `sounds:` doesn't say where the recordings are; give "
		        "it, or "
		        "`announce: no` here");
		return false;
	}
	for (int digit = 0; digit <= 9; digit++) {
		const char *path = memory_format(reading->scratch, "%s/%s/%d.wav", sounds, language, digit);
		const char *refusal = path ? file_refusal(path) : NULL;

		if (!path)
			reading_fail(reading);
		if (refusal) {
			problem_at(reading, where, node, "the recording %.300s can't be read: %s", path,
			        refusal);
			return false;
		}
	}
	reading->spoken = language;
	return true;
}
