/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/auth.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "ctl/sip/digest.h"
#include "ctl/sip/nonce.h"
#include "ctl/sip/uri.h"

enum { REALM_BYTES = 256, REPLAY_NONCES = 4 };

_Static_assert(sizeof(((struct auth_replay *)NULL)->last[0].nonce) >= NONCE_TEXT, "a nonce must fit");

struct auth {
	struct timers *timers;
	struct digest *digest;
	struct nonces *nonces;
};

int auth_new(struct auth **auth, struct timers *timers)
{
	struct auth *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->timers = timers;
	error = digest_new(&made->digest);
	if (!error)
		error = nonces_new(&made->nonces);
	if (error < 0) {
		auth_free(made);
		return error;
	}
	*auth = made;
	return 0;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	nonces_free(auth->nonces);
	digest_free(auth->digest);
	free(auth);
}

/* Somebody without anything to prove is nobody. */
static bool secret_is_empty(const struct auth_secret *secret)
{
	return !secret || (!secret->password && !secret->ha1_md5 && !secret->ha1_sha256);
}

static const char *secret_ha1(const struct auth_secret *secret, enum digest_algorithm algorithm)
{
	return algorithm == DIGEST_SHA256 ? secret->ha1_sha256 : secret->ha1_md5;
}

/* Whether H(A1) is all that we know: then it decides, and nobody's wish. */
static bool secret_is_hashed(const struct auth_secret *secret)
{
	return secret && !secret->password && (secret->ha1_md5 || secret->ha1_sha256);
}

/* Whether credentials of this algorithm are looked at. The stronger one always is. */
static bool secret_can(const struct auth_secret *secret, enum digest_algorithm algorithm)
{
	if (secret_is_hashed(secret))
		return secret_ha1(secret, algorithm) != NULL;
	return algorithm == DIGEST_SHA256 || !secret || secret->offer != AUTH_OFFER_SHA256;
}

static bool secret_offers(const struct auth_secret *secret, enum digest_algorithm algorithm)
{
	enum auth_offer offer = secret ? secret->offer : AUTH_OFFER_MD5;

	if (secret_is_hashed(secret))
		return secret_ha1(secret, algorithm) != NULL;
	return offer == AUTH_OFFER_BOTH || (offer == AUTH_OFFER_SHA256) == (algorithm == DIGEST_SHA256);
}

static osip_list_t *credentials_of(const struct sip_message *request, bool proxy)
{
	return proxy ? &request->osip->proxy_authorizations : &request->osip->authorizations;
}

static bool header_is_digest(const osip_authorization_t *header)
{
	return header->auth_type && strcasecmp(header->auth_type, "Digest") == 0;
}

static bool header_is_for(const osip_authorization_t *header, const char *realm)
{
	char named[REALM_BYTES];

	return header_is_digest(header) && digest_unquote(header->realm, true, named, sizeof(named)) == 0 &&
	       strcmp(named, realm) == 0;
}

/*
 * The strongest credentials for the realm that `secret` can be checked with. All for one realm must claim the
 * same user, so that nobody is looked up by one header and checked by another. -ENOENT: none. -EINVAL:
 * malformed.
 */
static int credentials_pick(const struct sip_message *request, const char *realm, bool proxy,
        const struct auth_secret *secret, struct digest_credentials *picked)
{
	osip_list_iterator_t iterator;
	char claimed[sizeof(picked->username)] = "";
	bool any = false, found = false;

	for (osip_authorization_t *header = osip_list_get_first(credentials_of(request, proxy), &iterator);
	        header; header = osip_list_get_next(&iterator)) {
		struct digest_credentials read;
		int error;

		if (!header_is_for(header, realm))
			continue;
		error = digest_read(header, &read);
		if (error == -ENOTSUP)
			continue;
		if (error < 0 || (any && strcmp(claimed, read.username) != 0))
			return -EINVAL;
		memcpy(claimed, read.username, sizeof(claimed));
		any = true;
		if (!secret_can(secret, read.algorithm) || (found && read.algorithm <= picked->algorithm))
			continue;
		*picked = read;
		found = true;
	}
	return found ? 0 : -ENOENT;
}

/* "101@acme.example" is user 101, where acme.example is the realm: some phones say so, and hash it so. */
static void realm_strip(char *name, const char *realm)
{
	char *at = strrchr(name, '@');

	if (at && strcasecmp(at + 1, realm) == 0)
		*at = '\0';
}

int auth_claimed(const struct sip_message *request, const char *realm, bool proxy, char *name, size_t size)
{
	struct digest_credentials picked;
	char quoted[sizeof(picked.username) + 2], claimed[sizeof(picked.username)];

	if (credentials_pick(request, realm, proxy, NULL, &picked) < 0)
		return -ENOENT;
	snprintf(quoted, sizeof(quoted), "\"%s\"", picked.username);
	if (digest_unquote(quoted, true, claimed, sizeof(claimed)) < 0)
		return -ENOENT;
	realm_strip(claimed, realm);
	if (strlen(claimed) >= size)
		return -ENOENT;
	memcpy(name, claimed, strlen(claimed) + 1);
	return 0;
}

int auth_realm(const struct sip_message *request, bool proxy, char *realm, size_t size)
{
	osip_list_iterator_t iterator;

	for (osip_authorization_t *header = osip_list_get_first(credentials_of(request, proxy), &iterator);
	        header; header = osip_list_get_next(&iterator)) {
		if (header_is_digest(header) && digest_unquote(header->realm, true, realm, size) == 0)
			return 0;
	}
	return -ENOENT;
}

