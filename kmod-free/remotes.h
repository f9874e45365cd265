/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remote addresses in use, found by address and by what they are reached through. */
#ifndef XDPARK_REMOTES_H
#define XDPARK_REMOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

enum { REMOTES_BUCKETS = 8192 };

/* One remote address. Its place in `list` is its index in the map nexthops; 0 is never used. */
struct remote {
	uint8_t address[16];
	uint8_t via[16];  /* gateway, or the address itself */
	uint32_t ifindex; /* where `via` is; 0: no route asked yet, or none */
	uint32_t holds;
	int32_t error;                   /* as in struct handover_nexthop */
	enum xd_nexthop_state state;     /* XD_NEXTHOP_FREE: not in use */
	bool orphan;                     /* not held since the last hello */
	bool ask;                        /* route and neighbour are to be asked again */
	bool doubted;                    /* the neighbour failed once, and is asked again */
	bool untold;                     /* the controller doesn't know the state yet */
	uint32_t address_next, via_next; /* in the same bucket; 0: last */
};

/* Zeroed: empty. */
struct remotes {
	unsigned count;
	uint32_t cursor; /* the last index given out */
	uint32_t by_address[REMOTES_BUCKETS], by_via[REMOTES_BUCKETS];
	struct remote list[XD_NEXTHOPS];
};

/* Index of an address; 0: not in use. */
uint32_t remotes_find(const struct remotes *remotes, const uint8_t address[16]);

/* Puts an address, which isn't in use, at a free index. Its state is PENDING. */
void remotes_put(struct remotes *remotes, uint32_t index, const uint8_t address[16]);

/* The free index that was freed longest ago, as good as; 0: none is free. */
uint32_t remotes_free_index(struct remotes *remotes);

void remotes_remove(struct remotes *remotes, uint32_t index);

/* Says what an address is reached through; ifindex 0: nothing. */
void remotes_via_set(struct remotes *remotes, uint32_t index, uint32_t ifindex, const uint8_t via[16]);

/* Walks over those reached through `via`: the one behind `index`, 0 to begin with. Returns 0 at the end. */
uint32_t remotes_via_next(
        const struct remotes *remotes, uint32_t index, uint32_t ifindex, const uint8_t via[16]);

#endif
