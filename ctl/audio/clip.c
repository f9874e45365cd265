/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/clip.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/audio/worker.h"

struct clip *clip_find(struct clip *clips, enum clip_kind kind, const char *name, double level_dbm0)
{
	const struct clip_description wanted = {kind, (char *)name, level_dbm0};

	for (struct clip *clip = clips; clip; clip = clip->next) {
		if (clip_description_equal(&clip->description, &wanted))
			return clip;
	}
	return NULL;
}

struct clip *clip_find_or_new(struct clip **clips, enum clip_kind kind, const char *name, double level_dbm0)
{
	struct clip *clip = clip_find(*clips, kind, name, level_dbm0);

	if (clip)
		return clip;
	clip = calloc(1, sizeof(*clip));
	if (!clip)
		return NULL;
	if (clip_description_set(&clip->description, kind, name, level_dbm0) < 0) {
		free(clip);
		return NULL;
	}
	clip->resident = kind == CLIP_RINGBACK || kind == CLIP_SILENCE;
	for (int codec = 0; codec < XD_CODECS; codec++) {
		clip->codings[codec].clip = clip;
		clip->codings[codec].codec = (enum xd_codec)codec;
	}
	clip->next = *clips;
	*clips = clip;
	return clip;
}

void clips_free(struct clip *clips)
{
	while (clips) {
		struct clip *next = clips->next;

		for (int codec = 0; codec < XD_CODECS; codec++)
			job_free(clips->codings[codec].waiting);
		clip_description_clear(&clips->description);
		free(clips);
		clips = next;
	}
}

void coding_take_shape(struct coding *coding, const struct rendering *rendering)
{
	coding->count = rendering->count;
	memcpy(coding->pieces, rendering->pieces, sizeof(coding->pieces));
	coding->pieces_used = rendering->pieces_used;
	coding->loop = rendering->loop;
}
