/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A talker's numbers become the hearer's by two offsets, which the first packet of a generation, of a new
 * SSRC, or after a leap sets: the anchor. After it the talker's losses, reordering and silences stay what
 * they are.
 */
#ifndef XDPARK_ANCHOR_H
#define XDPARK_ANCHOR_H

#include "bpf/numbers.h"

/* Bits 63..49: this generation and this talker. Of one talker, no two generations have the same. */
static __always_inline __u64 anchor_tag(const struct view *view, __u32 ssrc)
{
	return ((number_hash(ssrc) ^ view->generation) & XD_GENERATION_MASK) << XD_ANCHOR_TAG_SHIFT;
}

static __always_inline int anchor_has_tag(__u64 anchor, __u64 tag)
{
	return !((anchor ^ tag) >> XD_ANCHOR_TAG_SHIFT);
}

/* Whose `talking` is set has been heard: stops the hold stream, if it is still of the packet's generation. */
static __always_inline void hold_stop(const struct view *view)
{
	int try;

	for (try = 0; try < NUMBER_TRIES; try++) {
		__u64 frame = load(*view->slot);

		if (!frame || !plan_is_current(view) || swapped(view->slot, frame, 0))
			return;
	}
}

/*
 * Says in `pos` that the phone is being talked to, in this generation, the number unchanged: from then on no
 * hold frame of this generation gets a number. Returns whether it was this CPU that said so.
 */
static __always_inline int talk_begin(const struct view *view, struct pos *pos)
{
	__u64 word = pos_word(view, XD_POS_TALKING, pos->sequence, pos->timestamp);

	if (!swapped(&view->stream->pos, pos->word, word))
		return 0;
	pos->word = word;
	if (view_plan(view)->action == XD_HOLD_UNTIL_HEARD)
		hold_stop(view);
	return 1;
}

/*
 * Makes this packet the anchor: its number is the one after the last. Returns whether it got that number;
 * if not, others were faster with the anchor or with the number.
 */
static __always_inline int anchor_make(const struct view *view, const struct talk *talk,
        const struct pos *pos, __u64 anchor, struct number *number)
{
	struct xd_stream *stream = view->stream;
	__u64 made = anchor_tag(view, talk->ssrc) | XD_ANCHOR_YOUNG;

	number->sequence = pos->sequence + 1;
	number->timestamp = number_onwards(view_plan(view), pos, talk->now);
	number->marker = RTP_MARKER;
	made |= (__u64)(__u16)(number->sequence - talk->sequence) << XD_ANCHOR_SEQUENCE_SHIFT;
	made |= (__u32)(number->timestamp - talk->timestamp);
	store(stream->anchor_first, number->sequence);
	return swapped(&stream->anchor, anchor, made) &&
	       swapped(&stream->pos, pos->word,
	               pos_word(view, XD_POS_TALKING, number->sequence, number->timestamp));
}

/* A packet that isn't ahead of the last keeps its own number, unless that was given before the anchor. */
static __always_inline int anchor_behind(
        const struct xd_stream *stream, __u64 anchor, const struct number *number)
{
	if (!(anchor & XD_ANCHOR_YOUNG))
		return CONTINUE;
	return (__s16)(number->sequence - (__u16)load(stream->anchor_first)) < 0 ? XD_END_drop_before_anchor
	                                                                         : CONTINUE;
}

static __always_inline void anchor_age(struct xd_stream *stream, __u64 anchor, const struct number *number)
{
	if (anchor & XD_ANCHOR_YOUNG &&
	        (__u16)(number->sequence - (__u16)load(stream->anchor_first)) > NUMBER_NEAR)
		swapped(&stream->anchor, anchor, anchor & ~XD_ANCHOR_YOUNG);
}

/* The number of a talker's packet, for the hearer whose view this is. */
static __noinline int number_forward(const struct view *view, const struct talk *talk, struct number *number)
{
	struct xd_stream *stream = view->stream;
	int ending, try, anew, made = 0, over = 0;
	struct pos pos;
	__u64 anchor, tag;
	__s16 step;

	tag = anchor_tag(view, talk->ssrc);
	for (try = 0; try < NUMBER_TRIES; try++) {
		anchor = load(stream->anchor);
		barrier();
		ending = pos_read(view, talk->now, &pos);
		if (ending != CONTINUE)
			return ending;
		barrier();
		/* Numbers of this anchor are behind `pos` for sure only if no other came in between. */
		if (load(stream->anchor) != anchor)
			continue;
		anew = !pos.own || !pos.talking;
		if (anew) {
			if (view_plan(view)->action == XD_HOLD_UNTIL_HEARD && talk->kind != XD_VOICE)
				return XD_END_drop_not_voice;
			if (!talk_begin(view, &pos))
				continue;
		}
		number->sequence = talk->sequence + (__u16)(anchor >> XD_ANCHOR_SEQUENCE_SHIFT);
		number->timestamp = talk->timestamp + (__u32)anchor;
		number->marker = talk->marker;
		step = number->sequence - pos.sequence;
		/* Made over another anchor, its number may have gone to a packet of that. */
		if (anew || !anchor_has_tag(anchor, tag) || step > NUMBER_NEAR || step < -NUMBER_NEAR ||
		        (over && step <= 0)) {
			made = 1;
			over = !anew;
			if (anchor_make(view, talk, &pos, anchor, number))
				return CONTINUE;
			continue;
		}
		if (made)
			number->marker = RTP_MARKER;
		if (step <= 0)
			return anchor_behind(stream, anchor, number);
		anchor_age(stream, anchor, number);
		if (swapped(&stream->pos, pos.word,
		            pos_word(view, XD_POS_TALKING, number->sequence,
		                    number_later(number->timestamp, pos.timestamp))))
			return CONTINUE;
	}
	return XD_END_drop_old_generation;
}

#endif
