/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/hearing.h"

void hearing_name(struct coding *coding, uint64_t now_ms)
{
	coding->heard_ms = now_ms;
	coding->unheard_since = 0;
}

/* `last`: whom the part before belonged to; thousands of callers in a row hear the same clip. */
static struct coding *part_coding(
        const struct chunk_space *space, const struct xd_part *part, struct coding *last)
{
	if (last && part->first >= last->first && part->first - last->first < last->count)
		return last;
	return chunk_owner(space, part->first);
}

void hearing_look(const struct chunk_space *space, const struct xd_endpoint *endpoints,
        const struct xd_rest *rests, uint32_t first, uint32_t end, uint64_t now_ms)
{
	struct coding *last = NULL;

	for (uint32_t i = first; i < end; i++) {
		unsigned in_use = endpoints[i].generation & 1;
		const struct xd_plan_line *plan = &endpoints[i].plan[in_use];

		if (plan->action == XD_IDLE)
			continue;
		for (unsigned part = 0; part < plan->parts && part < XD_PLAYLIST_PARTS; part++) {
			struct coding *coding = part_coding(
			        space, part ? &rests[i].plan[in_use].later[part - 1] : &plan->first, last);

			if (!coding)
				continue;
			hearing_name(coding, now_ms);
			last = coding;
		}
	}
}

void hearing_judge(struct clip *clips, uint64_t since_ms, uint64_t now_ms)
{
	for (struct clip *clip = clips; clip; clip = clip->next) {
		for (int codec = 0; codec < XD_CODECS; codec++) {
			struct coding *coding = &clip->codings[codec];

			if (coding->heard_ms < since_ms && !coding->unheard_since)
				coding->unheard_since = now_ms;
		}
	}
}

static bool coding_may_go(const struct coding *coding, uint64_t now_ms)
{
	return coding->state == CODING_READY && !coding->clip->resident && coding->unheard_since &&
	       now_ms - coding->unheard_since >= UNHEARD_MS;
}

struct coding *hearing_victim(struct clip *clips, uint64_t now_ms)
{
	struct coding *victim = NULL;

	for (struct clip *clip = clips; clip; clip = clip->next) {
		for (int codec = 0; codec < XD_CODECS; codec++) {
			struct coding *coding = &clip->codings[codec];

			if (coding_may_go(coding, now_ms) && (!victim || coding->heard_ms < victim->heard_ms))
				victim = coding;
		}
	}
	return victim;
}
