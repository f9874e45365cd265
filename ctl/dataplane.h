/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dataplane as the controller sees it: maps in memory, next hops by message. Client of
 * kmod-free/handover.h; no bpf() call is ever made here.
 */
#ifndef XDPARK_DATAPLANE_H
#define XDPARK_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"
#include "ctl/timer.h"
#include "kmod-free/handover.h"

struct dataplane;
struct event_base;
struct json_t;

struct dataplane_ops {
	/* An event of the ring, e.g. media started. */
	void (*event)(void *context, const struct xd_event *event);
	/* The dataplane daemon has gone (calls go on: maps stay mapped) or is back. Not told of the first
	 * connection. */
	void (*connected)(void *context, bool connected);
};

/*
 * Connects, says hello, maps what comes. Blocks up to 2 s (only at start). On refusal -EPERM, with the
 * dataplane's sentence in `reason` (256 bytes); otherwise a negative errno and a sentence. When the
 * connection is lost later it is made again every second, and every next hop in use is asked for again; maps
 * of other sizes than before are refused and logged.
 */
int dataplane_connect(struct dataplane **dataplane, const char *path, struct event_base *base,
        struct timers *timers, const struct dataplane_ops *ops, void *context, char *reason);

/* Questions that still wait are answered with -ENOTCONN, uses of next hops end. Not from its own callbacks.
 * NULL is legal. */
void dataplane_free(struct dataplane *dataplane);

/* What the welcome said: sizes, addresses, ports, live_frames. */
const struct handover_welcome *dataplane_terms(const struct dataplane *dataplane);

/* NULL when there is no such index. The addresses stay the same for good. */
struct xd_endpoint *dataplane_endpoint(struct dataplane *dataplane, uint32_t index);
struct xd_rest *dataplane_rest(struct dataplane *dataplane, uint32_t index);
const struct xd_stream *dataplane_stream(struct dataplane *dataplane, uint32_t index);
uint64_t *dataplane_due(struct dataplane *dataplane, uint32_t index);
uint64_t *dataplane_starts(struct dataplane *dataplane, uint32_t index); /* the word of its block */
struct xd_chunk *dataplane_chunks(struct dataplane *dataplane);

/* One use of a remote address; embedded in its owner, zeroed before. */
struct nexthop_use {
	struct nexthop *nexthop; /* shared by all uses of an address; NULL: not in use */
	struct nexthop_use *next, *previous;
	/* The index is known, or has changed. error: negative errno of handover_nexthop, or -ETIMEDOUT (it
	 * may still become known later); the index is then 0. May be called from nexthop_use_start(), and may
	 * end this use or any other. */
	void (*ready)(struct nexthop_use *use, uint32_t index, int error);
};

/*
 * Asks for the next hop towards an address; `ready` comes when it is known: at once when it is in use by
 * others already, and with -ETIMEDOUT if the dataplane doesn't answer in 2 s. 0 or -ENOMEM.
 */
int nexthop_use_start(struct dataplane *dataplane, struct nexthop_use *use, const uint8_t ip[16]);
void nexthop_use_end(struct dataplane *dataplane, struct nexthop_use *use);

/* Index, 0 while not known. */
uint32_t nexthop_use_index(const struct nexthop_use *use);

/*
 * Asks the dataplane by JSON. On 0 `answered` comes once, later, with the parsed object, or NULL and
 * -ETIMEDOUT (2 s), -ENOTCONN or -EBADMSG (no JSON object). The object is the dataplane's: dead on return.
 * -ENOTCONN, -EINVAL (too long) or -ENOMEM: it doesn't come.
 */
int dataplane_ask(struct dataplane *dataplane, const char *question,
        void (*answered)(void *context, const struct json_t *answer, int error), void *context);

#endif
