/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions between two stacks over a network that the test rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sip_watch.h"

static int setup_reliable(void **state)
{
	(void)state;
	sides_open(1, true);
	return 0;
}

static void everything_ends(void)
{
	net_run(&net, 200000);
	assert_empty(&alice);
	assert_empty(&bob);
	assert_int_equal(timers_next(net.timers), -1);
	assert_null(alice.client);
	assert_null(bob.server);
}

static void an_invite_rings_is_answered_and_acknowledged(void **state)
{
	(void)state;
	bob.ringing = 180;
	bob.answer = 200;
	send_request("INVITE");
	net_run(&net, 100);
	assert_int_equal(alice.provisional, 1);
	assert_int_equal(alice.final, 1);
	assert_int_equal(alice.last_status, 200);
	assert_int_equal(bob.requests, 1);
	assert_int_equal(bob.acks, 1);
	assert_int_equal(bob.server_ended, 1);
	assert_int_equal(alice.ended, 0); /* it may still have to acknowledge again */
	everything_ends();
	assert_int_equal(alice.ended, 1);
	assert_int_equal(alice.failed + bob.server_failed, 0);
}

static void a_request_is_answered(void **state)
{
	(void)state;
	bob.answer = 200;
	send_request("OPTIONS");
	net_run(&net, 100);
	assert_int_equal(alice.final, 1);
	assert_int_equal(alice.ended, 1);
	assert_int_equal(bob.server_ended, 1);
	everything_ends();
}

static void an_invite_nobody_hears_is_sent_seven_times(void **state)
{
	static const uint64_t times[] = {0, 500, 1500, 3500, 7500, 15500, 31500};

	(void)state;
	watch("INVITE", NULL, 99);
	send_request("INVITE");
	net_run(&net, 31999);
	assert_int_equal(alice.failed, 0);
	net_run(&net, 1);
	assert_int_equal(alice.failed, 1);
	assert_int_equal(alice.failed_status, 408);
	assert_int_equal(alice.ended, 1);
	assert_int_equal(filter.seen, 7);
	assert_memory_equal(filter.at, times, sizeof(times));
	everything_ends();
	assert_int_equal(alice.failed, 1);
}

static void a_request_nobody_hears_is_sent_eleven_times(void **state)
{
	static const uint64_t times[] = {0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};

	(void)state;
	watch("OPTIONS", NULL, 99);
	send_request("OPTIONS");
	net_run(&net, 32000);
	assert_int_equal(alice.failed_status, 408);
	assert_int_equal(filter.seen, 11);
	assert_memory_equal(filter.at, times, sizeof(times));
	everything_ends();
}

static void a_provisional_response_slows_requests_down(void **state)
{
	static const uint64_t times[] = {0, 4000, 8000, 12000, 16000, 20000, 24000, 28000};

	(void)state;
	bob.ringing = 100;
	watch("OPTIONS", NULL, 0);
	send_request("OPTIONS");
	net_run(&net, 31000);
	assert_int_equal(filter.seen, 8);
	assert_memory_equal(filter.at, times, sizeof(times));
	net_run(&net, 1000);
	assert_int_equal(alice.failed_status, 408);
	everything_ends();
	assert_int_equal(bob.server_failed, 1); /* nobody answered in time */
}

static void what_cant_be_sent_fails_but_later(void **state)
{
	(void)state;
	alice.end->refuse = -ENETUNREACH;
	send_request("INVITE");
	assert_int_equal(alice.failed, 0);
	net_run(&net, 1);
	assert_int_equal(alice.failed, 1);
	assert_int_equal(alice.failed_status, 503);
	assert_int_equal(alice.ended, 1);
	everything_ends();
}

