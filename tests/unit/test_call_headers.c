/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What our messages must carry, who is called whom in them, and what strangers can't make them say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/call/leg.h"
#include "tests/unit/call_stage.h"

static bool header_is(const char *message, const char *name, const char *wanted)
{
	char value[PHONE_HEADER];

	message_header(message, name, value);
	if (!strcmp(value, wanted))
		return true;
	print_message("%s: %s instead of %s\n", name, value, wanted);
	return false;
}

/* Every response but 100 names a To tag (RFC 3261 8.2.6.2), whoever makes it. */
static void test_to_tags(void **state)
{
	static const struct {
		const char *uri, *headers, *formats, *status;
	} rows[] = {
	        {"sip:199@acme.example", NULL, "0", "SIP/2.0 404"},
	        {"sip:106@acme.example", NULL, "0", "SIP/2.0 480"},
	        {"sip:201@globex.example", NULL, "0", "SIP/2.0 403"},
	        {"sip:102@acme.example", "Require: 100rel\r\n", "0", "SIP/2.0 420"},
	        {"sip:102@acme.example", NULL, "18", "SIP/2.0 488"},
	        {"sips:102@acme.example", NULL, "0", "SIP/2.0 416"},
	        {"sip:102@acme.example", "Content-Encoding: gzip\r\n", "0", "SIP/2.0 415"},
	};
	static const char *const methods[] = {
	        "OPTIONS", "REGISTER", "UPDATE", "SUBSCRIBE", "WHATEVER", "BYE"};
	struct call_stage *stage = *state;
	struct phone_dialog dialog;
	char sdp[PHONE_TEXT], to[PHONE_HEADER];
	const char *answer;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		phone_invite(stage->p101, &dialog, rows[i].uri,
		        phone_sdp(stage->p101, rows[i].formats, NULL, sdp), rows[i].headers);
		stage_run(stage, 10);
		answer = phone_expect(stage->p101, rows[i].status);
		assert_non_null(strstr(message_header(answer, "To", to), ";tag="));
		phone_ack(stage->p101, &dialog, answer, NULL);
	}
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		phone_request(stage->p101, &dialog, methods[i], NULL, NULL);
		stage_run(stage, 10);
		assert_non_null(
		        strstr(message_header(phone_expect(stage->p101, "SIP/2.0 "), "To", to), ";tag="));
	}
}

static void test_require(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog dialog;
	char sdp[PHONE_TEXT];
	const char *answer;

	phone_invite(stage->p101, &dialog, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp),
	        "Require: norefersub, 100rel\r\nRequire:\r\nRequire: timer\r\n");
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 420");
	assert_true(header_is(answer, "Unsupported", "100rel, timer"));
	phone_ack(stage->p101, &dialog, answer, NULL);
	phone_invite(stage->p101, &dialog, "sip:106@acme.example", phone_sdp(stage->p101, "0", NULL, sdp),
	        "Require: norefersub\r\n");
	stage_run(stage, 10);
	phone_ack(stage->p101, &dialog, phone_expect(stage->p101, "SIP/2.0 480"), NULL);
}

