/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack against a far end that the test plays itself, message by message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sip_sides.h"

enum { MOST = 64 };

/* The far end: everything that it was sent. */
static struct {
	struct net_end *end, *other; /* at ports 5062 and 5060 of the same address */
	char got[MOST][4096];
	const struct net_end *where[MOST];
	int count;
} far;

static void on_far_receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	(void)context;
	assert_true(far.count < MOST && length < sizeof(far.got[0]));
	far.where[far.count] = (const struct net_end *)flow->transport;
	memcpy(far.got[far.count], bytes, length);
	far.got[far.count++][length] = '\0';
}

static int open_far(bool reliable)
{
	sides_open(1, reliable);
	memset(&far, 0, sizeof(far));
	far.end = net_add(&net, "10.0.0.9:5062", reliable, on_far_receive, NULL);
	far.other = net_add(&net, "10.0.0.9:5060", reliable, on_far_receive, NULL);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_far(false);
}

static int setup_reliable(void **state)
{
	(void)state;
	return open_far(true);
}

static int teardown(void **state)
{
	(void)state;
	transport_free(&far.end->transport);
	transport_free(&far.other->transport);
	sides_close();
	return 0;
}

/* Sends text to bob; it arrives at once, and so does what he says. */
static void say_bytes(const char *bytes, size_t length)
{
	struct flow flow = net_flow(far.end, bob.end);

	flow_send(&flow, bytes, length);
	net_run(&net, 1);
}

static void say_numbered(int cseq, const char *method, const char *via, const char *to, const char *more)
{
	char text[4096];
	int length = snprintf(text, sizeof(text),
	        "%s sip:b@h SIP/2.0\r\nVia: %s\r\nFrom: <sip:a@h>;tag=f\r\nTo: %s\r\nCall-ID: c\r\n"
	        "CSeq: %d %s\r\n%s\r\n",
	        method, via, to, cseq, method, more);

	say_bytes(text, (size_t)length);
}

static void say(const char *method, const char *via, const char *to, const char *more)
{
	say_numbered(1, method, via, to, more);
}

#define RPORT "SIP/2.0/UDP 10.0.0.9;rport;branch=z9hG4bK"
#define TO_B  "<sip:b@h>"

static int status_of(int message)
{
	assert_true(message < far.count);
	assert_memory_equal(far.got[message], "SIP/2.0 ", 8);
	return (int)strtol(far.got[message] + 8, NULL, 10);
}

static struct sip_counters counters(void)
{
	struct sip_counters result;

	sip_stack_counters(bob.stack, &result);
	return result;
}

static void responses_go_where_the_via_says(void **state)
{
	static const struct {
		const char *via;
		bool to_source;
	} rows[] = {
	        {"SIP/2.0/UDP 10.0.0.9;rport;branch=z9hG4bK1", true},
	        {"SIP/2.0/UDP 192.168.0.1:9;rport=7;branch=z9hG4bK2", true},
	        {"SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bK3", true},
	        {"SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK4", false},             /* 5060 */
	        {"SIP/2.0/UDP nowhere.example:5060;branch=z9hG4bK5", false}, /* its address, that port */
	        {"SIP/2.0/UDP 10.0.0.9;maddr=10.0.0.1;rport;branch=z9hG4bK6", true},
	};
	const int count = sizeof(rows) / sizeof(*rows);

	(void)state;
	bob.answer = 200;
	for (int i = 0; i < count; i++) {
		char cseq[32];

		snprintf(cseq, sizeof(cseq), "<sip:b@h>;tag=%d", i); /* in a dialog: not merged */
		say("OPTIONS", rows[i].via, cseq, "");
		assert_int_equal(far.count, i + 1);
		assert_ptr_equal(far.where[i], rows[i].to_source ? far.end : far.other);
	}
}

