/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The links of this host, as last dumped, and which of them carry the relay. */
#ifndef XDPARK_LINKS_H
#define XDPARK_LINKS_H

#include "bpf/layout.h"
#include "kmod-free/rtnl.h"

enum { LINKS_ATTACHED = 16 };

struct links {
	struct rtnl_link *list;
	unsigned count;
	uint32_t attached[LINKS_ATTACHED]; /* 0: the interface isn't there */
	unsigned attached_count;
	uint8_t priority; /* VLAN priority of what we send: 0 to 7 */
};

/* Dumps the links anew. Returns 0 or a negative errno (the old ones stay then). */
int links_read(struct links *links, struct rtnl *rtnl);
void links_clear(struct links *links);

/* NULL: no such link. */
const struct rtnl_link *links_find(const struct links *links, uint32_t ifindex);
const struct rtnl_link *links_find_name(const struct links *links, const char *name);

/* Transmit queues of the attached link that has the fewest; UINT_MAX where no driver says. */
unsigned links_send_queues(const struct links *links);

/*
 * How packets leave by a link: the link itself if the relay is attached to it, or, for VLAN interfaces on top
 * of one, its tags. destination_mac stays 0. Returns 0, -ENETDOWN, or -ENODEV if no attached link is below.
 */
int links_hop(const struct links *links, uint32_t ifindex, struct xd_hop *hop);

#endif
