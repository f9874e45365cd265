/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kmod-free/log.h"

enum { CLIENTS = 16, BACKLOG = 16, AT_ONCE = 64 };

/* The largest message that anybody sends us. */
union message {
	uint32_t kind;
	struct handover_hello hello;
	struct handover_remote remote;
	struct handover_text text;
	char bytes[sizeof(struct handover_text) + HANDOVER_TEXT];
};

struct client {
	struct watch watch; /* fd -1: not in use */
	struct server *server;
	pid_t pid;
	uid_t uid;
	bool blocked; /* its socket is full: `unsent` goes first, and nothing is read until it has */
	struct handover_nexthop unsent;
};

struct server {
	struct watch watch;
	struct watches *watches;
	const struct server_ops *ops;
	void *data;
	struct client *controller; /* NULL: none */
	struct client clients[CLIENTS];
	struct sockaddr_un address;
	union message message;
};

static void client_close(struct client *client)
{
	struct server *server = client->server;

	watch_remove(server->watches, &client->watch);
	close(client->watch.fd);
	client->watch.fd = -1;
	if (server->controller != client)
		return;
	server->controller = NULL;
	log_info(NULL, "controller-gone", "pid=%d", (int)client->pid);
	server->ops->gone(server->data);
}

static int client_send(
        struct client *client, const void *message, size_t bytes, const int *fds, unsigned count)
{
	int error = handover_send(client->watch.fd, message, bytes, fds, count);

	if (error && error != -EAGAIN && error != -EPIPE)
		log_warn(NULL, "handover-send", "pid=%d error=\"%s\"", (int)client->pid, strerror(-error));
	return error;
}

static void client_refuse(struct client *client, const char *reason)
{
	struct handover_refused refused = {.kind = HANDOVER_REFUSED};
	char value[sizeof(refused.reason)];

	snprintf(refused.reason, sizeof(refused.reason), "%s", reason);
	log_warn(NULL, "controller-refused", "pid=%d uid=%u reason=%s", (int)client->pid, client->uid,
	        log_value(value, sizeof(value), reason));
	client_send(client, &refused, sizeof(refused), NULL, 0);
	client_close(client);
}

/* Compares terms; the reason names both sides' values. */
static bool terms_agree(const struct handover_terms *theirs, char *reason, size_t size)
{
	struct handover_terms ours = handover_terms();

	if (!memcmp(theirs, &ours, sizeof(ours)))
		return true;
	snprintf(reason, size,
	        "the daemons are of different builds: controller has handover %u, layout %u, entries of "
	        "%u/%u/%u/%u/%u bytes; "
	        "dataplane has %u, %u, %u/%u/%u/%u/%u",
	        theirs->version, theirs->layout_version, theirs->endpoint_bytes, theirs->stream_bytes,
	        theirs->chunk_bytes, theirs->event_bytes, theirs->rest_bytes, ours.version,
	        ours.layout_version, ours.endpoint_bytes, ours.stream_bytes, ours.chunk_bytes,
	        ours.event_bytes, ours.rest_bytes);
	return false;
}

static void hello_take(struct client *client, const struct handover_hello *hello)
{
	struct server *server = client->server;
	struct handover_welcome welcome = {.kind = HANDOVER_WELCOME, .terms = handover_terms()};
	int fds[HANDOVER_FDS];
	char reason[256];

	if (server->controller == client) {
		client_refuse(client, "a second hello on one connection");
		return;
	}
	if (server->controller) {
		snprintf(reason, sizeof(reason),
		        "another controller is connected: pid %d of uid %u; one at a time, stop that one "
		        "first",
		        (int)server->controller->pid, server->controller->uid);
		client_refuse(client, reason);
		return;
	}
	if (!terms_agree(&hello->terms, reason, sizeof(reason))) {
		client_refuse(client, reason);
		return;
	}
	server->ops->welcome(server->data, &welcome, fds);
	if (client_send(client, &welcome, sizeof(welcome), fds, HANDOVER_FDS)) {
		client_close(client);
		return;
	}
	server->controller = client;
	log_info(NULL, "controller", "pid=%d uid=%u", (int)client->pid, client->uid);
	server->ops->came(server->data);
}

/*
 * An answer that is lost would leave a call waiting for ever. Who asks faster than it reads is asked to wait:
 * its next question stays in the socket until this answer has gone.
 */
static void client_answer(struct client *client, const struct handover_nexthop *answer)
{
	int error = client_send(client, answer, sizeof(*answer), NULL, 0);

	if (error && error != -EAGAIN) {
		client_close(client);
		return;
	}
	if ((error == -EAGAIN) == client->blocked)
		return;
	client->blocked = error == -EAGAIN;
	client->unsent = *answer;
	watch_change(client->server->watches, &client->watch, client->blocked ? EPOLLOUT : EPOLLIN);
}

/* HOLD and RELEASE are the controller's alone. */
static void remote_take(struct client *client, const struct handover_remote *remote)
{
	struct server *server = client->server;
	struct handover_nexthop answer;

	if (server->controller != client) {
		client_refuse(client, "say hello before asking for next hops");
		return;
	}
	if (remote->kind == HANDOVER_NEXTHOP_RELEASE) {
		server->ops->release(server->data, remote->address);
		return;
	}
	server->ops->hold(server->data, remote->address, &answer);
	client_answer(client, &answer);
}

