/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dataplane's maps in our memory, at addresses that stay the same for good. */
#ifndef XDPARK_DATAPLANE_MAPS_H
#define XDPARK_DATAPLANE_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "kmod-free/handover.h"

/* One mapped array; `identity` tells one map from another of the same size. */
struct dataplane_map {
	void *memory;
	size_t bytes;
	uint64_t identity;
};

struct dataplane_maps {
	struct dataplane_map map[HANDOVER_FD_EVENTS]; /* by enum handover_fd: the arrays */
};

/*
 * Maps the arrays of a welcome. If `maps` has them already (after a reconnect), the same maps are kept;
 * others of the same size take their place at the same address, and get what we wrote into the old ones
 * (endpoints, due, chunks), so that calls go on. Returns how many took another's place, or a negative errno
 * with `maps` as it was. The fds stay the caller's.
 */
int dataplane_maps_take(struct dataplane_maps *maps, const struct handover_welcome *welcome, const int *fds);

/* Zeroed memory is legal. */
void dataplane_maps_free(struct dataplane_maps *maps);

/* What tells the map behind `fd` from any other, also without bpf(): the kernel's number of it. */
uint64_t dataplane_map_identity(int fd);

#endif