static void retransmissions_are_known_by_branch_and_sent_by(void **state)
{
	(void)state;
	bob.answer = 200;
	say("OPTIONS", RPORT "1", TO_B, "");
	say("OPTIONS", RPORT "1", TO_B, "");
	assert_int_equal(bob.requests, 1);
	assert_int_equal(far.count, 2);
	assert_string_equal(far.got[0], far.got[1]);
	/* Another host with the same branch, another method with it, another branch. */
	say("OPTIONS", "SIP/2.0/UDP other;rport;branch=z9hG4bK1", TO_B ";tag=x", "");
	say("INFO", RPORT "1", TO_B ";tag=x", "");
	say("OPTIONS", RPORT "2", TO_B ";tag=x", "");
	assert_int_equal(bob.requests, 4);
	/* The same host, written otherwise. */
	say("OPTIONS", "SIP/2.0/UDP OTHER:5060;branch=z9hG4bK1", TO_B ";tag=x", "");
	assert_int_equal(bob.requests, 4);
	assert_int_equal(counters().retransmitted, 2);
}

static void branches_without_the_cookie_are_known_as_in_rfc_2543(void **state)
{
	static const char *const vias[] = {"SIP/2.0/UDP 10.0.0.9;rport",
	        "SIP/2.0/UDP 10.0.0.9;rport;branch=1", "SIP/2.0/UDP 10.0.0.9;rport;branch=z9hG4bK",
	        "SIP/2.0/UDP 10.0.0.9;rport;branch=Z9HG4BK1"};

	(void)state;
	bob.forgets = true;
	bob.answer = 486;
	for (int i = 0; i < 4; i++) {
		char more[64];

		snprintf(more, sizeof(more), "X-Number: %d\r\n", i);
		bob.requests = bob.acks = 0;
		say("INVITE", vias[i], TO_B ";tag=x", more);
		say("INVITE", vias[i], TO_B ";tag=x", more);
		assert_int_equal(bob.requests, 1);
		say_numbered(2, "INVITE", vias[i], TO_B ";tag=x", ""); /* the Via doesn't tell */
		assert_int_equal(bob.requests, 2);
		say_numbered(2, "ACK", vias[i], TO_B ";tag=y", "");
		say("ACK", vias[i], TO_B ";tag=y", ""); /* found though its To tag is another */
		assert_int_equal(bob.acks, 0);
		far.count = 0;
		net_run(&net, 2000);
		assert_int_equal(far.count, 0);
	}
}

static void a_forked_request_is_taken_once(void **state)
{
	(void)state;
	say("INVITE", RPORT "1", TO_B, "");
	say("INVITE", RPORT "2", TO_B, "");
	assert_int_equal(bob.requests, 1);
	assert_int_equal(status_of(0), 482);
	/* It keeps no state, and answers the same. */
	say("INVITE", RPORT "2", TO_B, "");
	assert_string_equal(far.got[0], far.got[1]);
	assert_int_equal(counters().transactions, 1);
	/* Within a dialog the same numbers mean nothing. */
	say("INVITE", RPORT "3", TO_B ";tag=x", "");
	assert_int_equal(bob.requests, 2);
	transaction_answer(bob.server, 486, NULL);
}

static void a_cancel_is_answered_either_way(void **state)
{
	(void)state;
	say("CANCEL", RPORT "1", TO_B, "");
	assert_int_equal(status_of(0), 481);
	assert_int_equal(counters().transactions, 0);
	bob.ringing = 180;
	say("INVITE", RPORT "1", TO_B, "");
	say("CANCEL", RPORT "1", TO_B, "");
	assert_int_equal(far.count, 4);
	assert_int_equal(status_of(1), 180);
	assert_int_equal(status_of(2), 200);
	assert_non_null(strstr(far.got[2], "CSeq: 1 CANCEL"));
	assert_int_equal(status_of(3), 487);
	/* One To tag for all of them. */
	assert_memory_equal(strstr(far.got[1], "To:"), strstr(far.got[2], "To:"), 40);
	assert_memory_equal(strstr(far.got[1], "To:"), strstr(far.got[3], "To:"), 40);
	/* After the final response it changes nothing. */
	say("ACK", RPORT "1", TO_B, "");
	say("CANCEL", RPORT "1", TO_B, "");
	assert_int_equal(status_of(4), 200);
	assert_int_equal(far.count, 5);
	assert_int_equal(bob.cancels, 1);
}

static void a_cancel_after_the_200_changes_nothing(void **state)
{
	(void)state;
	bob.answer = 200;
	say("INVITE", RPORT "1", TO_B, "");
	say("CANCEL", RPORT "1", TO_B, "");
	assert_int_equal(status_of(0), 200);
	assert_int_equal(status_of(1), 200);
	assert_int_equal(bob.cancels, 0);
	say("ACK", RPORT "2", TO_B, "");
	assert_int_equal(bob.acks, 1);
}

