/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parking, taking and recall, with every step that can fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/bridge.h"
#include "tests/unit/call_stage.h"

/* The parked caller hangs up: every test that parks ends so, or in a bridge. */
static void caller_leaves(struct call_stage *stage, struct phone_dialog *caller)
{
	phone_request(stage->p101, caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
	assert_int_equal(stage_hears(stage, stage->p101), XD_IDLE);
}

static void test_park_and_leave(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;

	stage_park(stage, &caller, &parker, "700");
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage->calls->leg_count, 1);
	caller_leaves(stage, &caller);
	assert_int_equal(stage_parked(stage, "701"), -1);
}

static void test_final_notify_names_the_orbit(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;
	const char *notify;

	stage_talk(stage, &caller, &parker);
	phone_request(stage->p102, &parker, "REFER", "Refer-To: <sip:700@acme.example>\r\n", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 202");
	notify = phone_expect(stage->p102, "NOTIFY");
	assert_true(message_has(notify, "SIP/2.0 100"));
	phone_respond(stage->p102, NULL, notify, "200 OK", NULL);
	stage_run(stage, 10);
	notify = phone_expect(stage->p102, "NOTIFY");
	assert_true(message_has(notify, "SIP/2.0 200 Parked on 701"));
	assert_true(message_has(notify, "sip:701@acme.example"));
	assert_true(message_has(notify, "terminated"));
	phone_respond(stage->p102, NULL, notify, "200 OK", NULL);
	/* The parker doesn't hang up: we do, 2 s later. */
	stage_run(stage, 2500);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	caller_leaves(stage, &caller);
}

static void test_parker_may_hang_up_at_once(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;

	stage_talk(stage, &caller, &parker);
	phone_request(stage->p102, &parker, "REFER", "Refer-To: <sip:702@acme.example>\r\n", NULL);
	phone_request(stage->p102, &parker, "BYE", NULL, NULL);
	stage_run(stage, 40000);
	assert_int_equal(stage_parked(stage, "702"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	caller_leaves(stage, &caller);
}

static void refer_refused(
        struct call_stage *stage, struct phone_dialog *parker, const char *to, const char *status)
{
	char headers[256];

	snprintf(headers, sizeof(headers), "%s\r\n", to);
	phone_request(stage->p102, parker, "REFER", headers, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, status);
	/* Nothing has changed. */
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
}

static void test_refused_refer_changes_nothing(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, orbit_caller[3];
	char sdp[PHONE_TEXT];

	for (unsigned i = 0; i < 3; i++) {
		phone_invite(stage->trunk, &orbit_caller[i], "sip:700@10.0.0.1",
		        phone_sdp(stage->trunk, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_ack(stage->trunk, &orbit_caller[i], phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
	}
	stage_talk(stage, &caller, &parker);
	refer_refused(stage, &parker, "Refer-To: <sip:700@acme.example>", "SIP/2.0 486");
	refer_refused(stage, &parker, "Refer-To: <sip:702@acme.example>", "SIP/2.0 486");
	refer_refused(stage, &parker, "Refer-To: <sip:103@acme.example>", "SIP/2.0 403");
	refer_refused(stage, &parker, "Refer-To: <sip:799@acme.example>", "SIP/2.0 403");
	refer_refused(stage, &parker, "Refer-To: <sip:701@globex.example>", "SIP/2.0 403");
	refer_refused(stage, &parker, "Refer-To: <tel:799>", "SIP/2.0 403");
	refer_refused(stage, &parker, "Refer-To: <http://acme.example/700>", "SIP/2.0 403");
	refer_refused(stage, &parker, "X-None: 1", "SIP/2.0 400");
	for (unsigned i = 0; i < 3; i++)
		phone_request(stage->trunk, &orbit_caller[i], "BYE", NULL, NULL);
	stage_hangup(stage, stage->p102, &parker, stage->p101);
}

static void test_take(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT], identity[PHONE_HEADER];
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	phone_invite(stage->p103, &taker, "sip:701@acme.example",
	        phone_sdp(stage->p103, "8 0 101", NULL, sdp), NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p103, "SIP/2.0 200");
	message_header(answer, "P-Asserted-Identity", identity);
	assert_string_equal(identity, "\"Alice\" <sip:101@acme.example>");
	/* The caller's own codec, though the taker likes another one more. */
	assert_true(message_has(answer, "RTP/AVP 0 101"));
	assert_int_equal(stage_parked(stage, "701"), PARKED_TAKING);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	assert_int_equal(stage_hears(stage, stage->p103), XD_FORWARD);
	phone_ack(stage->p103, &taker, answer, NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), -1);
	assert_string_equal(stage->calls->bridges->caller->call, stage->calls->bridges->callee->call);
	/* The caller's dialog has seen nothing of all this. */
	assert_false(phone_has(stage->p101, "INVITE"));
	stage_hangup(stage, stage->p101, &caller, stage->p103);
}

static void test_take_without_ack_is_undone(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 35000);
	phone_expect(stage->p103, "SIP/2.0 200");
	phone_respond(stage->p103, NULL, phone_expect(stage->p103, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	caller_leaves(stage, &caller);
}

static void test_take_refused(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker, late;
	char sdp[PHONE_TEXT];
	const char *answer;

	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(
	        stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 404 Nobody is parked on 701"), NULL);
	stage_park(stage, &caller, &parker, "701");
	/* Not allowed. */
	phone_invite(
	        stage->p104, &late, "sip:701@acme.example", phone_sdp(stage->p104, "0", NULL, sdp), NULL);
	/* Another tenant's user, by number and by domain. */
	phone_invite(
	        stage->p201, &taker, "sip:701@acme.example", phone_sdp(stage->p201, "8", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p104, &late, phone_expect(stage->p104, "SIP/2.0 403"), NULL);
	phone_ack(stage->p201, &taker, phone_expect(stage->p201, "SIP/2.0 403"), NULL);
	phone_invite(
	        stage->p201, &taker, "sip:701@globex.example", phone_sdp(stage->p201, "8", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p201, &taker, phone_expect(stage->p201, "SIP/2.0 404"), NULL);
	/* No codec that can be connected: PCMU is parked. */
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "9", NULL, sdp), NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p103, "SIP/2.0 488");
	assert_true(message_has(answer, "\r\nWarning: 305 xdpark \""));
	phone_ack(stage->p103, &taker, answer, NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	caller_leaves(stage, &caller);
}

static void test_two_takers(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, first, second;
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	phone_invite(
	        stage->p103, &first, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	phone_invite(
	        stage->p105, &second, "sip:701@acme.example", phone_sdp(stage->p105, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p103, &first, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	phone_ack(stage->p105, &second, phone_expect(stage->p105, "SIP/2.0 410"), NULL);
	stage_run(stage, 10);
	phone_invite(
	        stage->p105, &second, "sip:701@acme.example", phone_sdp(stage->p105, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p105, &second, phone_expect(stage->p105, "SIP/2.0 410"), NULL);
	stage_hangup(stage, stage->p103, &first, stage->p101);
}

static void test_caller_leaves_while_taken(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p103, "SIP/2.0 200");
	caller_leaves(stage, &caller);
	assert_int_equal(stage_parked(stage, "701"), -1);
	assert_false(phone_has(stage->p103, "BYE"));
	phone_ack(stage->p103, &taker, answer, NULL);
	stage_run(stage, 10);
	phone_respond(stage->p103, NULL, phone_expect(stage->p103, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

static void test_incoming_with_referred_by_parks(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog first, second;
	char sdp[PHONE_TEXT];
	const char *header = "Referred-By: <sip:102@acme.example>\r\n";

	phone_invite(stage->trunk, &first, "sip:702@acme.example", phone_sdp(stage->trunk, "0", NULL, sdp),
	        header);
	stage_run(stage, 10);
	phone_ack(stage->trunk, &first, phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
	assert_int_equal(stage_parked(stage, "702"), PARKED_PARKED);
	/* Parking into an occupied orbit never joins two callers. */
	phone_invite(stage->trunk, &second, "sip:702@acme.example", phone_sdp(stage->trunk, "0", NULL, sdp),
	        header);
	stage_run(stage, 10);
	phone_ack(stage->trunk, &second, phone_expect(stage->trunk, "SIP/2.0 486"), NULL);
	phone_request(stage->trunk, &first, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

/* `transfer` of a trunk is about REFER within a call: new calls to be parked are what trunks bring. */
static void test_trunk_without_transfer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog to_number, to_orbit, talker, callee = {0};
	char sdp[PHONE_TEXT];

	for (unsigned transfer = 0; transfer < 2; transfer++) {
		stage->config->trunks[0].transfer = transfer;
		phone_invite(stage->trunk, &to_number, "sip:700@acme.example",
		        phone_sdp(stage->trunk, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_ack(stage->trunk, &to_number, phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
		phone_invite(stage->trunk, &to_orbit, "sip:703@acme.example",
		        phone_sdp(stage->trunk, "0", NULL, sdp),
		        "Referred-By: <sip:x@elsewhere.example>\r\n");
		stage_run(stage, 10);
		phone_ack(stage->trunk, &to_orbit, phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
		stage_run(stage, 10);
		assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
		assert_int_equal(stage_parked(stage, "703"), PARKED_PARKED);

		phone_invite(stage->trunk, &talker, "sip:102@acme.example",
		        phone_sdp(stage->trunk, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
		        phone_sdp(stage->p102, "0", NULL, sdp));
		stage_run(stage, 10);
		phone_ack(stage->trunk, &talker, phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
		phone_request(stage->trunk, &talker, "REFER", "Refer-To: <sip:702@acme.example>\r\n", NULL);
		stage_run(stage, 10);
		phone_expect(stage->trunk, transfer ? "SIP/2.0 202" : "SIP/2.0 403");
		assert_int_equal(stage_parked(stage, "702"), transfer ? (int)PARKED_PARKED : -1);
		assert_int_equal(stage_hears(stage, stage->p102), transfer ? XD_HOLD : XD_FORWARD);

		phone_request(stage->p102, &callee, "BYE", NULL, NULL);
		phone_request(stage->trunk, &to_number, "BYE", NULL, NULL);
		phone_request(stage->trunk, &to_orbit, "BYE", NULL, NULL);
		phone_request(stage->trunk, &talker, "BYE", NULL, NULL);
		stage_run(stage, 10);
		phone_skip(stage->trunk);
		phone_skip(stage->p102);
		memset(&callee, 0, sizeof(callee));
	}
}

static void test_recall(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, again = {0};
	char sdp[PHONE_TEXT], from[PHONE_HEADER];
	const char *invite;

	stage_park(stage, &caller, &parker, "701");
	phone_skip(stage->p102);
	stage_run(stage, 61000);
	invite = phone_expect(stage->p102, "INVITE");
	message_header(invite, "From", from);
	assert_true(message_has(from, "\"Park 701: Alice\" <sip:101@"));
	assert_true(message_has(invite, "\r\nAlert-Info: <urn:alert:service:recall:hold>\r\n"));
	phone_respond(stage->p102, NULL, invite, "180 Ringing", NULL);
	/* Nobody answers for 30 s: parked on, and it starts over. */
	stage_run(stage, 31000);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "CANCEL"), "200 OK", NULL);
	phone_respond(stage->p102, NULL, invite, "487 Request Terminated", NULL);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	stage_run(stage, 61000);
	phone_respond(stage->p102, &again, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	assert_int_equal(stage_parked(stage, "701"), -1);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	stage_hangup(stage, stage->p102, &again, stage->p101);
}

static void test_take_while_recalled(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];
	const char *invite;

	stage_park(stage, &caller, &parker, "701");
	phone_skip(stage->p102);
	stage_run(stage, 61000);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, NULL, invite, "180 Ringing", NULL);
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "CANCEL"), "200 OK", NULL);
	phone_respond(stage->p102, NULL, invite, "487 Request Terminated", NULL);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	stage_hangup(stage, stage->p103, &taker, stage->p101);
}

static void test_two_parkers_at_one_orbit(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, other, other_parker = {0};
	char sdp[PHONE_TEXT];

	stage_talk(stage, &caller, &parker);
	phone_invite(
	        stage->trunk, &other, "sip:103@acme.example", phone_sdp(stage->trunk, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p103, &other_parker, phone_expect(stage->p103, "INVITE"), "200 OK",
	        phone_sdp(stage->p103, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->trunk, &other, phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	phone_request(stage->p102, &parker, "REFER", "Refer-To: <sip:701@acme.example>\r\n", NULL);
	phone_request(stage->p103, &other_parker, "REFER", "Refer-To: <sip:701@acme.example>\r\n", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 202");
	phone_expect(stage->p103, "SIP/2.0 486");
	assert_int_equal(stage_hears(stage, stage->trunk), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	phone_request(stage->p102, &parker, "BYE", NULL, NULL);
	stage_hangup(stage, stage->trunk, &other, stage->p103);
	caller_leaves(stage, &caller);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_park_and_leave),
	        STAGED(test_final_notify_names_the_orbit),
	        STAGED(test_parker_may_hang_up_at_once),
	        STAGED(test_refused_refer_changes_nothing),
	        STAGED(test_take),
	        STAGED(test_take_without_ack_is_undone),
	        STAGED(test_take_refused),
	        STAGED(test_two_takers),
	        STAGED(test_caller_leaves_while_taken),
	        STAGED(test_incoming_with_referred_by_parks),
	        STAGED(test_trunk_without_transfer),
	        STAGED(test_recall),
	        STAGED(test_take_while_recalled),
	        STAGED(test_two_parkers_at_one_orbit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
