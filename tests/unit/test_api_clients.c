/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients of the API that are slow, many, gone, or don't listen. */
#include "api_stage.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/api/connections.h"
#include "ctl/timer.h"

static void slow_clients_are_closed(void **state)
{
	uint64_t ms;
	char *got = api_stage_exchange("GET /v1/sta", 11, true, &ms);

	(void)state;
	assert_null(strstr(got, "200 OK"));
	assert_true(ms >= 4000 && ms < 9000);
	free(got);
}

/* Descriptors of this process: the test's and the API's. */
static unsigned descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static json_int_t api_figure(const char *key)
{
	int status;
	json_t *body = api_stage_get("/v1/status", &status);
	json_int_t figure = json_integer_value(json_object_get(json_object_get(body, "api"), key));

	json_decref(body);
	return figure;
}

static void connections_are_counted(void **state)
{
	int fds[3];

	(void)state;
	assert_int_equal(api_figure("connections"), 1); /* the one that asks */
	for (int i = 0; i < 3; i++)
		fds[i] = api_stage_connect();
	api_stage_turn(5);
	assert_int_equal(api_figure("connections"), 4);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	api_stage_turn(5);
	assert_int_equal(api_figure("connections"), 1);
	assert_int_equal(api_figure("since_start"), 7);
	assert_int_equal(api_figure("full"), 0);
	assert_int_equal(api_figure("most"), CONNECTIONS_MOST);
}

/*
 * A hundred clients that send nothing, or a byte now and then so as not to be silent: the API takes no more
 * descriptors than it may, its loop goes on, and who comes behind them all is served.
 */
static void many_and_slow_clients(void **state)
{
	enum { MANY = 100 };
	unsigned before = descriptors(), turns = 0;
	uint64_t since, fed = 0, ms;
	int fds[MANY];
	char byte;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		fds[i] = api_stage_connect();
		api_stage_turn(1);
	}
	assert_int_equal(descriptors() - before, MANY + CONNECTIONS_MOST);
	since = clock_monotonic_ms(NULL);
	/* The first one is closed when it has lasted long enough, not before. */
	do {
		ms = clock_monotonic_ms(NULL) - since;
		for (int i = 0; i < MANY && ms >= fed; i++)
			(void)!send(fds[i], "G", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		fed = ms >= fed ? ms + 1000 : fed;
		api_stage_turn(10);
		turns++;
		assert_true(descriptors() - before <= MANY + CONNECTIONS_MOST);
	} while (recv(fds[0], &byte, 1, MSG_DONTWAIT) < 0 && ms < 20000);
	assert_in_range(ms, 1000 * CONNECTIONS_LAST_S - 500, 1000 * CONNECTIONS_LAST_S + 4000);
	assert_true(turns > 100);
	api_stage_turn(100);
	/* Those from the backlog are in now, and the others have gone. */
	assert_int_equal(descriptors() - before, MANY + MANY - CONNECTIONS_MOST);
	assert_int_equal(api_figure("connections"), MANY - CONNECTIONS_MOST + 1);
	assert_true(api_figure("full") > 0);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

/* Who doesn't read his answer is closed too. */
static void a_client_that_does_not_read(void **state)
{
	static const char request[] = "GET /v1/calls HTTP/1.1\r\nHost: x\r\n\r\n";
	uint64_t since = clock_monotonic_ms(NULL);
	int fd = api_stage_connect(), sent = 0;

	(void)state;
	while (clock_monotonic_ms(NULL) - since < 1000 * CONNECTIONS_LAST_S + 2000) {
		if (send(fd, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			sent++;
		api_stage_turn(5);
	}
	assert_true(sent > 100);
	assert_int_equal(send(fd, request, 1, MSG_NOSIGNAL), -1);
	close(fd);
	api_stage_turn(5);
	assert_int_equal(api_figure("connections"), 1);
}

/* The answer comes when the client has hung up, and when the API has gone. */
static void answers_for_nobody(void **state)
{
	static const char request[] = "GET /v1/counters HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = api_stage_connect();

	(void)state;
	api_stage.never = true;
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	api_stage_turn(20);
	assert_non_null(api_stage.answered);
	close(fd);
	api_stage_turn(20);
	api_stage_tell("{\"hold_ingress\":1}", 0);
	api_stage_turn(20);
	fd = api_stage_connect();
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	api_stage_turn(20);
	assert_non_null(api_stage.answered);
	/* teardown frees the API, then gives the answer */
	close(fd);
}

#define api_test(name) cmocka_unit_test_setup_teardown(name, api_stage_open, api_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        api_test(slow_clients_are_closed),
	        api_test(connections_are_counted),
	        api_test(many_and_slow_clients),
	        api_test(a_client_that_does_not_read),
	        api_test(answers_for_nobody),
	};

	signal(SIGPIPE, SIG_IGN); /* as ctl/loop.c does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
