/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digest, against RFC 7616's own numbers and against a client of the test's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/auth_client.h"

/* RFC 7616 3.9.1, both algorithms. */
static void computes_what_the_rfc_computes(void **state)
{
	static const struct {
		enum digest_algorithm algorithm;
		const char *response;
	} ROWS[] = {
	        {DIGEST_MD5, "8ca523f5e9506fed4657c9700eebdbec"},
	        {DIGEST_SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	};
	struct digest_credentials credentials = {
	        .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
	        .uri = "/dir/index.html",
	        .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	        .nc = "00000001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		uint8_t response[DIGEST_BYTES];
		char ha1[DIGEST_HEX], hex[DIGEST_HEX];

		credentials.algorithm = ROWS[i].algorithm;
		assert_int_equal(digest_ha1(digest, ROWS[i].algorithm, "Mufasa", "http-auth@example.org",
		                         "Circle of Life", ha1),
		        0);
		assert_int_equal(digest_response(digest, &credentials, ha1, "GET", response), 0);
		hex_write(response, strlen(ROWS[i].response) / 2, hex);
		assert_string_equal(hex, ROWS[i].response);
	}
}

static void takes_both_algorithms(void **state)
{
	char *strong = challenge_nonce(&alice, 0, "SHA-256"), *weak = challenge_nonce(&alice, 1, "MD5");

	(void)state;
	assert_non_null(strong);
	assert_non_null(weak);
	assert_string_not_equal(strong, weak);
	assert_int_equal(
	        verdict_of(&(struct client){.nonce = strong, .hash = DIGEST_SHA256}, &alice), AUTH_OK);
	assert_int_equal(verdict_of(&(struct client){.nonce = weak, .hash = DIGEST_MD5}, &alice), AUTH_OK);
	free(strong);
	free(weak);
}

static void refuses_the_wrong_secret_and_the_unknown_user(void **state)
{
	char *nonce = fresh_nonce();
	struct client client = {.nonce = nonce, .password = "secret-102"};
	const struct auth_secret nothing = {0};

	(void)state;
	assert_int_equal(verdict_of(&client, &alice), AUTH_WRONG);
	assert_int_equal(verdict_of(&client, NULL), AUTH_WRONG);
	assert_int_equal(verdict_of(&client, &nothing), AUTH_WRONG);
	/* What stands in for an unknown user's password opens nothing. */
	client.password = "nobody's password";
	assert_int_equal(verdict_of(&client, NULL), AUTH_WRONG);
	assert_int_equal(verdict_of(&client, &nothing), AUTH_WRONG);
	/* A refused try uses up nothing. */
	client.password = NULL;
	assert_int_equal(verdict_of(&client, &alice), AUTH_OK);
	free(nonce);
}

static void asks_when_there_are_no_credentials(void **state)
{
	struct sip_message *request = request_with("REGISTER", "sip:" REALM, "");
	char name[64];

	(void)state;
	assert_int_equal(auth_check(auth, request, REALM, false, &alice, &replay), AUTH_NONE);
	assert_int_equal(auth_claimed(request, REALM, false, name, sizeof(name)), -ENOENT);
	assert_int_equal(auth_realm(request, false, name, sizeof(name)), -ENOENT);
	sip_message_free(request);
}

static void understands_what_phones_write(void **state)
{
	static const struct client ROWS[] = {
	        {.username = "101@acme.example"},
	        {.username = "101@ACME.example"},
	        {.algorithm = ""}, /* not named: MD5 */
	        {.algorithm = "md5"},
	        {.algorithm = "\"MD5\""},
	        {.hash = DIGEST_SHA256, .algorithm = "sha-256"},
	        {.hash = DIGEST_SHA256, .algorithm = "\"SHA-256\""},
	        {.qop = "\"auth\""},
	        {.upper = true},
	        {.nc = "1"},
	        {.cnonce = "a\\\"b, c=\\\\d"},
	        {.cnonce = "qop=auth-int, nonce=x"},
	        {.uri = "sip:acme.example:5060"},
	        {.uri = "sip:ACME.example;transport=udp"},
	        {.uri = "sip:10.90.0.1"}, /* sipp: where it sends */
	        {.uri = "sip:10.90.0.1:5060"},
	        {.method = "INVITE", .asked = "sip:701@acme.example", .uri = "sip:701@acme.example:5060"},
	        {.method = "INVITE",
	                .asked = "sip:701@acme.example;user=phone",
	                .uri = "sip:701@acme.example"},
	        {.method = "INVITE", .asked = "sip:701@acme.example", .uri = "sip:10.90.0.1:5060"},
	        {.proxy = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char *nonce = fresh_nonce(), name[64];
		struct client client = ROWS[i];
		struct sip_message *request;

		now++; /* of those of one ms only four can be kept */
		client.nonce = nonce;
		request = request_of(&client);
		assert_int_equal(auth_claimed(request, REALM, client.proxy, name, sizeof(name)), 0);
		assert_string_equal(name, "101");
		assert_int_equal(auth_realm(request, client.proxy, name, sizeof(name)), 0);
		assert_string_equal(name, REALM);
		assert_int_equal(auth_realm(request, !client.proxy, name, sizeof(name)), -ENOENT);
		if (auth_check(auth, request, REALM, client.proxy, &alice, &replay) != AUTH_OK)
			fail_msg("row %zu", i);
		sip_message_free(request);
		free(nonce);
	}
}

static void refuses_what_is_malformed(void **state)
{
	static const struct {
		struct client client;
		enum auth_verdict verdict;
	} ROWS[] = {
	        {{.qop = "auth-int"}, AUTH_BAD},
	        {{.qop = "\"\""}, AUTH_BAD},
	        {{.nc = "00000000"}, AUTH_BAD},
	        {{.nc = "0000000g"}, AUTH_BAD},
	        {{.nc = "-1"}, AUTH_BAD},
	        {{.nc = " "}, AUTH_BAD},
	        {{.algorithm = "MD5-sess"}, AUTH_NONE},
	        {{.algorithm = "SHA-512-256"}, AUTH_NONE},
	        {{.algorithm = "SHA-256"}, AUTH_BAD}, /* with a response of MD5's length */
	        {{.realm = "globex.example"}, AUTH_NONE},
	        {{.uri = "sip:globex.example"}, AUTH_BAD},
	        {{.uri = "sip:102@acme.example"}, AUTH_BAD},
	        {{.uri = "sip:10.90.0.9"}, AUTH_BAD},
	        {{.uri = "tel:+49"}, AUTH_BAD},
	        {{.uri = "*"}, AUTH_BAD},
	        {{.method = "INVITE", .asked = "sip:701@acme.example", .uri = "sip:702@acme.example"},
	                AUTH_BAD},
	        {{.method = "INVITE", .asked = "sip:701@acme.example", .uri = "sip:701@globex.example"},
	                AUTH_BAD},
	        {{.username = ""}, AUTH_BAD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char *nonce = fresh_nonce();
		struct client client = ROWS[i].client;
		enum auth_verdict verdict;

		client.nonce = nonce;
		verdict = verdict_of(&client, &alice);
		if (verdict != ROWS[i].verdict)
			fail_msg("row %zu: %d", i, verdict);
		free(nonce);
	}
}

/* Whole headers, as nobody should send them. */
static void survives_hostile_headers(void **state)
{
	static const struct {
		const char *header;
		enum auth_verdict verdict;
	} ROWS[] = {
	        {"Authorization: Digest realm=\"acme.example\"\n", AUTH_BAD},
	        {"Authorization: Digest realm=\"acme.example\", username=\"101\"\n", AUTH_BAD},
	        {"Authorization: Digest username=\"101\", realm=\"acme.example\", nonce=\"1\", "
	         "uri=\"sip:x\", "
	         "response=\"\", cnonce=\"1\", nc=00000001, qop=auth\n",
	                AUTH_BAD},
	        {"Authorization: Digest username=\"101\\\", realm=\"acme.example\"\n", AUTH_NONE},
	        {"Authorization: Digest username=\"101\"\n", AUTH_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		struct sip_message *request;
		char text[1024];

		snprintf(text, sizeof(text),
		        "REGISTER sip:acme.example SIP/2.0\nVia: SIP/2.0/UDP 10.90.0.2;branch=z9hG4bK1\n"
		        "From: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: 1\nCSeq: 1 REGISTER\n"
		        "Max-Forwards: 70\n%sContent-Length: 0\n",
		        ROWS[i].header);
		request = text_try("10.90.0.2:5060", text);
		if (!request)
			continue; /* the parser's word is as good */
		if (auth_check(auth, request, REALM, false, &alice, &replay) != ROWS[i].verdict)
			fail_msg("row %zu", i);
		sip_message_free(request);
	}
}

static void long_values_are_refused(void **state)
{
	char *nonce = fresh_nonce(), value[300];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(verdict_of(&(struct client){.nonce = nonce, .username = value}, &alice), AUTH_BAD);
	value[255] = '\0';
	assert_int_equal(verdict_of(&(struct client){.nonce = nonce, .username = value}, &alice), AUTH_OK);
	free(nonce);
}

static void picks_the_realm_and_the_strongest(void **state)
{
	char *nonce = fresh_nonce(), weak[1024], strong[1024], foreign[1024], headers[4096], name[64];
	const struct auth_secret only_md5 = {.password = NULL, .ha1_md5 = "e40a7bb2bcbf3f1e7c14f9b5e2c4cf0b"};
	struct sip_message *request;

	(void)state;
	credentials_write(&(struct client){.nonce = nonce, .password = "wrong"}, weak, sizeof(weak));
	credentials_write(&(struct client){.nonce = nonce, .hash = DIGEST_SHA256}, strong, sizeof(strong));
	credentials_write(&(struct client){.nonce = nonce, .realm = "globex.example", .username = "201"},
	        foreign, sizeof(foreign));
	snprintf(headers, sizeof(headers), "Authorization: %s\nAuthorization: %s\nAuthorization: %s\n",
	        foreign, weak, strong);
	request = request_with("REGISTER", "sip:" REALM, headers);
	assert_int_equal(auth_claimed(request, REALM, false, name, sizeof(name)), 0);
	assert_string_equal(name, "101");
	/* Who can do MD5 alone is checked by MD5. */
	assert_int_equal(auth_check(auth, request, REALM, false, &only_md5, &replay), AUTH_WRONG);
	assert_int_equal(auth_check(auth, request, REALM, false, &alice, &replay), AUTH_OK);
	sip_message_free(request);

	/* Two names for one realm: nobody is looked up as one and checked as the other. */
	credentials_write(&(struct client){.nonce = nonce, .username = "102"}, weak, sizeof(weak));
	snprintf(headers, sizeof(headers), "Authorization: %s\nAuthorization: %s\n", weak, strong);
	request = request_with("REGISTER", "sip:" REALM, headers);
	assert_int_equal(auth_claimed(request, REALM, false, name, sizeof(name)), -ENOENT);
	assert_int_equal(auth_check(auth, request, REALM, false, &alice, &replay), AUTH_BAD);
	sip_message_free(request);
	free(nonce);
}

static void ha1_is_enough(void **state)
{
	char md5[DIGEST_HEX], sha256[DIGEST_HEX], *nonce;
	struct auth_secret only_md5 = {.ha1_md5 = md5}, only_sha256 = {.ha1_sha256 = sha256};

	(void)state;
	assert_int_equal(digest_ha1(digest, DIGEST_MD5, "101", REALM, "secret-101", md5), 0);
	assert_int_equal(digest_ha1(digest, DIGEST_SHA256, "101", REALM, "secret-101", sha256), 0);
	for (char *at = md5; *at; at++)
		*at = *at >= 'a' ? (char)(*at - 32) : *at;

	/* Asked only for what it can do. */
	nonce = challenge_nonce(&only_md5, 0, "MD5");
	assert_non_null(nonce);
	assert_int_equal(verdict_of(&(struct client){.nonce = nonce}, &only_md5), AUTH_OK);
	assert_int_equal(
	        verdict_of(&(struct client){.nonce = nonce, .hash = DIGEST_SHA256}, &only_md5), AUTH_NONE);
	free(nonce);
	nonce = challenge_nonce(&only_sha256, 0, "SHA-256");
	assert_int_equal(
	        verdict_of(&(struct client){.nonce = nonce, .hash = DIGEST_SHA256}, &only_sha256), AUTH_OK);
	assert_int_equal(
	        verdict_of(&(struct client){.nonce = nonce, .nc = "00000002", .password = "x"}, &only_sha256),
	        AUTH_NONE);
	free(nonce);
}

/* Baresip 1.0 and sipp 3.6 can't be asked for anything but MD5. */
static void asks_for_what_the_tenant_wishes(void **state)
{
	static const struct {
		struct auth_secret secret;
		const char *first, *second;
	} ROWS[] = {
	        {{.password = "secret-101"}, "MD5", NULL},
	        {{.password = "secret-101", .offer = AUTH_OFFER_BOTH}, "SHA-256", "MD5"},
	        {{.password = "secret-101", .offer = AUTH_OFFER_SHA256}, "SHA-256", NULL},
	        /* Who is unknown is asked as who is known. */
	        {{.offer = AUTH_OFFER_MD5}, "MD5", NULL},
	        {{.offer = AUTH_OFFER_BOTH}, "SHA-256", "MD5"},
	        {{.offer = AUTH_OFFER_SHA256}, "SHA-256", NULL},
	        {{.ha1_md5 = "x", .offer = AUTH_OFFER_SHA256}, "MD5", NULL},
	        {{.ha1_sha256 = "x"}, "SHA-256", NULL},
	        {{.ha1_md5 = "x", .ha1_sha256 = "x"}, "SHA-256", "MD5"},
	};
	char *nonce;

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		nonce = challenge_nonce(&ROWS[i].secret, 0, ROWS[i].first);
		assert_non_null(nonce);
		free(nonce);
		nonce = challenge_nonce(&ROWS[i].secret, 1, ROWS[i].second);
		assert_int_equal(nonce != NULL, ROWS[i].second != NULL);
		free(nonce);
	}
	nonce = challenge_nonce(NULL, 0, "MD5");
	assert_non_null(nonce);
	/* The stronger one is taken unasked, the weaker one isn't where it is unwanted. */
	assert_int_equal(verdict_of(&(struct client){.nonce = nonce, .hash = DIGEST_SHA256}, &ROWS[0].secret),
	        AUTH_OK);
	assert_int_equal(
	        verdict_of(&(struct client){.nonce = nonce, .nc = "00000002"}, &ROWS[2].secret), AUTH_NONE);
	free(nonce);
}

static void challenges_say_what_is_needed(void **state)
{
	struct sip_message *request = request_with("INVITE", "sip:701@acme.example", "");
	osip_message_t *response = sip_response(request, 407, NULL, "t");

	(void)state;
	assert_int_equal(auth_challenge(auth, response, REALM, true, true, &alice), 0);
	assert_int_equal(osip_list_size(&response->proxy_authenticates), 2);
	assert_int_equal(osip_list_size(&response->www_authenticates), 0);
	assert_says(response, "Proxy-Authenticate: Digest realm=\"acme.example\"");
	assert_says(response, "stale=true");
	assert_says(response, "algorithm=SHA-256");
	assert_int_equal(auth_challenge(auth, response, "a\", x=\"b", true, true, &alice), -EINVAL);
	assert_int_equal(auth_challenge(auth, response, "", true, true, &alice), -EINVAL);
	assert_int_equal(auth_challenge(auth, response, "a\r\nb", true, true, &alice), -EINVAL);
	osip_message_free(response);
	sip_message_free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        auth_test(computes_what_the_rfc_computes),
	        auth_test(takes_both_algorithms),
	        auth_test(refuses_the_wrong_secret_and_the_unknown_user),
	        auth_test(asks_when_there_are_no_credentials),
	        auth_test(understands_what_phones_write),
	        auth_test(refuses_what_is_malformed),
	        auth_test(survives_hostile_headers),
	        auth_test(long_values_are_refused),
	        auth_test(picks_the_realm_and_the_strongest),
	        auth_test(ha1_is_enough),
	        auth_test(asks_for_what_the_tenant_wishes),
	        auth_test(challenges_say_what_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
