/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parked callers while somebody takes them, or is called back: the moments at which one could be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

static const struct leg *leg_of(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index && address_equal(&leg->source, &phone->end->transport.bound))
			return leg;
	fail_msg("no leg of %s", phone->name);
	return NULL;
}

static const struct xd_plan *plan_of(struct call_stage *stage, const struct phone *phone)
{
	return &leg_of(stage, phone)->endpoint.plan;
}

static void caller_leaves(struct call_stage *stage, struct phone_dialog *caller)
{
	phone_request(stage->p101, caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
}

static void is_hung_up(struct call_stage *stage, struct phone *phone)
{
	phone_respond(phone, NULL, phone_expect(phone, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

static void assert_parked(struct call_stage *stage)
{
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	assert_int_equal(plan_of(stage, stage->p101)->peer, 0);
	assert_int_equal(plan_of(stage, stage->p101)->hearer, 0);
	assert_false(phone_has(stage->p101, "BYE"));
}

static void take(
        struct call_stage *stage, struct phone *phone, struct phone_dialog *taker, const char *formats)
{
	char sdp[PHONE_TEXT];

	phone_invite(phone, taker, "sip:701@acme.example",
	        formats ? phone_sdp(phone, formats, NULL, sdp) : NULL, NULL);
	stage_run(stage, 10);
}

static void test_taker_cancels_before_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;

	stage_park(stage, &caller, &parker, "701");
	stage->fake->nexthop_mute = true;
	take(stage, stage->p103, &taker, "0");
	phone_cancel(stage->p103, &taker);
	stage_run(stage, 10);
	phone_expect(stage->p103, "SIP/2.0 200");
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 487"), NULL);
	stage->fake->nexthop_mute = false;
	stage_run(stage, 5000);
	assert_parked(stage);
	caller_leaves(stage, &caller);
}

/* Too late: the call is his until he hangs up. */
static void test_taker_cancels_after_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	take(stage, stage->p103, &taker, "0");
	answer = phone_expect(stage->p103, "SIP/2.0 200");
	phone_cancel(stage->p103, &taker);
	stage_run(stage, 10);
	phone_expect(stage->p103, "SIP/2.0 200");
	assert_int_equal(stage_parked(stage, "701"), PARKED_TAKING);
	message_header(answer, "To", taker.remote);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	assert_parked(stage);
	caller_leaves(stage, &caller);
}

/* While somebody takes him, the caller may change to what the taker speaks, and to nothing else. */
static void test_caller_changes_codec_while_taken(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	take(stage, stage->p103, &taker, "0");
	answer = phone_expect(stage->p103, "SIP/2.0 200");
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 488"), NULL);
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "8", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	phone_ack(stage->p103, &taker, answer, NULL);
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_PCMA);
	assert_int_equal(plan_of(stage, stage->p103)->payloads[XD_VOICE].codec, XD_PCMU);
	assert_int_equal(stage_hears(stage, stage->p103), XD_FORWARD);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* Nobody takes him: he may speak what he likes again. */
static void test_caller_changes_codec_while_parked(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	take(stage, stage->p103, &taker, "0");
	message_header(phone_expect(stage->p103, "SIP/2.0 200"), "To", taker.remote);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_G722);
	assert_parked(stage);
	caller_leaves(stage, &caller);
}

/* Between the caller's re-INVITE without SDP and his answer in the ACK he is taken: they meet all the same.
 */
static void test_caller_answers_late_while_taken(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker, asked;
	char sdp[PHONE_TEXT];
	const char *invite, *answer;

	stage_park(stage, &caller, &parker, "701");
	phone_request(stage->p101, &caller, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(answer, "RTP/AVP 9 8 0 101"));
	take(stage, stage->p103, &taker, "0");
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	invite = phone_expect(stage->p103, "INVITE");
	assert_true(message_has(invite, "RTP/AVP 9 101"));
	asked = taker;
	phone_respond(stage->p103, &asked, invite, "200 OK", phone_sdp(stage->p103, "9", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p103)->payloads[XD_VOICE].codec, XD_G722);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* As the program does when the first packet of the peer comes. */
static void is_talked_to(struct call_stage *stage, const struct leg *leg)
{
	uint64_t generation = dataplane_endpoint(stage->dataplane, leg->endpoint.index)->generation;

	stage->fake->streams[leg->endpoint.index].pos =
	        (generation & XD_GENERATION_MASK) << XD_POS_GENERATION_SHIFT | XD_POS_TALKING;
	*dataplane_due(stage->dataplane, leg->endpoint.index) = 0;
}

/*
 * The taker's first words overtake his ACK: his caller hears them in one piece. A generation more would make
 * a second anchor of them.
 */
static void test_talk_comes_before_ack(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	const struct leg *parked;
	uint64_t generation;
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	take(stage, stage->p103, &taker, "0");
	parked = leg_of(stage, stage->p101);
	generation = dataplane_endpoint(stage->dataplane, parked->endpoint.index)->generation;
	is_talked_to(stage, parked);
	stage_run(stage, 500);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), -1);
	stage_run(stage, 5000);
	/* Nor does a re-INVITE that changes nothing. */
	phone_request(stage->p103, &taker, "INVITE", NULL, phone_sdp(stage->p103, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(
	        dataplane_endpoint(stage->dataplane, parked->endpoint.index)->generation, generation);
	assert_int_equal(*dataplane_due(stage->dataplane, parked->endpoint.index), 0);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* Who holds after having talked starts the hold stream anew, in phase; it doesn't go on where it was minutes
 * ago. */
static void test_hold_after_talk_is_a_new_stream(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	const struct leg *parked;
	char sdp[PHONE_TEXT];
	uint64_t t0;

	stage_park(stage, &caller, &parker, "701");
	take(stage, stage->p103, &taker, "0");
	parked = leg_of(stage, stage->p101);
	t0 = parked->endpoint.plan.t0;
	is_talked_to(stage, parked);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	/* The maps' clock is real. */
	usleep(25000);
	phone_request(
	        stage->p103, &taker, "INVITE", NULL, phone_sdp(stage->p103, "0", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	assert_true(parked->endpoint.plan.t0 > t0);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* Who parks without SDP can be taken once the ACK has brought it. */
static void test_take_before_callers_answer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, taker;
	char sdp[PHONE_TEXT];

	phone_invite(stage->p101, &caller, "sip:700@acme.example", NULL, NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	take(stage, stage->p103, &taker, "0");
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 480"), NULL);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"),
	        phone_sdp(stage->p101, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_parked(stage);
	take(stage, stage->p103, &taker, "0");
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p103), XD_FORWARD);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	is_hung_up(stage, stage->p101);
}

/* The caller hangs up while being taken, and the taker, who doesn't know yet, before his ACK arrives. */
static void test_both_leave_while_taken(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;

	stage_park(stage, &caller, &parker, "701");
	take(stage, stage->p103, &taker, "0");
	caller_leaves(stage, &caller);
	message_header(phone_expect(stage->p103, "SIP/2.0 200"), "To", taker.remote);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p103, "SIP/2.0 200");
	assert_int_equal(stage->calls->leg_count, 0);
}

/* The recalled parker answers at the moment somebody takes. One has the caller, the other doesn't. */
static void test_recall_crosses_take(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker, recalled;
	char sdp[PHONE_TEXT];
	const char *invite;

	for (unsigned parker_first = 0; parker_first < 2; parker_first++) {
		memset(&recalled, 0, sizeof(recalled));
		stage_park(stage, &caller, &parker, "701");
		phone_skip(stage->p102);
		stage_run(stage, 60500);
		invite = phone_expect(stage->p102, "INVITE");
		phone_respond(stage->p102, NULL, invite, "180 Ringing", NULL);
		stage_run(stage, 10);
		phone_sdp(stage->p102, "0", NULL, sdp);
		if (parker_first)
			phone_respond(stage->p102, &recalled, invite, "200 OK", sdp);
		take(stage, stage->p103, &taker, "0");
		if (!parker_first)
			phone_respond(stage->p102, &recalled, invite, "200 OK", sdp);
		stage_run(stage, 10);
		phone_expect(stage->p102, "ACK");
		if (parker_first) {
			phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 410"), NULL);
			assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
			caller_leaves(stage, &caller);
			is_hung_up(stage, stage->p102);
		} else {
			is_hung_up(stage, stage->p102);
			phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
			stage_run(stage, 10);
			assert_int_equal(stage_hears(stage, stage->p103), XD_FORWARD);
			caller_leaves(stage, &caller);
			is_hung_up(stage, stage->p103);
		}
		stage_run(stage, 40000);
		phone_skip(stage->p101);
	}
}

/* RFC 4488: who doesn't want to be told isn't. */
static void test_refer_without_subscription(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;

	stage_talk(stage, &caller, &parker);
	phone_request(stage->p102, &parker, "REFER",
	        "Refer-To: <sip:701@acme.example>\r\nRefer-Sub: false\r\nRequire: norefersub\r\n", NULL);
	stage_run(stage, 10);
	assert_true(message_has(phone_expect(stage->p102, "SIP/2.0 202"), "\r\nRefer-Sub: false\r\n"));
	assert_parked(stage);
	stage_run(stage, 2100);
	assert_false(phone_has(stage->p102, "NOTIFY"));
	is_hung_up(stage, stage->p102);
	caller_leaves(stage, &caller);
}

/* The parked phone's re-INVITE without SDP, whose ACK will say which codec it speaks from now on. */
static void ask_for_an_offer(struct call_stage *stage, struct phone_dialog *caller, const char **answer)
{
	phone_request(stage->p101, caller, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	*answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(*answer, "RTP/AVP 9 8 0"));
}

/* The caller's phone changes to a codec that the taker doesn't have: the caller stays parked. */
static void test_codec_changes_while_taken(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_park(stage, &caller, &parker, "701");
	ask_for_an_offer(stage, &caller, &answer);
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p103, "BYE");
	assert_true(message_has(answer, "no common codec"));
	phone_respond(stage->p103, NULL, answer, "200 OK", NULL);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	assert_int_equal(stage->calls->counters.taken, 0);
	assert_false(phone_has(stage->p101, "BYE"));
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

/* The same while the parker is called back: the time until the next recall starts over. */
static void test_codec_changes_while_recalled(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, again = {0};
	char sdp[PHONE_TEXT];
	const char *answer, *invite;

	stage_park(stage, &caller, &parker, "701");
	stage_run(stage, 59000);
	ask_for_an_offer(stage, &caller, &answer);
	stage_run(stage, 2000);
	invite = phone_expect(stage->p102, "INVITE");
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_respond(stage->p102, &again, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	stage_run(stage, 61000);
	assert_true(message_has(phone_expect(stage->p102, "INVITE"), "RTP/AVP 9 101"));
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_taker_cancels_before_answer),
	        STAGED(test_taker_cancels_after_answer),
	        STAGED(test_caller_changes_codec_while_taken),
	        STAGED(test_caller_changes_codec_while_parked),
	        STAGED(test_caller_answers_late_while_taken),
	        STAGED(test_talk_comes_before_ack),
	        STAGED(test_hold_after_talk_is_a_new_stream),
	        STAGED(test_take_before_callers_answer),
	        STAGED(test_both_leave_while_taken),
	        STAGED(test_recall_crosses_take),
	        STAGED(test_refer_without_subscription),
	        STAGED(test_codec_changes_while_taken),
	        STAGED(test_codec_changes_while_recalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
