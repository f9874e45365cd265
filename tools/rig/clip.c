/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/clip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/render.h"

enum { MOST_CHUNKS = 1 << 20 };

#define LEVEL_DBM0 (-18.0)

/* Cuts "@LEVEL" off a file name. */
static double level_take(char *file)
{
	char *at = strrchr(file, '@'), *end;
	double level;

	if (!at || !at[1])
		return LEVEL_DBM0;
	level = strtod(at + 1, &end);
	if (*end)
		return LEVEL_DBM0;
	*at = '\0';
	return level;
}

static int description_read(struct clip_description *description, const char *text, char *error)
{
	char *name = strdup(strchr(text, ':') ? strchr(text, ':') + 1 : "");
	int failed = -EINVAL;

	if (!name)
		return audio_refuse(-ENOMEM, error, "out of memory");
	if (strncmp(text, "music:", 6) == 0) {
		double level = level_take(name);

		failed = clip_description_set(description, CLIP_MUSIC, name, level);
	} else if (strncmp(text, "ringback:", 9) == 0) {
		failed = clip_description_set(description, CLIP_RINGBACK, name, 0);
	} else if (strcmp(text, "silence") == 0) {
		failed = clip_description_set(description, CLIP_SILENCE, "", 0);
	}
	free(name);
	if (failed)
		audio_say(error, "%s: a clip is music:FILE[@LEVEL], ringback:COUNTRY or silence", text);
	return failed;
}

/* The pieces behind each other, as they are heard: some chunks are in two of them. */
static int pieces_join(struct clip *clip, const struct rendering *rendering)
{
	uint32_t all = 0;

	for (unsigned i = 0; i < rendering->pieces_used; i++)
		all += rendering->pieces[i].count;
	clip->chunks = calloc(all + 1, sizeof(*clip->chunks));
	if (!clip->chunks)
		return -ENOMEM;
	for (unsigned i = 0; i < rendering->pieces_used; i++) {
		const struct piece *piece = &rendering->pieces[i];

		if (i == rendering->loop)
			clip->loop = clip->count;
		memcpy(clip->chunks + clip->count, rendering->chunks + piece->first,
		        piece->count * sizeof(*clip->chunks));
		clip->count += piece->count;
	}
	return 0;
}

int clip_load(struct clip *clip, const char *text, enum xd_codec codec, char *error)
{
	struct clip_description description = {0};
	struct rendering rendering = {0};
	int failed = description_read(&description, text, error);

	*clip = (struct clip){0};
	if (failed)
		return failed;
	failed = rendering_make(&rendering, &description, codec, MOST_CHUNKS, NULL, error);
	clip_description_clear(&description);
	if (!failed)
		failed = pieces_join(clip, &rendering);
	rendering_free(&rendering);
	return failed;
}

void clip_clear(struct clip *clip)
{
	free(clip->chunks);
	*clip = (struct clip){0};
}
