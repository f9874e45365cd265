/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handover's socket and a controller that doesn't read what it is told. */
#include <poll.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmod-free/server.h"

enum { TEXT = 64, HOLDS_MOST = 100000, WAIT_MS = 2000, QUIET_MS = 100, SOME = 16 };

struct stage {
	char path[64];
	struct watches *watches;
	struct server *server;
	pthread_t thread;
	uint32_t answered; /* holds; the number of the last is its index */
};

static void welcome(void *data, struct handover_welcome *welcome, int fds[HANDOVER_FDS])
{
	(void)data;
	(void)welcome;
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		fds[i] = STDERR_FILENO;
}

static void nothing(void *data)
{
	(void)data;
}

static void hold(void *data, const uint8_t address[16], struct handover_nexthop *answer)
{
	struct stage *stage = data;

	*answer = (struct handover_nexthop){.kind = HANDOVER_NEXTHOP,
	        .index = __atomic_add_fetch(&stage->answered, 1, __ATOMIC_RELAXED),
	        .state = XD_NEXTHOP_PENDING};
	memcpy(answer->address, address, 16);
}

static void released(void *data, const uint8_t address[16])
{
	(void)data;
	(void)address;
}

/* "tell": there is news of the hold that was answered last. "stop": the server ends. */
static char *question(void *data, const char *text)
{
	struct stage *stage = data;
	struct handover_nexthop news = {
	        .kind = HANDOVER_NEXTHOP, .index = stage->answered, .state = XD_NEXTHOP_REACHABLE};

	if (!strcmp(text, "stop"))
		watches_stop(stage->watches);
	return strdup(!strcmp(text, "tell") && server_tell(stage->server, &news) ? "told" : "not told");
}

static const struct server_ops ops = {
        .welcome = welcome,
        .came = nothing,
        .gone = nothing,
        .hold = hold,
        .release = released,
        .answer = question,
};

static void *serve(void *data)
{
	struct stage *stage = data;

	watches_run(stage->watches);
	return NULL;
}

static int stage_open(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	snprintf(stage->path, sizeof(stage->path), "/tmp/test_dp_server.%d", getpid());
	assert_int_equal(watches_new(&stage->watches), 0);
	assert_int_equal(server_open(&stage->server, stage->watches, stage->path, (gid_t)-1, &ops, stage), 0);
	assert_int_equal(pthread_create(&stage->thread, NULL, serve, stage), 0);
	*state = stage;
	return 0;
}

static int client_connect(const struct stage *stage)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", stage->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Whether a message has come within `ms`. */
static bool client_hears(int fd, void *message, size_t size, int ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (poll(&ready, 1, ms) != 1)
		return false;
	assert_true(handover_receive(fd, message, size, NULL, NULL) > 0);
	return true;
}

static void client_ask(int fd, const char *text, char answer[TEXT])
{
	char bytes[sizeof(struct handover_text) + TEXT] = {0};
	struct handover_text *message = (struct handover_text *)bytes;

	message->kind = HANDOVER_QUERY;
	snprintf(message->text, TEXT, "%s", text);
	assert_int_equal(handover_send(fd, bytes, sizeof(*message) + strlen(text) + 1, NULL, 0), 0);
	assert_true(client_hears(fd, bytes, sizeof(bytes), WAIT_MS));
	snprintf(answer, TEXT, "%s", message->text);
}

static int stage_close(void **state)
{
	struct stage *stage = *state;
	int fd = client_connect(stage);
	char answer[TEXT];

	client_ask(fd, "stop", answer);
	pthread_join(stage->thread, NULL);
	close(fd);
	server_close(stage->server);
	watches_free(stage->watches);
	free(stage);
	return 0;
}

static int controller_connect(const struct stage *stage)
{
	struct handover_hello hello = {.kind = HANDOVER_HELLO, .terms = handover_terms()};
	struct handover_welcome answer = {0};
	int fd = client_connect(stage);

	assert_int_equal(handover_send(fd, &hello, sizeof(hello), NULL, 0), 0);
	assert_true(client_hears(fd, &answer, sizeof(answer), WAIT_MS));
	assert_int_equal(answer.kind, HANDOVER_WELCOME);
	return fd;
}

/* Asks until the server waits for us to read. Returns how often. */
static uint32_t controller_flood(int fd)
{
	struct handover_remote remote = {.kind = HANDOVER_NEXTHOP_HOLD};
	uint32_t count = 0;

	for (;;) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};

		if (handover_send(fd, &remote, sizeof(remote), NULL, 0)) {
			if (!poll(&room, 1, QUIET_MS))
				return count;
			continue;
		}
		assert_in_range(++count, 1, HOLDS_MOST);
	}
}

/*
 * There is room again for a message, but not yet so much that the answer that waits is sent: news come after
 * it, or the controller would take the older for the newer.
 */
static void news_dont_overtake_answers(void **state)
{
	struct stage *stage = *state;
	int controller = controller_connect(stage), asker = client_connect(stage);
	uint32_t asked = controller_flood(controller), heard = 0, told = 0;
	struct handover_nexthop answer = {0};
	char text[TEXT];

	assert_in_range(stage->answered, 1, asked);
	for (unsigned i = 0; i < SOME; i++)
		assert_true(client_hears(controller, &answer, sizeof(answer), WAIT_MS));
	heard = answer.index;
	assert_int_equal(heard, SOME);
	client_ask(asker, "tell", text);
	told += !strcmp(text, "told");
	while (client_hears(controller, &answer, sizeof(answer), QUIET_MS)) {
		if (answer.state == XD_NEXTHOP_REACHABLE)
			assert_in_range(answer.index, 1, heard);
		else
			assert_int_equal(answer.index, ++heard);
	}
	/* No answer is lost, and when all have gone there is way for news. */
	assert_int_equal(heard, asked);
	client_ask(asker, "tell", text);
	assert_string_equal(text, "told");
	assert_true(client_hears(controller, &answer, sizeof(answer), WAIT_MS));
	assert_int_equal(answer.state, XD_NEXTHOP_REACHABLE);
	assert_int_equal(told, 0);
	close(asker);
	close(controller);
}

/* A leftover socket is replaced, nobody's file is. */
static void only_a_socket_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int leftover = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct server *server = NULL;
	struct watches *watches;
	struct stat status;
	FILE *file;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/test_dp_server.%d", getpid());
	assert_int_equal(watches_new(&watches), 0);
	file = fopen(address.sun_path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(server_open(&server, watches, address.sun_path, (gid_t)-1, &ops, NULL), -EEXIST);
	assert_int_equal(stat(address.sun_path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	unlink(address.sun_path);
	assert_int_equal(bind(leftover, (struct sockaddr *)&address, sizeof(address)), 0);
	close(leftover);
	assert_int_equal(server_open(&server, watches, address.sun_path, (gid_t)-1, &ops, NULL), 0);
	server_close(server);
	watches_free(watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(only_a_socket_is_replaced),
	        cmocka_unit_test_setup_teardown(news_dont_overtake_answers, stage_open, stage_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
