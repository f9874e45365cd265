/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hold stream. Frame k of a plan is due at t0 + k x ptime, and whoever comes by then claims it by moving
 * `due` on: the phone's own packet, which then carries it back, or the pump.
 */
#ifndef XDPARK_HOLD_H
#define XDPARK_HOLD_H

#include "bpf/numbers.h"
#include "bpf/anchor.h"
#include "bpf/way.h"

#define HOLD_CHUNKS 6 /* of a frame at most: 60 ms */

/* A frame of a hold stream on its way out. No padding. */
struct frame {
	__u64 due;     /* what due held when it was read, before the plan */
	__u64 time;    /* when the frame that is sent was due: later than `due` if frames are skipped */
	__u32 skipped; /* frames */
	__u32 first;   /* chunk */
	__u32 chunks;
	__u32 bytes; /* of payload */
	__u16 pump;  /* the pump carries it */
	__u16 type;  /* RTP payload type */
};

/* Which frame to send now: more than XD_LATE_NS late, the last that is due by now. */
static __always_inline int frame_choose(const struct view *view, __u64 now, struct frame *frame)
{
	const struct xd_plan_line *plan = view_plan(view);

	frame->time = frame->due;
	frame->skipped = 0;
	if (!plan->ptime_ns)
		return XD_END_drop_playlist;
	if (frame->due < plan->t0)
		return XD_END_drop_old_generation;
	if (now > frame->due + XD_LATE_NS) {
		frame->skipped = (now - frame->due) / plan->ptime_ns;
		frame->time = frame->due + (__u64)frame->skipped * plan->ptime_ns;
	}
	return CONTINUE;
}

/* Chunk number `chunk` of a playlist, which goes on at `start` when it comes to `end`; ~0U: it has none. */
static __always_inline __u32 chunk_in_loop(__u32 chunk, __u32 start, __u32 end)
{
	if (chunk < end)
		return chunk;
	return start < end ? start + (chunk - start) % (end - start) : ~0U;
}

/* Where the frame lies in a playlist of one part. */
static __always_inline int frame_find_only(const struct xd_plan_line *plan, __u32 chunk, struct frame *frame)
{
	__u32 end = plan->first.end;

	chunk = chunk_in_loop(chunk, plan->loop, end);
	frame->first = plan->first.first + chunk;
	return chunk < end && end - chunk >= frame->chunks ? CONTINUE : XD_END_drop_playlist;
}

/*
 * The same for several parts, of which `last` is the last one. The later ones are read where they are: see
 * frame_claim.
 */
static __always_inline int frame_find_part(
        const struct view *view, __u32 chunk, __u32 last, struct frame *frame)
{
	const struct xd_plan_line *plan = view_plan(view);
	const struct xd_plan_rest *rest = view_rest(view);
	__u32 start = 0, first = plan->first.first, end = plan->first.end, part = last - 1;

	/* The verifier is to see the check on what is then used. */
	asm volatile("" : "+r"(part));
	if (!rest || part >= XD_PLAYLIST_PARTS - 1)
		return XD_END_drop_playlist;
	chunk = chunk_in_loop(chunk, plan->loop, load(rest->later[part].end));
	for (part = 0; chunk >= end; part++) {
		if (part >= last || part >= XD_PLAYLIST_PARTS - 1)
			return XD_END_drop_playlist;
		start = end;
		first = load(rest->later[part].first);
		end = load(rest->later[part].end);
	}
	frame->first = first + (chunk - start);
	return end - chunk >= frame->chunks ? CONTINUE : XD_END_drop_playlist;
}

/* Fills first, chunks, bytes and type: what frame->time is to carry. */
static __always_inline int frame_find(const struct view *view, struct frame *frame)
{
	const struct xd_plan_line *plan = view_plan(view);
	__u32 last = plan->parts - 1;
	__u32 chunk;
	int ending;

	frame->chunks = plan->frame_chunks;
	frame->bytes = frame->chunks * XD_CHUNK_BYTES;
	frame->type = plan->payloads[XD_VOICE].type_out;
	if (last >= XD_PLAYLIST_PARTS || !frame->chunks || frame->chunks > HOLD_CHUNKS ||
	        plan->chunk_bytes != XD_CHUNK_BYTES || frame->type == XD_NO_PAYLOAD)
		return XD_END_drop_playlist;
	chunk = (__u32)((frame->time - plan->t0) / plan->ptime_ns) * frame->chunks;
	ending = last ? frame_find_part(view, chunk, last, frame) : frame_find_only(plan, chunk, frame);
	if (ending != CONTINUE)
		return ending;
	last = frame->first + frame->chunks - 1;
	return last >= frame->first && chunk_at(last) ? CONTINUE : XD_END_drop_playlist;
}

/* Makes the frame as long as it has to be: every byte of it will be written. */
static __always_inline int frame_make_room(
        struct xdp_md *ctx, const struct way *way, const struct frame *frame)
{
	int wanted = way->headers + UDP_HEADER_BYTES + sizeof(struct rtp_header) + frame->bytes;
	int bytes = ctx->data_end - ctx->data;

	if (wanted != bytes && bpf_xdp_adjust_tail(ctx, wanted - bytes))
		return XD_END_drop_resize;
	return CONTINUE;
}

/*
 * Claims the frame for this packet. `due` was read before the generation, and the generation is still what it
 * was after all of the plan has been read: so a claim that succeeds belongs to that plan.
 */