static void the_ack_of_a_200_reaches_the_user(void **state)
{
	(void)state;
	bob.answer = 200;
	say("INVITE", RPORT "1", TO_B, "");
	say("INVITE", RPORT "1", TO_B, ""); /* absorbed: the 200 comes by its own timer */
	assert_int_equal(far.count, 1);
	say("ACK", RPORT "1", TO_B, ""); /* a wrong branch, but phones do it */
	assert_int_equal(bob.acks, 1);
	say("ACK", RPORT "7", TO_B, "");
	assert_int_equal(bob.acks, 2);
	assert_int_equal(bob.server_ended, 1);
	net_run(&net, 10000);
	assert_int_equal(far.count, 1);
	say("INVITE", RPORT "1", TO_B, ""); /* and even now no new call */
	assert_int_equal(bob.requests, 1);
}

static void too_many_live_transactions_get_503(void **state)
{
	struct sip_stack_options options = {
	        .timers = net.timers, .user = &USER, .context = &bob, .transactions = 2};

	(void)state;
	sip_stack_free(bob.stack);
	assert_int_equal(sip_stack_new(&bob.stack, &options), 0);
	bob.end->transport.context = bob.stack;
	bob.forgets = true;
	say("OPTIONS", RPORT "1", TO_B ";tag=1", "");
	say("OPTIONS", RPORT "2", TO_B ";tag=1", "");
	assert_int_equal(far.count, 0);
	say("OPTIONS", RPORT "3", TO_B ";tag=1", "");
	assert_int_equal(bob.requests, 2);
	assert_int_equal(status_of(0), 503);
	assert_non_null(strstr(far.got[0], "\r\nRetry-After: 10\r\n"));
	assert_int_equal(counters().transactions, 2);
}

static void tombstones_are_bounded_oldest_first(void **state)
{
	struct sip_stack_options options = {
	        .timers = net.timers, .user = &USER, .context = &bob, .tombstone_bytes = 20000};
	struct sip_counters now;

	(void)state;
	sip_stack_free(bob.stack);
	assert_int_equal(sip_stack_new(&bob.stack, &options), 0);
	bob.end->transport.context = bob.stack;
	bob.answer = 200;
	bob.forgets = true;
	for (int i = 0; i < 500; i++) {
		char via[128];

		snprintf(via, sizeof(via), "%s%d", RPORT, i);
		far.count = 0;
		say("OPTIONS", via, TO_B ";tag=1", "");
	}
	now = counters();
	assert_in_range(now.tombstones, 10, 100);
	say("OPTIONS", RPORT "499", TO_B ";tag=1", "");
	assert_int_equal(bob.requests, 500); /* the newest is still known */
	say("OPTIONS", RPORT "0", TO_B ";tag=1", "");
	assert_int_equal(bob.requests, 501);
}

static void rubbish_costs_no_state(void **state)
{
	static const char bad[] = "INVITE sip:b@h SIP/2.0\r\nVia: " RPORT "1\r\nFrom: <sip:a@h>;tag=f\r\n"
	                          "To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 9 BYE\r\n\r\n";
	static const char stray[] =
	        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKx\r\n"
	        "From: <sip:a@h>;tag=f\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 9 BYE\r\n\r\n";

	(void)state;
	say_bytes(bad, sizeof(bad) - 1);
	assert_int_equal(status_of(0), 400);
	say_bytes(stray, sizeof(stray) - 1);
	say_bytes("rubbish", 7);
	say_bytes("\0\1\2\3", 4);
	say_bytes("\r\n\r\n", 4);
	assert_int_equal(far.count, 1);
	assert_int_equal(counters().received, 5);
	assert_int_equal(counters().parsed, 1);
	assert_int_equal(counters().rejected, 1);
	assert_int_equal(counters().dropped, 3);
	assert_int_equal(counters().transactions + counters().tombstones, 0);
}

