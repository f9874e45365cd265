/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client that authenticates, and the server's side of it on a clock that the test moves. */
#ifndef XDPARK_TESTS_AUTH_CLIENT_H
#define XDPARK_TESTS_AUTH_CLIENT_H

#include "ctl/sip/auth.h"
#include "ctl/sip/digest.h"
#include "ctl/sip/hex.h"
#include "ctl/sip/parse.h"
#include "tests/unit/sip_text.h"

#define REALM "acme.example"

static uint64_t now;
static struct timers *timers;
static struct auth *auth;
static struct digest *digest;
static struct auth_replay replay;
static const struct auth_secret alice = {.password = "secret-101", .offer = AUTH_OFFER_BOTH};

/* Credentials as a client makes them; zero members have usual values. */
struct client {
	const char *username, *hashed_name, *password, *realm, *nonce, *uri, *cnonce, *nc, *qop, *algorithm;
	const char *method, *asked; /* of the request */
	enum digest_algorithm hash;
	bool upper; /* response in upper case */
	bool proxy;
};

static inline uint64_t clock_of_test(void *context)
{
	return *(uint64_t *)context;
}

static inline int setup(void **state)
{
	(void)state;
	sip_parser_start();
	now = 1000000;
	timers = timers_new(clock_of_test, &now);
	memset(&replay, 0, sizeof(replay));
	return timers && auth_new(&auth, timers) == 0 && digest_new(&digest) == 0 ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	auth_free(auth);
	digest_free(digest);
	timers_free(timers);
	return 0;
}

static inline const char *or_else(const char *value, const char *usual)
{
	return value ? value : usual;
}

/* Value of an Authorization header. */
static inline void credentials_write(const struct client *client, char *text, size_t size)
{
	struct digest_credentials credentials = {.algorithm = client->hash};
	const char *username = or_else(client->username, "101");
	uint8_t response[DIGEST_BYTES];
	char ha1[DIGEST_HEX], hex[DIGEST_HEX], algorithm[32];

	snprintf(credentials.nonce, sizeof(credentials.nonce), "%s", client->nonce);
	snprintf(credentials.uri, sizeof(credentials.uri), "%s", or_else(client->uri, "sip:" REALM));
	snprintf(credentials.cnonce, sizeof(credentials.cnonce), "%s", or_else(client->cnonce, "0a4f113b"));
	snprintf(credentials.nc, sizeof(credentials.nc), "%s", or_else(client->nc, "00000001"));
	assert_int_equal(digest_ha1(digest, client->hash, or_else(client->hashed_name, username),
	                         or_else(client->realm, REALM), or_else(client->password, "secret-101"), ha1),
	        0);
	assert_int_equal(
	        digest_response(digest, &credentials, ha1, or_else(client->method, "REGISTER"), response), 0);
	hex_write(response, client->hash == DIGEST_MD5 ? 16 : 32, hex);
	for (char *at = hex; client->upper && *at; at++)
		*at = *at >= 'a' ? (char)(*at - 32) : *at;
	snprintf(algorithm, sizeof(algorithm), ", algorithm=%s",
	        or_else(client->algorithm, digest_name(client->hash)));
	snprintf(text, size,
	        "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
	        "cnonce=\"%s\", nc=%s, qop=%s%s",
	        username, or_else(client->realm, REALM), credentials.nonce, credentials.uri, hex,
	        credentials.cnonce, credentials.nc, or_else(client->qop, "auth"),
	        client->algorithm && !*client->algorithm ? "" : algorithm);
}

static inline struct sip_message *request_with(const char *method, const char *uri, const char *headers)
{
	char text[8192];

	snprintf(text, sizeof(text),
	        "%s %s SIP/2.0\nVia: SIP/2.0/UDP 10.90.0.2:5060;branch=z9hG4bKa1;rport\nMax-Forwards: 70\n"
	        "From: <sip:101@acme.example>;tag=f1\nTo: <sip:101@acme.example>\nCall-ID: c1@10.90.0.2\n"
	        "CSeq: 2 %s\n%sContent-Length: 0\n",
	        method, uri, method, headers);
	return text_message("10.90.0.2:5060", text);
}

static inline struct sip_message *request_of(const struct client *client)
{
	char credentials[2048], header[2100];

	credentials_write(client, credentials, sizeof(credentials));
	snprintf(header, sizeof(header), "%sAuthorization: %s\n", client->proxy ? "Proxy-" : "", credentials);
	return request_with(
	        or_else(client->method, "REGISTER"), or_else(client->asked, "sip:" REALM), header);
}

static inline enum auth_verdict verdict_of(const struct client *client, const struct auth_secret *secret)
{
	struct sip_message *request = request_of(client);
	enum auth_verdict verdict =
	        auth_check(auth, request, REALM, client->proxy, secret, secret ? &replay : NULL);

	sip_message_free(request);
	return verdict;
}

/* The nonce of a challenge; `number`: 0 is the first. NULL: there are fewer. */
static inline char *challenge_nonce(const struct auth_secret *secret, int number, const char *algorithm)
{
	struct sip_message *request = request_with("REGISTER", "sip:" REALM, "");
	osip_message_t *response = sip_response(request, 401, NULL, "t");
	osip_www_authenticate_t *challenge;
	char *nonce = NULL;

	assert_int_equal(auth_challenge(auth, response, REALM, false, false, secret), 0);
	challenge = osip_list_get(&response->www_authenticates, number);
	if (challenge) {
		assert_string_equal(challenge->realm, "\"" REALM "\"");
		assert_string_equal(challenge->algorithm, algorithm);
		assert_string_equal(challenge->qop_options, "\"auth\"");
		nonce = strdup(challenge->nonce + 1);
		nonce[strlen(nonce) - 1] = '\0';
	}
	osip_message_free(response);
	sip_message_free(request);
	return nonce;
}

static inline char *fresh_nonce(void)
{
	return challenge_nonce(&alice, 0, "SHA-256");
}

#define auth_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
