/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps of the simulated callers; talking, hearing, clip and places are sized by whoever loads them. */
#ifndef XDPARK_CALLER_MAPS_H
#define XDPARK_CALLER_MAPS_H

#include "bpf/caller_layout.h" /* before bpf_helpers.h, whose offsetof is no constant expression */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#define MAPPED_ARRAY(name, entries, entry)                                                                   \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                            \
		__uint(map_flags, BPF_F_MMAPABLE);                                                           \
		__uint(max_entries, entries);                                                                \
		__type(key, __u32);                                                                          \
		__type(value, entry);                                                                        \
	} name SEC(".maps")

MAPPED_ARRAY(talking, 1, struct cl_talking);
MAPPED_ARRAY(hearing, 1, struct cl_hearing);
MAPPED_ARRAY(todo, CL_CPUS, struct cl_todo);
MAPPED_ARRAY(settings, 1, struct cl_settings);
MAPPED_ARRAY(addresses, CL_ADDRESSES, struct cl_address);
MAPPED_ARRAY(clip, 1, struct cl_chunk);

/* Key of a frame to its place in the clip; CL_PLACE_MANY: one of its places. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u32);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cl_totals);
} totals SEC(".maps");

static __always_inline struct cl_settings *settings_now(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&settings, &only);
}

static __always_inline struct cl_totals *totals_mine(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&totals, &only);
}

struct ethernet_header {
	__u16 destination_mac[3];
	__u16 source_mac[3];
	__be16 type;
};

/* RTP in UDP in plain IPv4: what all of it looks like here. Naturally aligned within itself. */
struct rtp_packet {
	__u8 version; /* and header length */
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 check;
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__be16 udp_length;
	__be16 udp_check;
	__u8 rtp_version;
	__u8 type; /* and marker */
	__be16 sequence;
	__be32 timestamp;
	__be32 ssrc;
};

#define IP_BYTES   20
#define UDP_BYTES  8
#define RTP_BYTES  12
#define RTP_MARKER 0x80

_Static_assert(sizeof(struct rtp_packet) == IP_BYTES + UDP_BYTES + RTP_BYTES, "rtp_packet");

/* A ones'-complement sum over 32-bit words, folded to 16 bits (RFC 1071). */
static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __u64 sum_word(__u64 word)
{
	return (word & 0xffffffff) + (word >> 32);
}

/* The sum of what UDP covers before the RTP payload, the checksum field included. */
static __always_inline __u64 sum_headers(const struct rtp_packet *packet)
{
	const __u16 *rtp = (const void *)&packet->rtp_version;
	__u64 sum = (__u64)packet->source + packet->destination + packet->udp_length;

	sum += __builtin_bswap16(packet->protocol);
	sum += packet->source_port + (__u32)packet->destination_port + packet->udp_length + packet->udp_check;
	sum += (__u32)rtp[0] + rtp[1] + (__u64)packet->timestamp + packet->ssrc;
	return sum;
}

/* The sum of the IPv4 header; 0xffff when folded if its checksum is right. */
static __always_inline __u64 sum_ip(const struct rtp_packet *packet)
{
	const __u16 *ip = (const void *)&packet->version;

	return (__u64)ip[0] + ip[1] + ip[2] + ip[3] + ip[4] + ip[5] + packet->source + packet->destination;
}

#endif
