/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handover's socket: one controller at a time, and whoever has questions. A controller that goes leaves
 * everything as it is; the next one's hello starts the count of holds anew.
 */
#ifndef XDPARK_SERVER_H
#define XDPARK_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "kmod-free/handover.h"
#include "kmod-free/watch.h"

struct server;

/* What the server is asked for, and its owner does. */
struct server_ops {
	/* Fills what a controller is told, and the fds it gets (which stay the owner's). */
	void (*welcome)(void *data, struct handover_welcome *welcome, int fds[HANDOVER_FDS]);
	/* A controller said hello; it has gone. */
	void (*came)(void *data);
	void (*gone)(void *data);
	void (*hold)(void *data, const uint8_t address[16], struct handover_nexthop *answer);
	void (*release)(void *data, const uint8_t address[16]);
	/* Answers a question in JSON: a text to be freed, NULL: no memory. */
	char *(*answer)(void *data, const char *question);
};

/*
 * Listens at `path`; connecting takes membership in `group` (-1: our own). *server: to be freed with
 * server_close(). Logs what went wrong; 0 or a negative errno (-EADDRINUSE: somebody listens there).
 */
int server_open(struct server **server, struct watches *watches, const char *path, gid_t group,
        const struct server_ops *ops, void *data);
void server_close(struct server *server);

/*
 * Passes news of a next hop to the controller. false: its socket is full, or an answer that it waits for
 * hasn't gone yet; try again later.
 */
bool server_tell(struct server *server, const struct handover_nexthop *news);

#endif
