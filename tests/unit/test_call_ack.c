/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits for an ACK, and what doesn't: parked callers who hear on, and requests that imply it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

enum { UNHEARD_MS = 2000 };

static void take(struct call_stage *stage, struct phone_dialog *taker)
{
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p103, taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
}

static void is_hung_up(struct call_stage *stage, struct phone *phone)
{
	phone_respond(phone, NULL, phone_expect(phone, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

/* 103 has the caller, and hangs up. */
static void taker_leaves(struct call_stage *stage, struct phone_dialog *taker)
{
	phone_request(stage->p103, taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p103, "SIP/2.0 200");
	is_hung_up(stage, stage->p101);
}

static const struct leg *leg_of(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index && address_equal(&leg->source, &phone->end->transport.bound))
			return leg;
	fail_msg("no leg of %s", phone->name);
	return NULL;
}

/* As the program does when the first packet of the peer comes. */
static void is_talked_to(struct call_stage *stage, const struct leg *leg)
{
	uint64_t generation = dataplane_endpoint(stage->dataplane, leg->endpoint.index)->generation;

	stage->fake->streams[leg->endpoint.index].pos =
	        (generation & XD_GENERATION_MASK) << XD_POS_GENERATION_SHIFT | XD_POS_TALKING;
}

/* However long the taker's ACK takes: the caller hears his hold audio until it is here, and 2 s more. */
static void test_caller_hears_on_until_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	take(stage, &taker);
	answer = phone_expect(stage->p103, "SIP/2.0 200");
	stage_run(stage, 20000);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	phone_ack(stage->p103, &taker, answer, NULL);
	stage_run(stage, UNHEARD_MS - 100);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	stage_run(stage, 200);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	taker_leaves(stage, &taker);
}

/* And if it never comes, he has never heard anything else. */
static void test_caller_hears_on_without_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;

	stage_park(stage, &caller, &parker, "701");
	take(stage, &taker);
	for (unsigned ms = 0; ms < 31500; ms += 500) {
		enum xd_action hears = stage_hears(stage, stage->p101);

		assert_true(hears == XD_HOLD_UNTIL_HEARD);
		stage_run(stage, 500);
	}
	stage_run(stage, 2000);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	is_hung_up(stage, stage->p103);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

/* A taker that failed leaves no clock running for the next one. */
static void test_the_next_taker_has_his_own_time(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, first, taker;
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	take(stage, &first);
	phone_ack(stage->p103, &first, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 1500);
	phone_request(stage->p103, &first, "REFER", "Refer-To: <sip:701@acme.example>\r\n", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p103, "SIP/2.0 202");
	phone_skip(stage->p103);
	phone_invite(
	        stage->p102, &taker, "sip:701@acme.example", phone_sdp(stage->p102, "0", NULL, sdp), NULL);
	stage_run(stage, 1500);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	phone_ack(stage->p102, &taker, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
	stage_run(stage, 2100);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	phone_request(stage->p102, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* He talks before his ACK, and the caller's phone changes its SDP: nothing is decided by that. */
static void test_changes_while_taken_decide_nothing(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	take(stage, &taker);
	answer = phone_expect(stage->p103, "SIP/2.0 200");
	phone_request(
	        stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0 101", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_MUTE);
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0 101", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 3000);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	phone_ack(stage->p103, &taker, answer, NULL);
	stage_run(stage, 10);
	taker_leaves(stage, &taker);
}

/* Without live frames he is joined when the take is confirmed: until then his packets carry hold audio. */
static void test_without_live_frames_the_ack_joins(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;

	stage_park(stage, &caller, &parker, "701");
	take(stage, &taker);
	stage_run(stage, 5000);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	assert_int_equal(leg_of(stage, stage->p101)->endpoint.plan.hearer, 0);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p103), XD_FORWARD);
	taker_leaves(stage, &taker);
}

static int open_without_live_frames(void **state)
{
	stage_live_frames = false;
	call_stage_open(state);
	stage_live_frames = true;
	return 0;
}

/* Resume: 102 isn't expected to talk before his ACK has come. */
static void test_resume_waits_for_the_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_talk(stage, &caller, &callee);
	phone_request(
	        stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0 101", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 3000);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD);
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0 101", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	stage_run(stage, 10000);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD_UNTIL_HEARD);
	phone_ack(stage->p101, &caller, answer, NULL);
	stage_run(stage, UNHEARD_MS - 100);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD_UNTIL_HEARD);
	stage_run(stage, 200);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

/* Recall: the parker's 200 is all that there is to wait for. */
static void test_recall_waits_for_nothing(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, again = {0};
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	stage_run(stage, 60500);
	phone_respond(stage->p102, &again, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, UNHEARD_MS - 100);
	phone_expect(stage->p102, "ACK");
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
	stage_run(stage, 200);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p102);
}

/* Who has been heard needs no clock. */
static void test_talk_ends_the_wait(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	const struct leg *parked;

	stage_park(stage, &caller, &parker, "701");
	take(stage, &taker);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 1000);
	parked = leg_of(stage, stage->p101);
	is_talked_to(stage, parked);
	stage_run(stage, 2000);
	assert_int_equal(parked->endpoint.plan.action, XD_HOLD_UNTIL_HEARD);
	taker_leaves(stage, &taker);
}

/* 101 calls 102, who has answered; the ACK of 101 was lost. */
static void talk_without_ack(
        struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *callee)
{
	char sdp[PHONE_TEXT];
	const char *answer;

	memset(callee, 0, sizeof(*callee));
	phone_invite(stage->p101, caller, "sip:102@acme.example", phone_sdp(stage->p101, "0 101", NULL, sdp),
	        NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0 101", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	message_header(answer, "To", caller->remote);
	snprintf(caller->target, sizeof(caller->target), "sip:xdpark@10.0.0.1:5060");
}

/* RFC 5407 3.1.4: whose request comes has our 200. It is served, and the 200 isn't sent again. */
static void test_reinvite_implies_the_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];

	talk_without_ack(stage, &caller, &callee);
	phone_request(
	        stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0 101", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD);
	phone_expect(stage->p101, "SIP/2.0 200");
	/* Nor is the ACK of that one here when he resumes. */
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0 101", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 40000);
	assert_false(phone_has(stage->p101, "BYE"));
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

static void test_refer_implies_the_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;

	talk_without_ack(stage, &caller, &callee);
	phone_request(stage->p101, &caller, "REFER",
	        "Refer-To: <sip:702@acme.example>\r\nRefer-Sub: false\r\n", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 202");
	assert_int_equal(stage_parked(stage, "702"), PARKED_PARKED);
	phone_request(stage->p102, &callee, "BYE", NULL, NULL);
	stage_run(stage, 3000);
	is_hung_up(stage, stage->p101);
}

/* The taker's next request is as good as his ACK: the call is his. */
static void test_takers_request_takes(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;

	stage_park(stage, &caller, &parker, "701");
	take(stage, &taker);
	message_header(phone_expect(stage->p103, "SIP/2.0 200"), "To", taker.remote);
	phone_request(stage->p103, &taker, "REFER",
	        "Refer-To: <sip:703@acme.example>\r\nRefer-Sub: false\r\n", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p103, "SIP/2.0 202");
	assert_int_equal(stage_parked(stage, "701"), -1);
	assert_int_equal(stage_parked(stage, "703"), PARKED_PARKED);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 3000);
	is_hung_up(stage, stage->p103);
}

/* Our offer is in the 200: without the answer that his ACK brings there is nothing to go by. */
static void test_late_answers_arent_implied(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];
	const char *answer;

	phone_invite(stage->p101, &caller, "sip:700@acme.example", NULL, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	message_header(answer, "To", caller.remote);
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 500");
	caller.invite_cseq = 1;
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "0", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_caller_hears_on_until_ack),
	        STAGED(test_caller_hears_on_without_ack),
	        STAGED(test_the_next_taker_has_his_own_time),
	        STAGED(test_changes_while_taken_decide_nothing),
	        cmocka_unit_test_setup_teardown(
	                test_without_live_frames_the_ack_joins, open_without_live_frames, call_stage_close),
	        STAGED(test_resume_waits_for_the_ack),
	        STAGED(test_recall_waits_for_nothing),
	        STAGED(test_talk_ends_the_wait),
	        STAGED(test_reinvite_implies_the_ack),
	        STAGED(test_refer_implies_the_ack),
	        STAGED(test_takers_request_takes),
	        STAGED(test_late_answers_arent_implied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
