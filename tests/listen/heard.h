/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A clip as a phone hears it: the chunks one after the other, and where it goes round. */
#ifndef XDPARK_LISTEN_HEARD_H
#define XDPARK_LISTEN_HEARD_H

#include "ctl/audio/render.h"

struct heard {
	struct xd_chunk *chunks;
	uint32_t count;    /* of chunks until it goes round */
	uint32_t loop;     /* the chunk that follows the last */
	uint32_t *buckets; /* by hash of a chunk: the first such chunk + 1 */
	uint32_t *same;    /* by chunk: the next with its hash + 1 */
	uint32_t bucket_mask;
};

/*
 * `text`: "music:FILE", "music:FILE@LEVEL" (dBm0; otherwise -18), "ringback:COUNTRY", "silence", or
 * "announcement:DIRECTORY:NUMBER" (DIRECTORY of a language's digits). Encodes it with xdparkd's own code.
 * Returns 0, or a negative errno and a sentence in `error` (AUDIO_ERROR_BYTES).
 */
int heard_open(struct heard *heard, const char *text, enum xd_codec codec, char *error);

void heard_close(struct heard *heard);

/* Chunk number `at`, however far. */
const struct xd_chunk *heard_chunk(const struct heard *heard, uint64_t at);

/* `at` brought below heard->count. */
uint32_t heard_place(const struct heard *heard, uint64_t at);

/* Whether `chunks` chunks of `payload` are what is heard from `at`. */
bool heard_matches(const struct heard *heard, uint64_t at, const uint8_t *payload, unsigned chunks);

/*
 * Places from which frames of `chunks` chunks begin and where `payload` is heard, at most `size` of them.
 * Returns how many there are in all.
 */
uint32_t heard_find(
        const struct heard *heard, const uint8_t *payload, unsigned chunks, uint32_t *places, uint32_t size);

#endif
