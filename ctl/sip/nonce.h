/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nonces that prove by themselves when and for whom we made them: time, a serial number, and an HMAC of both
 * and the realm under a key that dies with the process. Nothing is kept for them.
 */
#ifndef XDPARK_SIP_NONCE_H
#define XDPARK_SIP_NONCE_H

#include <stdint.h>

enum { NONCE_TEXT = 57 /* 28 bytes in hex, and NUL */, NONCE_LIFE_MS = 300000 };

struct nonces;

/* Key at random. 0 or -ENOMEM. */
int nonces_new(struct nonces **nonces);

/* NULL is legal. */
void nonces_free(struct nonces *nonces);

/* A fresh one, unlike all before. 0 or -ENOMEM. */
int nonce_make(struct nonces *nonces, const char *realm, uint64_t now_ms, char text[NONCE_TEXT]);

/* Result in *made_ms: when it was made. -EINVAL: not ours, or another realm's. -ESTALE: too old. */
int nonce_check(
        struct nonces *nonces, const char *realm, const char *text, uint64_t now_ms, uint64_t *made_ms);

#endif
