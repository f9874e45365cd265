/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which caller a packet is for, whatever it looks like otherwise. */
#ifndef XDPARK_CALLER_WHOM_H
#define XDPARK_CALLER_WHOM_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>

#include "bpf/caller_maps.h"

/* The caller that a packet is for: its number + 1, which `hearing` may not have; 0: not one of ours. */
static __always_inline __u32 hear_whom(__be32 destination, __be16 to, const struct cl_settings *settings)
{
	__u32 low = bpf_ntohl(destination) & (CL_ADDRESSES - 1);
	const struct cl_address *address = bpf_map_lookup_elem(&addresses, &low);
	__u32 port = bpf_ntohs(to);

	if (!address || !address->number || address->address != destination || port < settings->port_first ||
	        port >= settings->port_first + 2U * settings->ports_each)
		return 0;
	return (address->number - 1) * settings->ports_each + (port - settings->port_first) / 2 + 1;
}

/* The ports of UDP in IPv4, also behind options or of a first fragment; NULL: it has none. */
static __always_inline const __be16 *hear_ports(const struct ethernet_header *ethernet, const void *end)
{
	const struct rtp_packet *packet = (const void *)(ethernet + 1);
	const __be16 *ports;
	__u64 header_words;

	if ((const void *)&packet->source_port > end || ethernet->type != bpf_htons(ETH_P_IP) ||
	        packet->version >> 4 != 4 || packet->protocol != IPPROTO_UDP ||
	        packet->fragment & bpf_htons(0x1fff))
		return NULL;
	header_words = packet->version & 0xf;
	ports = (const __be16 *)packet + header_words * 2;
	return (const void *)(ports + 2) <= end ? ports : NULL;
}

/* Whether it is all there, and headers are as long as they are with callers. */
static __always_inline int packet_is_plain(const struct rtp_packet *packet, const void *end)
{
	return (const void *)(packet + 1) <= end && packet->version == 0x45 &&
	       !(packet->fragment & bpf_htons(0x3fff));
}

#endif
