/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTP, RTCP and STUN told apart (RFC 3550, 5761, 7983), and payload types. */
#ifndef XDPARK_RTP_H
#define XDPARK_RTP_H

#include "bpf/parse.h"
#include "bpf/plan.h"

struct rtp_header {
	__u8 version; /* and padding, extension, CSRC count */
	__u8 type;    /* and marker */
	__be16 sequence;
	__be32 timestamp;
	__be32 ssrc;
};

#define RTP_VERSION   0x80
#define RTP_PADDING   0x20
#define RTP_EXTENSION 0x10
#define RTP_MARKER    0x80
#define STUN_COOKIE   bpf_htonl(0x2112a442) /* RFC 8489 5 */

enum { RTCP_BYTES = 8 }; /* header and SSRC: the shortest that reports */

/*
 * What a phone sent: all that is to be known of the packet once it has been admitted. Host order where
 * nothing else is said. No padding, as it is handed to functions that are verified for themselves.
 */
struct talk {
	__u64 now;     /* ns; the one reading of the clock */
	__u32 before;  /* bytes of the frame before the UDP header */
	__u32 length;  /* of the RTP packet: header, payload, padding */
	__u32 headers; /* of it: RTP header, CSRCs and extension */
	__u32 timestamp;
	__u32 ssrc;
	__u16 sequence;
	__u16 check;   /* UDP checksum as it came */
	__u16 way_sum; /* of addresses and ports, as they came */
	__u8 type;
	__u8 marker;
	__u8 padded; /* the last byte says how many bytes of the payload are padding */
	__u8 rtcp;   /* it is RTCP, and nothing but `length` above is known */
	__u8 kind;   /* enum xd_payload_kind */
	__u8 codec;  /* enum xd_codec, if it is voice */
};

/* Muxed RTCP has the packet types 192..223, which as RTP would be payload types 64..95 (RFC 5761 4). */
static __always_inline int rtcp_type(__u8 type)
{
	return (type & 0x60) == 0x40;
}

/* The length of CSRCs and extension; they must lie within the packet. */
static __always_inline int rtp_extras(
        const struct packet *packet, const struct rtp_header *rtp, struct talk *talk)
{
	__u16 *extension;

	talk->headers = sizeof(*rtp) + 4UL * (rtp->version & 0xf);
	if (rtp->version & RTP_EXTENSION) {
		extension = (void *)rtp + talk->headers;
		if ((void *)(extension + 2) > packet->end)
			return XD_END_drop_not_rtp;
		talk->headers += 4 + 4 * (__u32)bpf_ntohs(extension[1]);
	}
	return talk->headers <= talk->length ? CONTINUE : XD_END_drop_not_rtp;
}

static __always_inline int rtp_read(const struct packet *packet, struct talk *talk)
{
	const struct rtp_header *rtp = (void *)(packet->udp + 1);
	int odd = packet->local_port & 1;

	talk->before = packet->headers;
	talk->check = packet->check;
	talk->way_sum = checksum_fold(checksum_address(&packet->source) + checksum_address(&packet->local) +
	                              bpf_htons(packet->source_port) + bpf_htons(packet->local_port));
	talk->length = packet->udp_length - sizeof(struct udphdr);
	if (talk->length < RTCP_BYTES || (void *)rtp + RTCP_BYTES > packet->end)
		return XD_END_drop_not_rtp;
	if (rtp->version < 4 && rtp->timestamp == STUN_COOKIE)
		return XD_END_drop_stun;
	talk->rtcp = rtcp_type(rtp->type);
	if ((rtp->version & 0xc0) != RTP_VERSION || odd > talk->rtcp)
		return XD_END_drop_not_rtp;
	if (talk->rtcp)
		return CONTINUE;
	if (talk->length < sizeof(*rtp) || (void *)(rtp + 1) > packet->end)
		return XD_END_drop_not_rtp;
	talk->sequence = bpf_ntohs(rtp->sequence);
	talk->timestamp = bpf_ntohl(rtp->timestamp);
	talk->ssrc = bpf_ntohl(rtp->ssrc);
	talk->type = rtp->type & ~RTP_MARKER;
	talk->marker = rtp->type & RTP_MARKER;
	talk->padded = rtp->version & RTP_PADDING;
	return rtp_extras(packet, rtp, talk);
}

/* talk->kind and codec: which payload of the leg it is. */
static __always_inline int rtp_payload_kind(const struct xd_plan_line *plan, struct talk *talk)
{
	int kind;

#pragma unroll
	for (kind = 0; kind < XD_PAYLOADS; kind++) {
		if (plan->payloads[kind].type_in == talk->type) {
			talk->kind = kind;
			talk->codec = plan->payloads[kind].codec;
			return CONTINUE;
		}
	}
	return XD_END_drop_payload_type;
}

#endif
