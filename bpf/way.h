/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to a phone: next hop, addresses, ports; and the headers that lead there. All of it comes from the
 * dataplane's maps and from the endpoint's index, so that no plan can forge a sender.
 */
#ifndef XDPARK_WAY_H
#define XDPARK_WAY_H

#include "bpf/locate.h"
#include "bpf/source.h"

#define WAY_TTL          64
#define IP4_DONT         bpf_htons(0x4000) /* fragment */
#define UDP_HEADER_BYTES 8

struct way {
	const struct address *remote; /* in the maps, as is local */
	const struct address *local;
	struct xd_hop hop;
	__be16 local_port;
	__be16 remote_port;
	__u32 headers; /* bytes before the UDP header */
	__u8 v6;
	__u8 dscp;
};

/* Fills way->hop and way->remote. The dataplane may be changing the hop that is not in use. */
static __always_inline int way_hop(const struct xd_plan_line *plan, struct way *way)
{
	struct xd_nexthop *nexthop = plan->nexthop ? nexthop_at(plan->nexthop) : NULL;
	__u32 now;

	if (!nexthop || nexthop->state != XD_NEXTHOP_REACHABLE)
		return XD_END_drop_nexthop;
	now = load(nexthop->now);
	barrier();
	way->hop = nexthop->hop[now & 1];
	barrier();
	if (load(nexthop->now) != now || way->hop.tags > XD_VLAN_TAGS)
		return XD_END_drop_nexthop;
	if (way->hop.ifindex <= XD_PUMP_IFINDEX)
		return XD_END_drop_redirect;
	way->remote = (const struct address *)nexthop->address;
	return CONTINUE;
}

/* The way to the phone of `view`. */
static __always_inline int way_find(
        const struct view *view, const struct xd_settings *settings, struct way *way)
{
	const struct xd_plan_line *plan = view_plan(view);
	const struct xd_address *local;
	int ending = way_hop(plan, way);

	if (ending != CONTINUE)
		return ending;
	way->remote_port =
	        plan->source_rule == XD_FROM_LATCH ? latch_port(plan, view->stream) : plan->remote_port;
	if (!way->remote_port)
		return XD_END_drop_not_latched;
	local = locate_local(view->index, settings, &way->local_port);
	if (!local)
		return XD_END_drop_nexthop;
	way->local = (const struct address *)local->address;
	way->v6 = !address_is_ip4(way->remote);
	if (way->v6 == address_is_ip4(way->local))
		return XD_END_drop_nexthop;
	way->dscp = settings->dscp;
	way->headers = ETH_HLEN + sizeof(struct vlan_tag) * way->hop.tags +
	               (way->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	return CONTINUE;
}

/* The sum of the pseudo header without its length, and of the ports. */
static __always_inline __u64 way_checksum(const struct way *way)
{
	return checksum_address(way->remote) + checksum_address(way->local) + way->local_port +
	       way->remote_port;
}

/* MAC addresses are copied as three words, not as six bytes. */
struct mac {
	__u16 word[3];
};

static __always_inline void *way_write_ethernet(const struct way *way, void *data)
{
	__be16 *type = data + 2 * sizeof(struct mac);
	__be16 protocol = way->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);

	*(struct mac *)data = *(const struct mac *)way->hop.destination_mac;
	*(struct mac *)(data + sizeof(struct mac)) = *(const struct mac *)way->hop.source_mac;
	if (way->hop.tags > 0) {
		*type++ = way->hop.vlan_proto[0];
		*type++ = way->hop.vlan_tci[0];
	}
	if (way->hop.tags > 1) {
		*type++ = way->hop.vlan_proto[1];
		*type++ = way->hop.vlan_tci[1];
	}
	*type++ = protocol;
	return type;
}

static __always_inline void way_write_ip4(const struct way *way, struct iphdr *ip, __u32 udp_length)
{
	__be16 length = bpf_htons(sizeof(*ip) + udp_length);
	__u8 tos = way->dscp << 2;
	__u64 sum;

	*(__u8 *)ip = 0x45;
	ip->tos = tos;
	ip->tot_len = length;
	ip->id = 0;
	ip->frag_off = IP4_DONT;
	ip->ttl = WAY_TTL;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = way->local->half[1] >> 32;
	ip->daddr = way->remote->half[1] >> 32;
	sum = bpf_htons(0x4500 | tos) + length + IP4_DONT + bpf_htons(WAY_TTL << 8 | IPPROTO_UDP);
	sum += (way->local->half[1] >> 32) + (way->remote->half[1] >> 32);
	ip->check = ~checksum_fold(sum);
}

static __always_inline void way_write_ip6(const struct way *way, struct ipv6hdr *ip, __u32 udp_length)
{
	*(__be32 *)ip = bpf_htonl(0x60000000 | (__u32)way->dscp << 22);
	ip->payload_len = bpf_htons(udp_length);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = WAY_TTL;
	*(struct address *)&ip->saddr = *way->local;
	*(struct address *)&ip->daddr = *way->remote;
}

/*
 * Writes Ethernet, VLAN tags, IP and UDP; the UDP checksum is left to the caller. Returns the UDP header,
 * with `room` bytes behind it, or NULL if the frame hasn't got them.
 */
static __always_inline struct udphdr *way_write(
        const struct way *way, struct xdp_md *ctx, __u32 udp_length, __u32 room)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct udphdr *udp;
	void *network;

	if (data + ETH_HLEN + XD_VLAN_TAGS * sizeof(struct vlan_tag) > end)
		return NULL;
	network = way_write_ethernet(way, data);
	if (way->v6) {
		struct ipv6hdr *ip = network;

		udp = (void *)(ip + 1);
		if ((void *)(udp + 1) + room > end)
			return NULL;
		way_write_ip6(way, ip, udp_length);
	} else {
		struct iphdr *ip = network;

		udp = (void *)(ip + 1);
		if ((void *)(udp + 1) + room > end)
			return NULL;
		way_write_ip4(way, ip, udp_length);
	}
	udp->source = way->local_port;
	udp->dest = way->remote_port;
	udp->len = bpf_htons(udp_length);
	return udp;
}

/* Sends the packet off; `ifindex` has been checked by way_hop. */
static __always_inline int way_leave(struct xdp_md *ctx, __u32 ifindex)
{
	return ifindex == ctx->ingress_ifindex ? XDP_TX : (int)bpf_redirect(ifindex, 0);
}

#endif
