/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From local address and port to the endpoint, and back, by arithmetic. */
#ifndef XDPARK_LOCATE_H
#define XDPARK_LOCATE_H

#include "bpf/parse.h"

/* Which word of local_hints is an address's: by its last two bytes. */
static __always_inline __u32 hint_row(const struct address *local)
{
	return (local->half[1] >> 56) ^ (local->half[1] >> 48 & 0xff);
}

/* Whether a row may be that address's: it is 0, nobody's, before the first packet. */
static __always_inline int row_is(const struct xd_address *hinted, __u32 row)
{
	return hint_row((const struct address *)hinted->address) == row;
}

/* *number: of the local address. */
static __always_inline int locate_number(const struct address *local, __u32 *number)
{
	__u32 row = hint_row(local);
	__u32 *hint = bpf_map_lookup_elem(&local_hints, &row), *found;
	const struct xd_address *hinted;

	if (!hint)
		return XD_END_pass_address;
	/* Read once: it may change on any CPU. */
	*number = load(*hint);
	hinted = address_at(*number);
	if (hinted && hinted->in_use && address_equal(local, (const struct address *)hinted->address))
		return CONTINUE;
	found = bpf_map_lookup_elem(&locals, local);
	if (!found)
		return XD_END_pass_address;
	/* The row is one address's as long as that is in use: if two took turns, every packet would write it.
	 */
	if (!hinted || !hinted->in_use || !row_is(hinted, row))
		*hint = *found;
	*number = *found;
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
