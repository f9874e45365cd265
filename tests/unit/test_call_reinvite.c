/* SPDX-License-Identifier: GPL-2.0-or-later */
/* re-INVITEs, early media, answers of several phones, and where media is taken from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

/* 102 hangs up, and 101 is told. */
static void hang_up(struct call_stage *stage, struct phone_dialog *callee)
{
	phone_request(stage->p102, callee, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 200");
	phone_respond(stage->p101, NULL, phone_expect(stage->p101, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

static const struct xd_plan *plan_of(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index && address_equal(&leg->source, &phone->end->transport.bound))
			return &leg->endpoint.plan;
	return NULL;
}

/* Without a direction: held by address (RFC 2543), and with the stream switched off (RFC 3264 6). */
static void test_hold_without_direction(void **state)
{
	static const char *const forms[] = {
	        "c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
	        "c=IN IP4 10.0.0.12\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
	};
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];

	for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		stage_talk(stage, &caller, &callee);
		snprintf(sdp, sizeof(sdp), "v=0\r\no=- 1 9 IN IP4 10.0.0.12\r\ns=-\r\n%s", forms[i]);
		phone_request(stage->p102, &callee, "INVITE", NULL, sdp);
		stage_run(stage, 10);
		phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
		assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
		assert_int_equal(stage_hears(stage, stage->p102), XD_MUTE);
		phone_request(stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "0", NULL, sdp));
		stage_run(stage, 10);
		phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
		stage_run(stage, 10);
		assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD_UNTIL_HEARD);
		hang_up(stage, &callee);
	}
}

/* Both talk PCMU; 102 wants G.722: 101 is asked first, then 102 answered. */
static void test_other_codec_is_passed_on(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	struct phone_dialog asked;
	char sdp[PHONE_TEXT];
	const char *invite;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "9", NULL, sdp));
	stage_run(stage, 10);
	assert_false(phone_has(stage->p102, "SIP/2.0 200"));
	invite = phone_expect(stage->p101, "INVITE");
	assert_true(message_has(invite, "RTP/AVP 9"));
	asked = caller;
	phone_respond(stage->p101, &asked, invite, "200 OK", phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p101, "ACK");
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_G722);
	assert_int_equal(plan_of(stage, stage->p102)->payloads[XD_VOICE].codec, XD_G722);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	hang_up(stage, &callee);
}

static void test_other_codec_refused(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_respond(
	        stage->p101, NULL, phone_expect(stage->p101, "INVITE"), "488 Not Acceptable Here", NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "ACK");
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 488"), NULL);
	stage_run(stage, 10);
	/* The call goes on as it was. */
	assert_int_equal(plan_of(stage, stage->p101)->payloads[XD_VOICE].codec, XD_PCMU);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	hang_up(stage, &callee);
}

static void test_glare(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee, asked;
	char sdp[PHONE_TEXT];
	const char *invite;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, phone_sdp(stage->p102, "9", NULL, sdp));
	stage_run(stage, 10);
	invite = phone_expect(stage->p101, "INVITE");
	/* Ours is under way towards 101. */
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 491"), NULL);
	asked = caller;
	phone_respond(stage->p101, &asked, invite, "200 OK", phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	hang_up(stage, &callee);
}

