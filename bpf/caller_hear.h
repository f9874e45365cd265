/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What callers hear. Every packet is checked whole: where it comes from, its checksums, its numbers, its
 * timestamp, each byte of its payload, and when it came.
 */
#ifndef XDPARK_CALLER_HEAR_H
#define XDPARK_CALLER_HEAR_H

#include <bpf/bpf_endian.h>

#include "bpf/caller_grid.h"
#include "bpf/caller_order.h"
#include "bpf/caller_whom.h"

/* A packet that arrived, for a caller. */
struct arrival {
	struct cl_hearing *hearing;
	struct cl_totals *totals;
	const struct cl_settings *settings;
	const struct rtp_packet *packet;
	const __u64 *payload; /* frame_chunks chunks; compared with `end` before it is read */
	void *end;
	__u64 now;
	__u64 payload_sum;
	__u32 timestamp;
	__u16 sequence;
	__u8 measured; /* it belongs to the measured time */
	__u8 wrong;    /* an error was counted */
};

/* Counts an error, once a packet for the caller itself. */
static __always_inline void arrival_error(struct arrival *arrival, enum cl_count what)
{
	if (arrival->measured)
		arrival->totals->count[what]++;
	if (arrival->wrong)
		return;
	arrival->wrong = 1;
	if (arrival->measured)
		arrival->hearing->errors++;
	else
		arrival->hearing->unmeasured++;
}

static __always_inline void histogram_add(__u64 *buckets, __u64 *max, __u64 ns)
{
	__u64 bucket = cl_bucket(ns);

	/* The verifier is to see the check on what is then used. */
	asm volatile("" : "+r"(bucket));
	if (bucket < CL_BUCKETS)
		buckets[bucket]++;
	if (ns > *max)
		*max = ns;
}

/* Whether it is the first one after the measured time: what is missing before it, was to be heard within. */
static __always_inline int arrival_is_next(const struct arrival *arrival)
{
	return arrival->hearing->last >= arrival->settings->window_start &&
	       arrival->hearing->last < arrival->settings->window_end;
}

/* Counts what the number says. True: the packet is the stream's latest. */
static __always_inline int hear_order(struct arrival *arrival, enum order order, __u32 step)
{
	struct cl_hearing *hearing = arrival->hearing;
	__u64 *count = arrival->totals->count;

	if (arrival->measured) {
		count[CL_received]++;
		if (order != ORDER_AGAIN)
			hearing->received++;
	}
	switch (order) {
	case ORDER_AGAIN:
		arrival_error(arrival, CL_duplicated);
		return 0;
	case ORDER_LATE:
		arrival_error(arrival, CL_reordered);
		if (arrival->measured && hearing->lost) {
			hearing->lost--;
			count[CL_gaps]--;
		}
		return 0;
	case ORDER_ANEW:
		arrival_error(arrival, CL_sequence_errors);
		return 1;
	default:
		if (step > 1 && (arrival->measured || arrival_is_next(arrival))) {
			hearing->lost += step - 1;
			count[CL_gaps] += step - 1;
		}
		return 1;
	}
}

/* The latest packet of a stream: when did it come? */
static __always_inline void hear_time(struct arrival *arrival, __u32 ticks)
{
	struct cl_hearing *hearing = arrival->hearing;
	__u64 off = grid_deviation(hearing, ticks, arrival->now);

	hearing->last = arrival->now;
	hearing->timestamp = arrival->timestamp;
	if (arrival->measured)
		histogram_add(arrival->totals->deviation, &arrival->totals->deviation_max, off);
}

/* The place of a chunk `ahead` of `position`, round the loop. */
static __always_inline __u32 clip_place(const struct cl_settings *settings, __u32 position, __u32 ahead)
{
	__u32 end = settings->clip_end, loop = settings->clip_loop;

	position += ahead;
	if (position < end || loop >= end)
		return position;
	return loop + (position - end) % (end - loop);
}

