/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the dataplane daemon as a whole: no link, then hello, then welcomed. Once lost it is made
 * again every second by `tick`, while calls go on in the maps.
 */
#include "ctl/dataplane.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/dataplane_asks.h"
#include "ctl/dataplane_link.h"
#include "ctl/dataplane_maps.h"
#include "ctl/dataplane_welcome.h"
#include "ctl/events_ring.h"
#include "ctl/nexthop_use.h"
#include "kmod-free/log.h"

enum { TICK_MS = 1000, HELLO_MS = 2000 };

struct dataplane {
	char *path;
	struct event_base *base;
	struct timers *timers;
	const struct dataplane_ops *ops;
	void *context;
	struct dataplane_link *link; /* NULL: not connected */
	uint64_t hello_at;           /* ms */
	bool welcomed;               /* on this connection */
	struct handover_welcome terms;
	bool mapped; /* terms, maps and ring are those of a welcome */
	struct dataplane_maps maps;
	struct events_ring ring;
	uint64_t ring_identity;
	struct event *ring_event; /* NULL: its fd can't be polled; owns the fd */
	struct nexthops *nexthops;
	struct dataplane_asks *asks;
	struct timer tick;
	char reason[WELCOME_REASON]; /* why there is no connection, as told last */
};

static void give_reason(struct dataplane *dataplane, const char *reason)
{
	/* Once a change, not once a second. */
	if (dataplane->mapped && strcmp(dataplane->reason, reason) != 0)
		log_warn(NULL, "dataplane", "state=down reason=\"%s\"", reason);
	snprintf(dataplane->reason, sizeof(dataplane->reason), "%s", reason);
}

static void ring_read(struct dataplane *dataplane)
{
	if (dataplane->ring.consumer)
		events_ring_read(&dataplane->ring, dataplane->ops->event, dataplane->context);
}

static void on_ring(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	ring_read(context);
}

static void ring_close(struct dataplane *dataplane)
{
	if (dataplane->ring_event) {
		close(event_get_fd(dataplane->ring_event));
		event_free(dataplane->ring_event);
		dataplane->ring_event = NULL;
	}
	events_ring_unmap(&dataplane->ring);
}

/* Polls the ring's fd; a plain file (a dataplane that only pretends) can't be: then the tick reads. */
static int ring_poll(struct dataplane *dataplane, int fd)
{
	struct stat status;
	int own;

	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		return 0;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return -errno;
	dataplane->ring_event = event_new(dataplane->base, own, EV_READ | EV_PERSIST, on_ring, dataplane);
	if (!dataplane->ring_event) {
		close(own);
		return -ENOMEM;
	}
	return event_add(dataplane->ring_event, NULL) < 0 ? -EIO : 0;
}

/* The same ring as before is kept. */
static int ring_take(struct dataplane *dataplane, int fd, uint32_t bytes)
{
	uint64_t identity = dataplane_map_identity(fd);
	struct events_ring ring;
	int error;

	if (dataplane->ring.consumer && dataplane->ring_identity == identity)
		return 0;
	error = events_ring_map(&ring, fd, bytes);
	if (error < 0)
		return error;
	ring_close(dataplane);
	dataplane->ring = ring;
	dataplane->ring_identity = identity;
	error = ring_poll(dataplane, fd);
	if (error < 0)
		ring_close(dataplane);
	return error;
}

/* Maps what came with a welcome that has been checked. */
static int maps_take(struct dataplane *dataplane, const struct handover_welcome *welcome, const int *fds)
{
	int replaced = dataplane_maps_take(&dataplane->maps, welcome, fds);
	int error = replaced < 0 ? replaced
	                         : ring_take(dataplane, fds[HANDOVER_FD_EVENTS], welcome->events_bytes);
	char reason[WELCOME_REASON];

	if (error < 0) {
		snprintf(
		        reason, sizeof(reason), "can't map what xdpark-dp handed over: %s", strerror(-error));
		give_reason(dataplane, reason);
		return error;
	}
	if (dataplane->mapped && replaced)
		log_warn(NULL, "dataplane",
		        "state=replaced maps=%d detail=\"new maps: calls in progress were copied into them\"",
		        replaced);
	return 0;
}

static int take_welcome(struct dataplane *dataplane, const struct handover_welcome *welcome, size_t bytes,
        const int *fds, unsigned count)
{
	bool again = dataplane->mapped;
	char reason[WELCOME_REASON];
	int error;

	if (dataplane->welcomed)
		return 0;
	error = dataplane_welcome_check(welcome, bytes, again ? &dataplane->terms : NULL, reason);
	if (!error && count != HANDOVER_FDS) {
		snprintf(reason, sizeof(reason), "xdpark-dp handed over %u file descriptors, %d are needed",
		        count, HANDOVER_FDS);
		error = -EPERM;
	}
	if (error < 0) {
		give_reason(dataplane, reason);
		return error;
	}
	error = maps_take(dataplane, welcome, fds);
	if (error < 0)
		return error;
	dataplane->terms = *welcome;
	dataplane->welcomed = dataplane->mapped = true;
	dataplane->reason[0] = '\0';
	if (again) {
		log_info(NULL, "dataplane", "state=up nexthops=%u", nexthops_count(dataplane->nexthops));
		nexthops_ask_again(dataplane->nexthops);
		dataplane->ops->connected(dataplane->context, true);
	}
	return 0;
}

