/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordinary calls: ring, answer, refuse, cancel, hang up, hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/call_stage.h"

static void test_call_and_bye(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	uint64_t sent;

	stage_talk(stage, &caller, &callee);
	/* All is acknowledged: nothing is sent again. */
	sent = stage->server->sent;
	stage_run(stage, 40000);
	assert_int_equal(stage->server->sent, sent);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
	assert_int_equal(stage->calls->leg_count, 0);
}

static void test_answer_names_one_codec(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];
	const char *answer;

	memset(&callee, 0, sizeof(callee));
	phone_invite(stage->p101, &caller, "sip:102@acme.example",
	        phone_sdp(stage->p101, "0 8 9 101", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "8 0 101", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(answer, "RTP/AVP 8 101\r\n"));
	phone_ack(stage->p101, &caller, answer, NULL);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

static void test_cancel(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const char *invite, *cancel;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, NULL, invite, "180 Ringing", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 180");
	phone_cancel(stage->p101, &caller);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 487"), NULL);
	cancel = phone_expect(stage->p102, "CANCEL");
	assert_false(message_has(cancel, "Reason"));
	phone_respond(stage->p102, NULL, cancel, "200 OK", NULL);
	phone_respond(stage->p102, NULL, invite, "487 Request Terminated", NULL);
	stage_run(stage, 10);
	assert_int_equal(stage->calls->leg_count, 0);
}

static void test_cancel_crosses_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	const char *invite;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, &callee, invite, "180 Ringing", NULL);
	stage_run(stage, 10);
	phone_cancel(stage->p101, &caller);
	stage_run(stage, 0);
	phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

static void test_busy_is_passed_on(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "INVITE"), "486 Busy Here", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 486"), NULL);
	stage_run(stage, 10);
}

static void test_first_contact_wins(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	const char *other, *cancel;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	other = phone_expect(stage->p105, "INVITE");
	phone_respond(stage->p105, NULL, other, "180 Ringing", NULL);
	phone_respond(stage->p105b, &callee, phone_expect(stage->p105b, "INVITE"), "200 OK",
	        phone_sdp(stage->p105b, "0", NULL, sdp));
	stage_run(stage, 10);
	cancel = phone_expect(stage->p105, "CANCEL");
	assert_true(message_has(cancel, "\r\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"));
	phone_respond(stage->p105, NULL, cancel, "200 OK", NULL);
	phone_respond(stage->p105, NULL, other, "487 Request Terminated", NULL);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p105b), XD_FORWARD);
	stage_hangup(stage, stage->p105b, &callee, stage->p101);
}

static void test_phone_hold_and_resume(void **state)
{
	static const char *const forms[] = {"a=sendonly\r\n", "a=inactive\r\n"};
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_talk(stage, &caller, &callee);
	for (unsigned i = 0; i < 2; i++) {
		phone_request(
		        stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "0 101", forms[i], sdp));
		stage_run(stage, 10);
		answer = phone_expect(stage->p102, "SIP/2.0 200");
		assert_true(message_has(answer, i ? "a=inactive" : "a=recvonly"));
		phone_ack(stage->p102, &callee, answer, NULL);
		stage_run(stage, 10);
		assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
		assert_int_equal(stage_hears(stage, stage->p102), XD_MUTE);
		phone_request(
		        stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "0 101", NULL, sdp));
		stage_run(stage, 10);
		phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
		stage_run(stage, 10);
		assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
		assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
		stage_run(stage, 2100);
		assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	}
	stage_hangup(stage, stage->p102, &callee, stage->p101);
}

static void test_invite_without_sdp(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];
	const char *answer;

	phone_invite(stage->p101, &caller, "sip:102@acme.example", NULL, NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0 8", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(answer, "m=audio"));
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *uri, *headers, *formats, *status;
	} rows[] = {
	        {"sip:199@acme.example", NULL, "0", "SIP/2.0 404"},
	        {"sip:106@acme.example", NULL, "0", "SIP/2.0 480"},
	        {"sip:201@globex.example", NULL, "0", "SIP/2.0 403"},
	        {"sip:102@acme.example", "Require: 100rel\r\n", "0", "SIP/2.0 420"},
	        {"sip:102@acme.example", NULL, "18", "SIP/2.0 488"},
	        {"sip:102@acme.example", "Content-Encoding: gzip\r\n", "0", "SIP/2.0 415"},
	};
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		phone_invite(stage->p101, &caller, rows[i].uri,
		        phone_sdp(stage->p101, rows[i].formats, NULL, sdp), rows[i].headers);
		stage_run(stage, 10);
		phone_ack(stage->p101, &caller, phone_expect(stage->p101, rows[i].status), NULL);
		stage_run(stage, 10);
		assert_int_equal(stage->calls->leg_count, 0);
	}
}

/* Who has a password is asked for it, wherever he calls from. */
static void test_password_is_asked_for(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p107, &caller, "sip:102@acme.example", phone_sdp(stage->p107, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p107, &caller, phone_expect(stage->p107, "SIP/2.0 407"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage->calls->leg_count, 0);
}

static void test_no_ack_ends_the_call(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 40000);
	phone_expect(stage->p101, "SIP/2.0 200");
	phone_expect(stage->p101, "BYE");
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
}

static void test_trunk_number(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const char *invite;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->trunk, &caller, "sip:4930111@10.0.0.1", phone_sdp(stage->trunk, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p101, "INVITE");
	phone_respond(stage->p101, NULL, invite, "603 Decline", NULL);
	stage_run(stage, 10);
	phone_ack(stage->trunk, &caller, phone_expect(stage->trunk, "SIP/2.0 603"), NULL);
	phone_invite(stage->trunk, &caller, "sip:201@globex.example", phone_sdp(stage->trunk, "0", NULL, sdp),
	        NULL);
	stage_run(stage, 10);
	phone_ack(stage->trunk, &caller, phone_expect(stage->trunk, "SIP/2.0 403"), NULL);
	stage_run(stage, 10);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_call_and_bye),
	        STAGED(test_answer_names_one_codec),
	        STAGED(test_cancel),
	        STAGED(test_cancel_crosses_answer),
	        STAGED(test_busy_is_passed_on),
	        STAGED(test_first_contact_wins),
	        STAGED(test_phone_hold_and_resume),
	        STAGED(test_invite_without_sdp),
	        STAGED(test_refusals),
	        STAGED(test_password_is_asked_for),
	        STAGED(test_no_ack_ends_the_call),
	        STAGED(test_trunk_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
