/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/phases.h"

#include <stdlib.h>

#include "bpf/layout.h"

struct block {
	uint8_t holding; /* of its endpoints */
	uint8_t phase;
};

struct phases {
	uint32_t burst;
	uint32_t holding[PHASES];
	struct block blocks[];
};

_Static_assert(PHASES_BLOCK <= UINT8_MAX, "block.holding");

struct phases *phases_new(uint32_t endpoints, uint32_t burst)
{
	size_t blocks = (endpoints + PHASES_BLOCK - 1) / PHASES_BLOCK;
	struct phases *phases = calloc(1, sizeof(*phases) + blocks * sizeof(phases->blocks[0]));

	if (phases)
		phases->burst = burst;
	return phases;
}

void phases_free(struct phases *phases)
{
	free(phases);
}

/* The fullest that has room for a whole block; else the emptiest. */
static uint8_t phase_choose(const struct phases *phases)
{
	unsigned emptiest = 0, chosen = PHASES;

	for (unsigned i = 0; i < PHASES; i++) {
		uint32_t holding = phases->holding[i];

		if (holding < phases->holding[emptiest])
			emptiest = i;
		if (holding + PHASES_BLOCK <= phases->burst &&
		        (chosen == PHASES || holding > phases->holding[chosen]))
			chosen = i;
	}
	return (uint8_t)(chosen == PHASES ? emptiest : chosen);
}

void phases_join(struct phases *phases, uint32_t index)
{
	struct block *block = &phases->blocks[index / PHASES_BLOCK];

	if (!block->holding++)
		block->phase = phase_choose(phases);
	phases->holding[block->phase]++;
}

void phases_leave(struct phases *phases, uint32_t index)
{
	struct block *block = &phases->blocks[index / PHASES_BLOCK];

	block->holding--;
	phases->holding[block->phase]--;
}

uint32_t phases_of(const struct phases *phases, uint32_t index)
{
	return phases->blocks[index / PHASES_BLOCK].phase * (uint32_t)XD_PHASE_NS;
}