/* What a dialog is made of, both ways, and hops that come to an end. */
static void test_dialog_headers(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, callee = {0};
	const char *invite, *answer;
	char sdp[PHONE_TEXT];

	phone_invite(
	        stage->p101, &caller, "sip:102@acme.example", phone_sdp(stage->p101, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	invite = phone_expect(stage->p102, "INVITE");
	assert_true(header_is(invite, "Max-Forwards", "69"));
	assert_true(header_is(invite, "Supported", "norefersub"));
	assert_true(header_is(invite, "P-Asserted-Identity", "\"Alice\" <sip:101@acme.example>"));
	assert_true(header_is(invite, "Contact", "<sip:xdpark@10.0.0.1:5060>"));
	phone_respond(stage->p102, &callee, invite, "180 Ringing", NULL);
	stage_run(stage, 10);
	assert_true(
	        header_is(phone_expect(stage->p101, "SIP/2.0 180"), "Contact", "<sip:xdpark@10.0.0.1:5060>"));
	phone_respond(stage->p102, &callee, invite, "200 OK", phone_sdp(stage->p102, "0", NULL, sdp));
	stage_run(stage, 10);
	answer = phone_expect(stage->p101, "SIP/2.0 200");
	assert_true(header_is(answer, "Contact", "<sip:xdpark@10.0.0.1:5060>"));
	assert_true(header_is(answer, "Supported", "norefersub"));
	assert_true(message_has(answer, "\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER"));
	phone_ack(stage->p101, &caller, answer, NULL);
	/* OPTIONS within the call says the same as outside. */
	phone_request(stage->p101, &caller, "OPTIONS", NULL, NULL);
	stage_run(stage, 10);
	assert_true(header_is(phone_expect(stage->p101, "SIP/2.0 200"), "Accept", "application/sdp"));
	phone_request(stage->p101, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

static void test_hops_are_passed_on(void **state)
{
	struct call_stage *stage = *state;
	const char *invite;
	char sdp[PHONE_TEXT], text[2 * PHONE_TEXT];

	for (unsigned hops = 0; hops < 3; hops++) {
		phone_sdp(stage->p101, "0", NULL, sdp);
		snprintf(text, sizeof(text),
		        "INVITE sip:102@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.11:5060;"
		        "branch=z9hG4bKhop%u\r\nMax-Forwards: %u\r\nFrom: <sip:101@acme.example>;tag=h%u\r\n"
		        "To: <sip:102@acme.example>\r\nCall-ID: hop%u\r\nCSeq: 1 INVITE\r\n"
		        "Contact: <sip:101@10.0.0.11>\r\nContent-Type: application/sdp\r\n"
		        "Content-Length: %zu\r\n\r\n%s",
		        hops, hops, hops, hops, strlen(sdp), sdp);
		phone_send(stage->p101, text);
		stage_run(stage, 10);
		if (!hops) {
			phone_expect(stage->p101, "SIP/2.0 483");
			continue;
		}
		invite = phone_expect(stage->p102, "INVITE");
		assert_true(header_is(invite, "Max-Forwards", hops == 1 ? "0" : "1"));
		phone_respond(stage->p102, NULL, invite, "486 Busy Here", NULL);
		stage_run(stage, 10);
		phone_expect(stage->p101, "SIP/2.0 486");
	}
}

/* Who a trunk says it is. */
static void test_trunk_identities(void **state)
{
	static const struct {
		const char *headers, *identity;
	} rows[] = {
	        {NULL, "\"carrier\" <sip:carrier@acme.example>"},
	        {"P-Asserted-Identity: \"Zoe\" <sip:+4930555@carrier.example>\r\n",
	                "\"Zoe\" <sip:+4930555@acme.example>"},
	        {"P-Asserted-Identity: <tel:+4930555;phone-context=x>\r\n", "<sip:+4930555@acme.example>"},
	        {"P-Asserted-Identity: <sip:+4930555@c.example>, <tel:+4930556>\r\n",
	                "<sip:+4930555@acme.example>"},
	        {"P-Asserted-Identity: \"Zoe\" <sip:+4930555@c.example>\r\nPrivacy: header;id\r\n",
	                "\"Anonymous\" <sip:anonymous@acme.example>"},
	        {"P-Asserted-Identity: \"Zoe\" <sip:+4930555@c.example>\r\nPrivacy: none\r\n",
	                "\"Zoe\" <sip:+4930555@acme.example>"},
	        /* Nothing gets out of its quotes, nor its angle brackets. */
	        {"P-Asserted-Identity: \"a\\\"b\\\\ <x>\" <sip:1%3e%22Evil:%20x@c.example>\r\n",
	                "\"ab <x>\" <sip:1Evil@acme.example>"},
	        {"P-Asserted-Identity: <sip:%3e%3c@c.example>\r\n", "<sip:anonymous@acme.example>"},
	        /* No UTF-8: cut characters, overlong ones, surrogates. */
	        {"P-Asserted-Identity: \"J\xc3\xb6rg\xff\xc3 \xc0\xaf\xed\xa0\x80!\" <sip:1@c.example>\r\n",
	                "\"J\xc3\xb6rg !\" <sip:1@acme.example>"},
	};
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	const char *invite;
	char sdp[PHONE_TEXT];
	json_t *text;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		phone_invite(stage->trunk, &caller, "sip:102@acme.example",
		        phone_sdp(stage->trunk, "0", NULL, sdp), rows[i].headers);
		stage_run(stage, 10);
		invite = phone_expect(stage->p102, "INVITE");
		assert_true(header_is(invite, "P-Asserted-Identity", rows[i].identity));
		assert_true(strncmp(strstr(invite, "\r\nFrom: ") + 8, rows[i].identity,
		                    strlen(rows[i].identity)) == 0);
		text = json_string(stage->calls->legs->next->identity);
		assert_non_null(text);
		json_decref(text);
		phone_respond(stage->p102, NULL, invite, "486 Busy Here", NULL);
		stage_run(stage, 10);
		phone_ack(stage->trunk, &caller, phone_expect(stage->trunk, "SIP/2.0 486"), NULL);
		stage_run(stage, 10);
	}
}

/* A user is who he is, whatever he claims; and he stays in his tenant. */
static void test_users_cannot_pretend(void **state)
{
	static const char *const claims = "P-Asserted-Identity: \"Boss\" <sip:101@acme.example>\r\n"
	                                  "Referred-By: <sip:102@acme.example>\r\nPrivacy: none\r\n";
	static const struct {
		const char *uri, *status;
	} rows[] = {
	        {"sip:101@acme.example", "SIP/2.0 403"},
	        {"sip:700@acme.example", "SIP/2.0 403"},
	        {"sip:701@acme.example", "SIP/2.0 403"},
	        {"sip:101@globex.example", "SIP/2.0 404"},
	        {"sip:101@10.0.0.1", "SIP/2.0 404"},
	        {"sip:4930111@globex.example", "SIP/2.0 404"},
	};
	struct call_stage *stage = *state;
	struct phone_dialog dialog;
	const struct parked_call *parked;
	char sdp[PHONE_TEXT];

	/* Its From is of acme.example, as all of these phones say. */
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		phone_invite(
		        stage->p201, &dialog, rows[i].uri, phone_sdp(stage->p201, "8", NULL, sdp), claims);
		stage_run(stage, 10);
		phone_ack(stage->p201, &dialog, phone_expect(stage->p201, rows[i].status), NULL);
		assert_int_equal(stage->calls->leg_count, 0);
	}
	/* Parked in his own tenant, by nobody of another one, under his own name. */
	phone_invite(stage->p201, &dialog, "sip:702@globex.example", phone_sdp(stage->p201, "8", NULL, sdp),
	        claims);
	stage_run(stage, 10);
	phone_ack(stage->p201, &dialog, phone_expect(stage->p201, "SIP/2.0 200"), NULL);
	assert_int_equal(stage_parked(stage, "702"), -1);
	parked = parking_at(tenant_state(stage->globex)->parking, "702");
	assert_non_null(parked);
	assert_null(parked->parker);
	assert_string_equal(stage->calls->legs->identity, "<sip:201@globex.example>");
	phone_request(stage->p201, &dialog, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

/*
 * A From that is written three times as long as it was read: no answer fits a message. Nothing stays of such
 * an INVITE, whether it is 100 that fails first or 180.
 */
static void test_headers_too_long_to_answer(void **state)
{
	struct call_stage *stage = *state;
	struct sip_counters counters;
	char text[10000], user[6600];
	const char *invite;

	memset(user, '^', sizeof(user));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
		        "INVITE sip:102@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP "
		        "10.0.0.9;branch=z9hG4bKlong%u"
		        "\r\nMax-Forwards: 70\r\nFrom: <sip:%.6600s@acme.example>;tag=h\r\n"
		        "To: <sip:102@acme.example>\r\nCall-ID: long%u\r\nCSeq: 1 INVITE\r\n"
		        "Contact: <sip:c@10.0.0.9>\r\nContent-Length: 0\r\n\r\n",
		        i, user, i);
		phone_send(stage->trunk, text);
		stage_run(stage, i ? 10 : 300);
		invite = phone_expect(stage->p102, "INVITE");
		phone_respond(stage->p102, NULL, invite, "180 Ringing", NULL);
		stage_run(stage, 10);
		phone_respond(stage->p102, NULL, phone_expect(stage->p102, "CANCEL"), "200 OK", NULL);
		phone_respond(stage->p102, NULL, invite, "487 Request Terminated", NULL);
		stage_run(stage, 10);
		assert_int_equal(stage->calls->leg_count, 0);
	}
	stage_run(stage, 40000);
	sip_stack_counters(stage->calls->stack, &counters);
	assert_int_equal(counters.transactions, 0);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_to_tags),
	        STAGED(test_require),
	        STAGED(test_dialog_headers),
	        STAGED(test_hops_are_passed_on),
	        STAGED(test_trunk_identities),
	        STAGED(test_users_cannot_pretend),
	        STAGED(test_headers_too_long_to_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
