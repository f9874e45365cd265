/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The digest itself (RFC 7616, RFC 8760): credentials as they stand in a header, and what they must prove. */
#ifndef XDPARK_SIP_DIGEST_H
#define XDPARK_SIP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <osipparser2/osip_parser.h>

/* The stronger one is the greater one. */
enum digest_algorithm { DIGEST_MD5, DIGEST_SHA256, DIGEST_ALGORITHMS };

enum { DIGEST_BYTES = 32, DIGEST_HEX = 2 * DIGEST_BYTES + 1 };

/* The hash functions, fetched once. */
struct digest;

/* 0 or -ENOMEM. */
int digest_new(struct digest **digest);

/* NULL is legal. */
void digest_free(struct digest *digest);

/* "MD5", "SHA-256". */
const char *digest_name(enum digest_algorithm algorithm);

/* Credentials. Text is what stood between the quotes, escapes and all: that is what is hashed (RFC 7616 3.4).
 */
struct digest_credentials {
	enum digest_algorithm algorithm;
	char username[256];
	char nonce[128];
	char uri[512];
	char cnonce[256];
	char nc[9];     /* as written: that is hashed */
	uint32_t count; /* nc's value, not 0 */
	uint8_t response[DIGEST_BYTES];
};

/*
 * Copies a quoted or bare value into `to` (size bytes), without the quotes; with `unescape` also without its
 * backslashes. -EINVAL: NULL, unbalanced, with control bytes, or too long.
 */
int digest_unquote(const char *value, bool unescape, char *to, size_t size);

/*
 * Reads one Authorization or Proxy-Authorization header. -ENOTSUP: not Digest, or an algorithm that we never
 * ask for. -EINVAL: malformed, no qop=auth (which we always ask for, so that RFC 3261 22.4 demands it).
 */
int digest_read(const osip_authorization_t *header, struct digest_credentials *credentials);

/* H(A1) in lower-case hex. 0 or -ENOMEM. */
int digest_ha1(struct digest *digest, enum digest_algorithm algorithm, const char *username,
        const char *realm, const char *password, char hex[DIGEST_HEX]);

/* The response that these credentials must have, as bytes; the rest of `response` is 0. 0 or -ENOMEM. */
int digest_response(struct digest *digest, const struct digest_credentials *credentials, const char *ha1,
        const char *method, uint8_t response[DIGEST_BYTES]);

#endif
