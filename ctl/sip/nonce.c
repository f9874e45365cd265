/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/nonce.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "ctl/sip/hex.h"

enum { KEY_BYTES = 32, SEAL_BYTES = 16 };

struct nonces {
	EVP_MAC *hmac;
	EVP_MAC_CTX *context; /* holds the key */
	uint32_t serial;
};

/* As it is sealed, then written in hex. */
struct nonce {
	uint64_t made_ms; /* big-endian */
	uint32_t serial;  /* tells nonces of one millisecond apart */
	uint8_t seal[SEAL_BYTES];
} __attribute__((packed));

_Static_assert(2 * sizeof(struct nonce) + 1 == NONCE_TEXT, "a nonce's text is its bytes in hex");

static int hmac_key(struct nonces *nonces)
{
	OSSL_PARAM params[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
	        OSSL_PARAM_construct_end(),
	};
	uint8_t key[KEY_BYTES];
	int done =
	        RAND_bytes(key, sizeof(key)) == 1 && EVP_MAC_init(nonces->context, key, sizeof(key), params);

	OPENSSL_cleanse(key, sizeof(key));
	return done ? 0 : -ENOMEM;
}

int nonces_new(struct nonces **nonces)
{
	struct nonces *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	made->context = made->hmac ? EVP_MAC_CTX_new(made->hmac) : NULL;
	if (!made->context || hmac_key(made) < 0) {
		nonces_free(made);
		return -ENOMEM;
	}
	*nonces = made;
	return 0;
}

void nonces_free(struct nonces *nonces)
{
	if (!nonces)
		return;
	EVP_MAC_CTX_free(nonces->context);
	EVP_MAC_free(nonces->hmac);
	free(nonces);
}

static int nonce_seal(
        struct nonces *nonces, const char *realm, const struct nonce *nonce, uint8_t seal[SEAL_BYTES])
{
	uint8_t whole[EVP_MAX_MD_SIZE];
	size_t bytes;

	/* Without a key: the same one again. */
	if (!EVP_MAC_init(nonces->context, NULL, 0, NULL) ||
	        !EVP_MAC_update(nonces->context, (const uint8_t *)nonce, offsetof(struct nonce, seal)) ||
	        !EVP_MAC_update(nonces->context, (const uint8_t *)realm, strlen(realm)) ||
	        !EVP_MAC_final(nonces->context, whole, &bytes, sizeof(whole)))
		return -ENOMEM;
	memcpy(seal, whole, SEAL_BYTES);
	return 0;
}

int nonce_make(struct nonces *nonces, const char *realm, uint64_t now_ms, char text[NONCE_TEXT])
{
	struct nonce nonce = {.made_ms = htobe64(now_ms), .serial = htobe32(nonces->serial)};

	if (nonce_seal(nonces, realm, &nonce, nonce.seal) < 0)
		return -ENOMEM;
	nonces->serial++;
	hex_write((const uint8_t *)&nonce, sizeof(nonce), text);
	return 0;
}

int nonce_check(
        struct nonces *nonces, const char *realm, const char *text, uint64_t now_ms, uint64_t *made_ms)
{
	uint8_t seal[SEAL_BYTES];
	struct nonce nonce;
	uint64_t made;

	if (hex_read(text, (uint8_t *)&nonce, sizeof(nonce)) < 0)
		return -EINVAL;
	if (nonce_seal(nonces, realm, &nonce, seal) < 0 || CRYPTO_memcmp(seal, nonce.seal, SEAL_BYTES) != 0)
		return -EINVAL;
	made = be64toh(nonce.made_ms);
	if (now_ms - made > NONCE_LIFE_MS)
		return -ESTALE;
	*made_ms = made;
	return 0;
}
