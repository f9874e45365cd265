/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: where they came from, headers by name, bodies, responses, rejections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sip/message.h"

static const struct transport_ops UDP = {.name = "UDP"};
static struct transport transport = {.ops = &UDP};
static struct flow flow = {.transport = &transport};

static struct sip_message *parse(const char *via, const char *more)
{
	char text[2048];
	struct sip_message *message;
	const char *reason;
	int status;

	snprintf(text, sizeof(text),
	        "INVITE sip:701@example.com SIP/2.0\r\nVia: %s\r\nVia: SIP/2.0/UDP second;branch=z9hG4bK2\r\n"
	        "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>\r\nCall-ID: c@h\r\n"
	        "CSeq: 7 INVITE\r\n%s\r\n",
	        via, more);
	assert_int_equal(sip_message_parse(&message, &flow, text, strlen(text), &status, &reason), 0);
	return message;
}

static void the_via_tells_where_it_came_from(void **state)
{
	static const struct {
		const char *source, *via, *expected;
	} rows[] = {
	        {"192.0.2.9:5062", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "192.0.2.9;branch=z9hG4bK1"},
	        {"192.0.2.9:5062", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1",
	                "10.0.0.1;branch=z9hG4bK1;received=192.0.2.9"},
	        {"192.0.2.9:5062", "SIP/2.0/UDP host;branch=z9hG4bK1",
	                "host;branch=z9hG4bK1;received=192.0.2.9"},
	        {"192.0.2.9:5062", "SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK1",
	                "192.0.2.9;rport=5062;branch=z9hG4bK1;received=192.0.2.9"},
	        /* What the sender says of itself doesn't count. */
	        {"192.0.2.9:5062", "SIP/2.0/UDP 10.0.0.1;rport=1;received=8.8.8.8;branch=z9hG4bK1",
	                "10.0.0.1;rport=5062;received=192.0.2.9;branch=z9hG4bK1"},
	        {"192.0.2.9:5062", "SIP/2.0/UDP 192.0.2.9;received=8.8.8.8;branch=z9hG4bK1",
	                "192.0.2.9;received=192.0.2.9;branch=z9hG4bK1"},
	        {"[fd00::9]:5062", "SIP/2.0/UDP [fd00::9]:5060;branch=z9hG4bK1",
	                "[fd00::9]:5060;branch=z9hG4bK1"},
	        {"[fd00::9]:5062", "SIP/2.0/UDP [fd00::1];rport;branch=z9hG4bK1",
	                "[fd00::1];rport=5062;branch=z9hG4bK1;received=fd00::9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_message *message;
		char *text;

		address_parse(rows[i].source, 0, &flow.remote);
		message = parse(rows[i].via, "");
		assert_int_equal(osip_via_to_str(osip_list_get(&message->osip->vias, 0), &text), 0);
		assert_string_equal(text + strlen("SIP/2.0/UDP "), rows[i].expected);
		osip_free(text);
		sip_message_free(message);
	}
}

static void headers_are_found_by_both_names(void **state)
{
	struct sip_message *message = parse("SIP/2.0/UDP h;branch=z9hG4bK1",
	        "k: timer , replaces\r\nSupported: 100rel;x=1\r\nr: <sip:700@example.com>\r\nX-Own: \r\n"
	        "Event: refer\r\nAllow: INVITE, ACK\r\nallow: REFER\r\n");
	const osip_message_t *osip = message->osip;

	(void)state;
	assert_string_equal(sip_header(osip, "Refer-To", 0), "<sip:700@example.com>");
	assert_null(sip_header(osip, "Refer-To", 1));
	assert_string_equal(sip_header(osip, "event", 0), "refer");
	assert_string_equal(sip_header(osip, "x-own", 0), "");
	assert_null(sip_header(osip, "X-Other", 0));
	assert_non_null(sip_header(osip, "Supported", 1));
	assert_true(sip_has_token(osip, "Supported", "replaces"));
	assert_true(sip_has_token(osip, "Supported", "TIMER"));
	assert_true(sip_has_token(osip, "Supported", "100rel"));
	assert_false(sip_has_token(osip, "Supported", "replace"));
	assert_false(sip_has_token(osip, "Supported", "x=1"));
	assert_true(sip_has_token(osip, "Allow", "REFER"));
	assert_true(sip_has_token(osip, "Allow", "ACK"));
	assert_false(sip_has_token(osip, "Allow", "BYE"));
	assert_false(sip_has_token(osip, "Require", "x"));
	assert_int_equal(sip_header_set(message->osip, "Supported", "path"), 0);
	assert_string_equal(sip_header(osip, "Supported", 0), "path");
	assert_null(sip_header(osip, "Supported", 1));
	sip_message_free(message);
}

static void bodies_come_and_go_whole(void **state)
{
	struct sip_message *message = parse("SIP/2.0/UDP h;branch=z9hG4bK1",
	        "Content-Type: Application/SDP;x=y\r\nContent-Length: 0\r\n");
	osip_message_t *out = message->osip;
	char *text;
	size_t length;

	(void)state;
	assert_false(sip_body_is(message, "application/sdp")); /* there is none */
	assert_int_equal(sip_body_set(out, "text/plain", "first", 5), 0);
	assert_int_equal(sip_body_set(out, "application/sdp", "v=0\r\na\0b\r\n", 10), 0);
	assert_int_equal(osip_message_to_str(out, &text, &length), 0);
	assert_non_null(strstr(text, "Content-Type: application/sdp\r\n"));
	assert_null(strstr(text, "text/plain"));
	assert_memory_equal(text + length - 14, "\r\n\r\nv=0\r\na\0b\r\n", 14);
	assert_non_null(strstr(text, "10\r\n\r\n"));
	osip_free(text);
	sip_message_free(message);

	message = parse("SIP/2.0/UDP h;branch=z9hG4bK1", "c: Application/SDP;x=y\r\n\r\nv=0");
	assert_int_equal(message->body_bytes, 5); /* with the line end that parse() adds */
	assert_string_equal(message->body, "v=0\r\n");
	assert_true(sip_body_is(message, "application/sdp"));
	assert_false(sip_body_is(message, "application/sd"));
	assert_false(sip_body_is(message, "text/sdp"));
	sip_message_free(message);
}

static char *response_text(const struct sip_message *request, int status, const char *tag)
{
	osip_message_t *response = sip_response(request, status, NULL, tag);
	char *text;
	size_t length;

	assert_non_null(response);
	assert_int_equal(osip_message_to_str(response, &text, &length), 0);
	osip_message_free(response);
	return text;
}

static void responses_repeat_what_they_must(void **state)
{
	struct sip_message *message;
	char *text;

	(void)state;
	address_parse("192.0.2.9:5062", 0, &flow.remote);
	message = parse("SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1",
	        "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\nTimestamp: 54\r\n");
	text = response_text(message, 180, "mine");
	assert_string_equal(text,
	        "SIP/2.0 180 Ringing\r\n"
	        "Via: SIP/2.0/UDP 10.0.0.1;rport=5062;branch=z9hG4bK1;received=192.0.2.9\r\n"
	        "Via: SIP/2.0/UDP second;branch=z9hG4bK2\r\n"
	        "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n"
	        "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>;tag=mine\r\n"
	        "Call-ID: c@h\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n");
	osip_free(text);
	text = response_text(message, 100, NULL);
	assert_non_null(strstr(text, "SIP/2.0 100 Trying\r\n"));
	assert_non_null(strstr(text, "Timestamp: 54\r\n"));
	assert_null(strstr(text, "Record-Route"));
	assert_null(strstr(text, "To: <sip:b@example.com>;"));
	osip_free(text);
	text = response_text(message, 486, "mine");
	assert_null(strstr(text, "Record-Route"));
	assert_null(strstr(text, "Timestamp"));
	osip_free(text);
	text = response_text(message, 499, NULL);
	assert_non_null(strstr(text, "SIP/2.0 499 Unknown\r\n"));
	osip_free(text);
	sip_message_free(message);
}

static void a_tag_that_is_there_stays(void **state)
{
	char text[] =
	        "BYE sip:701@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
	        "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>;tag=theirs\r\nCall-ID: c@h\r\n"
	        "CSeq: 8 BYE\r\n\r\n";
	struct sip_message *message;
	const char *reason;
	char *response;
	int status;

	(void)state;
	assert_int_equal(sip_message_parse(&message, &flow, text, strlen(text), &status, &reason), 0);
	response = response_text(message, 200, "mine");
	assert_non_null(strstr(response, "To: <sip:b@example.com>;tag=theirs\r\n"));
	osip_free(response);
	sip_message_free(message);
}

static size_t reject(const char *text, char *out)
{
	return sip_reject(&flow, text, strlen(text), 400, "Bad", out);
}

static void rejections_read_loosely(void **state)
{
	static char out[SIP_MESSAGE_BYTES + 1], again[SIP_MESSAGE_BYTES + 1];
	static const char loose[] =
	        "INVITE  <x> y\n"
	        "v: SIP/2.0/UDP 10.0.0.1\n ;rport;branch=b, SIP/2.0/UDP p;branch=q\n"
	        "VIA : SIP/2.0/UDP third\r\n"
	        "cseq:1 INVITE\ni:c\nt: <sip:b@h;tag=uri>\nf: \"x;tag=no\" <sip:a@h>;tag=f\n"
	        "rubbish\n\nTo: in the body";
	size_t length;

	(void)state;
	address_parse("192.0.2.9:5062", 0, &flow.remote);
	length = reject(loose, out);
	assert_true(length > 0);
	out[length] = '\0';
	assert_memory_equal(out, "SIP/2.0 400 Bad\r\n", 17);
	assert_non_null(strstr(out, "Via: SIP/2.0/UDP 10.0.0.1  ;rport=5062;branch=b;received=192.0.2.9, "
	                            "SIP/2.0/UDP p;branch=q\r\nVia: SIP/2.0/UDP third\r\n"));
	assert_non_null(strstr(out, "\r\nCSeq: 1 INVITE\r\n"));
	assert_non_null(strstr(out, "\r\nFrom: \"x;tag=no\" <sip:a@h>;tag=f\r\n"));
	assert_non_null(strstr(out, "\r\nCall-ID: c\r\n"));
	assert_non_null(strstr(out, "\r\nTo: <sip:b@h;tag=uri>;tag="));
	assert_null(strstr(out, "in the body"));
	/* A retransmission gets the same To tag. */
	assert_int_equal(reject(loose, again), length);
	assert_memory_equal(out, again, length);
}

static void what_cant_or_mustnt_be_answered_isnt(void **state)
{
	static const char *const texts[] = {
	        "ACK sip:b@h SIP/9\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: 1 ACK\r\n\r\n",
	        "X sip:b@h SIP/9\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: 1 ACK\r\n\r\n",
	        "SIP/2.0 200\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nv: x\r\nt: x\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nv: x\r\nf: x\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nv: x\r\nf: x\r\nt: x\r\nCSeq: 1 BYE\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: BYE\r\n\r\n",
	        "BYE sip:b@h SIP/9\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: 1\r\n\r\n",
	        "",
	        "\n",
	        "x",
	};
	static char out[SIP_MESSAGE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(reject(texts[i], out), 0);
	assert_true(reject("BYE x\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n", out) > 0);
}

static void random_text_differs(void **state)
{
	char a[33], b[33];

	(void)state;
	sip_random(a);
	sip_random(b);
	assert_int_equal(strlen(a), 32);
	assert_int_equal(strspn(a, "0123456789abcdef"), 32);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_via_tells_where_it_came_from),
	        cmocka_unit_test(headers_are_found_by_both_names),
	        cmocka_unit_test(bodies_come_and_go_whole),
	        cmocka_unit_test(responses_repeat_what_they_must),
	        cmocka_unit_test(a_tag_that_is_there_stays),
	        cmocka_unit_test(rejections_read_loosely),
	        cmocka_unit_test(what_cant_or_mustnt_be_answered_isnt),
	        cmocka_unit_test(random_text_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
