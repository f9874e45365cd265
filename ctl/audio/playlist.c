/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/playlist.h"

#include <errno.h>
#include <string.h>

#include "ctl/audio/sound.h"

enum { CHUNK_MS = 10, NS_A_MS = 1000000 };

bool playlist_takes_ptime(unsigned ptime_ms)
{
	return ptime_ms >= CHUNK_MS && ptime_ms <= 60 && ptime_ms % CHUNK_MS == 0 &&
	       SOUND_PART_MS % ptime_ms == 0;
}

int playlist_begin(struct xd_plan *plan, unsigned ptime_ms)
{
	if (!playlist_takes_ptime(ptime_ms))
		return -EINVAL;
	plan->frame_chunks = (__u8)(ptime_ms / CHUNK_MS);
	plan->chunk_bytes = XD_CHUNK_BYTES;
	plan->ptime_ns = ptime_ms * NS_A_MS;
	plan->parts = 0;
	plan->loop = 0;
	plan->first = (struct xd_part){0};
	memset(plan->later, 0, sizeof(plan->later));
	return 0;
}

const struct xd_part *playlist_part(const struct xd_plan *plan, unsigned number)
{
	return number ? &plan->later[number - 1] : &plan->first;
}

/* The same, to be written. */
static struct xd_part *part_of(struct xd_plan *plan, unsigned number)
{
	return (struct xd_part *)playlist_part(plan, number);
}

int playlist_add(struct xd_plan *plan, uint32_t first, uint32_t count)
{
	uint32_t before = playlist_length(plan);

	if (plan->parts == XD_PLAYLIST_PARTS || count == 0 || count % SOUND_CHUNKS_A_PART)
		return -EINVAL;
	*part_of(plan, plan->parts++) = (struct xd_part){.first = first, .end = before + count};
	return 0;
}

uint32_t playlist_length(const struct xd_plan *plan)
{
	return plan->parts ? playlist_part(plan, plan->parts - 1U)->end : 0;
}

int playlist_stretch(struct xd_plan *plan, uint32_t count)
{
	if (!plan->parts || count == 0 || count % SOUND_CHUNKS_A_PART)
		return -EINVAL;
	part_of(plan, plan->parts - 1U)->end += count;
	return 0;
}

uint32_t playlist_goes_on(const struct xd_plan *plan)
{
	const struct xd_part *last;

	if (!plan->parts)
		return UINT32_MAX;
	last = playlist_part(plan, plan->parts - 1U);
	return last->first + last->end - (plan->parts > 1 ? playlist_part(plan, plan->parts - 2U)->end : 0);
}
