/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offers and answers between phones and us: which stream, which payload types, and what can't be met. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

static void leaves(struct call_stage *stage, struct phone *phone, struct phone_dialog *dialog)
{
	phone_request(phone, dialog, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(phone, "SIP/2.0 200");
}

/* 101 parks with this SDP, and asks for our offer; returns that. */
static const char *reoffer(struct call_stage *stage, struct phone_dialog *caller, const char *sdp)
{
	phone_invite(stage->p101, caller, "sip:700@acme.example", sdp, NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	phone_request(stage->p101, caller, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	return phone_expect(stage->p101, "SIP/2.0 200");
}

/* RFC 3264 8.3.2: a type that the phone has given to something stands for nothing else. */
static void test_types_keep_their_meaning(void **state)
{
	static const struct {
		const char *formats, *attributes, *event;
	} ROWS[] = {
	        {"0 101", "", "a=rtpmap:101 telephone-event/8000\r\n"},
	        {"0", "", "a=rtpmap:101 telephone-event/8000\r\n"},
	        {"0 97", "a=rtpmap:97 telephone-event/8000\r\n", "a=rtpmap:97 telephone-event/8000\r\n"},
	        {"0 110 97", "a=rtpmap:110 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n",
	                "a=rtpmap:97 telephone-event/8000\r\n"},
	};
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const char *answer;
	char sdp[PHONE_TEXT];

	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		answer = reoffer(
		        stage, &caller, phone_sdp(stage->p101, ROWS[i].formats, ROWS[i].attributes, sdp));
		assert_true(message_has(answer, ROWS[i].event));
		phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "0", NULL, sdp));
		stage_run(stage, 10);
		leaves(stage, stage->p101, &caller);
	}
}

/* Of a phone that has opus at 101 and no events, and of one that gives 97 to something else later. */
static void test_events_avoid_taken_types(void **state)
{
	static const char opus[] = "v=0\r\no=- 1 1 IN IP4 10.0.0.11\r\ns=-\r\nc=IN IP4 10.0.0.11\r\nt=0 0\r\n"
	                           "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 opus/48000/2\r\n";
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const char *answer;
	char sdp[PHONE_TEXT];

	answer = reoffer(stage, &caller, opus);
	assert_true(message_has(answer, "a=rtpmap:96 telephone-event/8000\r\n"));
	assert_false(message_has(answer, "rtpmap:101"));
	phone_ack(stage->p101, &caller, answer,
	        phone_sdp(stage->p101, "0 96", "a=rtpmap:96 telephone-event/8000\r\n", sdp));
	stage_run(stage, 10);
	leaves(stage, stage->p101, &caller);
}

/* The first audio stream has no codec of ours. */
static void test_the_stream_that_suits_is_taken(void **state)
{
	static const char two[] = "v=0\r\no=- 1 1 IN IP4 10.0.0.11\r\ns=-\r\nc=IN IP4 10.0.0.11\r\nt=0 0\r\n"
	                          "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"
	                          "m=audio 4002 RTP/AVP 0\r\n";
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const char *answer;

	phone_invite(stage->p101, &caller, "sip:700@acme.example", two, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(answer, "\r\nm=audio 0 RTP/AVP 96\r\nm=audio 1"));
	phone_ack(stage->p101, &caller, answer, NULL);
	stage_run(stage, 10);
	assert_int_equal(stage->calls->legs->agreement.remote.port, 4002);
	leaves(stage, stage->p101, &caller);
}

#define REFUSED                                                                                              \
	"v=0\r\no=- 1 1 IN IP4 10.0.0.12\r\ns=-\r\nc=IN IP4 10.0.0.12\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n"

/* A first answer that refuses the stream is no answer: nobody is connected to a call without media. */
static void test_first_answer_refuses_the_stream(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];
	const char *invite;

	for (unsigned early = 0; early < 2; early++) {
		phone_skip(stage->p101);
		phone_invite(stage->p101, &caller, "sip:102@acme.example",
		        phone_sdp(stage->p101, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		invite = phone_expect(stage->p102, "INVITE");
		memset(&callee, 0, sizeof(callee));
		if (early)
			phone_respond(stage->p102, &callee, invite, "183 Session Progress", REFUSED);
		stage_run(stage, 10);
		phone_respond(stage->p102, &callee, invite, "200 OK", early ? NULL : REFUSED);
		stage_run(stage, 10);
		phone_expect(stage->p102, "ACK");
		stage_let_go(stage, &caller, "SIP/2.0 488", 10);
	}
}

/* The same in the ACK of our late offer. */
static void test_late_answer_refuses_the_stream(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;

	phone_invite(stage->p101, &caller, "sip:700@acme.example", NULL, NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), REFUSED);
	stage_run(stage, 10);
	phone_respond(stage->p101, NULL, phone_expect(stage->p101, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), -1);
}

/* In a call that stands it is hold. */
static void test_later_answer_refuses_the_stream(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	const char *answer;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p101, &caller, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	phone_ack(stage->p101, &caller, answer, REFUSED);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_MUTE);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

