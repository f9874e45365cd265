/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard's limits, each from both sides; strict forms; what osip's parser would let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sip/guard.h"
#include "ctl/sip/message.h"

#define START       "OPTIONS sip:701@example.com SIP/2.0\r\n"
#define VIA_LINE    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
#define PARTY_LINES "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: c1\r\n"
#define CSEQ_LINE   "CSeq: 1 OPTIONS\r\n"
#define HEADERS     VIA_LINE PARTY_LINES CSEQ_LINE

static const struct transport_ops UDP = {.name = "UDP"}, TCP = {.name = "TCP", .reliable = true};

/* The status that `length` bytes get: 0 accepted, -1 silence. In memory of their very size. */
static int verdict_of(const struct transport_ops *ops, const char *bytes, size_t length)
{
	struct transport transport = {.ops = ops};
	struct flow flow = {.transport = &transport};
	struct sip_message *message;
	char *copy = malloc(length + 1);
	const char *reason = NULL;
	int status = 0, result;

	address_parse("192.0.2.99:5071", 0, &flow.remote);
	memcpy(copy, bytes, length);
	result = sip_message_parse(&message, &flow, copy, length, &status, &reason);
	if (result == 0)
		sip_message_free(message);
	else
		assert_non_null(reason);
	free(copy);
	return result == 0 ? 0 : status ? status : -1;
}

static int verdict(const char *text)
{
	return verdict_of(&UDP, text, strlen(text));
}

/* `head`, then `piece` so many times, then `tail`. */
static char *repeated(const char *head, const char *piece, unsigned count, const char *tail)
{
	size_t length = strlen(head) + count * strlen(piece) + strlen(tail) + 1;
	char *text = malloc(length), *end = stpcpy(text, head);

	while (count--)
		end = stpcpy(end, piece);
	stpcpy(end, tail);
	return text;
}

static int verdict_repeated(const char *head, const char *piece, unsigned count, const char *tail)
{
	char *text = repeated(head, piece, count, tail);
	int result = verdict(text);

	free(text);
	return result;
}

static void a_plain_request_passes(void **state)
{
	(void)state;
	assert_int_equal(verdict(START HEADERS "\r\n"), 0);
	assert_int_equal(verdict("\r\n\r\n" START HEADERS "\r\n"), 0);
	assert_int_equal(verdict(START HEADERS "Content-Length: 4\r\n\r\nbodymore"), 0);
}

static void headers_are_limited_in_number(void **state)
{
	(void)state;
	/* There are five already. */
	assert_int_equal(verdict_repeated(START HEADERS, "X: y\r\n", 64 - 5, "\r\n"), 0);
	assert_int_equal(verdict_repeated(START HEADERS, "X: y\r\n", 64 - 4, "\r\n"), 400);
	/* A folded line is no header of its own. */
	assert_int_equal(verdict_repeated(START HEADERS "X: y\r\n", " z\r\n", 2 * 64, "\r\n"), 0);
}

static void parameters_are_limited_in_number(void **state)
{
	static const char *const pieces[] = {",", ";", "&"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(verdict_repeated(START HEADERS "X: y", pieces[i], 32, "\r\n\r\n"), 0);
		assert_int_equal(verdict_repeated(START HEADERS "X: y", pieces[i], 33, "\r\n\r\n"), 400);
	}
	assert_int_equal(verdict_repeated("OPTIONS sip:b@h", ";x", 32, " SIP/2.0\r\n" HEADERS "\r\n"), 0);
	assert_int_equal(verdict_repeated("OPTIONS sip:b@h", ";x", 33, " SIP/2.0\r\n" HEADERS "\r\n"), 400);
	/* Also spread over folded lines. */
	assert_int_equal(verdict_repeated(START HEADERS "X: y\r\n", " ;\r\n", 33, "\r\n"), 400);
}

static void datagrams_are_limited_in_size(void **state)
{
	size_t fixed = strlen(START HEADERS "X: \r\n\r\n");
	unsigned room = (unsigned)(8192 - fixed);

	(void)state;
	assert_int_equal(verdict_repeated(START HEADERS "X: ", "y", room, "\r\n\r\n"), 0);
	assert_int_equal(verdict_repeated(START HEADERS "X: ", "y", room + 1, "\r\n\r\n"), 513);
	assert_int_equal(verdict_repeated(START HEADERS "\r\n", "y", room + 5, ""), 0);
	assert_int_equal(verdict_repeated(START HEADERS "\r\n", "y", room + 6, ""), 513);
}

