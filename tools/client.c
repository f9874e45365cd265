/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/command.h"

enum { ANSWER_S = 10, ANSWER_BYTES = 1 << 30 };

/* All that came, NUL-terminated. */
struct answer_text {
	char *bytes;
	size_t length, size;
};

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
	va_list arguments;

	fputs("xdpark: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

static int fail_silent(const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return fail("no access to %s: ask as root or as a member of its group (control.group in "
		            "xdparkd.yaml)",
		        path);
	if (error == EAGAIN || error == EINPROGRESS)
		return fail("xdparkd does not answer at %s within %d s: is it stopped, or very busy?", path,
		        ANSWER_S);
	return fail("xdparkd does not answer at %s: is it running? (%s; another socket: --socket PATH)", path,
	        strerror(error));
}

static int client_connect(const char *path)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int client_send(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		text += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static int answer_grow(struct answer_text *answer)
{
	size_t size = answer->size ? answer->size * 2 : 65536;
	char *bytes = size > ANSWER_BYTES ? NULL : realloc(answer->bytes, size);

	if (!bytes)
		return -ENOMEM;
	answer->bytes = bytes;
	answer->size = size;
	return 0;
}

/* Until the other side closes: HTTP/1.0 ends an answer so. */
static int client_receive(int fd, struct answer_text *answer)
{
	for (;;) {
		ssize_t got;

		if (answer->length + 1 >= answer->size && answer_grow(answer) < 0)
			return -ENOMEM;
		got = recv(fd, answer->bytes + answer->length, answer->size - answer->length - 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		answer->bytes[answer->length += (size_t)got] = '\0';
		if (got == 0)
			return 0;
	}
}

static int client_exchange(const char *path, const char *target, const char *body, struct answer_text *answer)
{
	int fd = client_connect(path), error;
	char *request = NULL;

	if (fd < 0)
		return fd;
	if (body)
		error = asprintf(&request,
		        "POST %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		        target, strlen(body), body);
	else
		error = asprintf(&request, "GET %s HTTP/1.0\r\n\r\n", target);
	error = error < 0 ? -ENOMEM : client_send(fd, request);
	if (error == 0)
		error = client_receive(fd, answer);
	free(request);
	close(fd);
	return error;
}

/* Status line, headers, and the JSON behind them. */
static int answer_read(const struct answer_text *text, const char *path, json_t **answer)
{
	const char *body = text->bytes ? strstr(text->bytes, "\r\n\r\n") : NULL, *error;
	json_t *value;
	bool good;

	if (!body || strncmp(text->bytes, "HTTP/1.", strlen("HTTP/1.")) != 0)
		return fail("what answers at %s is not xdparkd", path);
	body += strlen("\r\n\r\n");
	value = json_loadb(body, text->length - (size_t)(body - text->bytes), 0, NULL);
	good = strncmp(text->bytes + strlen("HTTP/1.x"), " 200 ", strlen(" 200 ")) == 0;
	if (good && json_is_object(value)) {
		*answer = value;
		return EXIT_DONE;
	}
	error = json_string_value(json_object_get(value, "error"));
	fail("xdparkd refuses: %s", error ? error : "it does not say why");
	json_decref(value);
	return EXIT_FAILED;
}

int client_ask(const char *socket_path, const char *target, const char *body, json_t **answer)
{
	struct answer_text text = {0};
	int error = client_exchange(socket_path, target, body, &text);

	if (error < 0)
		error = fail_silent(socket_path, -error);
	else
		error = answer_read(&text, socket_path, answer);
	free(text.bytes);
	return error;
}
