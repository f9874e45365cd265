/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/challenge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/sip/hex.h"

/* RFC 7616 3.3: MD5 where none is named. */
static bool algorithm_read(const char *value, enum digest_algorithm *algorithm)
{
	char name[16];

	*algorithm = DIGEST_MD5;
	if (!value)
		return true;
	if (digest_unquote(value, false, name, sizeof(name)) < 0)
		return false;
	for (int i = 0; i < DIGEST_ALGORITHMS; i++) {
		*algorithm = (enum digest_algorithm)i;
		if (!strcasecmp(name, digest_name(*algorithm)))
			return true;
	}
	return false;
}

/* "auth,auth-int" offers auth. */
static bool offers_auth(const char *value)
{
	char text[64];

	if (digest_unquote(value, false, text, sizeof(text)) < 0)
		return false;
	for (const char *at = text; *(at += strspn(at, " \t,")); at += strcspn(at, " \t,"))
		if (strcspn(at, " \t,") == 4 && !strncasecmp(at, "auth", 4))
			return true;
	return false;
}

static bool header_read(const osip_www_authenticate_t *header, struct challenge *challenge)
{
	char stale[8];

	if (!header->auth_type || strcasecmp(header->auth_type, "Digest") != 0 ||
	        !algorithm_read(header->algorithm, &challenge->algorithm) ||
	        !offers_auth(header->qop_options) ||
	        digest_unquote(header->realm, false, challenge->realm, CHALLENGE_TEXT) < 0 ||
	        digest_unquote(header->nonce, false, challenge->nonce, CHALLENGE_TEXT) < 0)
		return false;
	challenge->opaque[0] = '\0';
	if (header->opaque && digest_unquote(header->opaque, false, challenge->opaque, CHALLENGE_TEXT) < 0)
		return false;
	challenge->stale =
	        !digest_unquote(header->stale, false, stale, sizeof(stale)) && !strcasecmp(stale, "true");
	return true;
}

int challenge_read(const osip_message_t *response, struct challenge *challenge)
{
	const osip_www_authenticate_t *header;

	for (int i = 0; (header = osip_list_get(&response->www_authenticates, i)); i++) {
		struct challenge read;

		if (!header_read(header, &read))
			continue;
		*challenge = read;
		return 0;
	}
	return -ENOENT;
}

int challenge_answer(
        struct digest *digest, const struct challenge *challenge, const struct challenged *who, char *text)
{
	struct digest_credentials credentials = {.algorithm = challenge->algorithm};
	char ha1[DIGEST_HEX], hex[DIGEST_HEX];
	uint8_t response[DIGEST_BYTES];
	bool opaque = *challenge->opaque;
	int length;

	snprintf(credentials.nonce, sizeof(credentials.nonce), "%s", challenge->nonce);
	snprintf(credentials.uri, sizeof(credentials.uri), "%s", who->uri);
	snprintf(credentials.cnonce, sizeof(credentials.cnonce), "%s", who->cnonce);
	snprintf(credentials.nc, sizeof(credentials.nc), "%08x", who->count);
	if (digest_ha1(digest, challenge->algorithm, who->username, challenge->realm, who->password, ha1) <
	                0 ||
	        digest_response(digest, &credentials, ha1, who->method, response) < 0)
		return -ENOMEM;
	hex_write(response, challenge->algorithm == DIGEST_MD5 ? 16 : 32, hex);
	length = snprintf(text, CHALLENGE_ANSWER,
	        "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
	        "algorithm=%s, cnonce=\"%s\", qop=auth, nc=%s%s%s%s",
	        who->username, challenge->realm, credentials.nonce, credentials.uri, hex,
	        digest_name(challenge->algorithm), credentials.cnonce, credentials.nc,
	        opaque ? ", opaque=\"" : "", challenge->opaque, opaque ? "\"" : "");
	return length < CHALLENGE_ANSWER ? 0 : -E2BIG;
}
