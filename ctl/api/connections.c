/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libevent 2.1's server bounds no connections. It asks for a bufferevent for each that it accepts: then one
 * is counted. Its end is told by the connection, which is made behind that call: so we look a moment later,
 * before anything can be read.
 */
#include "ctl/api/connections.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>

#include "kmod-free/log.h"

enum { PAUSE_S = 1 }; /* after accepting has failed */

struct connection {
	struct connections *all;
	struct connection *next, *previous;
	struct bufferevent *bytes;        /* ours until `server` is known */
	struct evhttp_connection *server; /* NULL: not yet known */
	struct event *timer;              /* to look for it; then until it has lasted long enough */
	void (*gone)(void *context);
	void *context;
};

struct connections {
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *listener; /* of `http`; NULL: it goes */
	struct event *pause;
	struct connection *first;
	struct connections_usage usage;
};

/* Accepts unless all are in use, or a pause is made. */
static void connections_accept(struct connections *connections)
{
	if (!connections->listener)
		return;
	if (connections->usage.open < CONNECTIONS_MOST && !evtimer_pending(connections->pause, NULL))
		evconnlistener_enable(connections->listener);
	else
		evconnlistener_disable(connections->listener);
}

static void connection_free(struct connection *connection)
{
	struct connections *all = connection->all;

	if (connection->previous)
		connection->previous->next = connection->next;
	else
		all->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	all->usage.open--;
	if (connection->timer)
		event_free(connection->timer);
	if (connection->bytes)
		bufferevent_decref(connection->bytes);
	free(connection);
	connections_accept(all);
}

static void connection_ended(struct evhttp_connection *server, void *context)
{
	struct connection *connection = context;

	(void)server;
	if (connection->gone)
		connection->gone(connection->context);
	connection_free(connection);
}

/* Behind the bufferevent is the server's connection by now, or it has failed already. */
static void connection_adopt(struct connection *connection)
{
	const struct timeval last = {.tv_sec = CONNECTIONS_LAST_S};
	bufferevent_event_cb told = NULL;
	void *server = NULL;

	bufferevent_getcb(connection->bytes, NULL, NULL, &told, &server);
	if (!told) {
		connection_free(connection);
		return;
	}
	bufferevent_decref(connection->bytes);
	connection->bytes = NULL;
	connection->server = server;
	evhttp_connection_set_closecb(server, connection_ended, connection);
	evtimer_add(connection->timer, &last);
}

static void connection_due(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;

	(void)fd;
	(void)what;
	if (connection->server)
		evhttp_connection_free(connection->server);
	else
		connection_adopt(connection);
}

/* The server has accepted. NULL: it makes one itself, which isn't counted: memory is short. */
static struct bufferevent *connection_new(struct event_base *base, void *context)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct connections *all = context;

	if (!connection)
		return NULL;
	connection->all = all;
	connection->next = all->first;
	if (connection->next)
		connection->next->previous = connection;
	all->first = connection;
	all->usage.open++;
	all->usage.since_start++;
	all->usage.full += all->usage.open == CONNECTIONS_MOST;
	connection->timer = evtimer_new(base, connection_due, connection);
	connection->bytes = bufferevent_socket_new(base, -1, 0);
	if (!connection->timer || !connection->bytes) {
		connection_free(connection);
		return NULL;
	}
	bufferevent_incref(connection->bytes);
	event_active(connection->timer, EV_TIMEOUT, 0);
	connections_accept(all);
	return connection->bytes;
}

static void accept_failed(struct evconnlistener *listener, void *context)
{
	const struct timeval pause = {.tv_sec = PAUSE_S};
	struct connections *connections = context;

	(void)listener;
	log_warn(NULL, "api_not_accepted", "error=\"%s\"", strerror(errno));
	evtimer_add(connections->pause, &pause);
	connections_accept(connections);
}

static void accept_again(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	connections_accept(context);
}

int connections_new(struct connections **result, struct evhttp *http, struct event_base *base, int fd)
{
	struct connections *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->base = base;
	made->http = http;
	made->pause = evtimer_new(base, accept_again, made);
	if (made->pause)
		made->listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!made->listener || !evhttp_bind_listener(http, made->listener))
		goto fail;
	evhttp_set_timeout(http, CONNECTIONS_SILENT_S);
	evhttp_set_bevcb(http, connection_new, made);
	evconnlistener_set_error_cb(made->listener, accept_failed);
	*result = made;
	return 0;
fail:
	if (made->listener)
		evconnlistener_free(made->listener);
	if (made->pause)
		event_free(made->pause);
	free(made);
	return -ENOMEM;
}

void connections_free(struct connections *connections)
{
	if (!connections)
		return;
	connections->listener = NULL;
	evhttp_free(connections->http);
	/* Those that were accepted a moment ago. */
	for (struct connection *one = connections->first, *next; one; one = next) {
		next = one->next;
		connection_free(one);
	}
	event_free(connections->pause);
	free(connections);
}

int connections_watch(struct connections *connections, struct evhttp_connection *server,
        void (*gone)(void *context), void *context)
{
	struct connection *connection = connections->first;

	while (connection && connection->server != server)
		connection = connection->next;
	if (!connection)
		return -ENOENT;
	connection->gone = gone;
	connection->context = context;
	return 0;
}

void connections_usage(const struct connections *connections, struct connections_usage *usage)
{
	*usage = connections->usage;
}