/* Whether the payload is that of the clip from `position` on. */
static __always_inline int clip_matches(struct arrival *arrival, __u32 position)
{
	const __u64 *word = arrival->payload;
	const struct cl_chunk *chunk;
	__u32 i, n, place;
	__u64 other = 0;

	arrival->payload_sum = 0;
	for (n = 0; n < CL_FRAME_CHUNKS && n < arrival->settings->frame_chunks; n++) {
		place = clip_place(arrival->settings, position, n);
		chunk = bpf_map_lookup_elem(&clip, &place);
		if (!chunk || (void *)(word + CL_CHUNK_WORDS) > arrival->end)
			return 0;
#pragma unroll
		for (i = 0; i < CL_CHUNK_WORDS; i++)
			other |= word[i] ^ chunk->word[i];
		arrival->payload_sum += chunk->sum;
		word += CL_CHUNK_WORDS;
	}
	return !other;
}

/* Where in the clip this frame can be: its place and flags, as `places` has it; CL_PLACE_NONE: nowhere. */
static __always_inline __u32 clip_find(const struct arrival *arrival)
{
	const __u64 *word = arrival->payload;
	__u32 *place, n;
	__u64 key = 0;

	for (n = 0; n < CL_FRAME_CHUNKS && n < arrival->settings->frame_chunks; n++) {
		if ((void *)(word + CL_CHUNK_WORDS) > arrival->end)
			return CL_PLACE_NONE;
		key = cl_frame_key(key, word);
		word += CL_CHUNK_WORDS;
	}
	place = bpf_map_lookup_elem(&places, &key);
	return place ? *place : CL_PLACE_NONE;
}

/*
 * Finds out where in the clip the frame is, unless it fits where it was guessed to be. As long as frames have
 * been the same at several places, only one that is nowhere is wrong. Returns whether it is somewhere.
 */
static __always_inline int clip_locate(struct arrival *arrival, int fits)
{
	struct cl_hearing *hearing = arrival->hearing;
	__u32 place = clip_find(arrival);

	hearing->placed = CL_UNPLACED;
	if (place == CL_PLACE_NONE)
		return 0;
	hearing->placed = place & CL_PLACE_MANY ? CL_GUESSED : CL_PLACED;
	if (fits)
		return 1;
	hearing->position = place & ~CL_PLACE_MANY;
	return clip_matches(arrival, hearing->position);
}

/*
 * The payload against the frame whose turn it is, `ticks` after the last one. Returns whether its sum is
 * known.
 */
static __always_inline int hear_clip_payload(struct arrival *arrival, __u32 ticks)
{
	struct cl_hearing *hearing = arrival->hearing;
	int fits = 0;

	if (hearing->placed) {
		hearing->position = clip_place(arrival->settings, hearing->position, ticks / CL_CHUNK_TICKS);
		fits = clip_matches(arrival, hearing->position);
	}
	if (hearing->placed != CL_PLACED)
		fits = clip_locate(arrival, fits);
	if (fits) {
		hearing->wrong_in_row = 0;
		return 1;
	}
	arrival_error(arrival, CL_payload_errors);
	hearing->wrong_in_row++;
	if (hearing->wrong_in_row >= CL_WRONG_IN_ROW)
		hearing->placed = CL_UNPLACED;
	return 0;
}

/* A packet of the clip. Returns whether the sum of its payload is known. */
static __always_inline int hear_clip(struct arrival *arrival)
{
	struct cl_hearing *hearing = arrival->hearing;
	__u32 ticks = arrival->timestamp - hearing->timestamp, step;
	enum order order;

	arrival->measured = arrival->now >= arrival->settings->window_start &&
	                    arrival->now < arrival->settings->window_end;
	order = order_take(hearing, arrival->sequence, &step);
	if (!hear_order(arrival, order, step))
		return 0;
	if (order == ORDER_ON && ticks != step * arrival->settings->frame_samples)
		arrival_error(arrival, CL_timestamp_errors);
	if (order == ORDER_ANEW || ticks % CL_CHUNK_TICKS || ticks > 0x7fffffff)
		hearing->placed = 0;
	hear_time(arrival, ticks);
	return hear_clip_payload(arrival, ticks);
}

/* The first packet of a stream, or of another SSRC: the numbers begin with it. */
static __always_inline void hear_start(struct arrival *arrival, __u32 ssrc)
{
	struct cl_hearing *hearing = arrival->hearing;

	hearing->ssrc = ssrc;
	hearing->order = arrival->sequence - 1;
	hearing->timestamp = arrival->timestamp - arrival->settings->frame_samples;
	hearing->seen = 0;
	hearing->grid = arrival->now - arrival->settings->frame_samples * CL_TICK_NS;
	hearing->frames = 0;
	hearing->placed = 0;
	hearing->started = 1;
}

