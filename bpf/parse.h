/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet to UDP. Whatever isn't plain UDP over IPv4 or IPv6 is the host's. */
#ifndef XDPARK_PARSE_H
#define XDPARK_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "bpf/checksum.h"
#include "bpf/step.h"

/* A packet on its way in, not resized yet. */
struct packet {
	struct udphdr *udp;
	void *end;             /* of the frame */
	struct address source; /* of the far end */
	struct address local;  /* ours */
	__u32 headers;         /* bytes from the start of the frame to the UDP header */
	__u32 udp_length;      /* by the UDP header: 8 and the payload; lies within the frame */
	__u16 source_port;     /* host order */
	__u16 local_port;      /* host order */
	__u16 check;           /* UDP checksum as it came */
	__u8 v6;
};

struct vlan_tag {
	__be16 tci;
	__be16 type; /* of what follows */
};

#define IP4_FRAGMENT bpf_htons(0x3fff) /* offset, and more to come */
#define MAPPED_V4    bpf_htonl(0xffff) /* the third word of a v4-mapped address */

/* The address that stands for an IPv4 address. */
static __always_inline void address_of_ip4(struct address *address, __be32 ip4)
{
	address->half[0] = 0;
	address->half[1] = (__u64)ip4 << 32 | MAPPED_V4;
}

static __always_inline int address_is_ip4(const struct address *address)
{
	return !address->half[0] && (__u32)address->half[1] == MAPPED_V4;
}

static __always_inline int address_equal(const struct address *a, const struct address *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

static __always_inline int parse_ip4(struct packet *packet, void *network)
{
	struct iphdr *ip = network;
	__u32 length;
	__u8 first;

	if ((void *)(ip + 1) > packet->end)
		return XD_END_pass_short;
	first = *(__u8 *)network;
	if (first >> 4 != 4 || (first & 0xf) < 5)
		return XD_END_pass_short;
	if (first != 0x45)
		return XD_END_pass_ip_options;
	if (ip->frag_off & IP4_FRAGMENT)
		return XD_END_pass_fragment;
	if (ip->protocol != IPPROTO_UDP)
		return XD_END_pass_not_udp;
	length = bpf_ntohs(ip->tot_len);
	if (length < sizeof(*ip) + sizeof(struct udphdr))
		return XD_END_pass_short;
	address_of_ip4(&packet->source, ip->saddr);
	address_of_ip4(&packet->local, ip->daddr);
	packet->headers += sizeof(*ip);
	packet->udp = (void *)(ip + 1);
	packet->udp_length = length - sizeof(*ip);
	packet->v6 = 0;
	return CONTINUE;
}

static __always_inline int parse_ip6(struct packet *packet, void *network)
{
	struct ipv6hdr *ip = network;

	if ((void *)(ip + 1) > packet->end || *(__u8 *)network >> 4 != 6)
		return XD_END_pass_short;
	if (ip->nexthdr != IPPROTO_UDP)
		return XD_END_pass_extension;
	packet->source = *(struct address *)&ip->saddr;
	packet->local = *(struct address *)&ip->daddr;
	packet->headers += sizeof(*ip);
	packet->udp = (void *)(ip + 1);
	packet->udp_length = bpf_ntohs(ip->payload_len);
	packet->v6 = 1;
	return CONTINUE;
}

/* packet->udp_length is what IP carries: the UDP header may announce less, never more. */
static __always_inline int parse_udp(struct packet *packet)
{
	struct udphdr *udp = packet->udp;
	__u32 length;

	if ((void *)(udp + 1) > packet->end)
		return XD_END_pass_short;
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp) || length > packet->udp_length || (void *)udp + length > packet->end)
		return XD_END_pass_short;
	packet->udp_length = length;
	packet->source_port = bpf_ntohs(udp->source);
	packet->local_port = bpf_ntohs(udp->dest);
	packet->check = udp->check;
	return CONTINUE;
}

/* Fills *packet from the frame. */
static __always_inline int parse_packet(struct xdp_md *ctx, struct packet *packet)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct vlan_tag *tag = (void *)(ethernet + 1);
	int ending, tags;
	__be16 type;

	packet->end = end;
	if ((void *)(ethernet + 1) > end)
		return XD_END_pass_short;
	type = ethernet->h_proto;
#pragma unroll
	for (tags = 0; tags <= XD_VLAN_TAGS; tags++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (tags == XD_VLAN_TAGS)
			return XD_END_pass_vlan_depth;
		if ((void *)(tag + 1) > end)
			return XD_END_pass_short;
		type = tag->type;
		tag++;
	}
	packet->headers = (void *)tag - data;
	if (type == bpf_htons(ETH_P_IP))
		ending = parse_ip4(packet, tag);
	else if (type == bpf_htons(ETH_P_IPV6))
		ending = parse_ip6(packet, tag);
	else
		ending = XD_END_pass_ethertype;
	return ending == CONTINUE ? parse_udp(packet) : ending;
}

#endif