static void test_reinvite_without_sdp(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT];
	const char *answer;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, NULL);
	stage_run(stage, 10);
	answer = phone_expect(stage->p102, "SIP/2.0 200");
	assert_true(message_has(answer, "m=audio"));
	phone_ack(stage->p102, &callee, answer, phone_sdp(stage->p102, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_int_equal(plan_of(stage, stage->p102)->payloads[XD_VOICE].codec, XD_PCMA);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	hang_up(stage, &callee);
}

static void test_reinvite_with_bad_sdp(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;

	stage_talk(stage, &caller, &callee);
	phone_request(stage->p102, &callee, "INVITE", NULL, "v=0\r\nnonsense\r\n");
	stage_run(stage, 10);
	phone_ack(stage->p102, &callee, phone_expect(stage->p102, "SIP/2.0 400"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	hang_up(stage, &callee);
}

static void test_version_counts_changes_only(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee;
	char sdp[PHONE_TEXT], first[PHONE_TEXT], again[PHONE_TEXT];

	stage_talk(stage, &caller, &callee);
	for (int i = 0; i < 3; i++) {
		phone_request(stage->p102, &callee, "INVITE", NULL,
		        phone_sdp(stage->p102, "0", i == 2 ? "a=sendonly\r\n" : NULL, sdp));
		stage_run(stage, 10);
		snprintf(i ? again : first, PHONE_TEXT, "%s",
		        strstr(phone_expect(stage->p102, "SIP/2.0 200"), "\r\no="));
		phone_ack(stage->p102, &callee, stage->p102->messages[stage->p102->read - 1], NULL);
		stage_run(stage, 10);
		(i ? again : first)[strcspn(i ? again + 2 : first + 2, "\r") + 2] = '\0';
		if (i == 1)
			assert_string_equal(first, again);
		if (i == 2)
			assert_string_not_equal(first, again);
	}
	hang_up(stage, &callee);
}

static void test_early_media(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	char sdp[PHONE_TEXT];
	const char *invite;

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0 8", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(
	        stage->p102, &callee, invite, "183 Session Progress", phone_sdp(stage->p102, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_true(message_has(phone_expect(stage->p101, "SIP/2.0 183"), "RTP/AVP 8"));
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	phone_respond(stage->p102, &callee, invite, "486 Busy Here", NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 486"), NULL);
	stage_run(stage, 10);
}

/* A proxy forked behind our back, and two phones answered: one has the call, the other gets ACK and BYE. */
static void test_second_answer_is_dismissed(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0}, second = {0};
	char sdp[PHONE_TEXT], to[PHONE_HEADER];
	const char *invite, *bye;

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	phone_respond(stage->p102, &second, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	phone_expect(stage->p102, "ACK");
	bye = phone_expect(stage->p102, "BYE");
	message_header(bye, "To", to);
	assert_string_equal(to, second.local);
	phone_respond(stage->p102, NULL, bye, "200 OK", NULL);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	hang_up(stage, &callee);
}

/* ... also when the call is over, but not for ever. */
static void test_late_answers_are_dismissed(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0}, late[3] = {0};
	char sdp[PHONE_TEXT], to[PHONE_HEADER];
	const char *invite, *bye;

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	hang_up(stage, &callee);
	assert_int_equal(stage->calls->leg_count, 0);
	for (unsigned i = 0; i < 3; i++) {
		phone_respond(
		        stage->p102, &late[i], invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
		stage_run(stage, 10);
		if (i == 2) {
			assert_false(phone_has(stage->p102, "ACK"));
			break;
		}
		phone_expect(stage->p102, "ACK");
		bye = phone_expect(stage->p102, "BYE");
		message_header(bye, "To", to);
		assert_string_equal(to, late[i].local);
		phone_respond(stage->p102, NULL, bye, "200 OK", NULL);
		/* Timer M is 32 s. */
		stage_run(stage, i ? 2000 : 30000);
	}
	assert_null(stage->calls->latecomers);
}

/* Private SDP address that isn't the signalling source: media only from the source, port latched. */
static void test_media_behind_nat(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const struct xd_plan *plan;
	static const char *const media[] = {"10.0.0.99", "203.0.113.9"};
	const char *sdp = "v=0\r\no=- 1 9 IN IP4 192.168.1.5\r\ns=-\r\nc=IN IP4 192.168.1.5\r\nt=0 0\r\n"
	                  "m=audio 4000 RTP/AVP 0\r\n";

	phone_invite(stage->p101, &caller, "sip:700@acme.example", sdp, NULL);
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	plan = plan_of(stage, stage->p101);
	assert_int_equal(plan->source_rule, XD_FROM_LATCH);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	/* The trunk's media comes from its networks; a public address elsewhere is sent to, and not believed.
	 */
	for (unsigned i = 0; i < 2; i++) {
		char offer[256];

		snprintf(offer, sizeof(offer),
		        "v=0\r\no=- 1 9 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP "
		        "0\r\n",
		        media[i], media[i]);
		phone_invite(stage->trunk, &caller, "sip:700@acme.example", offer, NULL);
		stage_run(stage, 10);
		phone_ack(stage->trunk, &caller, phone_expect(stage->trunk, "SIP/2.0 200"), NULL);
		plan = plan_of(stage, stage->trunk);
		assert_int_equal(plan->source_rule, i ? XD_FROM_NETWORKS : XD_FROM_EITHER);
		assert_int_equal(plan->source_bits[0], 120);
		phone_request(stage->trunk, &caller, "BYE", NULL, NULL);
		stage_run(stage, 10);
		phone_expect(stage->trunk, "SIP/2.0 200");
	}
}

/* Via that names another address than the message came from: not even a public SDP address is believed. */
static void test_signalling_behind_nat(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller = {.cseq = 1, .invite_cseq = 1};
	const char *answer;
	const char *invite =
	        "INVITE sip:700@acme.example SIP/2.0\r\n"
	        "Via: SIP/2.0/UDP 192.168.1.5:5060;branch=z9hG4bKnat;rport\r\nMax-Forwards: 70\r\n"
	        "From: <sip:101@acme.example>;tag=n\r\nTo: <sip:700@acme.example>\r\nCall-ID: nat\r\n"
	        "CSeq: 1 INVITE\r\nContact: <sip:101@192.168.1.5>\r\nContent-Type: application/sdp\r\n"
	        "Content-Length: 93\r\n\r\n"
	        "v=0\r\no=- 1 9 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
	        "m=audio 4000 RTP/AVP 0\r\n";

	snprintf(caller.call_id, sizeof(caller.call_id), "nat");
	snprintf(caller.local, sizeof(caller.local), "<sip:101@acme.example>;tag=n");
	phone_send(stage->p101, invite);
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_int_equal(plan_of(stage, stage->p101)->source_rule, XD_FROM_LATCH);
	assert_int_equal(fake_dataplane_holds(stage->fake, stage->p101->end->transport.bound.ip), 1);
	phone_ack(stage->p101, &caller, answer, NULL);
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
}

/* The next hop can't be served (this host, no route): 488 while unanswered. */
static void test_no_next_hop(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	char sdp[PHONE_TEXT];

	stage->fake->nexthop_error = -EADDRINUSE;
	phone_invite(
	        stage->p101, &caller, "sip:700@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 50);
	for (int i = 0; i < 100 && !phone_has(stage->p101, "BYE") && !phone_has(stage->p101, "SIP/2.0 488");
	        i++)
		stage_run(stage, 10);
	assert_true(phone_has(stage->p101, "SIP/2.0 488"));
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 488"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_parked(stage, "701"), -1);
}

/* ... also where it doesn't suit who answers: he is asked again once the caller's ACK has come. */
static void test_early_answer_of_another_codec(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, early = {0}, callee = {0}, asked;
	char sdp[PHONE_TEXT];
	const char *invite, *answer;

	phone_invite(
	        stage->p101, &caller, "sip:105@acme.example", phone_sdp(stage->p101, "9 8", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p105, "INVITE");
	phone_respond(
	        stage->p105, &early, invite, "183 Session Progress", phone_sdp(stage->p105, "8", NULL, sdp));
	stage_run(stage, 10);
	assert_true(message_has(phone_expect(stage->p101, "SIP/2.0 183"), "RTP/AVP 8\r\n"));
	phone_respond(stage->p105b, &callee, phone_expect(stage->p105b, "INVITE"), "200 OK",
	        phone_sdp(stage->p105b, "9", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(message_has(answer, "RTP/AVP 8\r\n"));
	phone_respond(stage->p105, NULL, phone_expect(stage->p105, "CANCEL"), "200 OK", NULL);
	phone_respond(stage->p105, NULL, invite, "487 Request Terminated", NULL);
	phone_ack(stage->p101, &caller, answer, NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p105b, "INVITE");
	assert_true(message_has(invite, "RTP/AVP 8 0 101"));
	asked = callee;
	phone_respond(stage->p105b, &asked, invite, "200 OK", phone_sdp(stage->p105b, "8", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p105b, "ACK");
	assert_int_equal(plan_of(stage, stage->p105b)->payloads[XD_VOICE].codec, XD_PCMA);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p105b), XD_FORWARD);
	stage_hangup(stage, stage->p105b, &callee, stage->p101);
}

/* Who calls without SDP is offered what he may have, not only what the other side has chosen meanwhile. */
static void test_late_offer_names_all_codecs(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0}, asked;
	char sdp[PHONE_TEXT];
	const char *answer, *invite;

	phone_invite(stage->p101, &caller, "sip:102@acme.example", NULL, NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, &callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	/* What connects comes first. */
	assert_true(message_has(answer, "RTP/AVP 8 0 9 101"));
	phone_ack(stage->p101, &caller, answer, phone_sdp(stage->p101, "9", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	invite = phone_expect(stage->p102, "INVITE");
	assert_true(message_has(invite, "RTP/AVP 9 101"));
	asked = callee;
	phone_respond(stage->p102, &asked, invite, "200 OK", phone_sdp(stage->p102, "9", NULL, sdp));
	stage_run(stage, 10);
	assert_false(phone_has(stage->p101, "INVITE"));
	assert_int_equal(plan_of(stage, stage->p102)->payloads[XD_VOICE].codec, XD_G722);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
	hang_up(stage, &callee);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_hold_without_direction),
	        STAGED(test_other_codec_is_passed_on),
	        STAGED(test_other_codec_refused),
	        STAGED(test_glare),
	        STAGED(test_reinvite_without_sdp),
	        STAGED(test_reinvite_with_bad_sdp),
	        STAGED(test_version_counts_changes_only),
	        STAGED(test_early_media),
	        STAGED(test_second_answer_is_dismissed),
	        STAGED(test_late_answers_are_dismissed),
	        STAGED(test_media_behind_nat),
	        STAGED(test_signalling_behind_nat),
	        STAGED(test_no_next_hop),
	        STAGED(test_early_answer_of_another_codec),
	        STAGED(test_late_offer_names_all_codecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
