/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines against a server that the test plays, over loopback. */
#include "tests/unit/rig_lines_stage.h"
#include "tools/rig/line_hear.h"

static void calls_and_hangs_up(void **state)
{
	struct stage *stage = *state;
	char branch[512], other[512];

	assert_true(line_call(stage->lines, 0, "700", true));
	assert_false(line_call(stage->lines, 0, "700", true));
	hear(stage);
	assert_int_equal(strncmp(stage->text, "INVITE sip:700@load.example SIP/2.0\r\n", 37), 0);
	assert_non_null(strstr(stage->text, "Referred-By: <sip:rig@load.example>\r\n"));
	assert_non_null(strstr(stage->text, "c=IN IP4 10.90.0.11\r\n"));
	assert_non_null(strstr(stage->text, "m=audio 30000 RTP/AVP 0\r\n"));
	assert_false(line_is_up(stage->lines, 0));
	header(stage, "Via:", branch);
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	assert_int_equal(stage->answered, 1);
	assert_int_equal(ntohs(stage->relay.sin_port), 20002);
	assert_true(line_is_up(stage->lines, 0));
	hear(stage);
	assert_int_equal(strncmp(stage->text, "ACK sip:xdpark@127.0.0.1:5099 SIP/2.0\r\n", 39), 0);
	assert_non_null(strstr(stage->text, ";tag=theirs\r\n"));
	assert_non_null(strstr(stage->text, "CSeq: 1 ACK\r\n"));
	assert_string_not_equal(header(stage, "Via:", other), branch);
	line_hang_up(stage->lines, 0);
	hear(stage);
	assert_int_equal(strncmp(stage->text, "BYE sip:xdpark@", 15), 0);
	assert_non_null(strstr(stage->text, "CSeq: 2 BYE\r\n"));
	assert_int_equal(stage->overs, 0);
	reply(stage, "200 OK", "", "", "");
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->cause, CAUSE_NONE);
	assert_false(line_is_up(stage->lines, 0));
}

/* A 200 that comes again is acknowledged again; one of an older call of the line isn't. */
static void acknowledges_again(void **state)
{
	struct stage *stage = *state;
	struct lines_counters counters;
	char invite[MESSAGE];

	line_call(stage->lines, 0, "700", false);
	hear(stage);
	memcpy(invite, stage->text, sizeof(invite));
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	hear(stage);
	memcpy(stage->text, invite, sizeof(invite));
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	hear(stage);
	assert_non_null(strstr(stage->text, "CSeq: 1 ACK\r\n"));
	assert_int_equal(stage->answered, 1);
	line_hang_up(stage->lines, 0);
	hear(stage);
	reply(stage, "200 OK", "", "", "");
	line_call(stage->lines, 0, "700", false);
	hear(stage);
	memcpy(stage->text, invite, sizeof(invite));
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	hear_nothing(stage);
	assert_int_equal(stage->answered, 1);
	lines_count(stage->lines, &counters);
	assert_int_equal(counters.strays, 1);
	assert_int_equal(counters.again, 1);
}

static void is_refused(void **state)
{
	struct stage *stage = *state;
	char branch[512], other[512];

	line_call(stage->lines, 0, "700", false);
	hear(stage);
	header(stage, "Via:", branch);
	reply(stage, "486 Busy Here", "theirs", "", "");
	hear(stage);
	assert_int_equal(strncmp(stage->text, "ACK sip:700@load.example SIP/2.0\r\n", 34), 0);
	assert_non_null(strstr(stage->text, ";tag=theirs\r\n"));
	assert_string_equal(header(stage, "Via:", other), branch);
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->cause, 486);
}

static void asks_again(void **state)
{
	struct stage *stage = *state;
	struct lines_counters counters;
	char first[MESSAGE];
	unsigned ms;

	line_call(stage->lines, 0, "700", false);
	hear(stage);
	memcpy(first, stage->text, sizeof(first));
	ms = hear(stage);
	assert_true(ms >= 480 && ms < 1000);
	assert_string_equal(stage->text, first);
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	hear(stage);
	assert_int_equal(stage->answered, 1);
	lines_count(stage->lines, &counters);
	assert_int_equal(counters.resent, 1);
}

/* A 200 without SDP is of no use: it is acknowledged, and the call ended. */
static void hears_no_media(void **state)
{
	struct stage *stage = *state;

	line_call(stage->lines, 0, "700", false);
	hear(stage);
	reply(stage, "200 OK", "theirs", "Contact: <sip:xdpark@127.0.0.1:5099>\r\n", "");
	hear(stage);
	assert_int_equal(strncmp(stage->text, "ACK ", 4), 0);
	hear(stage);
	assert_int_equal(strncmp(stage->text, "BYE ", 4), 0);
	assert_int_equal(stage->cause, CAUSE_NO_MEDIA);
	reply(stage, "200 OK", "", "", "");
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->answered, 0);
	line_call(stage->lines, 0, "700", false);
	hear(stage);
}

