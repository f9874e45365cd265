/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/ng.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/rig/bencode.h"
#include "tools/rig/low_port.h"
#include "tools/rig/machine.h"

enum { MESSAGE = 16384, COOKIE = 32, AGAIN_MS = 250 };

#define MS_NS 1000000ULL

struct ng {
	int socket;
	uint32_t run, requests; /* make the cookie */
	size_t cookie;          /* its length, the blank included */
	struct bencode request;
	size_t dictionary; /* length of the answer behind its cookie */
	char sent[MESSAGE], answer[MESSAGE];
};

int ng_open(struct ng **ng, const struct sockaddr_in *server)
{
	struct ng *made = calloc(1, sizeof(*made));
	int failed;

	if (!made)
		return -ENOMEM;
	made->run = arc4random();
	made->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	failed = made->socket < 0 ? -errno
	                          : low_port_bind(made->socket, (struct in_addr){.s_addr = INADDR_ANY});
	if (!failed && connect(made->socket, (const struct sockaddr *)server, sizeof(*server)))
		failed = -errno;
	if (failed) {
		ng_close(made);
		return failed;
	}
	*ng = made;
	return 0;
}

void ng_close(struct ng *ng)
{
	if (!ng)
		return;
	if (ng->socket >= 0)
		close(ng->socket);
	free(ng);
}

void ng_begin(struct ng *ng, const char *command)
{
	ng->cookie = (size_t)snprintf(ng->sent, COOKIE, "%x-%u ", ng->run, ++ng->requests);
	ng->dictionary = 0;
	ng->request = (struct bencode){.text = ng->sent, .size = MESSAGE, .used = ng->cookie};
	bencode_mark(&ng->request, 'd');
	ng_string(ng, "command", command);
}

void ng_string(struct ng *ng, const char *key, const char *value)
{
	bencode_string(&ng->request, key);
	bencode_string(&ng->request, value);
}

void ng_number(struct ng *ng, const char *key, long value)
{
	bencode_string(&ng->request, key);
	bencode_number(&ng->request, value);
}

void ng_list(struct ng *ng, const char *key, const char *only)
{
	bencode_string(&ng->request, key);
	bencode_mark(&ng->request, 'l');
	bencode_string(&ng->request, only);
	bencode_mark(&ng->request, 'e');
}

/* Whether the answer to this request has come; what else comes is late and means nothing. */
static bool answer_take(struct ng *ng)
{
	ssize_t length;

	while ((length = recv(ng->socket, ng->answer, sizeof(ng->answer), MSG_DONTWAIT)) >= 0) {
		if ((size_t)length <= ng->cookie || memcmp(ng->answer, ng->sent, ng->cookie) != 0)
			continue;
		ng->dictionary = (size_t)length - ng->cookie;
		return true;
	}
	return false;
}

/* Nobody may be there yet: a refused datagram is no reason to give up. */
static int answer_wait(struct ng *ng, unsigned wait_ms)
{
	uint64_t now = machine_clock_ns(), end = now + wait_ms * MS_NS, again = now;
	struct pollfd ready = {.fd = ng->socket, .events = POLLIN};

	while (now < end) {
		uint64_t until;

		if (now >= again) {
			again = now + AGAIN_MS * MS_NS;
			send(ng->socket, ng->sent, ng->request.used, 0);
		}
		until = again < end ? again : end;
		if (poll(&ready, 1, (int)((until - now) / MS_NS) + 1) < 0 && errno != EINTR)
			return -errno;
		if (answer_take(ng))
			return 0;
		if (machine_ending())
			return -EINTR;
		now = machine_clock_ns();
	}
	return -ETIMEDOUT;
}

static bool answer_is(const struct ng *ng, const char *wanted)
{
	const char *result;
	size_t length;

	return ng_answer(ng, "result", &result, &length) && length == strlen(wanted) &&
	       memcmp(result, wanted, length) == 0;
}

int ng_ask(struct ng *ng, unsigned wait_ms, char *error)
{
	const char *reason;
	size_t length;
	int failed;

	bencode_mark(&ng->request, 'e');
	snprintf(error, NG_ERROR, "no answer");
	if (ng->request.full)
		return -EMSGSIZE;
	failed = answer_wait(ng, wait_ms);
	if (failed || answer_is(ng, "ok") || answer_is(ng, "pong"))
		return failed;
	if (ng_answer(ng, "error-reason", &reason, &length))
		snprintf(error, NG_ERROR, "%.*s", (int)(length < NG_ERROR ? length : NG_ERROR), reason);
	else
		snprintf(error, NG_ERROR, "an answer without result");
	return -EREMOTEIO;
}

bool ng_answer(const struct ng *ng, const char *key, const char **value, size_t *length)
{
	return bencode_find(ng->answer + ng->cookie, ng->dictionary, key, value, length);
}
