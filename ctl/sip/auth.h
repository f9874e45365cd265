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

/* What a user can prove. Exactly the members that are configured are not NULL. */
struct auth_secret {
	const char *password;
	const char *ha1_md5, *ha1_sha256;
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
 * Checks the credentials for `realm` against `secret` (NULL: no such user; takes as long). `replay` is that
 * user's (NULL with a NULL secret). The digest's uri must be the Request-URI's.
 */
enum auth_verdict auth_check(struct auth *auth, const struct sip_message *request, const char *realm,
        bool proxy, const struct auth_secret *secret, struct auth_replay *replay);

/* Adds the challenges (SHA-256 first, then MD5; only those that `secret` can do, both with NULL) to a 401 or
 * 407. 0 or -ENOMEM. */
int auth_challenge(struct auth *auth, osip_message_t *response, const char *realm, bool proxy, bool stale,
        const struct auth_secret *secret);

#endif
