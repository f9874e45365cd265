/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registration as the tenant's `digest` has it: what a phone is asked for, and what is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctl/sip/digest.h"
#include "ctl/sip/hex.h"
#include "tests/unit/call_stage.h"

#define DOMAIN "acme.example"

enum { NONCE_SIZE = 128 };

/* The credentials of 106 for a nonce. */
static void credentials_write(enum digest_algorithm algorithm, const char *nonce, char *text, size_t size)
{
	struct digest_credentials credentials = {
	        .algorithm = algorithm, .uri = "sip:" DOMAIN, .cnonce = "c", .nc = "00000001"};
	uint8_t response[DIGEST_BYTES];
	char ha1[DIGEST_HEX], hex[DIGEST_HEX];
	struct digest *digest;

	memcpy(credentials.nonce, nonce, strlen(nonce) + 1);
	assert_int_equal(digest_new(&digest), 0);
	assert_int_equal(digest_ha1(digest, algorithm, "106", DOMAIN, "secret", ha1), 0);
	assert_int_equal(digest_response(digest, &credentials, ha1, "REGISTER", response), 0);
	digest_free(digest);
	hex_write(response, algorithm == DIGEST_MD5 ? 16 : 32, hex);
	snprintf(text, size,
	        "Authorization: Digest username=\"106\", realm=\"" DOMAIN
	        "\", nonce=\"%s\", uri=\"sip:" DOMAIN
	        "\", response=\"%s\", cnonce=\"c\", nc=00000001, qop=auth, algorithm=%s\r\n",
	        nonce, hex, digest_name(algorithm));
}

/* The answer to a REGISTER of `name` at `host` with these additional headers. */
static const char *answer_at(struct call_stage *stage, struct phone *phone, const char *name,
        const char *host, const char *headers)
{
	static unsigned number;
	char text[PHONE_TEXT];

	number++;
	snprintf(text, sizeof(text),
	        "REGISTER sip:" DOMAIN " SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKr%u;rport\r\n"
	        "Max-Forwards: 70\r\nFrom: <sip:%s@" DOMAIN ">;tag=r\r\nTo: <sip:%s@%s>\r\n"
	        "Call-ID: register-%s\r\nCSeq: %u REGISTER\r\nContact: <sip:%s@%s>\r\n%s"
	        "Content-Length: 0\r\n\r\n",
	        phone->text, number, name, name, host, name, number, name, phone->text, headers);
	phone_send(phone, text);
	stage_run(stage, 10);
	return phone_expect(phone, "SIP/2.0 ");
}

static const char *answer_of(
        struct call_stage *stage, struct phone *phone, const char *name, const char *headers)
{
	return answer_at(stage, phone, name, DOMAIN, headers);
}

/* The nonce of the first challenge of an answer. */
static void nonce_of(const char *answer, char nonce[NONCE_SIZE])
{
	const char *at = strstr(answer, "nonce=\"");

	assert_non_null(at);
	at += strlen("nonce=\"");
	snprintf(nonce, NONCE_SIZE, "%.*s", (int)strcspn(at, "\""), at);
}

/* Asks for exactly these, the first one before the second. NULL: none. */
static void challenges_check(const char *answer, const char *first, const char *second)
{
	const char *one = strstr(answer, "algorithm="), *two;

	assert_true(message_has(answer, "SIP/2.0 401"));
	assert_non_null(one);
	one += strlen("algorithm=");
	assert_memory_equal(one, first, strlen(first));
	two = strstr(one, "algorithm=");
	assert_int_equal(two != NULL, second != NULL);
	if (two && second)
		assert_memory_equal(two + strlen("algorithm="), second, strlen(second));
}

static void test_digests(void **state)
{
	static const struct {
		enum config_digest wish;
		const char *first, *second;
		const char *md5, *sha256; /* what comes of an answer with each */
	} rows[] = {
	        {CONFIG_DIGEST_MD5, "MD5", NULL, "SIP/2.0 200", "SIP/2.0 200"},
	        {CONFIG_DIGEST_BOTH, "SHA-256", "MD5", "SIP/2.0 200", "SIP/2.0 200"},
	        {CONFIG_DIGEST_SHA256, "SHA-256", NULL, "SIP/2.0 401", "SIP/2.0 200"},
	};
	struct call_stage *stage = *state;
	struct phone *phone = phone_new(&stage->net, stage->server, "106", "10.0.0.17:5060");
	char nonce[NONCE_SIZE], headers[2048];
	const char *answer;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config_tenant_find(stage->config, DOMAIN)->digest = rows[i].wish;
		for (int algorithm = 0; algorithm < DIGEST_ALGORITHMS; algorithm++) {
			answer = answer_of(stage, phone, "106", "");
			challenges_check(answer, rows[i].first, rows[i].second);
			nonce_of(answer, nonce);
			credentials_write((enum digest_algorithm)algorithm, nonce, headers, sizeof(headers));
			answer = answer_of(stage, phone, "106", headers);
			assert_true(message_has(
			        answer, algorithm == DIGEST_SHA256 ? rows[i].sha256 : rows[i].md5));
		}
		/* Who isn't there is asked for the same. */
		challenges_check(answer_of(stage, phone, "nobody", ""), rows[i].first, rows[i].second);
	}
	phone_free(phone);
}

/* Good credentials register their owner at his own domain, or at the address that stands for it. */
static void test_addresses_of_record(void **state)
{
	static const struct {
		const char *host, *answer;
	} rows[] = {
	        {DOMAIN, "SIP/2.0 200"},
	        {"ACME.example", "SIP/2.0 200"},
	        {"10.0.0.1", "SIP/2.0 200"},
	        {"10.0.0.17", "SIP/2.0 404"},
	        {"globex.example", "SIP/2.0 404"},
	        {"acme.example.globex.example", "SIP/2.0 404"},
	};
	struct call_stage *stage = *state;
	struct phone *phone = phone_new(&stage->net, stage->server, "106", "10.0.0.17:5060");
	char nonce[NONCE_SIZE], headers[2048];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nonce_of(answer_of(stage, phone, "106", ""), nonce);
		credentials_write(DIGEST_MD5, nonce, headers, sizeof(headers));
		assert_true(
		        message_has(answer_at(stage, phone, "106", rows[i].host, headers), rows[i].answer));
	}
	phone_free(phone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_digests, call_stage_open, call_stage_close),
	        cmocka_unit_test_setup_teardown(test_addresses_of_record, call_stage_open, call_stage_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
