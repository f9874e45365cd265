/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What callers hear when nobody answers: the truth about the user, and nothing of what is behind us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/hunt_status.h"
#include "tests/unit/call_stage.h"

enum { RING_MS = 181000 };

/* What one device answers, and what its caller is told. */
static void test_refusals_of_a_device(void **state)
{
	static const struct {
		int answered, told;
	} rows[] = {
	        /* About the user, his device or the call. */
	        {403, 403},
	        {404, 404},
	        {408, 408},
	        {410, 410},
	        {433, 433},
	        {480, 480},
	        {482, 482},
	        {483, 483},
	        {484, 484},
	        {486, 486},
	        {488, 488},
	        {600, 600},
	        {603, 603},
	        {604, 604},
	        {606, 606},
	        {607, 607},
	        {608, 608},
	        {699, 699},
	        /* Not followed, and given up. */
	        {300, 480},
	        {302, 480},
	        {380, 480},
	        {487, 480},
	        /* Challenges, which nobody here can answer. */
	        {401, 500},
	        {407, 500},
	        /* About our request. */
	        {400, 500},
	        {402, 500},
	        {405, 500},
	        {406, 500},
	        {413, 500},
	        {415, 500},
	        {416, 500},
	        {420, 500},
	        {421, 500},
	        {422, 500},
	        {481, 500},
	        {491, 500},
	        {493, 500},
	        {499, 500},
	        /* The device's own failures. */
	        {500, 500},
	        {501, 500},
	        {502, 502},
	        {503, 500},
	        {504, 504},
	        {505, 500},
	        {513, 500},
	        {580, 500},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (hunt_status_told(rows[i].answered) != rows[i].told)
			fail_msg("%d becomes %d instead of %d", rows[i].answered,
			        hunt_status_told(rows[i].answered), rows[i].told);
}

/* Of two, the first counts: RFC 3261 16.7 step 6. */
static void test_order_of_refusals(void **state)
{
	static const int order[] = {
	        603, 486, 488, 484, 480, 403, 433, 410, 404, 483, 482, 408, 504, 502, 500};

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_int_equal(hunt_status_told(order[i]), order[i]);
		for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
			if (hunt_status_outranks(order[i], order[k]) != (i < k))
				fail_msg("%d and %d", order[i], order[k]);
	}
	assert_false(hunt_status_outranks(600, 603));
}

/* The final status that 101 hears. */
static int refused_with(struct call_stage *stage, struct phone_dialog *caller)
{
	const char *answer = phone_expect(stage->p101, "SIP/2.0 ");

	while (atoi(answer + strlen("SIP/2.0 ")) < 200)
		answer = phone_expect(stage->p101, "SIP/2.0 ");
	phone_ack(stage->p101, caller, answer, NULL);
	return atoi(answer + strlen("SIP/2.0 "));
}

static void test_refusals_reach_the_caller(void **state)
{
	static const struct {
		const char *first, *second;
		int told;
	} rows[] = {
	        {"500 Server Internal Error", NULL, 500},
	        {"403 Forbidden", NULL, 403},
	        {"503 Service Unavailable", NULL, 500},
	        {"302 Moved Temporarily", NULL, 480},
	        {"500 Server Internal Error", "480 Temporarily Unavailable", 480},
	        {"486 Busy Here", "504 Server Time-out", 486},
	        {"400 Bad Request", "404 Not Found", 404},
	        {"408 Request Timeout", "486 Busy Here", 486},
	        {"502 Bad Gateway", "603 Decline", 603},
	};
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool two = rows[i].second;
		int told;

		phone_invite(stage->p101, &caller, two ? "sip:105@acme.example" : "sip:102@acme.example",
		        phone_sdp(stage->p101, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_respond(two ? stage->p105 : stage->p102, NULL,
		        phone_expect(two ? stage->p105 : stage->p102, "INVITE"), rows[i].first, NULL);
		stage_run(stage, 10);
		if (two)
			phone_respond(stage->p105b, NULL, phone_expect(stage->p105b, "INVITE"),
			        rows[i].second, NULL);
		stage_run(stage, 10);
		told = refused_with(stage, &caller);
		if (told != rows[i].told)
			fail_msg("row %zu: %d instead of %d", i, told, rows[i].told);
		stage_run(stage, 10);
		assert_int_equal(stage->calls->leg_count, 0);
	}
}

/* A device that fails, and one that rings for nobody: it isn't the failure that the caller hears of. */
static void test_ringing_in_vain(void **state)
{
	static const struct {
		const char *refusal;
		int told;
	} rows[] = {
	        {"500 Server Internal Error", 480},
	        {"486 Busy Here", 486},
	};
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *invite;

		phone_invite(stage->p101, &caller, "sip:105@acme.example",
		        phone_sdp(stage->p101, "0", NULL, sdp), NULL);
		stage_run(stage, 10);
		phone_respond(stage->p105, NULL, phone_expect(stage->p105, "INVITE"), rows[i].refusal, NULL);
		invite = phone_expect(stage->p105b, "INVITE");
		phone_respond(stage->p105b, NULL, invite, "180 Ringing", NULL);
		stage_run(stage, RING_MS);
		phone_respond(stage->p105b, NULL, phone_expect(stage->p105b, "CANCEL"), "200 OK", NULL);
		phone_respond(stage->p105b, NULL, invite, "487 Request Terminated", NULL);
		assert_int_equal(refused_with(stage, &caller), rows[i].told);
		stage_run(stage, 10);
	}
}

/* A device that says nothing at all. */
static void test_silent_device(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 33000);
	assert_int_equal(refused_with(stage, &caller), 408);
}

/* What is refused within a call has its number all the same; its Contact says nothing. */
static void test_refused_requests_count(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	const char *bye;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p101, &caller, "INFO", NULL, NULL);
	phone_request(stage->p101, &caller, "UPDATE", NULL, NULL);
	phone_request(stage->p101, &caller, "FOO", NULL, NULL);
	stage_run(stage, 10);
	assert_true(message_has(phone_expect(stage->p101, "SIP/2.0 405"), "\r\nAllow: INVITE"));
	phone_expect(stage->p101, "SIP/2.0 405");
	phone_expect(stage->p101, "SIP/2.0 501");
	/* The same number once more, and lower ones, of any method. */
	for (unsigned back = 1; back < 4; back++) {
		caller.cseq -= back;
		phone_request(stage->p101, &caller, back == 2 ? "INFO" : "OPTIONS", NULL, NULL);
		caller.cseq += back - 1;
		stage_run(stage, 10);
		phone_expect(stage->p101, "SIP/2.0 500");
	}
	snprintf(stage->p101->name, sizeof(stage->p101->name), "elsewhere");
	phone_request(stage->p101, &caller, "UPDATE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 405");
	phone_request(stage->p102, &callee, "BYE", NULL, NULL);
	stage_run(stage, 10);
	bye = phone_expect(stage->p101, "BYE");
	assert_true(message_has(bye, "BYE sip:101@10.0.0.11:5060 "));
	phone_respond(stage->p101, NULL, bye, "200 OK", NULL);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_refusals_of_a_device),
	        cmocka_unit_test(test_order_of_refusals),
	        STAGED(test_refusals_reach_the_caller),
	        STAGED(test_ringing_in_vain),
	        STAGED(test_silent_device),
	        STAGED(test_refused_requests_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
