/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Media that can't be reached, in every state of a call: nobody is answered for it, and no caller is lost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

/* Media at an address that nobody has asked for yet. */
static const char elsewhere[] = "v=0\r\no=- 1 99 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\n"
                                "t=0 0\r\nm=audio 5000 RTP/AVP 0\r\n";

static const struct leg *leg_of(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index && address_equal(&leg->source, &phone->end->transport.bound))
			return leg;
	fail_msg("no leg of %s", phone->name);
	return NULL;
}

static void ring(struct call_stage *stage, struct phone_dialog *caller)
{
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
}

/* 102 answers with media that the dataplane doesn't find, for as long as it is mute. */
static void answers_unreached(
        struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *callee)
{
	ring(stage, caller);
	stage->fake->nexthop_mute = true;
	phone_respond(stage->p102, callee, phone_expect(stage->p102, "INVITE"), "200 OK", elsewhere);
	stage_run(stage, 10);
}

static void caller_leaves(struct call_stage *stage, struct phone_dialog *caller)
{
	phone_request(stage->p101, caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
}

static void test_early_media_goes_nowhere(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	const char *invite;
	char sdp[PHONE_TEXT];

	ring(stage, &caller);
	invite = phone_expect(stage->p102, "INVITE");
	stage->fake->nexthop_error = -ENETUNREACH;
	phone_respond(stage->p102, &callee, invite, "183 Session Progress", elsewhere);
	stage_run(stage, 100);
	/* It rings on, and may be answered with media that can be reached. */
	assert_false(phone_has(stage->p102, "CANCEL"));
	stage->fake->nexthop_error = 0;
	phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	stage_hangup(stage, stage->p102, &callee, stage->p101);
}

/* The caller isn't answered for a callee whom he could not talk to. */
static void test_callee_is_out_of_reach(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};

	ring(stage, &caller);
	stage->fake->nexthop_error = -EADDRINUSE;
	phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK", elsewhere);
	stage_run(stage, 100);
	phone_expect(stage->p102, "ACK");
	stage_let_go(stage, &caller, "SIP/2.0 488", 10);
}

/* While we wait for the dataplane, the callee hangs up. */
static void test_callee_leaves_before_reached(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};

	answers_unreached(stage, &caller, &callee);
	phone_expect(stage->p102, "ACK");
	assert_false(phone_has(stage->p101, "SIP/2.0 200"));
	phone_request(stage->p102, &callee, "INVITE", NULL, elsewhere);
	stage_run(stage, 10);
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 491"), NULL);
	phone_request(stage->p102, &callee, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 200");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 480"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage->calls->leg_count, 0);
}

static void test_caller_cancels_before_reached(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};

	answers_unreached(stage, &caller, &callee);
	phone_cancel(stage->p101, &caller);
	stage_run(stage, 10);
	stage_let_go(stage, &caller, "SIP/2.0 487", 3000);
}

/* 102 has answered, and transfers to an orbit at once, while we wait for the dataplane. */
static void transfers_before_reached(
        struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *callee)
{
	*callee = (struct phone_dialog){0};
	answers_unreached(stage, caller, callee);
	phone_expect(stage->p102, "ACK");
	phone_request(stage->p102, callee, "REFER", "Refer-To: <sip:701@acme.example>\r\n", NULL);
	stage_run(stage, 10);
	assert_false(phone_has(stage->p102, "SIP/2.0"));
}

