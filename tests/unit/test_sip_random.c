/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thousands of transactions over a bad network: a tenth of the messages lost, a tenth doubled, all of them
 * out of order. Whatever happens, each transaction ends, and its users are told exactly once. And many at
 * once: what they cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/sip_sides.h"

#ifdef __SANITIZE_ADDRESS__
enum { RUNS = 1000, MANY = 40000 };
#else
enum { RUNS = 4000, MANY = 40000 };
#endif

static const int FINALS[] = {0, 200, 200, 202, 302, 404, 486, 500, 603};

/* One transaction, chosen by the seed. */
static void run_once(uint64_t seed)
{
	const char *method;
	unsigned answer_after;

	sides_open(seed, false);
	net.loss = 10;
	net.twice = 10;
	net.delay = 50 + net_random(&net, 1000);
	method = net_random(&net, 3) ? "INVITE" : "OPTIONS";
	bob.ringing = net_random(&net, 2) ? (*method == 'I' ? 183 : 100) : 0;
	bob.answer = net_random(&net, 2) ? 200 : 0;
	alice.no_ack = !net_random(&net, 10);
	send_request(method);
	answer_after = net_random(&net, 20000);
	net_run(&net, answer_after / 2);
	if (!net_random(&net, 3) && alice.client)
		transaction_cancel(alice.client, NULL);
	net_run(&net, answer_after / 2);
	if (bob.server && transaction_request(bob.server)) {
		int status = FINALS[net_random(&net, sizeof(FINALS) / sizeof(*FINALS))];

		if (status)
			transaction_answer(bob.server, status, NULL);
	}
	/* An INVITE that nobody answers ends with the one who waits for it. */
	net_run(&net, 40000);
	if (alice.client && transaction_request(alice.client))
		transaction_cancel(alice.client, NULL);
	net_run(&net, 200000);
	if (bob.server && transaction_request(bob.server))
		transaction_answer(bob.server, 480, NULL);
	net_run(&net, 200000);
}

static void check_once(uint64_t seed)
{
	bool told_once = alice.final + alice.failed == 1;
	bool ended_once = alice.ended == 1 && bob.server_ended == bob.requests && bob.server_failed <= 1;
	bool seen_once = bob.requests <= 1 && bob.cancels <= bob.requests;

	if (!told_once || !ended_once || !seen_once) {
		print_error("seed %llu: final %d failed %d ended %d requests %d cancels %d server ended %d "
		            "failed %d\n",
		        (unsigned long long)seed, alice.final, alice.failed, alice.ended, bob.requests,
		        bob.cancels, bob.server_ended, bob.server_failed);
		fail();
	}
	assert_empty(&alice);
	assert_empty(&bob);
	assert_int_equal(timers_next(net.timers), -1);
}

static void every_transaction_ends_and_is_told_once(void **state)
{
	int final = 0, failed = 0, cancelled = 0, unacked = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		run_once(seed);
		check_once(seed);
		final += alice.final;
		failed += alice.failed;
		cancelled += bob.cancels;
		unacked += bob.server_failed;
		sides_close();
	}
	print_message("%d runs: %d final, %d failed, %d cancelled, %d never acknowledged\n", RUNS, final,
	        failed, cancelled, unacked);
	/* The network was bad, not dead; and everything that may happen did. */
	assert_true(final > RUNS * 8 / 10 && failed > 0 && cancelled > RUNS / 10 && unacked > 0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Resident. */
static long megabytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	char line[128], *second;

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	second = strchr(line, ' ');
	assert_non_null(second);
	return strtol(second, NULL, 10) * 4096 >> 20;
}

/* Requests to bob without a network between: he answers none, or each with `answer`. */
static void receive_many(const char *method, int answer)
{
	struct flow flow = net_flow(bob.end, alice.end);
	struct sip_counters counters;
	long before = megabytes();
	double start = seconds();

	bob.answer = answer;
	bob.forgets = true;
	for (int i = 0; i < MANY; i++) {
		char text[1024];
		int length = snprintf(text, sizeof(text),
		        "%s sip:701@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		        "10.0.0.1;rport;branch=z9hG4bK%d\r\n"
		        "From: \"Alice\" <sip:alice@example.com>;tag=%d\r\nTo: <sip:701@example.com>\r\n"
		        "Call-ID: %d@10.0.0.1\r\nCSeq: 1 %s\r\nContact: <sip:alice@10.0.0.1>\r\n"
		        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		        method, i, i, i, method);

		sip_stack_receive(bob.stack, &flow, text, (size_t)length);
	}
	sip_stack_counters(bob.stack, &counters);
	print_message("%d %s, %s: %.1f us each, %ld MB more\n", MANY, method, answer ? "answered" : "live",
	        (seconds() - start) * 1e6 / MANY, megabytes() - before);
	assert_int_equal(answer ? counters.tombstones : counters.transactions, MANY);
	assert_int_equal(bob.requests, MANY);
}

static void many_cost(const char *method, int answer)
{
	sides_open(1, false);
	net.loss = 100;
	receive_many(method, answer);
	sides_close();
}

static void many_at_once_are_found_and_end(void **state)
{
	(void)state;
	/* Memory that was free again is used again, so that only the first tells what it takes. */
	many_cost("OPTIONS", 200);
	many_cost("INVITE", 486);
	many_cost("INVITE", 200);
	many_cost("OPTIONS", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_transaction_ends_and_is_told_once),
	        cmocka_unit_test(many_at_once_are_found_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