static void query_take(struct client *client, struct handover_text *query, size_t bytes)
{
	struct server *server = client->server;
	struct handover_text *answer;
	size_t length;
	char *text;

	if (query->text[bytes - sizeof(*query) - 1]) {
		client_refuse(client, "a question that doesn't end in NUL");
		return;
	}
	text = server->ops->answer(server->data, query->text);
	length = text ? strlen(text) + 1 : 0;
	answer = text && length <= HANDOVER_TEXT ? malloc(sizeof(*answer) + length) : NULL;
	if (answer) {
		answer->kind = HANDOVER_ANSWER;
		answer->id = query->id;
		memcpy(answer->text, text, length);
	}
	if (!answer || client_send(client, answer, sizeof(*answer) + length, NULL, 0))
		client_close(client);
	free(answer);
	free(text);
}

static void message_take(struct client *client, size_t bytes)
{
	union message *message = &client->server->message;

	if (bytes == sizeof(message->hello) && message->kind == HANDOVER_HELLO)
		hello_take(client, &message->hello);
	else if (bytes == sizeof(message->remote) &&
	         (message->kind == HANDOVER_NEXTHOP_HOLD || message->kind == HANDOVER_NEXTHOP_RELEASE))
		remote_take(client, &message->remote);
	else if (bytes > sizeof(message->text) && message->kind == HANDOVER_QUERY)
		query_take(client, &message->text, bytes);
	else
		client_refuse(client, "a message of unknown kind or length");
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct client *client = (struct client *)watch;
	union message *message = &client->server->message;

	if (client->blocked && (events & (EPOLLERR | EPOLLHUP)))
		client_close(client);
	else if (client->blocked)
		client_answer(client, &client->unsent);
	/* Some at once, then others have their turn. */
	for (unsigned i = 0; i < AT_ONCE && client->watch.fd >= 0 && !client->blocked; i++) {
		long bytes = handover_receive(client->watch.fd, message, sizeof(*message), NULL, NULL);

		if (bytes == -EAGAIN)
			return;
		if (bytes <= (long)sizeof(message->kind)) {
			client_close(client);
			return;
		}
		message_take(client, (size_t)bytes);
	}
}

static struct client *client_place(struct server *server)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (server->clients[i].watch.fd < 0)
			return &server->clients[i];
	return NULL;
}

static void server_ready(struct watch *watch, uint32_t events)
{
	struct server *server = (struct server *)watch;
	int fd = accept4(server->watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client = client_place(server);
	struct ucred peer = {0};
	socklen_t bytes = sizeof(peer);

	(void)events;
	if (fd < 0)
		return;
	if (!client) {
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes);
	*client = (struct client){.watch = {.fd = fd, .ready = client_ready},
	        .server = server,
	        .pid = peer.pid,
	        .uid = peer.uid};
	if (watch_add(server->watches, &client->watch)) {
		close(fd);
		client->watch.fd = -1;
	}
}

/* A socket file that nobody listens on is left over from a daemon that was killed; another file is -EEXIST.
 */
static int leftover_remove(const struct sockaddr_un *address)
{
	struct stat status;
	int probe, error;

	/* connect() refuses either alike. */
	if (!lstat(address->sun_path, &status) && !S_ISSOCK(status.st_mode))
		return -EEXIST;
	probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return -errno;
	error = connect(probe, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(probe);
	if (error == ECONNREFUSED)
		return unlink(address->sun_path) ? -errno : 0;
	return error == ENOENT ? 0 : -EADDRINUSE;
}

static int socket_listen(struct server *server, gid_t group)
{
	const char *path = server->address.sun_path;
	mode_t before;
	int error = leftover_remove(&server->address), fd;

	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	before = umask(0117);
	if (bind(fd, (struct sockaddr *)&server->address, sizeof(server->address)))
		error = -errno;
	umask(before);
	if (!error && group != (gid_t)-1 && chown(path, (uid_t)-1, group)) {
		error = -errno;
		log_error(NULL, "socket-group",
		        "path=%s gid=%u error=\"%s\" remedy=\"make our user a member of the group\"", path,
		        group, strerror(-error));
		unlink(path);
	}
	if (!error && listen(fd, BACKLOG))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	server->watch = (struct watch){.fd = fd, .ready = server_ready};
	return 0;
}

static const char *socket_remedy(int error)
{
	if (error == -EADDRINUSE)
		return " remedy=\"another daemon listens there: stop it, or give --socket\"";
	return error == -EEXIST ? " remedy=\"it is no socket: remove it, or give --socket\"" : "";
}

int server_open(struct server **server, struct watches *watches, const char *path, gid_t group,
        const struct server_ops *ops, void *data)
{
	struct server *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->watches = watches;
	made->ops = ops;
	made->data = data;
	made->watch.fd = -1;
	for (unsigned i = 0; i < CLIENTS; i++)
		made->clients[i].watch.fd = -1;
	made->address.sun_family = AF_UNIX;
	strncpy(made->address.sun_path, path, sizeof(made->address.sun_path) - 1);
	error = socket_listen(made, group);
	if (!error)
		error = watch_add(watches, &made->watch);
	if (error) {
		log_error(NULL, "socket", "path=%s error=\"%s\"%s", path, strerror(-error),
		        socket_remedy(error));
		if (made->watch.fd >= 0)
			close(made->watch.fd);
		free(made);
		return error;
	}
	*server = made;
	return 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (server->clients[i].watch.fd >= 0)
			client_close(&server->clients[i]);
	watch_remove(server->watches, &server->watch);
	close(server->watch.fd);
	unlink(server->address.sun_path);
	free(server);
}

bool server_tell(struct server *server, const struct handover_nexthop *news)
{
	/* Nobody is there: the next controller asks anew. */
	if (!server->controller)
		return true;
	/* Nor may news overtake an answer that waits: the older would be taken for the newer. */
	if (server->controller->blocked)
		return false;
	return client_send(server->controller, news, sizeof(*news), NULL, 0) != -EAGAIN;
}
