/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What crosses on its way, comes late, twice, or at the wrong moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

static const struct xd_plan *plan_of(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index && address_equal(&leg->source, &phone->end->transport.bound))
			return &leg->endpoint.plan;
	fail_msg("no leg of %s", phone->name);
	return NULL;
}

static void leave(struct call_stage *stage, struct phone *phone, struct phone_dialog *dialog)
{
	phone_request(phone, dialog, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(phone, "SIP/2.0 200");
}

static void is_hung_up(struct call_stage *stage, struct phone *phone)
{
	phone_respond(phone, NULL, phone_expect(phone, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

/* An ACK that has taken long acknowledges its own INVITE, and not the one that came after. */
static void test_old_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee, old;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_talk(stage, &caller, &callee);
	old = caller;
	answer = stage->p101->messages[stage->p101->read - 1];
	phone_request(stage->p101, &caller, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &old, answer, NULL);
	stage_run(stage, 10);
	assert_false(phone_has(stage->p101, "BYE"));
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"),
	        phone_sdp(stage->p101, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_PCMA);
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p102);
}

/* An ACK from somebody who knows the tags, but isn't where the call is. */
static void test_ack_from_elsewhere(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, stranger;
	char sdp[PHONE_TEXT];
	const char *answer;

	phone_invite(stage->p101, &caller, "sip:700@acme.example", NULL, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	stranger = caller;
	phone_ack(stage->p103, &stranger, answer, phone_sdp(stage->p103, "0", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_IDLE);
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "0", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	leave(stage, stage->p101, &caller);
}

/* A re-INVITE without SDP whose ACK brings none, either: nothing is agreed, and the call goes on. */
static void test_ack_without_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p101, &caller, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	assert_false(phone_has(stage->p101, "BYE"));
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p102);
}

/* 102 wants G.722 and takes it back when 101 has agreed to it already: 101 comes back. */
static void test_codec_taken_back(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee, asked;
	char sdp[PHONE_TEXT];
	const char *invite;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "9", NULL, sdp));
	stage_run(stage, 10);
	invite = phone_expect(stage->p101, "INVITE");
	/* Nobody can park them now: they don't know yet what they speak. */
	phone_request(stage->p101, &caller, "REFER", "Refer-To: <sip:700@acme.example>\r\n", NULL);
	phone_cancel(stage->p102, &callee);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 491");
	phone_expect(stage->p102, "SIP/2.0 200");
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 487"), NULL);
	asked = caller;
	phone_respond(stage->p101, &asked, invite, "200 OK", phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p101, "ACK");
	invite = phone_expect(stage->p101, "INVITE");
	assert_true(message_has(invite, "RTP/AVP 8 0 101"));
	phone_respond(stage->p101, &asked, invite, "200 OK", phone_sdp(stage->p101, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_PCMA);
	assert_int_equal(plan_of(stage, stage->p102)->payloads[XD_VOICE].codec, XD_PCMU);
	phone_request(stage->p102, &callee, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* Two that refuse each other's codec are asked once each, given time to think again, and then parted. */
enum second_thought { NEVER, IN_TIME, UNDER_WAY };

static void codecs_differ(struct call_stage *stage, enum second_thought thought)
{
	struct phone_dialog caller, callee, asked;
	char sdp[PHONE_TEXT];
	const char *invite;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "9", NULL, sdp));
	stage_run(stage, 10);
	invite = phone_expect(stage->p101, "INVITE");
	phone_cancel(stage->p102, &callee);
	stage_run(stage, 10);
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 487"), NULL);
	asked = caller;
	phone_respond(stage->p101, &asked, invite, "200 OK", phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	for (unsigned i = 0; i < 2; i++) {
		struct phone *phone = i ? stage->p102 : stage->p101;

		phone_respond(phone, NULL, phone_expect(phone, "INVITE"), "488 Not Acceptable Here", NULL);
		stage_run(stage, 10);
	}
	stage_run(stage, 4900);
	assert_false(phone_has(stage->p101, "INVITE"));
	assert_false(phone_has(stage->p102, "INVITE"));
	assert_false(phone_has(stage->p101, "BYE"));
	assert_false(phone_has(stage->p102, "BYE"));
	if (thought != NEVER) {
		phone_request(stage->p102, &callee, "INVITE", NULL,
		        thought == IN_TIME ? phone_sdp(stage->p102, "9", NULL, sdp) : NULL);
		/* The ACK with the answer of 102 comes when the time is over. */
		stage_run(stage, thought == IN_TIME ? 10 : 1000);
		phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"),
		        thought == IN_TIME ? NULL : phone_sdp(stage->p102, "9", NULL, sdp));
		stage_run(stage, 40000);
		assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
		leave(stage, stage->p102, &callee);
		is_hung_up(stage, stage->p101);
		return;
	}
	stage_run(stage, 200);
	for (unsigned i = 0; i < 2; i++) {
		struct phone *phone = i ? stage->p102 : stage->p101;
		const char *bye = phone_expect(phone, "BYE");

		assert_true(message_has(bye, "\r\nReason: SIP;text=\"no common codec\"\r\n"));
		phone_respond(phone, NULL, bye, "200 OK", NULL);
	}
	stage_run(stage, 10);
	assert_int_equal(stage->calls->leg_count, 0);
}

static void test_codecs_never_meet(void **state)
{
	codecs_differ(*state, NEVER);
}

static void test_codecs_meet_late(void **state)
{
	codecs_differ(*state, IN_TIME);
}

static void test_codecs_meet_at_the_last_moment(void **state)
{
	codecs_differ(*state, UNDER_WAY);
}

/* One contact gives early media, the other answers: the answer in the 183 was the answer. */
static void test_early_answer_stands(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, early = {0}, callee = {0};
	char sdp[PHONE_TEXT];
	const char *invite, *answer;

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "0 8", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p105, "INVITE");
	phone_respond(
	        stage->p105, &early, invite, "183 Session Progress", phone_sdp(stage->p105, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_true(message_has(phone_expect(stage->p101, "SIP/2.0 183"), "RTP/AVP 8\r\n"));
	phone_respond(stage->p105b, &callee, phone_expect(stage->p105b, "INVITE"), "200 OK",
	        phone_sdp(stage->p105b, "0", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(answer, "RTP/AVP 8\r\n"));
	phone_respond(stage->p105, NULL, phone_expect(stage->p105, "CANCEL"), "200 OK", NULL);
	phone_respond(stage->p105, NULL, invite, "487 Request Terminated", NULL);
	phone_ack(stage->p101, &caller, answer, NULL);
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_PCMA);
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p105b);
}

/* Nobody's phone rings for a caller who offers none of the tenant's codecs. */
static void test_codec_of_no_use(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p201, &caller, "sip:201@globex.example", phone_sdp(stage->p201, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	assert_false(phone_has(stage->p201, "INVITE"));
	phone_ack(stage->p201, &caller, phone_expect(stage->p201, "SIP/2.0 488"), NULL);
	stage_run(stage, 10);
}

/* 6xx speaks for all contacts; one that answers at that moment is hung up. */
static void test_decline_crosses_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];
	const char *invite;

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p105b, "INVITE");
	phone_respond(stage->p105, NULL, phone_expect(stage->p105, "INVITE"), "603 Decline", NULL);
	phone_respond(stage->p105b, &callee, invite, "200 OK", phone_sdp(stage->p105b, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 603"), NULL);
	phone_expect(stage->p105b, "ACK");
	is_hung_up(stage, stage->p105b);
	assert_int_equal(stage->calls->leg_count, 0);
}

/* A 200 without SDP is none to be heard by: the other contact may still answer. */
static void test_answer_without_sdp(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, mute = {0}, callee = {0};
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p105, &mute, phone_expect(stage->p105, "INVITE"), "200 OK", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p105, "ACK");
	is_hung_up(stage, stage->p105);
	phone_respond(stage->p105b, &callee, phone_expect(stage->p105b, "INVITE"), "200 OK",
	        phone_sdp(stage->p105b, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p105b);
}

/* BYE before the ACK that was sent before it. */
static void test_bye_overtakes_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];
	const char *answer;
	unsigned answers;

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	message_header(answer, "To", caller.remote);
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p102);
	assert_int_equal(stage->calls->leg_count, 0);
	/* Our 200 isn't sent to somebody who has gone. */
	answers = (unsigned)stage->server->sent;
	phone_ack(stage->p101, &caller, answer, NULL);
	stage_run(stage, 40000);
	assert_int_equal(stage->server->sent, answers);
}

