/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digest authentication as a phone does it (RFC 7616, RFC 8760): a challenge, and the answer to it. */
#ifndef XDPARK_RIG_CHALLENGE_H
#define XDPARK_RIG_CHALLENGE_H

#include <stdbool.h>

#include "ctl/sip/digest.h"

enum { CHALLENGE_TEXT = 128, CHALLENGE_ANSWER = 1024 };

/* Texts are what stood between the quotes, escapes and all. */
struct challenge {
	enum digest_algorithm algorithm;
	bool stale;
	char realm[CHALLENGE_TEXT];
	char nonce[CHALLENGE_TEXT];
	char opaque[CHALLENGE_TEXT]; /* "": there is none */
};

/* Whose answer, and to what request. */
struct challenged {
	const char *username, *password;
	const char *method, *uri;
	const char *cnonce;
	uint32_t count; /* of requests with this nonce, this one among them: nc */
};

/*
 * The first WWW-Authenticate of a response that we can answer: Digest, MD5 or SHA-256, with qop=auth (the
 * server puts the one that it likes best first, RFC 8760 2.3). -ENOENT: there is none.
 */
int challenge_read(const osip_message_t *response, struct challenge *challenge);

/*
 * The value of the Authorization header into `text` (CHALLENGE_ANSWER). 0, -ENOMEM, or -E2BIG: it doesn't
 * fit.
 */
int challenge_answer(
        struct digest *digest, const struct challenge *challenge, const struct challenged *who, char *text);

#endif
