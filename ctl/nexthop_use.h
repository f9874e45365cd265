/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remote addresses in use and their next hops, behind the functions of ctl/dataplane.h. An address is held at
 * the dataplane as long as somebody uses it, and 5 s longer: the next call to it has its next hop at once.
 */
#ifndef XDPARK_NEXTHOP_USE_H
#define XDPARK_NEXTHOP_USE_H

#include "ctl/dataplane.h"

struct nexthops;

/* Sends HANDOVER_NEXTHOP_HOLD or _RELEASE; nothing is sent while there is no connection. */
typedef void (*nexthops_send)(void *context, enum handover_kind kind, const uint8_t ip[16]);

/* NULL: out of memory. */
struct nexthops *nexthops_new(struct timers *timers, nexthops_send send, void *context);

/* Uses are no longer in use; nobody is called back. NULL is legal. */
void nexthops_free(struct nexthops *nexthops);

/* As nexthop_use_start and nexthop_use_end. */
int nexthops_start(struct nexthops *nexthops, struct nexthop_use *use, const uint8_t ip[16]);
void nexthops_end(struct nexthops *nexthops, struct nexthop_use *use);

/* What the dataplane says of an address; nothing happens if it isn't in use. */
void nexthops_tell(struct nexthops *nexthops, const struct handover_nexthop *news);

/* A new connection: asks for every address again. What is known stays valid meanwhile. */
void nexthops_ask_again(struct nexthops *nexthops);

/* Addresses that are held. */
uint32_t nexthops_count(const struct nexthops *nexthops);

#endif