static void a_keepalive_on_a_stream_is_answered(void **state)
{
	(void)state;
	say_bytes("\r\n\r\n", 4);
	assert_int_equal(far.count, 1);
	assert_string_equal(far.got[0], "\r\n");
	say_bytes("\r\n", 2);
	assert_int_equal(far.count, 1);
}

/* Bob sends; the test answers with what `response` makes of the request's Via. */
static void answer(int message, const char *status, const char *tag)
{
	char text[4096], via[256];
	const char *line = strstr(far.got[message], "Via: ");

	snprintf(via, sizeof(via), "%.*s", (int)strcspn(line, "\r"), line);
	snprintf(text, sizeof(text),
	        "SIP/2.0 %s\r\n%s\r\nFrom: <sip:alice@example.com>;tag=a1\r\nTo: <sip:b@h>;tag=%s\r\n"
	        "Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
	        status, via, tag);
	say_bytes(text, strlen(text));
}

static void call_far(void)
{
	struct flow flow = net_flow(bob.end, far.end);

	assert_int_equal(transaction_send(bob.stack, make_request("INVITE", "1"), &flow, &CLIENT_USER, &bob,
	                         &bob.client),
	        0);
	net_run(&net, 1);
	assert_int_equal(far.count, 1);
}

static void each_fork_is_told_and_acknowledged_apart(void **state)
{
	(void)state;
	call_far();
	assert_non_null(strstr(far.got[0], "Via: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bK"));
	assert_non_null(strstr(far.got[0], "\r\nUser-Agent: test\r\n"));
	answer(0, "200 OK", "one");
	answer(0, "200 OK", "two");
	assert_int_equal(bob.final, 2);
	assert_int_equal(far.count, 3);
	answer(0, "200 OK", "one");
	assert_int_equal(bob.final, 2);
	assert_int_equal(far.count, 4);
	assert_string_equal(far.got[3], far.got[1]);
	assert_non_null(strstr(far.got[1], ";tag=one"));
	assert_non_null(strstr(far.got[2], ";tag=two"));
	answer(0, "486 Busy", "three"); /* another fork's: too late */
	assert_int_equal(bob.final, 2);
	for (int i = 0; i < 20; i++) {
		char tag[16];

		snprintf(tag, sizeof(tag), "more%d", i);
		answer(0, "200 OK", tag);
	}
	assert_int_equal(bob.final, 8); /* no more than that */
}

static void only_our_own_responses_count(void **state)
{
	char text[4096];

	(void)state;
	call_far();
	snprintf(text, sizeof(text),
	        "SIP/2.0 200 OK\r\n%.*s\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\n"
	        "From: <sip:a@h>;tag=a\r\nTo: <sip:b@h>;tag=x\r\nCall-ID: c\r\n"
	        "CSeq: 1 INVITE\r\n\r\n",
	        (int)strcspn(strstr(far.got[0], "Via: "), "\r"), strstr(far.got[0], "Via: "));
	say_bytes(text, strlen(text)); /* two Vias */
	assert_int_equal(bob.final, 0);
	assert_int_equal(counters().dropped, 1);
	answer(0, "486 Busy Here", "x");
	assert_int_equal(bob.last_status, 486);
	assert_memory_equal(far.got[1], "ACK sip:bob@example.com SIP/2.0\r\n", 33);
	answer(0, "486 Busy Here", "x");
	assert_int_equal(bob.final, 1);
	assert_string_equal(far.got[2], far.got[1]);
}

#define on_udp(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define on_tcp(test) cmocka_unit_test_setup_teardown(test, setup_reliable, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        on_udp(responses_go_where_the_via_says),
	        on_udp(retransmissions_are_known_by_branch_and_sent_by),
	        on_udp(branches_without_the_cookie_are_known_as_in_rfc_2543),
	        on_udp(a_forked_request_is_taken_once),
	        on_udp(a_cancel_is_answered_either_way),
	        on_udp(a_cancel_after_the_200_changes_nothing),
	        on_udp(the_ack_of_a_200_reaches_the_user),
	        on_udp(too_many_live_transactions_get_503),
	        on_udp(tombstones_are_bounded_oldest_first),
	        on_udp(rubbish_costs_no_state),
	        on_tcp(a_keepalive_on_a_stream_is_answered),
	        on_udp(each_fork_is_told_and_acknowledged_apart),
	        on_udp(only_our_own_responses_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
