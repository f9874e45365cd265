/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CANCEL and its races, between two stacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sip_watch.h"

static void everything_ends(void)
{
	net_run(&net, 200000);
	assert_empty(&alice);
	assert_empty(&bob);
	assert_int_equal(timers_next(net.timers), -1);
	assert_int_equal(alice.final + alice.failed, 1);
	assert_int_equal(alice.ended, 1);
	assert_int_equal(bob.server_ended, bob.requests);
}

static void a_ringing_call_is_cancelled(void **state)
{
	(void)state;
	bob.ringing = 180;
	watch("CANCEL", NULL, 0);
	send_request("INVITE");
	net_run(&net, 100);
	transaction_cancel(alice.client, "Q.850;cause=16");
	transaction_cancel(alice.client, "Q.850;cause=17");
	net_run(&net, 100);
	assert_int_equal(filter.seen, 1);
	assert_non_null(strstr(filter.last, "\r\nReason: Q.850;cause=16\r\n"));
	assert_non_null(strstr(filter.last, "\r\nCSeq: 1 CANCEL\r\n"));
	assert_non_null(strstr(filter.last, "\r\nMax-Forwards: 70\r\n"));
	assert_int_equal(bob.cancels, 1);
	assert_int_equal(alice.last_status, 487);
	everything_ends();
}

static void a_cancel_waits_for_the_first_response(void **state)
{
	(void)state;
	watch("CANCEL", NULL, 0);
	send_request("INVITE");
	transaction_cancel(alice.client, NULL);
	net_run(&net, 199);
	assert_int_equal(filter.seen, 0);
	net_run(&net, 1); /* the 100 */
	assert_int_equal(filter.seen, 1);
	assert_null(strstr(filter.last, "Reason:"));
	everything_ends();
	assert_int_equal(alice.last_status, 487);
}

static void a_cancelled_invite_that_nobody_hears_times_out(void **state)
{
	(void)state;
	watch("INVITE", NULL, 99);
	send_request("INVITE");
	transaction_cancel(alice.client, NULL);
	everything_ends();
	assert_int_equal(alice.failed_status, 408);
}

static void a_lost_cancel_is_sent_again(void **state)
{
	(void)state;
	bob.ringing = 180;
	watch("CANCEL", NULL, 2);
	send_request("INVITE");
	net_run(&net, 100);
	transaction_cancel(alice.client, NULL);
	net_run(&net, 1400);
	assert_int_equal(bob.cancels, 0);
	net_run(&net, 200);
	assert_int_equal(bob.cancels, 1);
	everything_ends();
	assert_int_equal(alice.last_status, 487);
}

static void the_user_hears_of_a_repeated_cancel_once(void **state)
{
	(void)state;
	bob.ringing = 180;
	bob.hesitates = true;
	send_request("INVITE");
	net_run(&net, 100);
	watch("SIP/2.0 200", NULL, 2); /* answers to the CANCEL */
	transaction_cancel(alice.client, NULL);
	net_run(&net, 5000);
	assert_int_equal(filter.seen, 3);
	assert_int_equal(bob.cancels, 1);
	assert_int_equal(transaction_answer(bob.server, 487, NULL), 0);
	everything_ends();
}

static void an_answer_that_crosses_the_cancel_wins(void **state)
{
	(void)state;
	bob.ringing = 180;
	send_request("INVITE");
	net_run(&net, 100);
	transaction_cancel(alice.client, NULL);
	transaction_answer(bob.server, 200, NULL); /* before the CANCEL arrives */
	net_run(&net, 100);
	assert_int_equal(bob.cancels, 0);
	assert_int_equal(alice.last_status, 200);
	assert_int_equal(bob.acks, 1);
	transaction_cancel(alice.client, NULL); /* too late: nothing happens */
	everything_ends();
}

static void who_answers_neither_cancel_nor_invite_is_given_up(void **state)
{
	(void)state;
	bob.ringing = 180;
	send_request("INVITE");
	net_run(&net, 100);
	bob.end->refuse = -EPERM; /* hears, but can't speak */
	transaction_cancel(alice.client, NULL);
	net_run(&net, 31000);
	assert_int_equal(alice.failed, 0);
	net_run(&net, 1000);
	assert_int_equal(alice.failed_status, 408);
	everything_ends();
}

static void requests_other_than_invite_are_not_cancelled(void **state)
{
	(void)state;
	bob.ringing = 100;
	watch("CANCEL", NULL, 0);
	send_request("OPTIONS");
	net_run(&net, 100);
	transaction_cancel(alice.client, NULL);
	net_run(&net, 100);
	assert_int_equal(filter.seen, 0);
	transaction_answer(bob.server, 200, NULL);
	everything_ends();
}

#define sip_test(test) cmocka_unit_test_setup_teardown(test, sides_setup, sides_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        sip_test(a_ringing_call_is_cancelled),
	        sip_test(a_cancel_waits_for_the_first_response),
	        sip_test(a_cancelled_invite_that_nobody_hears_times_out),
	        sip_test(a_lost_cancel_is_sent_again),
	        sip_test(the_user_hears_of_a_repeated_cancel_once),
	        sip_test(an_answer_that_crosses_the_cancel_wins),
	        sip_test(who_answers_neither_cancel_nor_invite_is_given_up),
	        sip_test(requests_other_than_invite_are_not_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