static void an_invite_gets_100_after_200_ms(void **state)
{
	(void)state;
	watch("SIP/2.0 100", NULL, 0);
	send_request("INVITE");
	net_run(&net, 199);
	assert_int_equal(filter.seen, 0);
	net_run(&net, 1);
	assert_int_equal(filter.seen, 1);
	assert_int_equal(alice.provisional, 1);
	assert_non_null(strstr(filter.last, "\r\nServer: test\r\n"));
	assert_int_equal(transaction_answer(bob.server, 486, NULL), 0);
	assert_int_equal(transaction_answer(bob.server, 486, NULL), -EALREADY);
	assert_int_equal(transaction_respond(bob.server, make_request("X", "1")), -EALREADY);
	everything_ends();
	assert_int_equal(alice.last_status, 486);
}

static void what_rings_gets_no_100(void **state)
{
	(void)state;
	bob.ringing = 180;
	watch("SIP/2.0 100", NULL, 0);
	send_request("INVITE");
	net_run(&net, 5000);
	assert_int_equal(filter.seen, 0);
	assert_int_equal(alice.provisional, 1);
	transaction_answer(bob.server, 404, NULL);
	everything_ends();
}

static void a_lost_180_comes_again_with_the_invite(void **state)
{
	(void)state;
	bob.ringing = 180;
	watch("SIP/2.0 180", NULL, 1);
	send_request("INVITE");
	net_run(&net, 499);
	assert_int_equal(alice.provisional, 0);
	net_run(&net, 10);
	assert_int_equal(alice.provisional, 1);
	assert_int_equal(bob.requests, 1);
	transaction_answer(bob.server, 404, NULL);
	everything_ends();
	assert_int_equal(alice.last_status, 404);
}

static void a_lost_200_comes_again(void **state)
{
	static const uint64_t times[] = {0, 500, 1500, 3500, 7500};

	(void)state;
	bob.answer = 200;
	watch("SIP/2.0 200", NULL, 4);
	send_request("INVITE");
	net_run(&net, 20000);
	assert_int_equal(filter.seen, 5);
	assert_memory_equal(filter.at, times, sizeof(times));
	assert_int_equal(alice.final, 1);
	assert_int_equal(bob.acks, 1);
	assert_int_equal(bob.requests, 1); /* the INVITEs sent meanwhile were absorbed */
	everything_ends();
	assert_int_equal(bob.server_failed, 0);
}

static void a_lost_ack_is_sent_again_for_each_200(void **state)
{
	(void)state;
	bob.answer = 200;
	watch("ACK", NULL, 2);
	send_request("INVITE");
	net_run(&net, 20000);
	assert_int_equal(filter.seen, 3);
	assert_non_null(strstr(filter.last, "\r\nMax-Forwards: 70\r\n"));
	assert_non_null(strstr(filter.last, "branch=z9hG4bK"));
	assert_int_equal(alice.final, 1); /* the user hears of it once */
	assert_int_equal(bob.acks, 1);
	everything_ends();
	assert_int_equal(bob.server_failed, 0);
}

static void a_200_that_is_never_acknowledged_fails(void **state)
{
	(void)state;
	bob.answer = 200;
	alice.no_ack = true;
	watch("SIP/2.0 200", NULL, 0);
	send_request("INVITE");
	net_run(&net, 31999);
	assert_int_equal(bob.server_failed, 0);
	net_run(&net, 1);
	assert_int_equal(bob.server_failed, 1);
	assert_int_equal(bob.server_ended, 1);
	assert_int_equal(filter.seen, 11); /* T1 doubled up to T2 */
	assert_int_equal(alice.final, 1);
	everything_ends();
}

static void a_rejection_comes_again_until_its_ack(void **state)
{
	static const uint64_t times[] = {0, 500, 1500, 3500};

	(void)state;
	bob.answer = 486;
	watch("ACK", NULL, 3);
	send_request("INVITE");
	net_run(&net, 20000);
	assert_int_equal(filter.seen, 4);
	assert_memory_equal(filter.at, times, sizeof(times));
	assert_non_null(strstr(filter.last, "\r\nMax-Forwards: 70\r\n"));
	assert_int_equal(alice.final, 1);
	assert_int_equal(bob.acks, 0); /* such an ACK is the transaction's */
	assert_int_equal(bob.server_ended, 1);
	everything_ends();
	assert_int_equal(bob.server_failed, 0);
}