/* Of a phone whose tag no response has named yet. */
static void tag_early(struct phone_dialog *callee)
{
	size_t length = strlen(callee->local);

	snprintf(callee->local + length, sizeof(callee->local) - length, ";tag=early");
}

/*
 * The called phone's BYE comes before its 200, with nothing or a 180 before: the caller isn't joined to
 * nobody, and the phone's 200 is acknowledged and ended.
 */
static void test_bye_overtakes_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];
	const char *invite;

	for (unsigned rings = 0; rings < 2; rings++) {
		memset(&callee, 0, sizeof(callee));
		phone_invite(stage->p101, &caller, "sip:102@acme.example",
		        phone_sdp(stage->p101, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		invite = phone_expect(stage->p102, "INVITE");
		phone_respond(stage->p102, &callee, invite, rings ? "180 Ringing" : "100 Trying", NULL);
		if (!rings)
			tag_early(&callee);
		phone_request(stage->p102, &callee, "BYE", NULL, NULL);
		stage_run(stage, 10);
		phone_expect(stage->p102, "SIP/2.0 200");
		phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 480"), NULL);
		phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
		stage_run(stage, 10);
		phone_expect(stage->p102, "ACK");
		phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"),
		        "481 Call/Transaction Does Not Exist", NULL);
		stage_run(stage, 10);
		assert_int_equal(stage->calls->leg_count, 0);
		phone_skip(stage->p101);
		phone_skip(stage->p102);
	}
}

