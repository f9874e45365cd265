/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a route and a neighbour entry make of a remote address. Pure: asks nobody. */
#ifndef XDPARK_VERDICT_H
#define XDPARK_VERDICT_H

#include "kmod-free/links.h"

struct verdict {
	int error;                   /* as in struct handover_nexthop */
	enum xd_nexthop_state state; /* PENDING: the neighbour isn't known yet */
	struct xd_hop hop;           /* with REACHABLE */
	bool solicit;                /* the neighbour should be asked for */
};

/*
 * From a route (or the negative errno of asking for it) and the neighbour at route->via (NULL: no entry).
 */
struct verdict verdict_make(const struct links *links, int route_error, const struct rtnl_route *route,
        const struct rtnl_neighbour *neighbour);

#endif
