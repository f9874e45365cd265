/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of RFC 4475 (tests/sip/rfc4475), and what each must get from guard, parser and checks. Where
 * the RFC leaves it open, or where we are stricter than it on purpose, the row says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sip/message.h"

enum { ACCEPTED = 0, SILENCE = 1 };

static const struct row {
	const char *name;
	int verdict; /* a status, or one of the two above */
	int body;    /* bytes, when accepted */
} ROWS[] = {
        /* 3.1.1 valid */
        {"wsinv", ACCEPTED, 150},
        {"intmeth", 400, 0}, /* valid, but with control characters, which we refuse in headers */
        {"esc01", ACCEPTED, 150},
        {"escnull", 400, 0}, /* valid, but osip would cut the user at its %00 */
        {"esc02", ACCEPTED, 0},
        {"lwsdisp", ACCEPTED, 0},
        {"longreq", ACCEPTED, 150},
        {"dblreq", ACCEPTED, 0}, /* what follows the first request is dropped */
        {"semiuri", ACCEPTED, 0},
        {"transports", ACCEPTED, 0},
        {"mpart01", ACCEPTED, 553},
        {"unreason", ACCEPTED, 154},
        {"noreason", ACCEPTED, 0},
        /* 3.1.2 invalid */
        {"badinv01", 400, 0},
        {"clerr", 400, 0},
        {"ncl", 400, 0},
        {"scalar02", 400, 0},
        {"scalarlg", SILENCE, 0}, /* a response */
        {"quotbal", 400, 0},
        {"ltgtruri", 400, 0},
        {"lwsruri", 400, 0},
        {"lwsstart", 400, 0},
        {"trws", 400, 0},
        {"escruri", 400, 0},
        {"baddate", ACCEPTED, 150}, /* nobody here reads the Date */
        {"regbadct", 400, 0},
        {"badaspec", 400, 0}, /* may be taken */
        {"baddn", 400, 0},    /* may be taken */
        {"badvers", 505, 0},
        {"mismatch01", 400, 0},
        {"mismatch02", 400, 0},
        {"bigcode", SILENCE, 0}, /* a response */
        /* 3.2 transaction layer */
        {"badbranch", ACCEPTED, 0}, /* identified as RFC 2543 did */
        /* 3.3 application layer: what is accepted here is for the call layer to judge */
        {"insuf", SILENCE, 0}, /* 400, but there is neither From nor To nor Call-ID to answer with */
        {"unkscm", 416, 0},
        {"novelsc", 416, 0},
        {"unksm2", ACCEPTED, 0},
        {"bext01", ACCEPTED, 0},
        {"invut", ACCEPTED, 40},
        {"regaut01", ACCEPTED, 0},
        {"multi01", 400, 0},
        {"mcl01", 400, 0},
        {"bcast", ACCEPTED, 154},
        {"zeromf", ACCEPTED, 0},
        {"cparam01", ACCEPTED, 0},
        {"cparam02", ACCEPTED, 0},
        {"regescrt", ACCEPTED, 0},
        {"sdp01", ACCEPTED, 150},
        /* 3.4 backward compatibility */
        {"inv2543", ACCEPTED, 105},
};

static const struct transport_ops UDP = {.name = "UDP"};

/* The file in memory of its very size, and one byte more that may be written. */
static char *load(const char *name, size_t *length)
{
	char path[128], *bytes = malloc(SIP_MESSAGE_BYTES);
	FILE *file;

	snprintf(path, sizeof(path), "tests/sip/rfc4475/%s.dat", name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s isn't there: run from the top of the repository", path);
	*length = fread(bytes, 1, SIP_MESSAGE_BYTES, file);
	fclose(file);
	return realloc(bytes, *length + 1);
}

static bool holds(const char *bytes, size_t length, const char *text)
{
	return memmem(bytes, length, text, strlen(text));
}

/* That a rejection can be parsed, is for the request, and has the status. */
static void check_rejection(const struct flow *flow, char *out, size_t length, int status)
{
	struct sip_message *response;
	const char *reason;
	char *copy = malloc(length + 1);
	int ignored;

	memcpy(copy, out, length);
	/* What was wrong with the request's own headers is repeated, so not every answer can be parsed. */
	if (sip_message_parse(&response, flow, copy, length, &ignored, &reason) == 0) {
		assert_int_equal(response->osip->status_code, status);
		sip_message_free(response);
	}
	free(copy);
	assert_memory_equal(out, "SIP/2.0 ", 8);
	assert_int_equal(strtol(out + 8, NULL, 10), status);
	assert_true(holds(out, length, ";received=192.0.2.99"));
	assert_true(holds(out, length, "\r\nContent-Length: 0\r\n\r\n"));
}

static void each_message_gets_its_verdict(void **state)
{
	struct transport transport = {.ops = &UDP};
	struct flow flow = {.transport = &transport};
	static char out[SIP_MESSAGE_BYTES];
	unsigned wrong = 0;

	(void)state;
	address_parse("192.0.2.99:5071", 0, &flow.remote);
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		const struct row *row = &ROWS[i];
		struct sip_message *message = NULL;
		const char *reason = "";
		int status = 0, verdict = ACCEPTED, body = 0;
		size_t length, written;
		char *bytes = load(row->name, &length);

		if (sip_message_parse(&message, &flow, bytes, length, &status, &reason)) {
			written = status ? sip_reject(&flow, bytes, length, status, reason, out) : 0;
			verdict = written ? status : SILENCE;
			if (written)
				check_rejection(&flow, out, written, status);
		} else {
			body = (int)message->body_bytes;
			sip_message_free(message);
		}
		if (verdict != row->verdict || body != row->body) {
			print_error("%s: %d (%s), body %d\n", row->name, verdict, reason, body);
			wrong++;
		}
		free(bytes);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(sizeof(ROWS) / sizeof(*ROWS), 49); /* the RFC's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_message_gets_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
