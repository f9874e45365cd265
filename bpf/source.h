/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may speak to an endpoint: addresses, networks, and the latch of phones behind NAT. */
#ifndef XDPARK_SOURCE_H
#define XDPARK_SOURCE_H

#include "bpf/event.h"
#include "bpf/rtp.h"

#define LATCH_SILENCE_NS                                                                                     \
	500000000LL     /* the old source must have been silent so long before another counts                \
	                 */
#define LATCH_NEAR 1000 /* numbers that a source may skip when its port changes */

/* Whether `address` begins with the first `bits` bits of `network`; more than 128 never match. */
static __always_inline int source_in_network(const struct address *address, const __u8 *network, __u32 bits)
{
	const struct address *prefix = (const struct address *)network;
	__u64 high = bpf_be64_to_cpu(address->half[0] ^ prefix->half[0]);
	__u64 low = bpf_be64_to_cpu(address->half[1] ^ prefix->half[1]);

	if (bits > 128)
		return 0;
	if (bits > 64)
		return !high && !(low >> ((128 - bits) & 63));
	return !bits || !(high >> ((64 - bits) & 63));
}

static __always_inline int source_in_networks(const struct view *view, const struct address *address)
{
	const struct xd_plan_rest *rest = view_rest(view);
	int row;

	if (!rest)
		return 0;
	for (row = 0; row < XD_SOURCE_NETWORKS; row++)
		if (source_in_network(address, rest->source_networks[row], rest->source_bits[row]))
			return 1;
	return 0;
}

/* The address alone: RTCP passes with this. Nearly all media comes from where it is sent to. */
static __always_inline int source_check(const struct view *view, const struct packet *packet)
{
	const struct xd_plan_line *plan = view_plan(view);
	const struct xd_nexthop *remote = plan->nexthop ? nexthop_at(plan->nexthop) : NULL;
	int allowed;

	if (plan->source_rule != XD_FROM_NETWORKS && remote &&
	        address_equal(&packet->source, (const struct address *)remote->address))
		return CONTINUE;
	if (plan->source_rule != XD_FROM_NETWORKS && plan->source_rule != XD_FROM_EITHER)
		return XD_END_drop_source;
	allowed = source_in_networks(view, &packet->source);
	if (!plan_is_current(view))
		return XD_END_drop_old_generation;
	return allowed ? CONTINUE : XD_END_drop_source;
}

/* The tag of a latch that counts for this plan. */
static __always_inline __u64 latch_tag(const struct xd_plan_line *plan)
{
	return XD_LATCH_TAG_VALID | (plan->media_since & XD_GENERATION_MASK);
}

/* Where the phone sends from, network order; 0: it hasn't been heard since its SDP changed. */
static __always_inline __be16 latch_port(const struct xd_plan_line *plan, const struct xd_stream *stream)
{
	__u64 latch = load(stream->latch);

	return latch >> XD_LATCH_TAG_SHIFT == latch_tag(plan) ? bpf_htons(latch >> XD_LATCH_PORT_SHIFT) : 0;
}

/*
 * Whether another source than the latched one may take its place: the same stream from another port (a NAT
 * forgot the phone), or another stream from the same port (the phone started anew).
 */
static __always_inline int latch_may_move(
        const struct xd_stream *stream, const struct talk *talk, __u64 latch, __u64 wanted)
{
	__s16 step = talk->sequence - (__u16)load(stream->last_sequence);

	if ((__s64)(talk->now - load(stream->last_in)) < LATCH_SILENCE_NS)
		return 0;
	if (latch >> XD_LATCH_PORT_SHIFT == wanted >> XD_LATCH_PORT_SHIFT)
		return 1;
	return (__u32)latch == (__u32)wanted && step >= -LATCH_NEAR && step <= LATCH_NEAR;
}

/*
 * Port and SSRC. The first accepted packet since the SDP changed takes the latch, whatever the rule, and the
 * controller is told; only under the LATCH rule it keeps others out.
 */
static __always_inline int latch_check(const struct view *view, struct xd_stream *stream,
        const struct packet *packet, const struct talk *talk)
{
	const struct xd_plan_line *plan = view_plan(view);
	__u64 tag = latch_tag(plan);
	__u64 wanted =
	        tag << XD_LATCH_TAG_SHIFT | (__u64)packet->source_port << XD_LATCH_PORT_SHIFT | talk->ssrc;
	__u64 latch = load(stream->latch);

	if (latch == wanted)
		return CONTINUE;
	if (latch >> XD_LATCH_TAG_SHIFT != tag) {
		if (swapped(&stream->latch, latch, wanted)) {
			event_media_started(view, talk->ssrc, talk->now);
			return CONTINUE;
		}
		latch = load(stream->latch);
	}
	if (plan->source_rule != XD_FROM_LATCH || latch == wanted)
		return CONTINUE;
	if (latch_may_move(stream, talk, latch, wanted) && swapped(&stream->latch, latch, wanted))
		return CONTINUE;
	return XD_END_drop_source_port;
}

/* What an accepted packet leaves behind. */
static __always_inline void source_accept(struct xd_stream *stream, const struct talk *talk)
{
	store(stream->last_in, talk->now);
	store(stream->last_sequence, talk->sequence);
	tally_up(stream->received, talk->length);
}

#endif
