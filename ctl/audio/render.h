/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the description of a clip to its encoded chunks, in ordinary memory. The worker does it, and tests do
 * it to know what a phone must hear: the same description and codec give the same bytes.
 */
#ifndef XDPARK_AUDIO_RENDER_H
#define XDPARK_AUDIO_RENDER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bpf/layout.h"
#include "ctl/audio/digits.h"
#include "ctl/audio/refusal.h"

enum clip_kind { CLIP_SILENCE, CLIP_RINGBACK, CLIP_MUSIC, CLIP_DIGITS };

/* What a clip is made from. */
struct clip_description {
	enum clip_kind kind;
	char *name;        /* owned: country, file, or directory of the digits; "" for silence */
	double level_dbm0; /* of music */
};

enum { RENDER_PIECES = DIGITS_RECORDINGS };

/* A run within the chunks of a clip; both are multiples of 12 chunks. */
struct piece {
	uint32_t first, count;
};

/*
 * A clip in one codec. Silence, ringback and music are heard as pieces[0], pieces[1] ... and then for ever
 * from pieces[loop]. Of digits, each piece is a recording (digits.h), count 0: there is none.
 */
struct rendering {
	struct xd_chunk *chunks; /* owned */
	uint32_t count;
	struct piece pieces[RENDER_PIECES];
	unsigned pieces_used;
	unsigned loop;
};

/* Copies `name`. Returns 0 or -ENOMEM. */
int clip_description_set(
        struct clip_description *description, enum clip_kind kind, const char *name, double level_dbm0);

void clip_description_clear(struct clip_description *description);

bool clip_description_equal(const struct clip_description *a, const struct clip_description *b);

/* "music", "ringback", "silence", "digits". */
const char *clip_kind_name(enum clip_kind kind);

/*
 * `most_chunks`: music that needs more is refused. Gives up when *stop becomes true (may be NULL). Returns 0,
 * or a negative errno (as music_load, digits_load, tone_ringback) and a sentence in `error`
 * (AUDIO_ERROR_BYTES).
 */
int rendering_make(struct rendering *rendering, const struct clip_description *description,
        enum xd_codec codec, uint32_t most_chunks, const atomic_bool *stop, char *error);

/* Frees the chunks and zeroes *rendering. */
void rendering_free(struct rendering *rendering);

#endif
