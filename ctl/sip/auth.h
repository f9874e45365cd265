/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digest (RFC 8760, RFC 7616): MD5 and SHA-256, qop=auth. Nonces are HMACs of time and realm; nothing is kept
 * for sources that haven't authenticated. For each authenticated user the last few nonces with their highest
 * count.
 */
#ifndef XDPARK_SIP_AUTH_H
#define XDPARK_SIP_AUTH_H

#include "ctl/sip/message.h"
#include "ctl/timer.h"

struct auth;

/*
 * What somebody with a password is asked for, and everybody who is unknown. MD5 alone unless wished
 * otherwise: baresip 1.0 gives up as soon as any challenge names another algorithm, sipp 3.6 when the first
 * one does.
 */
enum auth_offer { AUTH_OFFER_MD5, AUTH_OFFER_BOTH, AUTH_OFFER_SHA256 };

/*
 * What a user can prove. Exactly the members that are configured are not NULL: none of them for a user who is
 * unknown, or doesn't register. Who has H(A1) alone is asked for what these are of.
 */
struct auth_secret {
	const char *password;
	const char *ha1_md5, *ha1_sha256;
	enum auth_offer offer; /* the tenant's */
};

/* Nonces that an authenticated user has used; embedded in the user's state, zeroed before. */
struct auth_replay {
	struct {
		char nonce[72];
		uint32_t count;      /* highest nc */
		uint64_t made, seen; /* ms of the timers' clock */
	} last[4];
	uint64_t since; /* of the nonces that aren't kept, those made before count as used */
};

enum auth_verdict {
	AUTH_OK,
	AUTH_NONE,  /* no credentials for the realm: challenge */
	AUTH_STALE, /* right secret, but nonce too old, or a replay: challenge with stale=true */
	AUTH_WRONG, /* wrong secret or user: 403 after a challenge was answered; same time for unknown users
	             */
	AUTH_BAD,   /* malformed credentials: 400 */
};

/* Key at random. nonce_life_s: 300. */
int auth_new(struct auth **auth, struct timers *timers);
void auth_free(struct auth *auth);

/* The user name that the credentials for `realm` claim, into `name` (size bytes). -ENOENT: none. `proxy`:
 * Proxy-Authorization. */
int auth_claimed(const struct sip_message *request, const char *realm, bool proxy, char *name, size_t size);

/* Any realm that credentials of the request name, into `realm`; for requests whose tenant isn't clear.
 * -ENOENT: none. */
int auth_realm(const struct sip_message *request, bool proxy, char *realm, size_t size);

/*
 * Checks the credentials for `realm` against `secret` (NULL or empty: no such user; takes as long). `replay`
 * is that user's (NULL with a NULL secret). The digest's uri must be the Request-URI's.
 */
enum auth_verdict auth_check(struct auth *auth, const struct sip_message *request, const char *realm,
        bool proxy, const struct auth_secret *secret, struct auth_replay *replay);

/*
 * Adds the challenges to a 401 or 407: SHA-256 before MD5, as far as `secret` can do and offers them; NULL:
 * MD5. 0, -ENOMEM, or -EINVAL for a realm that can't stand in a header.
 */
int auth_challenge(struct auth *auth, osip_message_t *response, const char *realm, bool proxy, bool stale,
        const struct auth_secret *secret);

#endif
