/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A talker's packet, made into the hearer's: headers, numbers, payload type, and u-law or A-law. */
#ifndef XDPARK_FORWARD_H
#define XDPARK_FORWARD_H

#include "bpf/anchor.h"
#include "bpf/g711.h"
#include "bpf/way.h"

#define FORWARD_SUM_BYTES 1480 /* of a UDP packet that is given a checksum, at most */

/* What is to be done with the payload. */
struct mapping {
	__u32 bytes; /* of the payload that are converted */
	__u8 to_alaw;
	__u8 type; /* the hearer's payload type */
};

/* What pads the payload isn't converted: its last byte is a count. */
static __always_inline int mapping_spare_padding(
        struct xdp_md *ctx, const struct talk *talk, struct mapping *mapping)
{
	__u32 offset = talk->before + UDP_HEADER_BYTES + talk->length - 1;
	__u8 padding;

	if (bpf_xdp_load_bytes(ctx, offset, &padding, 1))
		return XD_END_drop_not_rtp;
	mapping->bytes = padding < mapping->bytes ? mapping->bytes - padding : 0;
	return CONTINUE;
}

/* Voice may change between u-law and A-law; anything else must be the same on both sides. */
static __always_inline int mapping_find(struct xdp_md *ctx, const struct xd_plan_line *hearer,
        const struct talk *talk, struct mapping *mapping)
{
	__u32 from = talk->codec, to = hearer->payloads[XD_VOICE].codec;
	__u32 kind = talk->kind;

	if (kind >= XD_PAYLOADS)
		return XD_END_drop_payload_type;
	mapping->bytes = 0;
	mapping->type = hearer->payloads[kind].type_out;
	if (mapping->type == XD_NO_PAYLOAD)
		return XD_END_drop_payload_type;
	if (kind != XD_VOICE || from == to)
		return CONTINUE;
	if (from > XD_PCMA || to > XD_PCMA || talk->length > G711_BYTES)
		return XD_END_drop_codec;
	mapping->to_alaw = to == XD_PCMA;
	mapping->bytes = talk->length - talk->headers;
	return talk->padded ? mapping_spare_padding(ctx, talk, mapping) : CONTINUE;
}

/* Makes room for headers of the hearer's size before the UDP header. */
static __always_inline int forward_make_room(
        struct xdp_md *ctx, const struct talk *talk, const struct way *way)
{
	int more = (int)way->headers - (int)talk->before;

	return more && bpf_xdp_adjust_head(ctx, -more) ? XD_END_drop_resize : CONTINUE;
}

/* Writes the RTP header's first 12 bytes. Returns what that changes in the packet's sum. */
static __always_inline __u64 forward_write_rtp(struct rtp_header *rtp, const struct xd_plan_line *plan,
        const struct mapping *mapping, const struct number *number)
{
	__be32 *word = (__be32 *)rtp;
	__u64 change = (__u64)(__u32)~word[0] + (__u32)~word[1] + (__u32)~word[2];
	__u32 type = mapping->type | number->marker;

	word[0] = bpf_htonl((__u32)rtp->version << 24 | type << 16 | number->sequence);
	word[1] = bpf_htonl(number->timestamp);
	word[2] = bpf_htonl(plan->ssrc);
	return change + word[0] + word[1] + word[2];
}

/* The sum of a UDP packet `offset` bytes into the frame, header included, where the talker gave none. */
__noinline __u64 forward_sum(struct xdp_md *ctx, __u32 offset, __u32 length)
{
	void *end = (void *)(long)ctx->data_end;
	void *at = (void *)(long)ctx->data + (offset & 0xff);
	__u64 sum = 0;
	__u32 n;

	for (n = 2; n <= FORWARD_SUM_BYTES && n <= length; n += 2) {
		if (at + 2 > end)
			return sum;
		sum += *(__u16 *)at;
		at += 2;
	}
	if (length & 1 && at + 1 <= end)
		sum += bpf_htons(*(__u8 *)at << 8);
	return sum;
}

/*
 * Rewrites the packet, which has the right size: from the UDP header on it stays as it is, but for ports, 12
 * bytes of RTP, and a payload that is converted.
 */
static __always_inline int forward_write(struct xdp_md *ctx, const struct talk *talk,
        const struct view *hearer, const struct way *way, const struct mapping *mapping,
        const struct number *number)
{
	__u32 udp_length = UDP_HEADER_BYTES + talk->length;
	struct udphdr *udp = way_write(way, ctx, udp_length, sizeof(struct rtp_header));
	__u64 sum = (__u16)~talk->check;
	__u32 payload = way->headers + UDP_HEADER_BYTES + talk->headers;

	if (!udp)
		return XD_END_drop_resize;
	sum += (__u16)~talk->way_sum + way_checksum(way);
	sum += forward_write_rtp((void *)(udp + 1), view_plan(hearer), mapping, number);
	if (mapping->bytes)
		sum += g711_convert(ctx, mapping->to_alaw, payload, mapping->bytes);
	if (!talk->check) {
		udp->check = 0;
		if (!way->v6)
			return CONTINUE;
		sum = forward_sum(ctx, way->headers, udp_length) + udp->len + bpf_htons(IPPROTO_UDP);
		sum += checksum_address(way->remote) + checksum_address(way->local);
	}
	udp->check = checksum_udp(sum);
	return CONTINUE;
}

/*
 * Sends a talker's packet to the phone of `hearer`, whose plan wants it; returns an ending, or where it
 * leaves. All that can be refused is refused before a number is taken: numbers that were given are sent.
 */
static __noinline __s64 forward_send(struct xdp_md *ctx, const struct talk *talk, const struct view *hearer)
{
	const struct xd_settings *settings = settings_now();
	struct number number = {0};
	struct mapping mapping;
	struct way way;
	int ending;

	if (!settings)
		return XD_END_drop_nexthop;
	if (talk->now > hearer->until)
		return XD_END_drop_expired;
	ending = mapping_find(ctx, view_plan(hearer), talk, &mapping);
	if (ending == CONTINUE)
		ending = way_find(hearer, settings, &way);
	if (ending == CONTINUE && !talk->check && way.v6 &&
	        UDP_HEADER_BYTES + talk->length > FORWARD_SUM_BYTES)
		ending = XD_END_drop_udp_checksum;
	if (ending == CONTINUE)
		ending = forward_make_room(ctx, talk, &way);
	if (ending == CONTINUE)
		ending = number_forward(hearer, talk, &number);
	if (ending == CONTINUE)
		ending = forward_write(ctx, talk, hearer, &way, &mapping, &number);
	if (ending != CONTINUE)
		return ending;
	tally_up(hearer->stream->forwarded, talk->length);
	return LEAVE(XD_END_sent_forward, way.hop.ifindex);
}

#endif
