/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence numbers and timestamps of what a phone hears: one RTP stream for the whole of its leg, whoever
 * talks. Each number is taken by compare-and-swap of the stream's `pos`; whoever holds an older generation
 * than `pos` gets none.
 */
#ifndef XDPARK_NUMBERS_H
#define XDPARK_NUMBERS_H

#include "bpf/plan.h"
#include "bpf/rtp.h"

#define NUMBER_NEAR 1000 /* a talker's number further than this from the last makes a new anchor */

enum {
	NUMBER_TRIES = 4,     /* each failure means that another CPU succeeded */
	NUMBER_SAMPLES = 160, /* ticks between packets where the plan doesn't say */
	NUMBER_AHEAD = 3,     /* packets: more than switching can bring a stream ahead of the clock */
};

/* What a packet is sent with. No padding. */
struct number {
	__u32 timestamp;
	__u16 sequence;
	__u16 marker; /* RTP_MARKER or 0 */
};

/* `pos`, unpacked, as the packet's generation sees it. */
struct pos {
	__u64 word;
	__u32 timestamp; /* the last given */
	__u16 sequence;  /* the last given */
	__u8 own;        /* of the packet's generation */
	__u8 talking;    /* the last given was a talker's */
	__u8 fresh;      /* of an earlier leg: numbers start anew */
};

static __always_inline __u32 number_hash(__u32 ssrc)
{
	ssrc = (ssrc ^ ssrc >> 16) * 0x45d9f3b;
	return ssrc ^ ssrc >> 15;
}

/* The stream's RTP clock at a time. */
static __always_inline __u32 number_clock(const struct xd_plan_line *plan, __u64 time)
{
	return (__u32)(time / XD_RTP_CLOCK_NS) + number_hash(plan->ssrc);
}

static __always_inline __u32 number_later(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0 ? a : b;
}

static __always_inline __u32 number_samples(const struct xd_plan_line *plan)
{
	return plan->frame_chunks ? plan->frame_chunks * XD_CHUNK_TICKS : NUMBER_SAMPLES;
}

/* Ticks from the clock to where the last packet's samples end: above 0 the next one would be ahead of it. */
static __always_inline __s32 number_ahead(const struct xd_plan_line *plan, const struct pos *pos, __u64 time)
{
	return (__s32)(pos->timestamp + number_samples(plan) - number_clock(plan, time));
}

/*
 * The timestamp of an anchor: where the last packet's samples end, or the clock's, if that is later. A talker
 * can't be asked to wait, so each anchor may bring the stream ahead by a packet; hold streams wait, which
 * brings it back. Where none came between (a phone that changes its SSRC all the time), or the talker's own
 * clock runs ahead, an anchor steps by one tick only, and costs the hearer a packet's worth of samples.
 */
static __always_inline __u32 number_onwards(
        const struct xd_plan_line *plan, const struct pos *pos, __u64 time)
{
	__s32 ahead = number_ahead(plan, pos, time);

	if (ahead > (__s32)(NUMBER_AHEAD * number_samples(plan)))
		return pos->timestamp + 1;
	return number_later(pos->timestamp + number_samples(plan), number_clock(plan, time));
}

/*
 * Whether the first hold frame of a generation is left out, because the clock hasn't come yet to where the
 * last packet's samples end: heard, that is a pause of less than a frame. A stream that is far ahead is so by
 * its talker's clock, and isn't kept waiting for it.
 */
static __always_inline int number_waits(const struct xd_plan_line *plan, const struct pos *pos, __u64 time)
{
	__s32 ahead = number_ahead(plan, pos, time);

	return !pos->own && ahead > 0 && ahead <= (__s32)(NUMBER_AHEAD * number_samples(plan));
}

static __always_inline __u64 pos_word(const struct view *view, __u64 talking, __u16 sequence, __u32 timestamp)
{
	return view_generation(view) << XD_POS_GENERATION_SHIFT | talking |
	       (__u64)sequence << XD_POS_SEQUENCE_SHIFT | timestamp;
}

/* Reads `pos`; refuses the packet if `pos` has gone on to a later generation than the packet's. */
static __always_inline int pos_read(const struct view *view, __u64 time, struct pos *pos)
{
	const struct xd_plan_line *plan = view_plan(view);
	__u64 word = load(view->stream->pos);
	__u64 generation = word >> XD_POS_GENERATION_SHIFT;

	pos->word = word;
	pos->own = generation == view_generation(view);
	pos->talking = !!(word & XD_POS_TALKING);
	pos->fresh = 0;
	pos->sequence = word >> XD_POS_SEQUENCE_SHIFT;
	pos->timestamp = word;
	if (pos->own)
		return CONTINUE;
	if (!plan_is_current(view))
		return XD_END_drop_old_generation;
	/* Generations are compared by how long ago they were: they have 15 bits here, and wrap. */
	if (((view->generation - generation) & XD_GENERATION_MASK) >
	        ((view->generation - plan->leg_since) & XD_GENERATION_MASK)) {
		pos->fresh = 1;
		pos->talking = 0;
		pos->sequence = number_hash(plan->ssrc) >> 16;
		pos->timestamp = number_clock(plan, time) - number_samples(plan);
	}
	return CONTINUE;
}

/* The number of the hold frame that is due at `time`. */
static __always_inline int number_hold(const struct view *view, __u64 time, struct number *number)
{
	const struct xd_plan_line *plan = view_plan(view);
	struct pos pos;
	int ending, try;

	for (try = 0; try < NUMBER_TRIES; try++) {
		ending = pos_read(view, time, &pos);
		if (ending != CONTINUE)
			return ending;
		if (pos.own && pos.talking)
			return XD_END_drop_claimed_heard;
		if (number_waits(plan, &pos, time))
			return XD_END_drop_ahead;
		number->sequence = pos.sequence + 1;
		number->timestamp =
		        number_later(pos.timestamp + number_samples(plan), number_clock(plan, time));
		number->marker = pos.talking || pos.fresh ? RTP_MARKER : 0;
		if (swapped(&view->stream->pos, pos.word,
		            pos_word(view, 0, number->sequence, number->timestamp)))
			return CONTINUE;
	}
	return XD_END_drop_old_generation;
}

#endif