static int verdict_stream(const char *head, unsigned header_fill, const char *length, unsigned body)
{
	char *filled = repeated(head, "y", header_fill, length), *text = repeated(filled, "b", body, "");
	int result = verdict_of(&TCP, text, strlen(text));

	free(filled);
	free(text);
	return result;
}

static void streams_have_header_and_body_limited(void **state)
{
	static const char head[] = START HEADERS "X: ";
	size_t fixed = strlen(head) + strlen("\r\nContent-Length: 8192\r\n\r\n");
	unsigned room = (unsigned)(8192 - fixed);

	(void)state;
	assert_int_equal(verdict_stream(head, room, "\r\nContent-Length: 8192\r\n\r\n", 8192), 0);
	assert_int_equal(verdict_stream(head, room + 1, "\r\nContent-Length: 8192\r\n\r\n", 8191), 513);
	assert_int_equal(verdict_stream(head, 9, "\r\nContent-Length: 8193\r\n\r\n", 8193), 413);
	assert_int_equal(
	        verdict_stream(head, 9, "\r\nContent-Length: 99999999999999999999999\r\n\r\n", 9), 413);
	assert_int_equal(verdict_stream(head, 9, "\r\n\r\n", 0), 400); /* a must on streams */
}

static void content_length_is_one_decimal(void **state)
{
	static const struct {
		const char *lines;
		int verdict;
	} rows[] = {
	        {"Content-Length: 4\r\n", 0},
	        {"l : 0004 \r\n", 0},
	        {"CONTENT-LENGTH:\t3\r\n", 0},
	        {"Content-Length:\r\n 2\r\n", 0},
	        {"Content-Length: 5\r\n", 400},
	        {"Content-Length: 18446744073709551617\r\n", 400},
	        {"Content-Length: -1\r\n", 400},
	        {"Content-Length: +1\r\n", 400},
	        {"Content-Length: 1 2\r\n", 400},
	        {"Content-Length: 3a\r\n", 400},
	        {"Content-Length: 0x1\r\n", 400},
	        {"Content-Length: 3,3\r\n", 400},
	        {"Content-Length:\r\n", 400},
	        {"Content-Length: 3\r\nContent-Length: 3\r\n", 400},
	        {"Content-Length: 3\r\nl: 3\r\n", 400},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "%s%s\r\nbody", START HEADERS, rows[i].lines);
		assert_int_equal(verdict(text), rows[i].verdict);
	}
}

static void start_lines_are_strict(void **state)
{
	static const struct {
		const char *line;
		int verdict;
	} rows[] = {
	        {"OPTIONS sip:b@h SIP/2.0", 0},
	        {"OPTIONS SIP:b@h sip/2.0", 0},
	        {"OPTIONS sips:b@h SIP/2.0", 416},
	        {"OPTIONS SIPS:b@h SIP/2.0", 416},
	        {"INVITE sips:b@h;transport=udp SIP/2.0", 416},
	        {"OPTIONS sip:h SIP/2.0", 0},
	        {"OPTIONS sip:[::1]:5060 SIP/2.0", 0},
	        {"OPTIONS  sip:b@h SIP/2.0", 400},
	        {"OPTIONS sip:b@h  SIP/2.0", 400},
	        {"OPTIONS sip:b@h SIP/2.0 ", 400},
	        {" OPTIONS sip:b@h SIP/2.0", 400},
	        {"OPTIONS\tsip:b@h SIP/2.0", 400},
	        {"OPT<IONS sip:b@h SIP/2.0", 400},
	        {"OPTIONS <sip:b@h> SIP/2.0", 400},
	        {"OPTIONS sip:b@h", 400},
	        {"OPTIONS SIP/2.0", 400},
	        {"OPTIONS sip:b@h SIP/2", 400},
	        {"OPTIONS sip:b@h HTTP/1.1", 400},
	        {"OPTIONS sip:b@h SIP/3.0", 505},
	        {"OPTIONS sip:b@h SIP/2.00", 505},
	        {"OPTIONS tel:+123 SIP/2.0", 416},
	        {"OPTIONS sipx:b@h SIP/2.0", 416},
	        {"OPTIONS b@h SIP/2.0", 400},
	        {"OPTIONS : SIP/2.0", 400},
	        {"OPTIONS sip: SIP/2.0", 400},
	        {"OPTIONS sip:b@ SIP/2.0", 400},
	        {"OPTIONS sip:b@h:port SIP/2.0", 400},
	        {"OPTIONS sip:b@h:0 SIP/2.0", 400},
	        {"OPTIONS sip:b@h:65536 SIP/2.0", 400},
	        {"OPTIONS sip:b@h?Route=x SIP/2.0", 400},
	        {"OPTIONS sip:b%00@h SIP/2.0", 400},
	        {"OPTIONS sip:b%0d%0aX@h SIP/2.0", 400},
	        {"OPTIONS sip:b%7F@h SIP/2.0", 400},
	        {"OPTIONS sip:b%1b@h SIP/2.0", 400},
	        {"OPTIONS sip:b%20x@h SIP/2.0", 0},
	        {"", 400},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "%s\r\n%s\r\n", rows[i].line, HEADERS);
		/* An empty first line is skipped, so that the Via is taken for it. */
		assert_int_equal(verdict(text), rows[i].verdict);
	}
}