static int take_refusal(struct dataplane *dataplane, const struct handover_refused *refused, size_t bytes)
{
	char reason[WELCOME_REASON] = "xdpark-dp refuses without saying why";

	if (bytes == sizeof(*refused) && refused->reason[0])
		snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(refused->reason) - 1, refused->reason);
	give_reason(dataplane, reason);
	return -EPERM;
}

static int on_message(void *context, const void *message, size_t bytes, const int *fds, unsigned count)
{
	struct dataplane *dataplane = context;
	const struct handover_text *text = message;

	switch (*(const uint32_t *)message) {
	case HANDOVER_WELCOME:
		return take_welcome(dataplane, message, bytes, fds, count);
	case HANDOVER_REFUSED:
		return take_refusal(dataplane, message, bytes);
	case HANDOVER_NEXTHOP:
		if (dataplane->welcomed && bytes == sizeof(struct handover_nexthop))
			nexthops_tell(dataplane->nexthops, message);
		break;
	case HANDOVER_ANSWER:
		/* What ends the text is a NUL of its own or the end of the message. */
		if (dataplane->welcomed && bytes > sizeof(*text))
			dataplane_asks_tell(dataplane->asks, text->id, text->text, strlen(text->text));
		break;
	default:
		break;
	}
	return 0;
}

static void on_lost(void *context, int error)
{
	struct dataplane *dataplane = context;
	bool was_welcomed = dataplane->welcomed;
	char reason[WELCOME_REASON];

	dataplane_link_close(dataplane->link);
	dataplane->link = NULL;
	dataplane->welcomed = false;
	if (was_welcomed || !dataplane->reason[0]) {
		snprintf(reason, sizeof(reason), "xdpark-dp at %s closed the connection: %s", dataplane->path,
		        strerror(-error));
		give_reason(dataplane, reason);
	}
	dataplane_asks_fail(dataplane->asks, -ENOTCONN);
	if (was_welcomed)
		dataplane->ops->connected(dataplane->context, false);
}

static const struct dataplane_link_ops link_ops = {.message = on_message, .lost = on_lost};

static int send_hello(struct dataplane *dataplane)
{
	struct handover_hello hello = {.kind = HANDOVER_HELLO, .terms = handover_terms()};
	char reason[WELCOME_REASON];
	int error =
	        dataplane_link_open(&dataplane->link, dataplane->path, dataplane->base, &link_ops, dataplane);

	if (!error) {
		dataplane->hello_at = timers_now(dataplane->timers);
		error = dataplane_link_send(dataplane->link, &hello, sizeof(hello));
	}
	if (!error)
		return 0;
	dataplane_link_close(dataplane->link);
	dataplane->link = NULL;
	snprintf(reason, sizeof(reason),
	        "can't connect to xdpark-dp at %s: %s; is it running, and are we in the group of its socket?",
	        dataplane->path, strerror(-error));
	give_reason(dataplane, reason);
	return error;
}

static int on_silence(struct dataplane *dataplane)
{
	char reason[WELCOME_REASON];

	snprintf(reason, sizeof(reason), "xdpark-dp at %s didn't answer our hello in 2 s", dataplane->path);
	give_reason(dataplane, reason);
	dataplane_link_close(dataplane->link);
	dataplane->link = NULL;
	return -ETIMEDOUT;
}

static void on_tick(struct timer *timer)
{
	struct dataplane *dataplane = owner_of(timer, struct dataplane, tick);

	ring_read(dataplane);
	if (!dataplane->link)
		send_hello(dataplane);
	else if (!dataplane->welcomed && timers_now(dataplane->timers) - dataplane->hello_at >= HELLO_MS)
		on_silence(dataplane);
	timer_set(dataplane->timers, timer, TICK_MS, on_tick);
}

/* The first connection: until a welcome, a refusal, or 2 s are over. */
static int hello_first(struct dataplane *dataplane)
{
	uint64_t start = clock_monotonic_ms(NULL), passed = 0;
	int error = send_hello(dataplane);

	if (error < 0)
		return error;
	while (dataplane->link && !dataplane->welcomed) {
		if (passed >= HELLO_MS || dataplane_link_wait(dataplane->link, (int)(HELLO_MS - passed)) < 0)
			return on_silence(dataplane);
		passed = clock_monotonic_ms(NULL) - start;
	}
	return dataplane->welcomed ? 0 : -EPERM;
}