/* ... and another phone of his may still answer. */
static void test_bye_overtakes_answer_of_one(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, gone = {0}, callee = {0};
	char sdp[PHONE_TEXT];
	const char *invite;

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p105, "INVITE");
	phone_respond(stage->p105, &gone, invite, "180 Ringing", NULL);
	phone_request(stage->p105, &gone, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p105, "SIP/2.0 200");
	phone_respond(stage->p105, NULL, phone_expect(stage->p105, "CANCEL"), "200 OK", NULL);
	phone_respond(stage->p105, NULL, invite, "487 Request Terminated", NULL);
	phone_respond(stage->p105b, &callee, phone_expect(stage->p105b, "INVITE"), "200 OK",
	        phone_sdp(stage->p105b, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p105b);
}

/* Ahead of its 200 a re-INVITE of the called phone can't be served, but the call isn't lost by it. */
static void test_reinvite_overtakes_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];
	const char *invite;

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, &callee, invite, "100 Trying", NULL);
	tag_early(&callee);
	phone_request(
	        stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "0", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 491"), NULL);
	phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	leave(stage, stage->p101, &caller);
	is_hung_up(stage, stage->p102);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_old_ack),
	        STAGED(test_ack_from_elsewhere),
	        STAGED(test_ack_without_answer),
	        STAGED(test_codec_taken_back),
	        STAGED(test_codecs_never_meet),
	        STAGED(test_codecs_meet_late),
	        STAGED(test_codecs_meet_at_the_last_moment),
	        STAGED(test_early_answer_stands),
	        STAGED(test_codec_of_no_use),
	        STAGED(test_decline_crosses_answer),
	        STAGED(test_answer_without_sdp),
	        STAGED(test_bye_overtakes_ack),
	        STAGED(test_bye_overtakes_answer),
	        STAGED(test_bye_overtakes_answer_of_one),
	        STAGED(test_reinvite_overtakes_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