static __always_inline int speech_is_whole(const struct cl_speech *speech)
{
	__u64 check = speech->check[0] | (__u64)speech->check[1] << 16 | (__u64)speech->check[2] << 32;

	return check == cl_speech_check(speech);
}

/* Whether the payload behind the speech is the speaker's pattern. */
static __always_inline int talk_matches(struct arrival *arrival, const struct cl_speech *speech)
{
	const __u64 *word = arrival->payload;
	__u32 i, n, number = 0;
	__u64 other = 0, sum = 0;

	for (n = 0; n < CL_FRAME_CHUNKS && n < arrival->settings->frame_chunks; n++) {
		if ((void *)(word + CL_CHUNK_WORDS) > arrival->end)
			return 0;
#pragma unroll
		for (i = 0; i < CL_CHUNK_WORDS; i++) {
			sum += sum_word(word[i]);
			if (n || i >= CL_SPEECH_WORDS)
				other |= word[i] ^ cl_pattern(speech->caller, speech->count, number + i);
		}
		word += CL_CHUNK_WORDS;
		number += CL_CHUNK_WORDS;
	}
	arrival->payload_sum = sum;
	return !other && speech->caller == arrival->hearing->peer && speech_is_whole(speech);
}

/* At a take the timestamp goes on by a frame at least, and by no more than the time that has passed. */
static __always_inline int clock_goes_on(const struct arrival *arrival)
{
	__s32 ticks = arrival->timestamp - arrival->hearing->timestamp;
	__u64 passed = arrival->now - arrival->hearing->last + CL_AHEAD_MS * 1000000ULL;

	return ticks >= arrival->settings->frame_samples && ticks * CL_TICK_NS <= passed;
}

/* The first packet of the peer: how its numbers become what is heard. */
static __always_inline void hear_talk_start(struct arrival *arrival, const struct cl_speech *speech)
{
	struct cl_hearing *hearing = arrival->hearing;

	if (hearing->expects == CL_HOLD_THEN_TALK) {
		/* From the clip to talk the stream must go on as one. */
		if (hearing->started && hearing->frames) {
			hearing->gap_ns = arrival->now - hearing->last;
			if ((__u16)(hearing->order + 1) != arrival->sequence)
				arrival_error(arrival, CL_sequence_errors);
			if (!clock_goes_on(arrival))
				arrival_error(arrival, CL_timestamp_errors);
		}
		hearing->expects = CL_TALK;
	}
	hearing->order = (__u16)speech->count - 1;
	hearing->seen = 0;
	hearing->timestamp = arrival->timestamp - arrival->settings->frame_samples;
	hearing->grid = arrival->now - arrival->settings->frame_samples * CL_TICK_NS;
	hearing->frames = 0;
	hearing->placed = 1; /* the offsets are known */
	hearing->sequence_offset = arrival->sequence - speech->sequence;
	hearing->timestamp_offset = arrival->timestamp - speech->timestamp;
}

/* A packet of the peer. It counts for the time at which it was sent. */
static __always_inline int hear_talk(struct arrival *arrival, const struct cl_speech *speech)
{
	struct cl_hearing *hearing = arrival->hearing;
	const struct cl_settings *settings = arrival->settings;
	enum order order;
	__u32 step, ticks;
	__u64 latency;
	int latest;

	arrival->measured = speech->sent >= settings->window_start && speech->sent < settings->window_end;
	if (!talk_matches(arrival, speech)) {
		arrival_error(arrival, CL_payload_errors);
		return speech->caller == hearing->peer ? 0 : 1;
	}
	if (hearing->expects == CL_HOLD_THEN_TALK || !hearing->placed)
		hear_talk_start(arrival, speech);
	order = order_take(hearing, speech->count, &step);
	latest = hear_order(arrival, order, step);
	if (arrival->measured && order != ORDER_AGAIN)
		hearing->talk++;
	if ((__u16)(arrival->sequence - speech->sequence) != hearing->sequence_offset)
		arrival_error(arrival, CL_sequence_errors);
	if (arrival->timestamp - speech->timestamp != hearing->timestamp_offset)
		arrival_error(arrival, CL_timestamp_errors);
	ticks = arrival->timestamp - hearing->timestamp;
	/* The talker's own reordering isn't on any grid. */
	if (latest && ticks < 0x7fffffff)
		hear_time(arrival, ticks);
	latency = arrival->now - speech->sent;
	if (arrival->measured && latency < 0x7fffffffffffffffULL)
		histogram_add(arrival->totals->latency, &arrival->totals->latency_max, latency);
	return 1;
}

