/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages and descriptors over a SOCK_SEQPACKET pair, also hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmod-free/handover.h"

static int ends[2];

static int pair_open(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int pair_close(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static unsigned open_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void test_message(void **state)
{
	struct handover_hello hello = {.kind = HANDOVER_HELLO, .terms = handover_terms()}, got;
	int fds[HANDOVER_FDS];
	unsigned count = 99;

	(void)state;
	assert_int_equal(handover_receive(ends[1], &got, sizeof(got), NULL, NULL), -EAGAIN);
	assert_int_equal(handover_send(ends[0], &hello, sizeof(hello), NULL, 0), 0);
	assert_int_equal(handover_receive(ends[1], &got, sizeof(got), fds, &count), sizeof(got));
	assert_memory_equal(&got, &hello, sizeof(got));
	assert_int_equal(count, 0);
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		assert_int_equal(fds[i], -1);
	assert_int_equal(got.terms.endpoint_bytes, sizeof(struct xd_endpoint));
}

static void test_fds(void **state)
{
	int sent[HANDOVER_FDS], got[HANDOVER_FDS];
	unsigned count = 0, before = open_fds();
	struct stat a, b;
	char byte;

	(void)state;
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		sent[i] = open(i % 2 ? "/dev/null" : "/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(handover_send(ends[0], "x", 1, sent, HANDOVER_FDS), 0);
	assert_int_equal(handover_receive(ends[1], &byte, 1, got, &count), 1);
	assert_int_equal(count, HANDOVER_FDS);
	for (unsigned i = 0; i < HANDOVER_FDS; i++) {
		assert_int_not_equal(got[i], sent[i]);
		assert_true(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
		assert_int_equal(fstat(sent[i], &a) | fstat(got[i], &b), 0);
		assert_int_equal(a.st_rdev, b.st_rdev);
		close(got[i]);
	}
	/* Who doesn't take them doesn't keep them. */
	assert_int_equal(handover_send(ends[0], "x", 1, sent, 3), 0);
	assert_int_equal(handover_receive(ends[1], &byte, 1, NULL, NULL), 1);
	/* Nor when the message is refused. */
	assert_int_equal(handover_send(ends[0], "xyz", 3, sent, 3), 0);
	assert_int_equal(handover_receive(ends[1], &byte, 1, got, &count), -EMSGSIZE);
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		close(sent[i]);
	assert_int_equal(open_fds(), before);
}

/* More descriptors than anybody may send: refused, none of them kept. */
static void test_too_many_fds(void **state)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = {0};
	struct iovec part = {"x", 1};
	int got[HANDOVER_FDS], many[16] = {0};
	unsigned count = 0, before = open_fds();
	char byte;

	(void)state;
	for (unsigned number = HANDOVER_FDS + 1; number <= 16; number++) {
		struct msghdr packet = {.msg_iov = &part,
		        .msg_iovlen = 1,
		        .msg_control = control.bytes,
		        .msg_controllen = CMSG_SPACE(number * sizeof(int))};

		for (unsigned i = 0; i < number; i++)
			many[i] = ends[0];
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(number * sizeof(int));
		memcpy(CMSG_DATA(&control.header), many, number * sizeof(int));
		assert_int_equal(sendmsg(ends[0], &packet, 0), 1);
		assert_int_equal(handover_receive(ends[1], &byte, 1, got, &count), -EMSGSIZE);
		assert_int_equal(open_fds(), before);
	}
}

static void test_never_blocks(void **state)
{
	static char text[HANDOVER_TEXT];
	int error = 0;
	unsigned sent = 0;

	(void)state;
	while (!error && sent < 10000) {
		error = handover_send(ends[0], text, sizeof(text), NULL, 0);
		sent += !error;
	}
	assert_int_equal(error, -EAGAIN);
	assert_true(sent > 0);
	while (sent--)
		assert_int_equal(handover_receive(ends[1], text, sizeof(text), NULL, NULL), sizeof(text));
}

static void test_ends(void **state)
{
	int many[HANDOVER_FDS + 1] = {0};
	char byte;

	(void)state;
	assert_int_equal(handover_send(ends[0], "", 0, NULL, 0), -EINVAL);
	assert_int_equal(handover_send(ends[0], "x", 1, many, HANDOVER_FDS + 1), -EINVAL);
	close(ends[0]);
	assert_int_equal(handover_receive(ends[1], &byte, 1, NULL, NULL), 0);
	/* No SIGPIPE: an error. */
	assert_int_equal(handover_send(ends[1], "x", 1, NULL, 0), -EPIPE);
	assert_int_equal(handover_send(-1, "x", 1, NULL, 0), -EBADF);
	ends[0] = dup(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_message, pair_open, pair_close),
	        cmocka_unit_test_setup_teardown(test_fds, pair_open, pair_close),
	        cmocka_unit_test_setup_teardown(test_too_many_fds, pair_open, pair_close),
	        cmocka_unit_test_setup_teardown(test_never_blocks, pair_open, pair_close),
	        cmocka_unit_test_setup_teardown(test_ends, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