static void responses_are_never_answered(void **state)
{
	static const struct {
		const char *line;
		int verdict;
	} rows[] = {
	        {"SIP/2.0 200 OK", 0},
	        {"SIP/2.0 200 ", 0},
	        {"SIP/2.0 699 x", 0},
	        {"SIP/2.0 200x OK", -1},
	        {"SIP/2.0 200", -1}, /* osip would take the Via for the reason phrase */
	        {"SIP/2.0 4294967301 x", -1},
	        {"SIP/2.0 -200 x", -1},
	        {"SIP/2.0 099 x", -1},
	        {"SIP/2.0 700 x", -1},
	        {"SIP/2.0  200 x", -1},
	        {"SIP/3.0 200 OK", -1},
	        {"ACK sip:b@h SIP/3.0", -1},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "%s\r\n%s\r\n", rows[i].line, HEADERS);
		assert_int_equal(verdict(text), rows[i].verdict);
	}
}

static void lines_and_characters_are_strict(void **state)
{
	static const char nul[] = START HEADERS "X: a\0b\r\n\r\n";
	static const char nul_body[] = START HEADERS "\r\na\0b";
	size_t whole = strlen(START HEADERS "\r\n");

	(void)state;
	assert_int_equal(verdict_of(&UDP, nul, sizeof(nul) - 1), 400);
	assert_int_equal(verdict_of(&UDP, nul_body, sizeof(nul_body) - 1), 0);
	assert_int_equal(verdict(START HEADERS "X: a\nY: b\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "X: a\rY: b\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "X: a\r\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "X: a\n\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "X: \x1b[2J\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "Refer-To: <sip:7%0A@h>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "r: <sip:7%1f@h>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "Referred-By: <sip:7%7F@h>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "b: <sip:7%00@h>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "Route: <sip:h;lr;x=%0d>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "Record-Route: <sip:h;lr;x=%0d>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "P-Asserted-Identity: <sip:1%0a@h>\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS "Contact: <sip:1@h>, <sip:1%0a@h>\r\n\r\n"), 400);
	/* Where no URI is read it is text, and these may be there more than once. */
	assert_int_equal(verdict(START HEADERS "User-Agent: 100%1 free\r\n\r\n"), 0);
	assert_int_equal(verdict(START HEADERS "X: a%0A\r\n\r\n"), 0);
	assert_int_equal(verdict(START HEADERS "Route: <sip:h;lr>\r\nRoute: <sip:i;lr>\r\n\r\n"), 0);
	assert_int_equal(verdict(START HEADERS "no colon\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS ": no name\r\n\r\n"), 400);
	assert_int_equal(verdict(START HEADERS), 400); /* no empty line */
	/* Cut off anywhere, it is refused, and nothing is read beyond its end. */
	for (size_t length = 0; length < whole; length++)
		assert_true(verdict_of(&UDP, START HEADERS "\r\n", length) != 0);
}

static void mandatory_headers_are_checked(void **state)
{
	static const struct {
		const char *headers;
		int verdict;
	} rows[] = {
	        {PARTY_LINES CSEQ_LINE, 400},
	        {VIA_LINE "To: <sip:b@h>\r\nCall-ID: c\r\n" CSEQ_LINE, 400},
	        {VIA_LINE "From: <sip:b@h>\r\nCall-ID: c\r\n" CSEQ_LINE, 400},
	        {VIA_LINE "From: <sip:b@h>\r\nTo: <sip:b@h>\r\n" CSEQ_LINE, 400},
	        {VIA_LINE PARTY_LINES, 400},
	        {HEADERS "From: <sip:x@h>\r\n", 400},
	        {HEADERS "t: <sip:x@h>\r\n", 400},
	        {HEADERS "Max-Forwards: 0\r\n", 0},
	        {HEADERS "Max-Forwards: 0255\r\n", 0},
	        {HEADERS "Max-Forwards: 256\r\n", 400},
	        {HEADERS "Max-Forwards: x\r\n", 400},
	        {HEADERS "Max-Forwards: -1\r\n", 400},
	        {HEADERS "Max-Forwards: 1\r\nMax-Forwards: 1\r\n", 400},
	        {HEADERS "Contact: sip:a@h?x=y\r\n", 400},
	        {HEADERS "m: <sip:a@h?x=y>\r\n", 0},
	        {VIA_LINE PARTY_LINES "CSeq: 2147483647 OPTIONS\r\n", 0},
	        {VIA_LINE PARTY_LINES "CSeq: 2147483648 OPTIONS\r\n", 400},
	        {VIA_LINE PARTY_LINES "CSeq: 1 INVITE\r\n", 400},
	        {VIA_LINE PARTY_LINES "CSeq: 1 options\r\n", 400},
	        {VIA_LINE PARTY_LINES "CSeq: x OPTIONS\r\n", 400},
	        {VIA_LINE PARTY_LINES "CSeq: OPTIONS\r\n", 400},
	        {"Via: SIP/2.0/UDP h:99999;branch=z9hG4bK1\r\n" PARTY_LINES CSEQ_LINE, 400},
	        {"Via: SIP/2.0/UDP h:0;branch=z9hG4bK1\r\n" PARTY_LINES CSEQ_LINE, 400},
	        {"Via: SIP/3.0/UDP h;branch=z9hG4bK1\r\n" PARTY_LINES CSEQ_LINE, 400},
	        {"Via: SIP/2.0/UDP h;branch=\r\n" PARTY_LINES CSEQ_LINE, 400},
	        {"Via: SIP/2.0/UDP\r\n" PARTY_LINES CSEQ_LINE, 400},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "%s%s\r\n", START, rows[i].headers);
		assert_int_equal(verdict(text), rows[i].verdict);
	}
}

static void the_parser_never_sees_a_body(void **state)
{
	char text[] = START HEADERS "Content-Type: multipart/mixed;boundary=b\r\nContent-Length: 0027\r\n\r\n"
	                            "--b\r\n\r\nContent-Length: 9\r\n\r\n";
	struct guarded guarded;
	const char *reason;
	int status;

	(void)state;
	assert_int_equal(sip_guard(text, strlen(text), false, &guarded, &status, &reason), 0);
	assert_int_equal(guarded.body_bytes, 27);
	assert_memory_equal(guarded.body, "--b", 3);
	assert_ptr_equal(guarded.body, guarded.header + guarded.header_bytes);
	assert_non_null(memmem(guarded.header, guarded.header_bytes, "Content-Length: 0000\r\n", 22));
}

static void line_ends_alone_are_silence(void **state)
{
	(void)state;
	assert_int_equal(verdict("\r\n\r\n"), -1);
	assert_int_equal(verdict("\r\n"), -1);
	assert_int_equal(verdict(""), -1);
	assert_true(sip_is_keepalive("\r\n\r\n", 4));
	assert_false(sip_is_keepalive("\r\n\r\nx", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_plain_request_passes),
	        cmocka_unit_test(headers_are_limited_in_number),
	        cmocka_unit_test(parameters_are_limited_in_number),
	        cmocka_unit_test(datagrams_are_limited_in_size),
	        cmocka_unit_test(streams_have_header_and_body_limited),
	        cmocka_unit_test(content_length_is_one_decimal),
	        cmocka_unit_test(start_lines_are_strict),
	        cmocka_unit_test(responses_are_never_answered),
	        cmocka_unit_test(lines_and_characters_are_strict),
	        cmocka_unit_test(mandatory_headers_are_checked),
	        cmocka_unit_test(the_parser_never_sees_a_body),
	        cmocka_unit_test(line_ends_alone_are_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