/* What is the same for all that a caller hears. */
static __always_inline void hear_rtp(struct arrival *arrival)
{
	const struct rtp_packet *packet = arrival->packet;
	struct cl_hearing *hearing = arrival->hearing;
	const struct cl_speech *speech = (const void *)arrival->payload;
	__u32 payload = arrival->settings->frame_chunks * CL_CHUNK_BYTES;
	__u32 ssrc = bpf_ntohl(packet->ssrc);
	int known;

	if (packet->source != hearing->relay || packet->source_port != hearing->relay_port) {
		arrival_error(arrival, CL_source_errors);
		return;
	}
	if (packet->rtp_version != 0x80 || (packet->type & ~RTP_MARKER) != hearing->type ||
	        packet->udp_length != bpf_htons(UDP_BYTES + RTP_BYTES + payload) ||
	        packet->length != bpf_htons(sizeof(*packet) + payload) || !packet->ttl ||
	        (void *)(speech + 1) > arrival->end ||
	        arrival->end - (void *)packet != sizeof(*packet) + payload) {
		arrival_error(arrival, CL_type_errors);
		return;
	}
	arrival->sequence = bpf_ntohs(packet->sequence);
	arrival->timestamp = bpf_ntohl(packet->timestamp);
	if (!hearing->started || ssrc != hearing->ssrc) {
		if (hearing->started)
			arrival_error(arrival, CL_ssrc_errors);
		hear_start(arrival, ssrc);
	}
	if (hearing->expects != CL_HOLD && speech->magic == CL_MAGIC) {
		known = hear_talk(arrival, speech);
	} else if (hearing->expects == CL_TALK) {
		arrival_error(arrival, CL_payload_errors);
		return;
	} else {
		known = hear_clip(arrival);
	}
	if (sum_fold(sum_ip(packet)) != 0xffff ||
	        (known && packet->udp_check &&
	                sum_fold(sum_headers(packet) + arrival->payload_sum) != 0xffff))
		arrival_error(arrival, CL_checksum_errors);
}

static __always_inline int hear_packet(struct xdp_md *ctx)
{
	struct ethernet_header *ethernet = (void *)(long)ctx->data;
	struct rtp_packet *packet = (void *)(ethernet + 1);
	struct arrival arrival = {.end = (void *)(long)ctx->data_end, .packet = packet};
	const __be16 *ports = hear_ports(ethernet, arrival.end);
	__u32 caller;
	__be16 to;

	if (!ports)
		return XDP_PASS;
	arrival.settings = settings_now();
	arrival.totals = totals_mine();
	if (!arrival.settings || !arrival.totals)
		return XDP_PASS;
	to = ports[1];
	caller = hear_whom(packet->destination, to, arrival.settings);
	if (!caller--)
		return XDP_PASS;
	arrival.hearing = bpf_map_lookup_elem(&hearing, &caller);
	if (!arrival.hearing)
		return XDP_PASS;
	arrival.now = bpf_ktime_get_ns();
	arrival.measured =
	        arrival.now >= arrival.settings->window_start && arrival.now < arrival.settings->window_end;
	arrival.payload = (const __u64 *)(packet + 1);
	if (to & bpf_htons(1)) {
		if (arrival.measured)
			arrival.totals->count[CL_rtcp]++;
	} else if (*(volatile __u8 *)&arrival.hearing->expects == CL_NOTHING) {
		if (arrival.measured)
			arrival.totals->count[CL_strays]++;
	} else if (!packet_is_plain(packet, arrival.end)) {
		arrival_error(&arrival, CL_type_errors);
	} else {
		hear_rtp(&arrival);
	}
	return XDP_DROP;
}

#endif