/*
 * Whether the digest's uri is the Request-URI's: user and host; phones differ in default ports and
 * parameters. Or it names us, by the address that the request was sent to: sipp and others put their
 * destination there.
 */
static bool uri_is_meant(const struct sip_message *request, const char *text)
{
	const osip_uri_t *asked = request->osip->req_uri;
	struct address address;
	osip_uri_t *uri;
	bool meant;

	if (!asked || !asked->host || uri_parse(text, &uri) < 0)
		return false;
	meant = host_equal(uri->host, asked->host) &&
	        strcmp(uri->username ? uri->username : "", asked->username ? asked->username : "") == 0;
	if (!meant && uri_address(uri, &address) == 0)
		meant = !uri->username && address_same_ip(address.ip, request->flow.local.ip);
	osip_uri_free(uri);
	return meant;
}

/*
 * Whether the response proves the secret. Does the same work for nobody, and for somebody of whom we know
 * only H(A1): the time must not tell which names exist.
 */
static bool response_is_right(struct auth *auth, const struct digest_credentials *credentials,
        const char *method, const char *realm, const struct auth_secret *secret)
{
	const char *password = secret && secret->password ? secret->password : "nobody's password";
	const char *known = secret ? secret_ha1(secret, credentials->algorithm) : NULL;
	uint8_t expected[DIGEST_BYTES];
	char ha1[DIGEST_HEX];
	bool equal;

	if (digest_ha1(auth->digest, credentials->algorithm, credentials->username, realm, password, ha1) < 0)
		return false;
	if (known && strlen(known) < sizeof(ha1)) {
		size_t length = 0;

		for (; known[length]; length++)
			ha1[length] = (char)tolower((unsigned char)known[length]);
		ha1[length] = '\0';
	}
	if (digest_response(auth->digest, credentials, ha1, method, expected) < 0)
		return false;
	equal = CRYPTO_memcmp(expected, credentials->response, sizeof(expected)) == 0;
	OPENSSL_cleanse(ha1, sizeof(ha1));
	OPENSSL_cleanse(expected, sizeof(expected));
	return equal && !secret_is_empty(secret);
}

/*
 * Notes the use of a nonce, unless it is a replay: a count that isn't above the highest one. When a nonce
 * must be forgotten for a new one, it can't come back: whatever isn't kept and isn't younger counts as used.
 */
static bool replay_allows(
        struct auth_replay *replay, const char *nonce, uint32_t count, uint64_t made_ms, uint64_t now_ms)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < REPLAY_NONCES; i++) {
		if (strcmp(replay->last[i].nonce, nonce) == 0) {
			if (count <= replay->last[i].count)
				return false;
			replay->last[i].count = count;
			replay->last[i].seen = now_ms;
			return true;
		}
		if (replay->last[i].seen < replay->last[oldest].seen)
			oldest = i;
	}
	if (made_ms < replay->since)
		return false;
	if (*replay->last[oldest].nonce && replay->last[oldest].made >= replay->since)
		replay->since = replay->last[oldest].made + 1;
	memcpy(replay->last[oldest].nonce, nonce, NONCE_TEXT);
	replay->last[oldest].count = count;
	replay->last[oldest].made = made_ms;
	replay->last[oldest].seen = now_ms;
	return true;
}

enum auth_verdict auth_check(struct auth *auth, const struct sip_message *request, const char *realm,
        bool proxy, const struct auth_secret *secret, struct auth_replay *replay)
{
	uint64_t now_ms = timers_now(auth->timers), made_ms = 0;
	struct digest_credentials credentials;
	bool right, fresh;
	int error;

	error = credentials_pick(request, realm, proxy, secret, &credentials);
	if (error == -ENOENT)
		return AUTH_NONE;
	if (error < 0 || !uri_is_meant(request, credentials.uri))
		return AUTH_BAD;
	/* Both, always: neither the secret's nor the nonce's check may be told by the time. */
	right = response_is_right(auth, &credentials, request->osip->sip_method, realm, secret);
	fresh = nonce_check(auth->nonces, realm, credentials.nonce, now_ms, &made_ms) == 0;
	if (!right)
		return AUTH_WRONG;
	if (!fresh || !replay ||
	        !replay_allows(replay, credentials.nonce, credentials.count, made_ms, now_ms))
		return AUTH_STALE;
	return AUTH_OK;
}

static int challenge_add(struct auth *auth, osip_message_t *response, const char *realm, bool proxy,
        bool stale, enum digest_algorithm algorithm)
{
	char nonce[NONCE_TEXT], *text;
	int error;

	if (nonce_make(auth->nonces, realm, timers_now(auth->timers), nonce) < 0)
		return -ENOMEM;
	if (asprintf(&text, "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s", realm, nonce,
	            digest_name(algorithm), stale ? ", stale=true" : "") < 0)
		return -ENOMEM;
	error = proxy ? osip_message_set_proxy_authenticate(response, text)
	              : osip_message_set_www_authenticate(response, text);
	free(text);
	return error ? -ENOMEM : 0;
}

int auth_challenge(struct auth *auth, osip_message_t *response, const char *realm, bool proxy, bool stale,
        const struct auth_secret *secret)
{
	if (!*realm || !text_is_clean(realm) || strpbrk(realm, "\"\\"))
		return -EINVAL;
	/* The preferred one first (RFC 8760 2.3). */
	for (int algorithm = DIGEST_ALGORITHMS - 1; algorithm >= 0; algorithm--) {
		if (secret_offers(secret, (enum digest_algorithm)algorithm) &&
		        challenge_add(auth, response, realm, proxy, stale, (enum digest_algorithm)algorithm) <
		                0)
			return -ENOMEM;
	}
	return 0;
}
