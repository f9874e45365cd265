/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API says of real calls: every leg that there is, also those that ring, and why media isn't in the
 * kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/api/describe.h"
#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

static json_t *calls_of(struct call_stage *stage, const char *tenant, uint32_t limit)
{
	const struct api_filter filter = {.tenant = tenant, .limit = limit};
	json_t *answer = describe_ops.calls(stage->calls, &filter);

	assert_non_null(answer);
	return answer;
}

/*
 * The only call is in this state, and its legs are these: "101 up peer; 102 calling nothing". To the number
 * of each belong its state and what it hears.
 */
static void call_is(struct call_stage *stage, const char *state, const char *wanted)
{
	json_t *answer = calls_of(stage, NULL, 100), *list = json_object_get(answer, "calls"), *call, *leg;
	char legs[512] = "";
	size_t i;

	assert_int_equal(json_array_size(list), 1);
	call = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(call, "state")), state);
	json_array_foreach(json_object_get(call, "legs"), i, leg)
	{
		size_t used = strlen(legs);
		bool kernel = json_is_true(json_object_get(leg, "kernel"));

		snprintf(legs + used, sizeof(legs) - used, "%s%s %s %s", i ? "; " : "",
		        json_string_value(json_object_get(leg, "user")),
		        json_string_value(json_object_get(leg, "state")),
		        json_string_value(json_object_get(leg, "hears")));
		/* In the kernel, or a reason; never both. */
		assert_int_equal(kernel, json_is_null(json_object_get(leg, "why")));
	}
	assert_string_equal(legs, wanted);
	json_decref(answer);
}

static void who_rings_is_told(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	const char *invite, *other;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p105, "INVITE");
	other = phone_expect(stage->p105b, "INVITE");
	call_is(stage, "ringing", "101 waiting nothing; 105 calling nothing; 105 calling nothing");
	phone_respond(stage->p105b, NULL, other, "486 Busy Here", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p105b, "ACK");
	call_is(stage, "ringing", "101 waiting nothing; 105 calling nothing");
	phone_respond(stage->p105, &callee, invite, "200 OK", phone_sdp(stage->p105, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p105, "ACK");
	call_is(stage, "talking", "101 answered peer; 105 up peer");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	call_is(stage, "talking", "101 up peer; 105 up peer");
	stage_hangup(stage, stage->p101, &caller, stage->p105);
}

static void the_taker_is_told(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	call_is(stage, "parked", "101 up hold");
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	call_is(stage, "taking", "101 up hold_until_heard; 103 answered peer");
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	call_is(stage, "talking", "103 up peer; 101 up hold_until_heard");
	stage_hangup(stage, stage->p103, &taker, stage->p101);
}

static void the_parker_who_is_called_back_is_told(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, again = {0};
	char sdp[PHONE_TEXT];

	stage_park(stage, &caller, &parker, "701");
	phone_skip(stage->p102);
	stage_run(stage, 61000);
	call_is(stage, "parked", "101 up hold; 102 calling nothing");
	phone_respond(stage->p102, &again, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	call_is(stage, "talking", "102 up peer; 101 up hold_until_heard");
	stage_hangup(stage, stage->p102, &again, stage->p101);
}

static void tenants_and_their_calls(void **state)
{
	const struct api_filter all = {.limit = 100}, one = {.tenant = "Globex.Example", .limit = 100};
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;
	json_t *answer;

	assert_true(describe_ops.has_tenant(stage->calls, "ACME.example"));
	assert_false(describe_ops.has_tenant(stage->calls, "nobody.example"));
	stage_park(stage, &caller, &parker, "701");
	answer = describe_ops.tenants(stage->calls, &all);
	assert_int_equal(json_array_size(json_object_get(answer, "tenants")), 3);
	json_decref(answer);
	answer = describe_ops.tenants(stage->calls, &one);
	assert_int_equal(json_array_size(json_object_get(answer, "tenants")), 1);
	json_decref(answer);
	answer = calls_of(stage, "globex.example", 100);
	assert_int_equal(json_array_size(json_object_get(answer, "calls")), 0);
	json_decref(answer);
	/* What the limit leaves out is counted. */
	answer = calls_of(stage, "acme.example", 0);
	assert_int_equal(json_array_size(json_object_get(answer, "calls")), 0);
	assert_int_equal(json_integer_value(json_object_get(answer, "left_out")), 1);
	json_decref(answer);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
}

#define stage_test(name) cmocka_unit_test_setup_teardown(name, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        stage_test(who_rings_is_told),
	        stage_test(the_taker_is_told),
	        stage_test(the_parker_who_is_called_back_is_told),
	        stage_test(tenants_and_their_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
