/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to rtnetlink, and its news. Questions are answered at once: the kernel replies within the send.
 */
#ifndef XDPARK_RTNL_H
#define XDPARK_RTNL_H

#include "kmod-free/rtnl_message.h"

struct rtnl;

/* What a batch of news is about: bits. */
enum { RTNL_LINKS = 1, RTNL_ROUTES = 2, RTNL_LOST = 4 };

/* *rtnl: to be freed with rtnl_close(). Returns 0 or a negative errno. */
int rtnl_open(struct rtnl **rtnl);
void rtnl_close(struct rtnl *rtnl);

/* The route that this host takes to an address. Returns 0 or a negative errno (-ENETUNREACH and so on). */
int rtnl_route_get(struct rtnl *rtnl, const uint8_t destination[16], struct rtnl_route *route);

/* The neighbour entry of an address. Returns 0, -ENOENT if there is none, or another negative errno. */
int rtnl_neighbour_get(
        struct rtnl *rtnl, uint32_t ifindex, const uint8_t address[16], struct rtnl_neighbour *neighbour);

/* Has the kernel find out or confirm the MAC of an address, without a packet of ours. 0 or a negative errno.
 */
int rtnl_neighbour_resolve(struct rtnl *rtnl, uint32_t ifindex, const uint8_t address[16]);

/* Calls `each` for every link; asks again when the dump was interrupted (`each` then starts over: `first`).
 */
int rtnl_links_get(
        struct rtnl *rtnl, void (*each)(void *data, const struct rtnl_link *link, bool first), void *data);

/* Descriptor to poll for news. */
int rtnl_news_fd(const struct rtnl *rtnl);

/*
 * Reads all news that are there. Neighbours go to `each`, for the rest the bits of what changed come back.
 * RTNL_LOST: news were lost, everything must be asked again.
 */
unsigned rtnl_news_read(
        struct rtnl *rtnl, void (*each)(void *data, const struct rtnl_neighbour *neighbour), void *data);

#endif
