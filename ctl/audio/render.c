/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/encode.h"
#include "ctl/audio/music.h"
#include "ctl/audio/tone.h"

int clip_description_set(
        struct clip_description *description, enum clip_kind kind, const char *name, double level_dbm0)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	*description = (struct clip_description){.kind = kind, .name = copy, .level_dbm0 = level_dbm0};
	return 0;
}

void clip_description_clear(struct clip_description *description)
{
	free(description->name);
	*description = (struct clip_description){0};
}

bool clip_description_equal(const struct clip_description *a, const struct clip_description *b)
{
	return a->kind == b->kind && a->level_dbm0 == b->level_dbm0 && strcmp(a->name, b->name) == 0;
}

const char *clip_kind_name(enum clip_kind kind)
{
	static const char *const names[] = {
	        [CLIP_SILENCE] = "silence",
	        [CLIP_RINGBACK] = "ringback",
	        [CLIP_MUSIC] = "music",
	        [CLIP_DIGITS] = "digits",
	};

	return names[kind];
}

static int chunks_new(struct rendering *rendering, uint32_t count)
{
	rendering->chunks = calloc(count, sizeof(*rendering->chunks));
	rendering->count = count;
	return rendering->chunks ? 0 : -ENOMEM;
}

/* Sound that goes round whole. */
static int render_loop(struct rendering *rendering, const struct sound *sound, enum xd_codec codec)
{
	int failed = chunks_new(rendering, sound_chunks(sound));

	if (failed < 0)
		return failed;
	rendering->pieces[0] = (struct piece){0, rendering->count};
	rendering->pieces_used = 1;
	return encode_loop(codec, sound, rendering->chunks);
}

static int render_silence(struct rendering *rendering, enum xd_codec codec)
{
	unsigned rate = codec_rate(codec);
	struct sound sound;
	int failed = sound_new(&sound, sound_part_samples(rate), rate);

	if (!failed)
		failed = render_loop(rendering, &sound, codec);
	sound_free(&sound);
	return failed;
}

static int render_ringback(struct rendering *rendering, const char *country, enum xd_codec codec)
{
	struct sound sound = {0};
	int failed = tone_ringback(&sound, country);

	if (!failed)
		failed = render_loop(rendering, &sound, codec);
	sound_free(&sound);
	return failed;
}

/*
 * In memory as it is heard, so that a playlist needs no more than one part: the intro, the loop from where
 * the intro ends in it, and then the loop's head. Head and intro, equally long, change places for that.
 */
static void music_arrange(struct rendering *rendering, uint32_t loop, uint32_t intro)
{
	for (uint32_t i = 0; i < intro; i++) {
		struct xd_chunk head = rendering->chunks[i];

		rendering->chunks[i] = rendering->chunks[loop + i];
		rendering->chunks[loop + i] = head;
	}
	rendering->pieces[0] = (struct piece){0, intro};
	rendering->pieces[1] = (struct piece){intro, loop};
	rendering->pieces_used = 2;
	rendering->loop = 1;
}

static int render_music(struct rendering *rendering, const struct clip_description *description,
        enum xd_codec codec, uint32_t most_chunks, const atomic_bool *stop, char *error)
{
	unsigned rate = codec_rate(codec);
	uint32_t loop, intro;
	struct music music;
	int failed = music_load(&music, description->name, rate, description->level_dbm0,
	        (size_t)most_chunks * (rate / 100), stop, error);

	if (failed < 0)
		return failed;
	loop = sound_chunks(&music.loop);
	intro = sound_chunks(&music.intro);
	failed = chunks_new(rendering, loop + intro);
	if (!failed)
		failed = encode_loop(codec, &music.loop, rendering->chunks);
	if (!failed)
		failed = encode_once(codec, &music.intro, rendering->chunks + loop);
	if (!failed)
		music_arrange(rendering, loop, intro);
	music_free(&music);
	return failed;
}

static int render_digits(struct rendering *rendering, const char *directory, enum xd_codec codec, char *error)
{
	struct sound recordings[DIGITS_RECORDINGS];
	uint32_t count = 0;
	int failed = digits_load(recordings, directory, codec_rate(codec), error);

	if (failed < 0)
		return failed;
	for (int i = 0; i < DIGITS_RECORDINGS; i++) {
		uint32_t chunks = recordings[i].count ? sound_chunks(&recordings[i]) : 0;

		rendering->pieces[i] = (struct piece){count, chunks};
		count += chunks;
	}
	rendering->pieces_used = DIGITS_RECORDINGS;
	failed = chunks_new(rendering, count);
	for (int i = 0; i < DIGITS_RECORDINGS && !failed; i++) {
		if (recordings[i].count)
			failed = encode_once(
			        codec, &recordings[i], rendering->chunks + rendering->pieces[i].first);
	}
	digits_free(recordings);
	return failed;
}

int rendering_make(struct rendering *rendering, const struct clip_description *description,
        enum xd_codec codec, uint32_t most_chunks, const atomic_bool *stop, char *error)
{
	struct rendering made = {0};
	int failed = -EINVAL;

	error[0] = '\0';
	switch (description->kind) {
	case CLIP_SILENCE:
		failed = render_silence(&made, codec);
		break;
	case CLIP_RINGBACK:
		failed = render_ringback(&made, description->name, codec);
		break;
	case CLIP_MUSIC:
		failed = render_music(&made, description, codec, most_chunks, stop, error);
		break;
	case CLIP_DIGITS:
		failed = render_digits(&made, description->name, codec, error);
		break;
	}
	if (failed < 0) {
		rendering_free(&made);
		if (!error[0])
			audio_say(error, "%s: %s", description->name, strerror(-failed));
		return failed;
	}
	*rendering = made;
	return 0;
}

void rendering_free(struct rendering *rendering)
{
	free(rendering->chunks);
	*rendering = (struct rendering){0};
}
