/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offers and answers between phones and us: which stream, which payload types, and what can't be met. */
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

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_types_keep_their_meaning),
	        STAGED(test_events_avoid_taken_types),
	        STAGED(test_the_stream_that_suits_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
