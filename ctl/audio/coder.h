/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings clips into chunk memory, codec by codec: the worker renders, this finds room (taking it from clips
 * that nobody hears), the worker copies.
 */
#ifndef XDPARK_AUDIO_CODER_H
#define XDPARK_AUDIO_CODER_H

#include "ctl/audio/chunks.h"
#include "ctl/audio/clip.h"

struct audio_options;
struct coder;

/* Results in *coder. Returns 0, or a negative errno as audio_new(). */
int coder_new(struct coder **coder, const struct audio_options *options);

/* Frees the clips too. NULL is legal. */
void coder_free(struct coder *coder);

/* As audio_tell(). */
void coder_tell(struct coder *coder, void (*ready)(void *context), void *context);

/* The head of the list of clips. */
struct clip **coder_clips(struct coder *coder);

/* Have it encoded, unless it is, or is under way, or has failed within the last minute. */
void coder_prepare(struct coder *coder, struct coding *coding);

/* Encodes it here and now; for what takes no time. Returns 0 or a negative errno. */
int coder_prepare_now(struct coder *coder, struct coding *coding);

/* Chunks taken, and in all. */
uint32_t coder_chunks_used(const struct coder *coder);
uint32_t coder_chunks(const struct coder *coder);

#endif
