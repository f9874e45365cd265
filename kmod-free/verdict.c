/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/verdict.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

static struct verdict verdict_refused(int error)
{
	return (struct verdict){.error = error, .state = XD_NEXTHOP_UNREACHABLE};
}

struct verdict verdict_make(const struct links *links, int route_error, const struct rtnl_route *route,
        const struct rtnl_neighbour *neighbour)
{
	struct verdict verdict = {0};

	if (route_error)
		return verdict_refused(-EHOSTUNREACH);
	if (route->type == RTN_LOCAL)
		return verdict_refused(-EADDRINUSE);
	if (route->type != RTN_UNICAST || links_hop(links, route->ifindex, &verdict.hop))
		return verdict_refused(-EHOSTUNREACH);
	if (!neighbour || !(neighbour->state & ~NUD_FAILED)) {
		verdict.solicit = true;
		verdict.state = neighbour && neighbour->state ? XD_NEXTHOP_UNREACHABLE : XD_NEXTHOP_PENDING;
		verdict.error = verdict.state == XD_NEXTHOP_UNREACHABLE ? -EHOSTUNREACH : 0;
		return verdict;
	}
	if (!rtnl_neighbour_usable(neighbour)) {
		verdict.state = XD_NEXTHOP_PENDING;
		return verdict;
	}
	/* XDP's packets don't tell the kernel that the neighbour is in use: we do, so that it goes on asking.
	 */
	verdict.solicit = neighbour->state & NUD_STALE;
	verdict.state = XD_NEXTHOP_REACHABLE;
	memcpy(verdict.hop.destination_mac, neighbour->mac, sizeof(verdict.hop.destination_mac));
	return verdict;
}
