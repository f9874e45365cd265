/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/heard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_CHUNKS = 1 << 22 };

#define LEVEL_DBM0 (-18.0)

static uint32_t chunk_hash(const uint8_t *payload)
{
	uint32_t hash = 2166136261U;

	for (int i = 0; i < XD_CHUNK_BYTES; i++)
		hash = (hash ^ payload[i]) * 16777619U;
	return hash ^ hash >> 15;
}

static int render(struct rendering *rendering, enum clip_kind kind, const char *name, double level,
        enum xd_codec codec, char *error)
{
	struct clip_description description;
	int failed = clip_description_set(&description, kind, name, level);

	if (failed < 0)
		return audio_refuse(failed, error, "out of memory");
	failed = rendering_make(rendering, &description, codec, ALL_CHUNKS, NULL, error);
	clip_description_clear(&description);
	return failed;
}

static int piece_append(struct heard *heard, const struct rendering *rendering, unsigned number)
{
	const struct piece *piece = &rendering->pieces[number];
	struct xd_chunk *chunks = realloc(heard->chunks, (heard->count + piece->count + 1) * sizeof(*chunks));

	if (!chunks)
		return -ENOMEM;
	heard->chunks = chunks;
	memcpy(chunks + heard->count, rendering->chunks + piece->first, piece->count * sizeof(*chunks));
	heard->count += piece->count;
	return 0;
}

/* Appends a whole clip that goes round. */
static int clip_append(struct heard *heard, enum clip_kind kind, const char *name, double level,
        enum xd_codec codec, char *error)
{
	struct rendering clip = {0};
	int failed = render(&clip, kind, name, level, codec, error);

	for (unsigned piece = 0; piece < clip.pieces_used && !failed; piece++) {
		if (piece == clip.loop)
			heard->loop = heard->count;
		failed = piece_append(heard, &clip, piece);
	}
	rendering_free(&clip);
	return failed;
}

/* "FILE" or "FILE@LEVEL". */
static int music_append(struct heard *heard, const char *text, enum xd_codec codec, char *error)
{
	char *file = strdup(text), *end, *at;
	double level = LEVEL_DBM0;
	int failed;

	if (!file)
		return -ENOMEM;
	at = strrchr(file, '@');
	if (at && at[1]) {
		level = strtod(at + 1, &end);
		if (*end)
			level = LEVEL_DBM0;
		else
			*at = '\0';
	}
	failed = clip_append(heard, CLIP_MUSIC, file, level, codec, error);
	free(file);
	return failed;
}

/* "DIRECTORY:NUMBER" */
static int announcement_append(struct heard *heard, const char *text, enum xd_codec codec, char *error)
{
	const char *number = strrchr(text, ':');
	struct rendering digits = {0};
	char *directory;
	int failed;

	if (!number || !number[1] || number[1 + strspn(number + 1, "0123456789")])
		return audio_refuse(-EINVAL, error, "announcement:%s has no number at its end", text);
	directory = strndup(text, (size_t)(number - text));
	if (!directory)
		return -ENOMEM;
	failed = render(&digits, CLIP_DIGITS, directory, 0, codec, error);
	free(directory);
	if (!failed)
		failed = piece_append(heard, &digits, DIGITS_PARKED);
	for (number++; *number && !failed; number++)
		failed = piece_append(heard, &digits, (unsigned)(*number - '0'));
	rendering_free(&digits);
	return failed ? failed : clip_append(heard, CLIP_SILENCE, "", 0, codec, error);
}

static int index_make(struct heard *heard)
{
	uint32_t buckets = 1;

	while (buckets < 2 * heard->count)
		buckets *= 2;
	heard->bucket_mask = buckets - 1;
	heard->buckets = calloc(buckets, sizeof(*heard->buckets));
	heard->same = calloc(heard->count, sizeof(*heard->same));
	if (!heard->buckets || !heard->same)
		return -ENOMEM;
	for (uint32_t i = heard->count; i-- > 0;) {
		uint32_t *bucket = &heard->buckets[chunk_hash(heard->chunks[i].payload) & heard->bucket_mask];

		heard->same[i] = *bucket;
		*bucket = i + 1;
	}
	return 0;
}

int heard_open(struct heard *heard, const char *text, enum xd_codec codec, char *error)
{
	int failed = -EINVAL;

	*heard = (struct heard){0};
	audio_say(error,
	        "%s: a clip is music:FILE[@LEVEL], ringback:COUNTRY, silence or "
	        "announcement:DIRECTORY:NUMBER",
	        text);
	if (strncmp(text, "music:", 6) == 0)
		failed = music_append(heard, text + 6, codec, error);
	else if (strncmp(text, "ringback:", 9) == 0)
		failed = clip_append(heard, CLIP_RINGBACK, text + 9, 0, codec, error);
	else if (strncmp(text, "announcement:", 13) == 0)
		failed = announcement_append(heard, text + 13, codec, error);
	else if (strcmp(text, "silence") == 0)
		failed = clip_append(heard, CLIP_SILENCE, "", 0, codec, error);
	if (!failed)
		failed = index_make(heard);
	if (failed)
		heard_close(heard);
	return failed;
}

void heard_close(struct heard *heard)
{
	free(heard->chunks);
	free(heard->buckets);
	free(heard->same);
	*heard = (struct heard){0};
}

uint32_t heard_place(const struct heard *heard, uint64_t at)
{
	if (at < heard->count)
		return (uint32_t)at;
	return (uint32_t)(heard->loop + (at - heard->count) % (heard->count - heard->loop));
}

const struct xd_chunk *heard_chunk(const struct heard *heard, uint64_t at)
{
	return &heard->chunks[heard_place(heard, at)];
}

bool heard_matches(const struct heard *heard, uint64_t at, const uint8_t *payload, unsigned chunks)
{
	for (size_t i = 0; i < chunks; i++) {
		const struct xd_chunk *chunk = heard_chunk(heard, at + i);

		if (memcmp(chunk->payload, payload + i * XD_CHUNK_BYTES, XD_CHUNK_BYTES) != 0)
			return false;
	}
	return true;
}

uint32_t heard_find(
        const struct heard *heard, const uint8_t *payload, unsigned chunks, uint32_t *places, uint32_t size)
{
	uint32_t found = 0;

	for (uint32_t i = heard->buckets[chunk_hash(payload) & heard->bucket_mask]; i;
	        i = heard->same[i - 1]) {
		if ((i - 1) % chunks || !heard_matches(heard, i - 1, payload, chunks))
			continue;
		if (found < size)
			places[found] = i - 1;
		found++;
	}
	return found;
}
