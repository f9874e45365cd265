/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP over real UDP sockets, and the loop that they hang in. In a network namespace of its own, where there
 * is nothing but the loopback interface; it goes with the process.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/loop.h"
#include "ctl/sip/transport.h"
#include "ctl/timer.h"

enum { MANY = 500, SKIPPED = 77 };

static struct loop *loop;

/* What arrived, and when to stop. */
static struct {
	int count, wanted;
	struct flow flow;
	char bytes[SIP_MESSAGE_BYTES + 1];
	size_t length;
	bool echo;
} got;

static void on_receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	(void)context;
	bytes[length] = '\0'; /* may be written */
	got.count++;
	got.flow = *flow;
	got.length = length;
	memcpy(got.bytes, bytes, length + 1);
	if (got.echo)
		assert_int_equal(flow_send(flow, bytes, length), 0);
	if (got.count == got.wanted)
		loop_stop(loop);
}

static void on_late(struct timer *timer)
{
	(void)timer;
	fail_msg("nothing arrived");
}

/* Until so many have arrived. */
static void wait_for(int wanted)
{
	struct timer late = {0};

	got.wanted = wanted;
	assert_int_equal(timer_set(loop_timers(loop), &late, 5000, on_late), 0);
	assert_int_equal(loop_run(loop), 0);
	timer_cancel(loop_timers(loop), &late);
}

static struct transport *listen_on(const char *text)
{
	struct transport *transport = NULL;
	struct address address;

	assert_int_equal(address_parse(text, 0, &address), 0);
	assert_int_equal(udp_transport_new(&transport, loop_base(loop), &address, on_receive, NULL), 0);
	assert_int_not_equal(transport->bound.port, 0); /* chosen by the host */
	return transport;
}

static int setup(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	return loop_new(&loop);
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void datagrams_go_there_and_back(const char *one, const char *two)
{
	struct transport *a = listen_on(one), *b = listen_on(two);
	struct flow flow = {.transport = a, .local = a->bound, .remote = b->bound};

	assert_int_equal(flow_send(&flow, "hello", 5), 0);
	wait_for(1);
	assert_string_equal(got.bytes, "hello");
	assert_ptr_equal(got.flow.transport, b);
	assert_true(address_equal(&got.flow.remote, &a->bound));
	assert_true(address_equal(&got.flow.local, &b->bound));
	assert_false(b->ops->reliable);
	/* More than a batch holds, in one turn. */
	for (int i = 0; i < MANY; i++)
		assert_int_equal(flow_send(&flow, "again", 5), 0);
	wait_for(1 + MANY);
	transport_free(a);
	transport_free(b);
	transport_free(NULL);
}

static void ipv4_goes_there_and_back(void **state)
{
	(void)state;
	datagrams_go_there_and_back("127.0.0.1", "127.0.0.2");
}

static void ipv6_goes_there_and_back(void **state)
{
	(void)state;
	datagrams_go_there_and_back("[::1]", "[::1]");
}

/* A far end made by hand; sends to `to`, and tells whom the echo came from and with which DSCP. */
static void ask(const char *from, const struct address *to, struct address *answered, int *tos)
{
	struct address ours;
	struct sockaddr_storage name;
	socklen_t length;
	bool ipv4;
	int fd, one = 1;
	char bytes[64];
	_Alignas(struct cmsghdr) char control[256];
	struct iovec vector = {bytes, sizeof(bytes)};
	struct cmsghdr *tag;
	struct msghdr header = {.msg_name = &name,
	        .msg_namelen = sizeof(name),
	        .msg_iov = &vector,
	        .msg_iovlen = 1,
	        .msg_control = control,
	        .msg_controllen = sizeof(control)};

	address_parse(from, 0, &ours);
	ipv4 = address_is_ipv4(ours.ip);
	fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	length = address_to_socket(&ours, &name);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	setsockopt(
	        fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_RECVTOS : IPV6_RECVTCLASS, &one, sizeof(one));
	length = address_to_socket(to, &name);
	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&name, length), 1);
	wait_for(1);
	assert_int_equal(recvmsg(fd, &header, 0), 1);
	assert_int_equal(address_from_socket(&name, answered), 0);
	tag = CMSG_FIRSTHDR(&header);
	assert_non_null(tag);
	*tos = tag ? *(uint8_t *)CMSG_DATA(tag) : -1; /* an int for IPv6, with the low byte first */
	close(fd);
}

static void answers_leave_from_the_address_that_was_asked(void **state)
{
	static const char *const rows[][3] = {{"0.0.0.0", "127.0.0.1", "127.0.0.7"},
	        {"127.0.0.5", "127.0.0.1", "127.0.0.5"}, {"::", "::1", "::1"}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct transport *transport = listen_on(rows[i][0]);
		struct address asked = transport->bound, answered;
		int tos = 0;

		got.count = 0;
		got.echo = true;
		assert_int_equal(address_parse_ip(rows[i][2], asked.ip), 0);
		ask(rows[i][1], &asked, &answered, &tos);
		assert_true(address_equal(&answered, &asked));
		assert_true(address_equal(&got.flow.local, &asked));
		assert_int_equal(tos, 24 << 2); /* CS3 */
		transport_free(transport);
	}
}