/* Hung up while it calls: BYE follows the 200, which nobody is told of. */
static void leaves_while_it_calls(void **state)
{
	struct stage *stage = *state;

	assert_int_equal(lines_leave(stage->lines), 0);
	line_call(stage->lines, 0, "700", false);
	hear(stage);
	assert_int_equal(lines_leave(stage->lines), 1);
	assert_false(line_is_free(stage->lines, 0));
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	hear(stage);
	assert_int_equal(strncmp(stage->text, "ACK ", 4), 0);
	hear(stage);
	assert_int_equal(strncmp(stage->text, "BYE ", 4), 0);
	assert_int_equal(lines_leave(stage->lines), 0);
	assert_int_equal(stage->overs, 0);
	reply(stage, "200 OK", "", "", "");
	assert_int_equal(stage->answered, 0);
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->cause, CAUSE_NONE);
	assert_true(line_is_free(stage->lines, 0));
	/* It is rid of a call that was refused, too; the next one is told of again. */
	line_call(stage->lines, 0, "700", false);
	hear(stage);
	line_hang_up(stage->lines, 0);
	reply(stage, "486 Busy Here", "theirs", "", "");
	hear(stage);
	assert_int_equal(stage->overs, 2);
	assert_int_equal(stage->cause, CAUSE_NONE);
	/* Not of one that may come up yet. The next call is told of again. */
	line_call(stage->lines, 0, "700", false);
	hear(stage);
	line_hang_up(stage->lines, 0);
	line_is_over(stage->lines, &stage->lines->line[0], CAUSE_NO_ANSWER);
	assert_int_equal(stage->cause, CAUSE_NO_ANSWER);
	call_up(stage);
	line_is_over(stage->lines, &stage->lines->line[0], CAUSE_HUNG_UP);
	assert_int_equal(stage->cause, CAUSE_HUNG_UP);
}

/* The 200 comes after 32 s, when the line has given up: it hangs up, and nobody is told again. */
static void is_answered_too_late(void **state)
{
	struct stage *stage = *state;
	struct line *line = &stage->lines->line[0];

	line_call(stage->lines, 0, "700", false);
	hear(stage);
	line_is_over(stage->lines, line, CAUSE_NO_ANSWER);
	assert_int_equal(stage->overs, 1);
	for (int i = 0; i < 2; i++) {
		char invite[MESSAGE];

		memcpy(invite, stage->text, sizeof(invite));
		reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
		hear(stage);
		assert_int_equal(strncmp(stage->text, "ACK sip:xdpark@127.0.0.1:5099 SIP/2.0\r\n", 39), 0);
		assert_non_null(strstr(stage->text, ";tag=theirs\r\n"));
		if (i == 0) {
			hear(stage);
			assert_int_equal(strncmp(stage->text, "BYE sip:xdpark@", 15), 0);
			reply(stage, "200 OK", "", "", "");
		}
		memcpy(stage->text, invite, sizeof(invite));
	}
	assert_int_equal(stage->answered, 0);
	assert_int_equal(stage->overs, 1);
	call_up(stage);
}

/* A request in the call of line 0, which called us. */
static void ask_caller(struct stage *stage, const char *method, const char *tag)
{
	char from[512], call_id[512], text[MESSAGE];
	const char *at = strchr(header(stage, "From:", from), '<');

	snprintf(text, sizeof(text),
	        "%s sip:rig@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bKx\r\n"
	        "Max-Forwards: 70\r\nFrom: <sip:700@load.example>;tag=theirs\r\nTo: %.*s;tag=%s\r\n%s"
	        "CSeq: 7 %s\r\nContent-Length: 0\r\n\r\n",
	        method, (int)(strchr(at, '>') + 1 - at), at, tag, header(stage, "Call-ID:", call_id), method);
	say(stage, text);
}

static void is_hung_up(void **state)
{
	struct stage *stage = *state;
	char from[512], tag[64], ack[MESSAGE];

	call_up(stage);
	hear(stage);
	memcpy(ack, stage->text, sizeof(ack));
	snprintf(tag, sizeof(tag), "%s", strstr(header(stage, "From:", from), ";tag=") + 5);
	*strchr(tag, '\r') = '\0';
	for (int i = 0; i < 2; i++) {
		memcpy(stage->text, ack, sizeof(ack));
		ask_caller(stage, "BYE", tag);
		hear(stage);
		assert_int_equal(strncmp(stage->text, "SIP/2.0 200 OK\r\n", 16), 0);
		assert_non_null(strstr(stage->text, "CSeq: 7 BYE\r\n"));
		assert_int_equal(stage->overs, 1);
		assert_int_equal(stage->cause, CAUSE_HUNG_UP);
	}
	memcpy(stage->text, ack, sizeof(ack));
	ask_caller(stage, "BYE", "another");
	hear(stage);
	assert_int_equal(strncmp(stage->text, "SIP/2.0 481 ", 12), 0);
}

