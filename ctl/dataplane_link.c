/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/dataplane_link.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* TURN: messages read before others get their turn. WAITING: messages that may wait to be sent. */
enum { TURN = 64, WAITING = 65536, MESSAGE_BYTES = sizeof(struct handover_text) + HANDOVER_TEXT };

struct waiting {
	STAILQ_ENTRY(waiting) next;
	size_t bytes;
	char message[];
};

struct dataplane_link {
	int socket;
	struct event *readable, *writable;
	const struct dataplane_link_ops *ops;
	void *context;
	STAILQ_HEAD(waiting_queue, waiting) queue;
	uint32_t queued;
	int error; /* found while sending: told by the loop, never from within a send */
	_Alignas(8) char buffer[MESSAGE_BYTES + 1];
};

static int take_one(struct dataplane_link *link, const int *fds, unsigned count, size_t bytes)
{
	int error = 0;

	link->buffer[bytes] = '\0';
	if (bytes >= sizeof(uint32_t))
		error = link->ops->message(link->context, link->buffer, bytes, fds, count);
	while (count)
		close(fds[--count]);
	return error;
}

/* Takes what is there. 0, or why there will be no more. */
static int take_all(struct dataplane_link *link)
{
	for (unsigned i = 0; i < TURN; i++) {
		int fds[HANDOVER_FDS], error;
		unsigned count = 0;
		long bytes = handover_receive(link->socket, link->buffer, MESSAGE_BYTES, fds, &count);

		if (bytes == -EAGAIN)
			return 0;
		if (bytes == -EMSGSIZE)
			continue;
		if (bytes <= 0)
			return bytes ? (int)bytes : -ECONNRESET;
		error = take_one(link, fds, count, (size_t)bytes);
		if (error < 0)
			return error;
	}
	return 0;
}

static void on_readable(evutil_socket_t socket, short what, void *context)
{
	struct dataplane_link *link = context;
	int error = link->error ? link->error : take_all(link);

	(void)socket;
	(void)what;
	if (error)
		link->ops->lost(link->context, error);
}

static void on_writable(evutil_socket_t socket, short what, void *context)
{
	struct dataplane_link *link = context;
	struct waiting *waiting;

	(void)socket;
	(void)what;
	while ((waiting = STAILQ_FIRST(&link->queue))) {
		int error = handover_send(link->socket, waiting->message, waiting->bytes, NULL, 0);

		if (error == -EAGAIN)
			return;
		STAILQ_REMOVE_HEAD(&link->queue, next);
		link->queued--;
		free(waiting);
		if (error) {
			link->error = error;
			event_active(link->readable, EV_READ, 0);
			break;
		}
	}
	event_del(link->writable);
}

static int connect_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path) + 1;
	int handle, error;

	if (length > sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, length);
	handle = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (handle < 0)
		return -errno;
	if (!connect(handle, (struct sockaddr *)&address, sizeof(address)))
		return handle;
	error = -errno;
	close(handle);
	return error;
}

int dataplane_link_open(struct dataplane_link **result, const char *path, struct event_base *base,
        const struct dataplane_link_ops *ops, void *context)
{
	int handle = connect_socket(path);
	struct dataplane_link *link;

	if (handle < 0)
		return handle;
	link = calloc(1, sizeof(*link));
	if (!link) {
		close(handle);
		return -ENOMEM;
	}
	link->socket = handle;
	link->ops = ops;
	link->context = context;
	STAILQ_INIT(&link->queue);
	link->readable = event_new(base, handle, EV_READ | EV_PERSIST, on_readable, link);
	link->writable = event_new(base, handle, EV_WRITE | EV_PERSIST, on_writable, link);
	if (!link->readable || !link->writable || event_add(link->readable, NULL) < 0) {
		dataplane_link_close(link);
		return -ENOMEM;
	}
	*result = link;
	return 0;
}

void dataplane_link_close(struct dataplane_link *link)
{
	struct waiting *waiting;

	if (!link)
		return;
	while ((waiting = STAILQ_FIRST(&link->queue))) {
		STAILQ_REMOVE_HEAD(&link->queue, next);
		free(waiting);
	}
	if (link->readable)
		event_free(link->readable);
	if (link->writable)
		event_free(link->writable);
	close(link->socket);
	free(link);
}

static int queue_message(struct dataplane_link *link, const void *message, size_t bytes)
{
	struct waiting *waiting;

	if (link->queued >= WAITING)
		return -ENOBUFS;
	waiting = malloc(sizeof(*waiting) + bytes);
	if (!waiting)
		return -ENOMEM;
	waiting->bytes = bytes;
	memcpy(waiting->message, message, bytes);
	STAILQ_INSERT_TAIL(&link->queue, waiting, next);
	link->queued++;
	return event_add(link->writable, NULL) < 0 ? -ENOMEM : 0;
}

int dataplane_link_send(struct dataplane_link *link, const void *message, size_t bytes)
{
	int error = -EAGAIN;

	if (bytes > MESSAGE_BYTES)
		return -EINVAL;
	if (STAILQ_EMPTY(&link->queue))
		error = handover_send(link->socket, message, bytes, NULL, 0);
	if (error == -EAGAIN)
		error = queue_message(link, message, bytes);
	if (error && !link->error) {
		link->error = error;
		event_active(link->readable, EV_READ, 0);
	}
	return error;
}

int dataplane_link_wait(struct dataplane_link *link, int milliseconds)
{
	struct pollfd wait = {.fd = link->socket, .events = POLLIN};
	int ready;

	do {
		ready = poll(&wait, 1, milliseconds);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return -ETIMEDOUT;
	on_readable(link->socket, EV_READ, link);
	return 0;
}