static void a_rejection_without_ack_ends_after_32_s(void **state)
{
	(void)state;
	bob.answer = 486;
	watch("ACK", NULL, 99);
	send_request("INVITE");
	net_run(&net, 31999);
	assert_int_equal(bob.server_failed, 0);
	net_run(&net, 1);
	assert_int_equal(bob.server_failed, 1);
	assert_int_equal(bob.server_ended, 1);
	everything_ends();
}

static void a_tombstone_answers_with_the_same_bytes(void **state)
{
	char first[4096];

	(void)state;
	bob.answer = 200;
	watch("SIP/2.0 200", NULL, 1);
	send_request("OPTIONS");
	net_run(&net, 400);
	assert_int_equal(filter.seen, 1);
	memcpy(first, filter.last, sizeof(first));
	net_run(&net, 200);
	assert_int_equal(filter.seen, 2);
	assert_string_equal(filter.last, first);
	assert_int_equal(bob.requests, 1);
	assert_int_equal(alice.final, 1);
	everything_ends();
}

static void who_lets_go_is_told_no_more(void **state)
{
	(void)state;
	alice.forgets = bob.forgets = true;
	bob.answer = 200;
	watch("ACK", NULL, 1);
	send_request("INVITE");
	net_run(&net, 40000);
	assert_int_equal(alice.final, 1);
	assert_int_equal(alice.ended + bob.server_ended + bob.server_failed, 0);
	assert_true(filter.seen > 1); /* and still each 200 was acknowledged */
	everything_ends();
}

static void streams_need_no_retransmission(void **state)
{
	(void)state;
	bob.answer = 486;
	send_request("INVITE");
	net_run(&net, 10);
	assert_int_equal(alice.ended, 1);
	assert_empty(&alice); /* D is 0, and so are I, J and K */
	assert_empty(&bob);
	bob.answer = 0;
	alice.final = alice.ended = 0;
	watch("INVITE", NULL, 0);
	send_request("INVITE");
	net_run(&net, 10000);
	assert_int_equal(filter.seen, 1);
	transaction_answer(bob.server, 200, NULL);
	everything_ends();
	assert_int_equal(alice.final, 1);
}

static void a_200_is_sent_again_on_streams_too(void **state)
{
	(void)state;
	bob.answer = 200;
	bob.no_ack = true;
	watch("SIP/2.0 200", NULL, 0);
	send_request("INVITE");
	net_run(&net, 3000);
	assert_int_equal(filter.seen, 3);
	everything_ends();
	assert_int_equal(bob.server_failed, 1);
}

#define on_udp(test) cmocka_unit_test_setup_teardown(test, sides_setup, sides_teardown)
#define on_tcp(test) cmocka_unit_test_setup_teardown(test, setup_reliable, sides_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        on_udp(an_invite_rings_is_answered_and_acknowledged),
	        on_tcp(an_invite_rings_is_answered_and_acknowledged),
	        on_udp(a_request_is_answered),
	        on_tcp(a_request_is_answered),
	        on_udp(an_invite_nobody_hears_is_sent_seven_times),
	        on_udp(a_request_nobody_hears_is_sent_eleven_times),
	        on_udp(a_provisional_response_slows_requests_down),
	        on_udp(what_cant_be_sent_fails_but_later),
	        on_udp(an_invite_gets_100_after_200_ms),
	        on_udp(what_rings_gets_no_100),
	        on_udp(a_lost_180_comes_again_with_the_invite),
	        on_udp(a_lost_200_comes_again),
	        on_udp(a_lost_ack_is_sent_again_for_each_200),
	        on_udp(a_200_that_is_never_acknowledged_fails),
	        on_udp(a_rejection_comes_again_until_its_ack),
	        on_udp(a_rejection_without_ack_ends_after_32_s),
	        on_udp(a_tombstone_answers_with_the_same_bytes),
	        on_udp(who_lets_go_is_told_no_more),
	        on_tcp(streams_need_no_retransmission),
	        on_tcp(a_200_is_sent_again_on_streams_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