static void ask_phone(struct stage *stage, const char *method, unsigned cseq, const char *tag,
        const char *rest, const char *body)
{
	char text[MESSAGE];

	snprintf(text, sizeof(text),
	        "%s sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bK%u%s\r\n"
	        "Max-Forwards: 70\r\nFrom: <sip:rig0@load.example>;tag=theirs\r\nTo: "
	        "<sip:1@load.example>%s%s\r\n"
	        "Call-ID: abc\r\nCSeq: %u %s\r\nContact: <sip:xdpark@127.0.0.1:5099>\r\n%sContent-Length: "
	        "%zu\r\n\r\n%s",
	        method, cseq, method, *tag ? ";tag=" : "", tag, cseq, method, rest, strlen(body), body);
	say(stage, text);
}

/* The phone of line 0's callee is line 1: it answers, transfers, is told, and hangs up. */
static void phone_refers(void **state)
{
	struct stage *stage = *state;
	char to[512], tag[64];

	/* So that the server knows where the phone is. */
	line_call(stage->lines, 0, "1", false);
	hear(stage);
	ask_phone(stage, "INVITE", 1, "", "Content-Type: application/sdp\r\n", RELAY_SDP);
	hear(stage);
	assert_int_equal(strncmp(stage->text, "SIP/2.0 200 OK\r\n", 16), 0);
	assert_non_null(strstr(stage->text, "m=audio 30002 RTP/AVP 0\r\n"));
	assert_int_equal(stage->rung, 1);
	snprintf(tag, sizeof(tag), "%s", strstr(header(stage, "To:", to), ";tag=") + 5);
	*strchr(tag, '\r') = '\0';
	/* Its 200 was lost: the same again. */
	ask_phone(stage, "INVITE", 1, "", "Content-Type: application/sdp\r\n", RELAY_SDP);
	hear(stage);
	assert_non_null(strstr(stage->text, tag));
	assert_int_equal(stage->rung, 1);
	ask_phone(stage, "ACK", 1, tag, "", "");
	ask_phone(stage, "ACK", 1, tag, "", "");
	assert_int_equal(stage->acknowledged, 1);

	line_refer(stage->lines, 1, "700");
	hear(stage);
	assert_int_equal(strncmp(stage->text, "REFER sip:xdpark@127.0.0.1:5099 SIP/2.0\r\n", 41), 0);
	assert_non_null(strstr(stage->text, "Refer-To: <sip:700@load.example>\r\n"));
	assert_non_null(strstr(stage->text, "From: <sip:1@load.example>;tag="));
	assert_non_null(strstr(stage->text, "To: <sip:rig0@load.example>;tag=theirs\r\n"));
	assert_non_null(strstr(stage->text, "Call-ID: abc\r\n"));
	reply(stage, "202 Accepted", "", "", "");
	assert_int_equal(stage->referred, 1);
	assert_int_equal(stage->status, 202);
	ask_phone(stage, "NOTIFY", 2, tag,
	        "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n"
	        "Content-Type: message/sipfrag\r\n",
	        "SIP/2.0 200 Parked on 701\r\n");
	hear(stage);
	assert_int_equal(strncmp(stage->text, "SIP/2.0 200 OK\r\n", 16), 0);
	assert_int_equal(stage->notified, 1);
	assert_int_equal(stage->status, 200);
	assert_true(stage->final);
	line_hang_up(stage->lines, 1);
	hear(stage);
	assert_int_equal(strncmp(stage->text, "BYE ", 4), 0);
	reply(stage, "200 OK", "", "", "");
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->cause, CAUSE_NONE);
}

/* Where nobody's phone is called, what rings is a call of an earlier run. */
static void answers_nobody(void **state)
{
	struct stage *stage = *state;
	struct lines_counters counters;

	ops.rung = NULL;
	line_call(stage->lines, 0, "1", false);
	hear(stage);
	ask_phone(stage, "INVITE", 1, "", "Content-Type: application/sdp\r\n", RELAY_SDP);
	hear(stage);
	ops.rung = on_rung;
	assert_int_equal(strncmp(stage->text, "SIP/2.0 480 ", 12), 0);
	assert_false(line_is_up(stage->lines, 1));
	lines_count(stage->lines, &counters);
	assert_int_equal(counters.strays, 1);
}

static void counts_what_is_malformed(void **state)
{
	struct stage *stage = *state;
	struct lines_counters counters;

	line_call(stage->lines, 0, "700", false);
	hear(stage);
	say(stage, "SIP/2.0 2000 OK\r\n\r\n");
	ask_phone(stage, "INVITE", 1, "", "", "");
	hear(stage);
	assert_int_equal(strncmp(stage->text, "SIP/2.0 488 ", 12), 0);
	lines_count(stage->lines, &counters);
	assert_int_equal(counters.malformed, 1);
	assert_int_equal(counters.received, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(calls_and_hangs_up, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(acknowledges_again, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(is_refused, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(asks_again, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(hears_no_media, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(leaves_while_it_calls, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(is_answered_too_late, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(is_hung_up, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(phone_refers, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(answers_nobody, stage_open, stage_close),
	        cmocka_unit_test_setup_teardown(counts_what_is_malformed, stage_open, stage_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