/* RFC 3261 20.43: what is wrong isn't the codec. */
static void test_unreachable_media_is_called_so(void **state)
{
	static const char six[] = "v=0\r\no=- 1 2 IN IP6 fd00::9\r\ns=-\r\nc=IN IP6 fd00::9\r\nt=0 0\r\n"
	                          "m=audio 4000 RTP/AVP 0\r\n";
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee, other;
	char sdp[PHONE_TEXT];
	const char *refusal;

	stage_talk(stage, &caller, &callee);
	stage->fake->nexthop_error = -EHOSTUNREACH;
	phone_invite(
	        stage->p103, &other, "sip:700@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	refusal = phone_expect(stage->p103, "SIP/2.0 488");
	assert_true(
	        message_has(refusal, "\r\nWarning: 399 xdpark \"The media address can't be reached\"\r\n"));
	phone_ack(stage->p103, &other, refusal, NULL);
	/* An endpoint keeps its IP version. */
	phone_request(stage->p101, &caller, "INVITE", NULL, six);
	stage_run(stage, 10);
	refusal = phone_expect(stage->p101, "SIP/2.0 488");
	assert_true(message_has(refusal, "\r\nWarning: 301 xdpark \""));
	phone_ack(stage->p101, &caller, refusal, NULL);
	stage->fake->nexthop_error = 0;
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

/* A private address of the other IP version can't be behind the NAT that hides the phone's signalling. */
static void test_private_media_of_another_family_is_believed(void **state)
{
	static const char six[] = "v=0\r\no=- 1 2 IN IP6 fd00::9\r\ns=-\r\nc=IN IP6 fd00::9\r\nt=0 0\r\n"
	                          "m=audio 4000 RTP/AVP 0\r\n";
	struct call_stage *stage = *state;
	struct phone_dialog caller;

	phone_invite(stage->p101, &caller, "sip:700@acme.example", six, NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage->calls->legs->endpoint.plan.source_rule, XD_FROM_ADDRESS);
	assert_int_equal(stage->calls->legs->nexthop_ip[15], 9);
	leaves(stage, stage->p101, &caller);
}

/* RFC 3261 13.3.1: the caller gives a time; who rings longer is let go. */
static void test_invitations_expire(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	const char *invite;
	char sdp[PHONE_TEXT];

	phone_invite(stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp),
	        "Expires: 5\r\n");
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, &callee, invite, "180 Ringing", NULL);
	stage_run(stage, 4900);
	assert_false(phone_has(stage->p101, "SIP/2.0 487"));
	stage_run(stage, 100);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 487"), NULL);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "CANCEL"), "200 OK", NULL);
	phone_respond(stage->p102, &callee, invite, "487 Request Terminated", NULL);
	stage_run(stage, 10);
	assert_int_equal(stage->calls->leg_count, 0);
}

/* Who has been answered has all the time in the world, as has one who says nothing sensible. */
static void test_answered_calls_dont_expire(void **state)
{
	static const char *const values[] = {"Expires: 1\r\n", "Expires: soon\r\n", "Expires: 1 2\r\n"};
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];

	for (unsigned i = 0; i < 3; i++) {
		memset(&callee, 0, sizeof(callee));
		phone_skip(stage->p101);
		phone_invite(stage->p101, &caller, "sip:102@acme.example",
		        phone_sdp(stage->p101, "0", NULL, sdp), values[i]);
		stage_run(stage, i ? 3000 : 500);
		phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
		        phone_sdp(stage->p102, "0", NULL, sdp));
		stage_run(stage, 10);
		phone_expect(stage->p102, "ACK");
		phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
		stage_run(stage, 3000);
		assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
		stage_hangup(stage, stage->p101, &caller, stage->p102);
	}
}

/* 102 can't be offered the codec that 101 wants while 102's own re-INVITE is open: try again. */
static void test_new_codec_while_the_other_asks(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee, asked;
	char sdp[PHONE_TEXT];
	const char *invite, *answer;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p102, "SIP/2.0 200");
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 491"), NULL);
	phone_ack(stage->p102, &callee, answer, phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	asked = callee;
	phone_respond(stage->p102, &asked, invite, "488 Not Acceptable Here", NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 488"), NULL);
	stage_hangup(stage, stage->p101, &caller, stage->p102);
}

/* Whose codecs don't suit takes nobody: the recall that rings isn't stopped for him. */
static void test_unsuitable_taker_leaves_the_recall(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker, again = {0};
	char sdp[PHONE_TEXT];
	const char *invite;

	stage_park(stage, &caller, &parker, "701");
	stage_run(stage, 60500);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, &again, invite, "180 Ringing", NULL);
	stage_run(stage, 10);
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "9", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 488"), NULL);
	assert_false(phone_has(stage->p102, "CANCEL"));
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	phone_respond(stage->p102, &again, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	assert_int_equal(stage_parked(stage, "701"), -1);
	leaves(stage, stage->p101, &caller);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_types_keep_their_meaning),
	        STAGED(test_events_avoid_taken_types),
	        STAGED(test_the_stream_that_suits_is_taken),
	        STAGED(test_first_answer_refuses_the_stream),
	        STAGED(test_late_answer_refuses_the_stream),
	        STAGED(test_later_answer_refuses_the_stream),
	        STAGED(test_unreachable_media_is_called_so),
	        STAGED(test_private_media_of_another_family_is_believed),
	        STAGED(test_invitations_expire),
	        STAGED(test_answered_calls_dont_expire),
	        STAGED(test_new_codec_while_the_other_asks),
	        STAGED(test_unsuitable_taker_leaves_the_recall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