static void send_remote(void *context, enum handover_kind kind, const uint8_t ip[16])
{
	struct handover_remote remote = {.kind = kind};
	struct dataplane *dataplane = context;

	memcpy(remote.address, ip, sizeof(remote.address));
	if (dataplane->welcomed)
		dataplane_link_send(dataplane->link, &remote, sizeof(remote));
}

int dataplane_connect(struct dataplane **result, const char *path, struct event_base *base,
        struct timers *timers, const struct dataplane_ops *ops, void *context, char *reason)
{
	struct dataplane *dataplane = calloc(1, sizeof(*dataplane));
	int error = -ENOMEM;

	snprintf(reason, WELCOME_REASON, "out of memory");
	if (!dataplane)
		return error;
	dataplane->base = base;
	dataplane->timers = timers;
	dataplane->ops = ops;
	dataplane->context = context;
	dataplane->path = strdup(path);
	dataplane->nexthops = nexthops_new(timers, send_remote, dataplane);
	dataplane->asks = dataplane_asks_new(timers);
	if (!dataplane->path || !dataplane->nexthops || !dataplane->asks)
		goto failed;
	error = hello_first(dataplane);
	if (error < 0) {
		snprintf(reason, WELCOME_REASON, "%s", dataplane->reason);
		goto failed;
	}
	error = timer_set(timers, &dataplane->tick, TICK_MS, on_tick);
	if (error < 0)
		goto failed;
	reason[0] = '\0';
	*result = dataplane;
	return 0;
failed:
	dataplane_free(dataplane);
	return error;
}

void dataplane_free(struct dataplane *dataplane)
{
	if (!dataplane)
		return;
	timer_cancel(dataplane->timers, &dataplane->tick);
	dataplane->welcomed = false;
	dataplane_asks_free(dataplane->asks);
	nexthops_free(dataplane->nexthops);
	dataplane_link_close(dataplane->link);
	ring_close(dataplane);
	dataplane_maps_free(&dataplane->maps);
	free(dataplane->path);
	free(dataplane);
}

const struct handover_welcome *dataplane_terms(const struct dataplane *dataplane)
{
	return &dataplane->terms;
}

struct xd_endpoint *dataplane_endpoint(struct dataplane *dataplane, uint32_t index)
{
	return index < dataplane->terms.endpoints
	               ? (struct xd_endpoint *)dataplane->maps.map[HANDOVER_FD_ENDPOINTS].memory + index
	               : NULL;
}

struct xd_rest *dataplane_rest(struct dataplane *dataplane, uint32_t index)
{
	return index < dataplane->terms.endpoints
	               ? (struct xd_rest *)dataplane->maps.map[HANDOVER_FD_RESTS].memory + index
	               : NULL;
}

const struct xd_stream *dataplane_stream(struct dataplane *dataplane, uint32_t index)
{
	return index < dataplane->terms.endpoints
	               ? (const struct xd_stream *)dataplane->maps.map[HANDOVER_FD_STREAMS].memory + index
	               : NULL;
}

uint64_t *dataplane_due(struct dataplane *dataplane, uint32_t index)
{
	return index < dataplane->terms.endpoints
	               ? (uint64_t *)dataplane->maps.map[HANDOVER_FD_DUE].memory + index
	               : NULL;
}

uint64_t *dataplane_starts(struct dataplane *dataplane, uint32_t index)
{
	return index < dataplane->terms.endpoints
	               ? (uint64_t *)dataplane->maps.map[HANDOVER_FD_STARTS].memory + index / XD_STARTS_BLOCK
	               : NULL;
}

struct xd_chunk *dataplane_chunks(struct dataplane *dataplane)
{
	return dataplane->maps.map[HANDOVER_FD_CHUNKS].memory;
}

int nexthop_use_start(struct dataplane *dataplane, struct nexthop_use *use, const uint8_t ip[16])
{
	return nexthops_start(dataplane->nexthops, use, ip);
}

void nexthop_use_end(struct dataplane *dataplane, struct nexthop_use *use)
{
	nexthops_end(dataplane->nexthops, use);
}

int dataplane_ask(struct dataplane *dataplane, const char *question,
        void (*answered)(void *context, const struct json_t *answer, int error), void *context)
{
	size_t length = strlen(question) + 1, bytes = sizeof(struct handover_text) + length;
	struct handover_text *text;
	int error;

	if (!dataplane->welcomed)
		return -ENOTCONN;
	text = calloc(1, bytes);
	if (!text)
		return -ENOMEM;
	text->kind = HANDOVER_QUERY;
	memcpy(text->text, question, length);
	error = dataplane_asks_add(dataplane->asks, answered, context, &text->id);
	if (!error) {
		error = dataplane_link_send(dataplane->link, text, bytes);
		if (error < 0)
			dataplane_asks_forget(dataplane->asks, text->id);
	}
	free(text);
	return error;
}
