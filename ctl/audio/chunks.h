/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which chunks of the chunk memory are taken: runs, each with an owner. Touches no chunk itself. */
#ifndef XDPARK_AUDIO_CHUNKS_H
#define XDPARK_AUDIO_CHUNKS_H

#include <stdint.h>

struct chunk_space;

/* Space for chunks 0 to count - 1. NULL: no memory. */
struct chunk_space *chunk_space_new(uint32_t count);

/* NULL is legal. */
void chunk_space_free(struct chunk_space *space);

/*
 * Takes `count` chunks in a row, from the smallest gap that holds them. Returns 0 with *first set, -ENOSPC
 * when no gap is wide enough, -EINVAL for none, or -ENOMEM.
 */
int chunk_run_take(struct chunk_space *space, uint32_t count, void *owner, uint32_t *first);

/* Gives the run that starts at `first` back. */
void chunk_run_give(struct chunk_space *space, uint32_t first);

/* Whose run `chunk` lies in; NULL: nobody's. */
void *chunk_owner(const struct chunk_space *space, uint32_t chunk);

/* Chunks taken. */
uint32_t chunk_space_used(const struct chunk_space *space);

#endif