static void test_transfer_before_reached(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;

	transfers_before_reached(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "REFER", "Refer-To: <sip:702@acme.example>\r\n", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 491");
	fake_dataplane_news(stage->fake, 0);
	stage_run(stage, 100);
	phone_expect(stage->p102, "SIP/2.0 202");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_parked(stage, "702"), -1);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	phone_request(stage->p102, &callee, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 200");
	caller_leaves(stage, &caller);
}

/* Who has answered can't be reached after all: nothing is left to transfer. */
static void test_transfer_out_of_reach(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;

	transfers_before_reached(stage, &caller, &callee);
	fake_dataplane_news(stage->fake, -ENETUNREACH);
	stage_run(stage, 100);
	phone_expect(stage->p102, "SIP/2.0 481");
	stage_let_go(stage, &caller, "SIP/2.0 488", 10);
}

static void test_caller_cancels_before_transfer(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;

	transfers_before_reached(stage, &caller, &callee);
	phone_cancel(stage->p101, &caller);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 481");
	stage_let_go(stage, &caller, "SIP/2.0 487", 3000);
}

static void assert_as_before(struct call_stage *stage, const struct xd_plan *before)
{
	const struct leg *leg = leg_of(stage, stage->p101);

	assert_int_equal(leg->endpoint.plan.remote_port, before->remote_port);
	assert_int_equal(leg->endpoint.plan.nexthop, before->nexthop);
	assert_int_not_equal(before->nexthop, 0);
	assert_int_equal(leg->agreement.remote.port, 4000);
	assert_int_equal(nexthop_use_index(&leg->nexthop), before->nexthop);
}

/* A re-INVITE to where we can't send is refused, and the session goes on. */
static void test_reinvite_out_of_reach(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	struct xd_plan before;
	char sdp[PHONE_TEXT];

	stage_talk(stage, &caller, &callee);
	before = leg_of(stage, stage->p101)->endpoint.plan;
	stage->fake->nexthop_error = -ENETUNREACH;
	phone_request(stage->p101, &caller, "INVITE", NULL, elsewhere);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 488"), NULL);
	stage_run(stage, 10);
	assert_as_before(stage, &before);
	/* The other side holds and resumes: plans are made anew. */
	phone_request(
	        stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "0", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
	assert_as_before(stage, &before);
	/* Another IP version than the endpoint's. */
	phone_request(stage->p101, &caller, "INVITE", NULL,
	        "v=0\r\no=- 1 99 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\n"
	        "m=audio 5000 RTP/AVP 0\r\n");
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 488"), NULL);
	assert_as_before(stage, &before);
	/* Taken back while we wait. */
	stage->fake->nexthop_mute = true;
	phone_request(stage->p101, &caller, "INVITE", NULL, elsewhere);
	stage_run(stage, 10);
	phone_cancel(stage->p101, &caller);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 487"), NULL);
	stage_run(stage, 5000);
	assert_as_before(stage, &before);
	stage_hangup(stage, stage->p102, &callee, stage->p101);
}

/* A parked caller's next hop goes: he stays parked. */
static void test_parked_stays_without_next_hop(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;

	stage_park(stage, &caller, &parker, "701");
	fake_dataplane_news(stage->fake, -ENETUNREACH);
	stage_run(stage, 100);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	fake_dataplane_news(stage->fake, 0);
	stage_run(stage, 100);
	assert_int_not_equal(leg_of(stage, stage->p101)->endpoint.plan.nexthop, 0);
	caller_leaves(stage, &caller);
}

/* The recalled parker answers from where we can't send: the caller stays parked. */
static void test_recalled_parker_out_of_reach(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, recalled = {0};

	stage_park(stage, &caller, &parker, "701");
	stage_run(stage, 60500);
	stage->fake->nexthop_error = -ENETUNREACH;
	phone_respond(stage->p102, &recalled, phone_expect(stage->p102, "INVITE"), "200 OK", elsewhere);
	stage_run(stage, 100);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
	assert_false(phone_has(stage->p101, "BYE"));
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	stage->fake->nexthop_error = 0;
	caller_leaves(stage, &caller);
}

/* A taker without SDP in his INVITE names in his ACK where we can't send. */
static void test_late_taker_out_of_reach(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;

	stage_park(stage, &caller, &parker, "701");
	phone_invite(stage->p103, &taker, "sip:701@acme.example", NULL, NULL);
	stage_run(stage, 10);
	stage->fake->nexthop_error = -ENETUNREACH;
	phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), elsewhere);
	stage_run(stage, 100);
	phone_respond(stage->p103, NULL, phone_expect(stage->p103, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
	assert_false(phone_has(stage->p101, "BYE"));
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	stage->fake->nexthop_error = 0;
	caller_leaves(stage, &caller);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_early_media_goes_nowhere),
	        STAGED(test_callee_is_out_of_reach),
	        STAGED(test_callee_leaves_before_reached),
	        STAGED(test_caller_cancels_before_reached),
	        STAGED(test_transfer_before_reached),
	        STAGED(test_transfer_out_of_reach),
	        STAGED(test_caller_cancels_before_transfer),
	        STAGED(test_reinvite_out_of_reach),
	        STAGED(test_parked_stays_without_next_hop),
	        STAGED(test_recalled_parker_out_of_reach),
	        STAGED(test_late_taker_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
