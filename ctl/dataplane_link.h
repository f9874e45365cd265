/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket to the dataplane daemon: messages in, messages out. What doesn't fit waits; a dataplane that
 * doesn't read is given up.
 */
#ifndef XDPARK_DATAPLANE_LINK_H
#define XDPARK_DATAPLANE_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "kmod-free/handover.h"

struct dataplane_link;
struct event_base;

struct dataplane_link_ops {
	/*
	 * A message: at least its kind, which is `message`'s first word; aligned, with a 0 behind it. The fds
	 * are the link's: closed on return. May send, not close; a negative errno gives the connection up.
	 */
	int (*message)(void *context, const void *message, size_t bytes, const int *fds, unsigned count);
	/* The last word; `error` is a negative errno. May call dataplane_link_close. */
	void (*lost)(void *context, int error);
};

/* Connects to the socket at `path`; never blocks. Result in *link, or errno of socket or connect. */
int dataplane_link_open(struct dataplane_link **link, const char *path, struct event_base *base,
        const struct dataplane_link_ops *ops, void *context);

/* NULL is legal. */
void dataplane_link_close(struct dataplane_link *link);

/* Sends or queues. A negative errno (-ENOBUFS: too much waits) is told by `lost` as well, later. */
int dataplane_link_send(struct dataplane_link *link, const void *message, size_t bytes);

/* Blocks until something arrives, `milliseconds` at most, and takes it as the loop would. 0, or -ETIMEDOUT.
 */
int dataplane_link_wait(struct dataplane_link *link, int milliseconds);

#endif