static __always_inline int frame_claim(const struct view *view, const struct frame *frame)
{
	if (!plan_is_current(view))
		return XD_END_drop_old_generation;
	if (swapped(view->slot, frame->due, frame->time + view_plan(view)->ptime_ns))
		return CONTINUE;
	return frame->pump ? XD_END_pump_lost_claim : XD_END_drop_not_due;
}

/*
 * A frame that the pump can't send is let go, so that the scan doesn't find it again and again;
 * one that will never be sent stops the stream. The controller's sweep starts streams that should run.
 */
static __always_inline int frame_let_go(const struct view *view, const struct frame *frame, int ending)
{
	__u32 ptime = view_plan(view)->ptime_ns;

	if (frame->pump && ending != XD_END_drop_old_generation && plan_is_current(view))
		swapped(view->slot, frame->due, ptime ? frame->time + ptime : 0);
	return ending;
}

/* Copies a chunk as 64-bit words: as bytes, it would take four times as long. */
struct chunk_words {
	__u64 word[XD_CHUNK_BYTES / 8];
};

/* Writes the payload behind `to`. Returns the sum of its chunks; all of them are there: see frame_find. */
static __always_inline __u64 frame_write_payload(struct xdp_md *ctx, void *to, const struct frame *frame)
{
	void *end = (void *)(long)ctx->data_end;
	__u64 sum = 0;
	__u32 n;

	for (n = 0; n < HOLD_CHUNKS && n < frame->chunks; n++) {
		const struct xd_chunk *chunk = chunk_at(frame->first + n);

		if (!chunk || to + sizeof(struct chunk_words) > end)
			break;
		*(struct chunk_words *)to = *(const struct chunk_words *)chunk->payload;
		sum += chunk->sum;
		to += sizeof(struct chunk_words);
	}
	return sum;
}

/* Writes the whole packet. */
static __always_inline int frame_write(struct xdp_md *ctx, const struct way *way, const struct view *view,
        const struct frame *frame, const struct number *number)
{
	__u32 udp_length = UDP_HEADER_BYTES + sizeof(struct rtp_header) + frame->bytes;
	struct udphdr *udp = way_write(way, ctx, udp_length, sizeof(struct rtp_header));
	struct rtp_header *rtp = (void *)(udp + 1);
	__u64 sum;

	if (!udp)
		return XD_END_drop_resize;
	rtp->version = RTP_VERSION;
	rtp->type = frame->type | number->marker;
	rtp->sequence = bpf_htons(number->sequence);
	rtp->timestamp = bpf_htonl(number->timestamp);
	rtp->ssrc = bpf_htonl(view_plan(view)->ssrc);
	sum = way_checksum(way) + 2ULL * udp->len + bpf_htons(IPPROTO_UDP);
	sum += bpf_htons(RTP_VERSION << 8 | rtp->type) + (__u64)rtp->sequence + rtp->timestamp + rtp->ssrc;
	sum += frame_write_payload(ctx, rtp + 1, frame);
	udp->check = checksum_udp(sum);
	return CONTINUE;
}

static __always_inline void frame_count(struct xd_stream *stream, const struct frame *frame)
{
	__u32 bytes = sizeof(struct rtp_header) + frame->bytes;

	if (frame->pump)
		tally_alone(stream->hold_pump, bytes);
	else
		tally_up(stream->hold_ingress, bytes);
	if (frame->skipped)
		count_up(stream->hold_skipped, frame->skipped);
}

/*
 * Sends the frame that was due at `due`, or a later one; returns an ending, or where it leaves. First room
 * is made, then the frame is claimed: who can't resize leaves it to others.
 */
static __noinline __s64 hold_send(
        struct xdp_md *ctx, const struct view *view, __u64 due_time, __u64 now, int pump)
{
	const struct xd_settings *settings = settings_now();
	struct frame frame = {.due = due_time, .pump = pump};
	struct number number = {0};
	struct way way;
	int ending;

	if (!settings)
		return XD_END_drop_nexthop;
	ending = frame_choose(view, now, &frame);
	if (ending == CONTINUE)
		ending = frame_find(view, &frame);
	if (ending == CONTINUE)
		ending = way_find(view, settings, &way);
	if (ending == CONTINUE)
		ending = frame_make_room(ctx, &way, &frame);
	if (ending != CONTINUE)
		return frame_let_go(view, &frame, ending);
	ending = frame_claim(view, &frame);
	if (ending != CONTINUE)
		return ending;
	ending = number_hold(view, frame.time, &number);
	if (ending == XD_END_drop_claimed_heard)
		hold_stop(view);
	if (ending != CONTINUE)
		return ending;
	ending = frame_write(ctx, &way, view, &frame, &number);
	if (ending != CONTINUE)
		return ending;
	frame_count(view->stream, &frame);
	return LEAVE(pump ? XD_END_sent_hold_pump : XD_END_sent_hold_ingress, way.hop.ifindex);
}

/* A packet of a phone that hears a hold stream, and that nobody hears: it carries a frame, if one is due. */
static __always_inline __s64 hold_ingress(struct xdp_md *ctx, const struct view *view, __u64 now)
{
	const struct xd_settings *settings = settings_now();
	__u64 frame;

	if (!settings)
		return XD_END_drop_not_due;
	frame = load(*view->slot);
	if (!frame || now + settings->early_ns < frame)
		return XD_END_drop_not_due;
	return hold_send(ctx, view, frame, now, 0);
}

#endif