static void what_is_too_long_arrives_cut_or_not_at_all(void **state)
{
	struct transport *a = listen_on("127.0.0.1"), *b = listen_on("127.0.0.1");
	struct flow flow = {.transport = a, .local = a->bound, .remote = b->bound};
	static char long_bytes[40000];
	struct sockaddr_storage name;
	socklen_t length = address_to_socket(&b->bound, &name);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(flow_send(&flow, long_bytes, SIP_MESSAGE_BYTES + 1), -EMSGSIZE);
	memset(long_bytes, 'x', sizeof(long_bytes));
	assert_int_equal(sendto(fd, long_bytes, sizeof(long_bytes), 0, (struct sockaddr *)&name, length),
	        sizeof(long_bytes));
	wait_for(1);
	assert_int_equal(got.length, SIP_MESSAGE_BYTES);
	close(fd);
	transport_free(a);
	transport_free(b);
}

static void one_that_cant_be_sent_keeps_none_back(void **state)
{
	struct transport *a = listen_on("127.0.0.1"), *b = listen_on("127.0.0.1");
	struct flow flow = {.transport = a, .local = a->bound, .remote = b->bound}, nowhere = flow,
	            other = flow;

	(void)state;
	address_parse("192.0.2.1:5060", 0, &nowhere.remote); /* no route here */
	address_parse("[::1]:5060", 0, &other.remote);
	assert_int_equal(flow_send(&other, "x", 1), -EAFNOSUPPORT);
	assert_int_equal(flow_send(&flow, "1", 1), 0);
	assert_int_equal(flow_send(&nowhere, "2", 1), 0);
	assert_int_equal(flow_send(&flow, "3", 1), 0);
	wait_for(2);
	assert_string_equal(got.bytes, "3");
	transport_free(a);
	transport_free(b);
}

static void what_cant_be_bound_says_why(void **state)
{
	struct transport *first = listen_on("127.0.0.1"), *second = NULL;
	struct address address = first->bound;

	(void)state;
	assert_int_equal(
	        udp_transport_new(&second, loop_base(loop), &address, on_receive, NULL), -EADDRINUSE);
	assert_int_equal(address_parse("192.0.2.1:5060", 0, &address), 0);
	assert_int_equal(
	        udp_transport_new(&second, loop_base(loop), &address, on_receive, NULL), -EADDRNOTAVAIL);
	assert_null(second);
	transport_free(first);
}

static void flows_differ_in_any_part(void **state)
{
	struct transport *transport = listen_on("127.0.0.1");
	struct flow a = {.transport = transport}, b = a;

	(void)state;
	assert_true(flow_equal(&a, &b));
	b.connection = 1;
	assert_false(flow_equal(&a, &b));
	b = a;
	b.remote.port = 1;
	assert_false(flow_equal(&a, &b));
	b = a;
	b.local.ip[15] = 1;
	assert_false(flow_equal(&a, &b));
	transport_free(transport);
}

static uint64_t fired_at;

static void on_fire(struct timer *timer)
{
	(void)timer;
	fired_at = timers_now(loop_timers(loop));
	loop_stop(loop);
}

static void on_kill_self(struct timer *timer)
{
	(void)timer;
	kill(getpid(), SIGTERM);
}

static void the_loop_fires_timers_and_ends_by_signal(void **state)
{
	struct timer timer = {0};
	uint64_t start = timers_now(loop_timers(loop));

	(void)state;
	assert_int_equal(timer_set(loop_timers(loop), &timer, 30, on_fire), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_in_range(fired_at - start, 30, 1000);
	assert_int_equal(timer_set(loop_timers(loop), &timer, 1, on_kill_self), 0);
	assert_int_equal(loop_run(loop), SIGTERM);
	loop_free(NULL);
}

static void enter_namespace(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd;

	if (unshare(CLONE_NEWNET)) {
		printf("skipped: can't make a network namespace: %s\n", strerror(errno));
		exit(SKIPPED);
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP | IFF_LOOPBACK;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request)) {
		perror("lo");
		exit(1);
	}
	close(fd);
}

#define in_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        in_loop(ipv4_goes_there_and_back),
	        in_loop(ipv6_goes_there_and_back),
	        in_loop(answers_leave_from_the_address_that_was_asked),
	        in_loop(what_is_too_long_arrives_cut_or_not_at_all),
	        in_loop(one_that_cant_be_sent_keeps_none_back),
	        in_loop(what_cant_be_bound_says_why),
	        in_loop(flows_differ_in_any_part),
	        in_loop(the_loop_fires_timers_and_ends_by_signal),
	};

	enter_namespace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
