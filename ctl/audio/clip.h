/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clips and what each is in each codec. Private to ctl/audio. */
#ifndef XDPARK_AUDIO_CLIP_H
#define XDPARK_AUDIO_CLIP_H

#include "ctl/audio/render.h"

struct job;

enum coding_state {
	CODING_ABSENT,    /* never asked for, or its chunks were given up */
	CODING_RENDERING, /* the worker encodes it */
	CODING_NO_ROOM,   /* encoded, waits for chunks */
	CODING_COPYING,   /* the worker writes its chunks */
	CODING_READY,
	CODING_FAILED,
};

/* A clip in one codec. Embedded in its clip. */
struct coding {
	struct clip *clip;
	enum xd_codec codec;
	enum coding_state state;
	uint32_t first, count; /* its run of chunks: COPYING and READY */
	struct piece pieces[RENDER_PIECES];
	unsigned pieces_used, loop;
	struct job *waiting;    /* NO_ROOM: the encoded clip, owned */
	uint64_t since_ms;      /* when it came to this state */
	uint64_t heard_ms;      /* when a plan was last seen to name it */
	uint64_t unheard_since; /* ms; first sweep that found no plan naming it; 0: one does */
};

struct clip {
	struct clip *next;
	struct clip_description description;
	bool resident; /* ringback and silence never give their chunks up */
	struct coding codings[XD_CODECS];
};

/*
 * The clip of this description, from the list or new at its head. NULL: no memory.
 */
struct clip *clip_find_or_new(struct clip **clips, enum clip_kind kind, const char *name, double level_dbm0);

/* The clip of this description, or NULL. */
struct clip *clip_find(struct clip *clips, enum clip_kind kind, const char *name, double level_dbm0);

/* Frees the whole list. */
void clips_free(struct clip *clips);

/* Takes geometry (not the chunks) over from `rendering`. */
void coding_take_shape(struct coding *coding, const struct rendering *rendering);

#endif
