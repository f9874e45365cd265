/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of the API, so that no client can keep the daemon's descriptors: so many at once, and each
 * for so long. While all are in use nobody else is accepted: clients wait in the socket's backlog, the first
 * to come is the first to be served.
 */
#ifndef XDPARK_API_CONNECTIONS_H
#define XDPARK_API_CONNECTIONS_H

#include <stdint.h>

enum {
	CONNECTIONS_MOST = 64,
	CONNECTIONS_SILENT_S = 5, /* closed after so long without a byte from or to the client */
	CONNECTIONS_LAST_S = 10,  /* closed after so long whatever happens */
};

struct connections;
struct event_base;
struct evhttp;
struct evhttp_connection;

/* What `xdpark status` shows. */
struct connections_usage {
	uint32_t open;        /* now */
	uint64_t since_start; /* accepted */
	uint64_t full;        /* how often all were in use */
};

/* Accepts for `http` at a listening, non-blocking socket, which stays the caller's. 0 or -ENOMEM. */
int connections_new(struct connections **connections, struct evhttp *http, struct event_base *base, int fd);

/* Frees `http` too: every connection is closed. NULL is legal. */
void connections_free(struct connections *connections);

/*
 * `gone` is called when this connection ends, unless NULL takes its place before. 0, or -ENOENT: the
 * connection isn't counted, as memory was short.
 */
int connections_watch(struct connections *connections, struct evhttp_connection *connection,
        void (*gone)(void *context), void *context);

void connections_usage(const struct connections *connections, struct connections_usage *usage);

#endif
