/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: one line an event, whatever strangers put into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmod-free/log.h"

static char written[16384];
static int saved, pipe_fds[2];

static void capture(void)
{
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK), 0);
	saved = dup(STDERR_FILENO);
	dup2(pipe_fds[1], STDERR_FILENO);
}

static void captured(void)
{
	ssize_t length = read(pipe_fds[0], written, sizeof(written) - 1);

	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	written[length > 0 ? length : 0] = '\0';
}

static unsigned lines(void)
{
	unsigned count = 0;

	for (const char *at = written; *at; at++)
		count += *at == '\n';
	return count;
}

static void test_line(void **state)
{
	struct log_subject subject = {.tenant = "acme.example", .call = "c 1"};

	(void)state;
	log_open("xdpark-test", LOG_LEVEL_INFO);
	capture();
	log_info(&subject, "parked", "orbit=%d", 701);
	captured();
	assert_memory_equal(written, "time=2", 6);
	assert_non_null(strstr(written, "Z level=info program=xdpark-test event=parked tenant=acme.example "
	                                "call=\"c 1\" orbit=701\n"));
	capture();
	log_info(NULL, "bare", "%s", "");
	captured();
	assert_non_null(strstr(written, " event=bare\n"));
}

static void test_levels(void **state)
{
	struct log_limit limit = {0};

	(void)state;
	log_open("xdpark-test", LOG_LEVEL_ERROR);
	capture();
	log_warn(NULL, "no", "a=1");
	log_limited(&limit, NULL, "no", "a=1");
	log_debug(NULL, "no", "a=1");
	log_error(NULL, "yes", "a=1");
	captured();
	assert_int_equal(lines(), 1);
	assert_non_null(strstr(written, "level=error"));
	log_open("xdpark-test", LOG_LEVEL_INFO);
}

/* Nobody forges a line, nor talks to the operator's terminal. */
static void test_escapes(void **state)
{
	(void)state;
	capture();
	log_info(NULL, "e", "text=%s", "a\nlevel=error\r\x1b[2J\x7f\xc2\x9b \xff\xc3\xa4\xe2\x82\xac");
	captured();
	assert_int_equal(lines(), 1);
	assert_non_null(strstr(
	        written, "text=a\\x0alevel=error\\x0d\\x1b[2J\\x7f\\xc2\\x9b \\xff\xc3\xa4\xe2\x82\xac\n"));
}

static void test_long_lines(void **state)
{
	static char text[12000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	capture();
	log_info(NULL, "long", "text=%s", text);
	memset(text, 1, sizeof(text) - 1);
	log_info(NULL, "long", "text=%s", text);
	captured();
	assert_int_equal(lines(), 2);
	assert_true(strlen(written) < 8192);
	assert_int_equal(written[strlen(written) - 1], '\n');
}

static void test_values(void **state)
{
	char to[16];

	(void)state;
	assert_string_equal(log_value(to, sizeof(to), "plain"), "plain");
	assert_string_equal(log_value(to, sizeof(to), "two words"), "\"two words\"");
	assert_string_equal(log_value(to, sizeof(to), "a=b"), "\"a=b\"");
	assert_string_equal(log_value(to, sizeof(to), "\"\\"), "\"\\\"\\\\\"");
	assert_string_equal(log_value(to, sizeof(to), ""), "\"\"");
	assert_string_equal(log_value(to, sizeof(to), NULL), "\"\"");
	assert_string_equal(log_value(to, sizeof(to), "a\nb"), "\"a\\x0ab\"");
	assert_string_equal(log_value(to, sizeof(to), "0123456789abcdefghi"), "0123456789abcde");
	assert_string_equal(log_value(to, sizeof(to), "0123456789 abcdefgh"), "\"0123456789 ab\"");
	/* An escape is never cut in half. */
	assert_string_equal(log_value(to, sizeof(to), "01234567890\n"), "\"01234567890\"");
	for (unsigned size = 0; size < sizeof(to); size++) {
		memset(to, 'Z', sizeof(to));
		assert_true(strlen(log_value(to, size, "a b\n\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4")) <
		            (size ? size : 1));
		for (unsigned i = size; i < sizeof(to); i++)
			assert_int_equal(to[i], 'Z');
	}
}

static void test_limit(void **state)
{
	struct log_limit limit = {.burst = 3};

	(void)state;
	capture();
	for (unsigned i = 0; i < 10; i++)
		log_limited(&limit, NULL, "flood", "i=%u", i);
	captured();
	/* The second may turn once while we write. */
	assert_in_range(lines(), 3, 6);
	capture();
	limit.second--;
	log_limited(&limit, NULL, "flood", "i=10");
	log_limited(&limit, NULL, "flood", "i=11");
	captured();
	assert_int_equal(lines(), 2);
	assert_non_null(strstr(written, "i=10 left_out="));
	assert_null(strstr(written, "i=11 left_out="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_line),
	        cmocka_unit_test(test_levels),
	        cmocka_unit_test(test_escapes),
	        cmocka_unit_test(test_long_lines),
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
