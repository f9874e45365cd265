/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Next hops: for each remote address that the controller holds, one entry of the map, kept true by route,
 * neighbour and link. An entry's index stays as long as its address is held. One thread.
 */
#ifndef XDPARK_NEXTHOP_H
#define XDPARK_NEXTHOP_H

#include "kmod-free/handover.h"
#include "kmod-free/verdict.h"

struct nexthop_table;

/* Told of every entry whose state changed; false: could not be passed on, tell again later. */
typedef bool (*nexthop_tell)(void *data, const struct handover_nexthop *news);

/*
 * *table: to be freed with nexthop_table_free(). `map` is the mapped nexthops array (XD_NEXTHOPS entries;
 * stays the caller's); what it already holds is taken over. `links` and `rtnl` stay the caller's too. 0 or a
 * negative errno.
 */
int nexthop_table_new(struct nexthop_table **table, struct xd_nexthop *map, struct rtnl *rtnl,
        const struct links *links, nexthop_tell tell, void *data);
void nexthop_table_free(struct nexthop_table *table);

/* Counts one hold more of an address and says how it stands. */
void nexthop_hold(struct nexthop_table *table, const uint8_t address[16], struct handover_nexthop *answer);

/* Takes one hold back; the last ends the entry. -ENOENT: nobody holds it. */
int nexthop_release(struct nexthop_table *table, const uint8_t address[16]);

/* A new controller: holds are counted anew, and what isn't held again by `deadline` (ns) ends. */
void nexthop_holds_restart(struct nexthop_table *table, uint64_t deadline);

/* The controller is gone: no more deadline, everything stays as it is. */
void nexthop_holds_keep(struct nexthop_table *table);

/* News: links, routes, rules or addresses changed; a neighbour changed. */
void nexthop_routes_changed(struct nexthop_table *table);
void nexthop_neighbour_changed(struct nexthop_table *table, const struct rtnl_neighbour *neighbour);

/*
 * Work that waits: entries to be asked again (some at a time), neighbours to be asked for again, news not yet
 * told, the deadline. Returns the ns after which it wants to be called again.
 */
uint64_t nexthop_work(struct nexthop_table *table, uint64_t now);

/* Entries in use by state, and each of them. */
unsigned nexthop_count(const struct nexthop_table *table, enum xd_nexthop_state state);
void nexthop_each(const struct nexthop_table *table,
        void (*each)(
                void *data, const struct handover_nexthop *entry, const struct xd_hop *hop, unsigned holds),
        void *data);

#endif
