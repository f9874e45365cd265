/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/chunks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_RUNS = 32 };

struct run {
	uint32_t first, count;
	void *owner;
};

struct chunk_space {
	uint32_t count, used;
	struct run *runs; /* in order of `first` */
	uint32_t runs_used, runs_size;
};

struct chunk_space *chunk_space_new(uint32_t count)
{
	struct chunk_space *space = calloc(1, sizeof(*space));

	if (space)
		space->count = count;
	return space;
}

void chunk_space_free(struct chunk_space *space)
{
	if (!space)
		return;
	free(space->runs);
	free(space);
}

/* Chunks between the run before place `i` and the run there (or the end), and where they begin. */
static uint32_t gap_before(const struct chunk_space *space, uint32_t i, uint32_t *first)
{
	uint32_t end = i < space->runs_used ? space->runs[i].first : space->count;

	*first = i ? space->runs[i - 1].first + space->runs[i - 1].count : 0;
	return end - *first;
}

static int runs_grow(struct chunk_space *space)
{
	uint32_t size = space->runs_size ? space->runs_size * 2 : FIRST_RUNS;
	struct run *runs = realloc(space->runs, size * sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	space->runs = runs;
	space->runs_size = size;
	return 0;
}

int chunk_run_take(struct chunk_space *space, uint32_t count, void *owner, uint32_t *result)
{
	uint32_t smallest = UINT32_MAX, place = 0, first = 0;

	if (count == 0)
		return -EINVAL;
	if (space->runs_used == space->runs_size && runs_grow(space) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i <= space->runs_used; i++) {
		uint32_t start, gap = gap_before(space, i, &start);

		if (gap >= count && gap < smallest) {
			smallest = gap;
			place = i;
			first = start;
		}
	}
	if (smallest == UINT32_MAX)
		return -ENOSPC;
	memmove(&space->runs[place + 1], &space->runs[place],
	        (space->runs_used - place) * sizeof(struct run));
	space->runs[place] = (struct run){first, count, owner};
	space->runs_used++;
	space->used += count;
	*result = first;
	return 0;
}

/* Place of the last run that starts at or before `chunk`; runs_used: there is none. */
static uint32_t run_find(const struct chunk_space *space, uint32_t chunk)
{
	uint32_t low = 0, high = space->runs_used;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (space->runs[middle].first <= chunk)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : space->runs_used;
}

void chunk_run_give(struct chunk_space *space, uint32_t first)
{
	uint32_t place = run_find(space, first);

	if (place == space->runs_used || space->runs[place].first != first)
		return;
	space->used -= space->runs[place].count;
	space->runs_used--;
	memmove(&space->runs[place], &space->runs[place + 1],
	        (space->runs_used - place) * sizeof(struct run));
}

void *chunk_owner(const struct chunk_space *space, uint32_t chunk)
{
	uint32_t place = run_find(space, chunk);

	if (place == space->runs_used || chunk - space->runs[place].first >= space->runs[place].count)
		return NULL;
	return space->runs[place].owner;
}

uint32_t chunk_space_used(const struct chunk_space *space)
{
	return space->used;
}
