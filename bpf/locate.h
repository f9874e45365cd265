/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From local address and port to the endpoint, and back, by arithmetic. */
#ifndef XDPARK_LOCATE_H
#define XDPARK_LOCATE_H

#include "bpf/parse.h"

/* *number: of the local address. */
static __always_inline int locate_number(const struct address *local, __u32 *number)
{
	__u32 row = (local->half[1] >> 56) ^ (local->half[1] >> 48 & 0xff); /* of its last two bytes */
	__u32 *hint = bpf_map_lookup_elem(&local_hints, &row), *found;
	const struct xd_address *hinted;

	if (!hint)
		return XD_END_pass_address;
	/* Read once: addresses that share a row take turns in it, on any CPU. */
	*number = load(*hint);
	hinted = address_at(*number);
	if (hinted && hinted->in_use && address_equal(local, (const struct address *)hinted->address))
		return CONTINUE;
	found = bpf_map_lookup_elem(&locals, local);
	if (!found)
		return XD_END_pass_address;
	*number = *hint = *found;
	return CONTINUE;
}

/* *index: the endpoint that the packet came to. Its RTP port is even, its RTCP port the odd one above. */
static __always_inline int locate_endpoint(
        const struct packet *packet, const struct xd_settings *settings, __u32 *index)
{
	__u32 number, offset;
	int ending = locate_number(&packet->local, &number);

	if (ending != CONTINUE)
		return ending;
	if (packet->local_port < settings->port_first)
		return XD_END_pass_port;
	offset = (packet->local_port - settings->port_first) >> 1;
	if (offset >= settings->endpoints_each)
		return XD_END_pass_port;
	*index = number * settings->endpoints_each + offset;
	return CONTINUE;
}

/* The local address and RTP port (network order) of an endpoint. NULL: it has none. */
static __always_inline const struct xd_address *locate_local(
        __u32 index, const struct xd_settings *settings, __be16 *port)
{
	__u32 each = settings->endpoints_each;
	__u32 number;

	if (!each)
		return NULL;
	number = index / each;
	*port = bpf_htons(settings->port_first + 2 * (index - number * each));
	return number < settings->addresses ? address_at(number) : NULL;
}

#endif
