/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/digest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "ctl/sip/hex.h"

/* By enum digest_algorithm. */
static const struct {
	const char *name; /* in headers */
	const char *hash; /* OpenSSL's */
	size_t bytes;
} ALGORITHMS[DIGEST_ALGORITHMS] = {
        [DIGEST_MD5] = {"MD5", "MD5", 16},
        [DIGEST_SHA256] = {"SHA-256", "SHA256", 32},
};

struct digest {
	EVP_MD *hashes[DIGEST_ALGORITHMS];
	EVP_MD_CTX *context;
};

int digest_new(struct digest **digest)
{
	struct digest *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->context = EVP_MD_CTX_new();
	for (int i = 0; i < DIGEST_ALGORITHMS; i++)
		made->hashes[i] = EVP_MD_fetch(NULL, ALGORITHMS[i].hash, NULL);
	if (!made->context || !made->hashes[DIGEST_MD5] || !made->hashes[DIGEST_SHA256]) {
		digest_free(made);
		return -ENOMEM;
	}
	*digest = made;
	return 0;
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	for (int i = 0; i < DIGEST_ALGORITHMS; i++)
		EVP_MD_free(digest->hashes[i]);
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

const char *digest_name(enum digest_algorithm algorithm)
{
	return ALGORITHMS[algorithm].name;
}

int digest_unquote(const char *value, bool unescape, char *to, size_t size)
{
	size_t length = 0;
	bool quoted;

	if (!value)
		return -EINVAL;
	quoted = *value == '"';
	for (value += quoted; *value && *value != '"'; value++) {
		bool escape = quoted && *value == '\\';

		if (escape && !unescape && length + 1 < size)
			to[length++] = '\\';
		value += escape;
		if (length + 1 >= size || !*value || iscntrl((unsigned char)*value))
			return -EINVAL;
		to[length++] = *value;
	}
	if (quoted != (*value == '"') || (quoted && value[1]))
		return -EINVAL;
	to[length] = '\0';
	return 0;
}

static int algorithm_read(const char *value, enum digest_algorithm *algorithm)
{
	char name[16];

	/* RFC 7616 3.3: MD5 where none is named. */
	if (!value) {
		*algorithm = DIGEST_MD5;
		return 0;
	}
	if (digest_unquote(value, false, name, sizeof(name)) < 0)
		return -ENOTSUP;
	for (enum digest_algorithm i = 0; i < DIGEST_ALGORITHMS; i++) {
		if (strcasecmp(name, ALGORITHMS[i].name) == 0) {
			*algorithm = i;
			return 0;
		}
	}
	return -ENOTSUP;
}

static int count_read(const char *value, char nc[9], uint32_t *count)
{
	char *end;

	if (digest_unquote(value, false, nc, 9) < 0 || !isxdigit((unsigned char)*nc))
		return -EINVAL;
	*count = (uint32_t)strtoul(nc, &end, 16);
	return *end || !*count ? -EINVAL : 0;
}

static int response_read(const char *value, enum digest_algorithm algorithm, uint8_t response[DIGEST_BYTES])
{
	size_t bytes = ALGORITHMS[algorithm].bytes;
	char hex[DIGEST_HEX];

	memset(response, 0, DIGEST_BYTES);
	if (digest_unquote(value, false, hex, sizeof(hex)) < 0)
		return -EINVAL;
	return hex_read(hex, response, bytes);
}

int digest_read(const osip_authorization_t *header, struct digest_credentials *credentials)
{
	struct digest_credentials result;
	char qop[16];

	if (!header->auth_type || strcasecmp(header->auth_type, "Digest") != 0)
		return -ENOTSUP;
	if (algorithm_read(header->algorithm, &result.algorithm) < 0)
		return -ENOTSUP;
	if (digest_unquote(header->message_qop, false, qop, sizeof(qop)) < 0 || strcasecmp(qop, "auth") != 0)
		return -EINVAL;
	if (digest_unquote(header->username, false, result.username, sizeof(result.username)) < 0 ||
	        digest_unquote(header->nonce, false, result.nonce, sizeof(result.nonce)) < 0 ||
	        digest_unquote(header->uri, false, result.uri, sizeof(result.uri)) < 0 ||
	        digest_unquote(header->cnonce, false, result.cnonce, sizeof(result.cnonce)) < 0)
		return -EINVAL;
	if (count_read(header->nonce_count, result.nc, &result.count) < 0 ||
	        response_read(header->response, result.algorithm, result.response) < 0)
		return -EINVAL;
	*credentials = result;
	return 0;
}

/* The hash of `parts` with colons between them, the last one before NULL. */
static int parts_hash(struct digest *digest, enum digest_algorithm algorithm, const char *const *parts,
        uint8_t hash[EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *context = digest->context;

	if (!EVP_DigestInit_ex2(context, digest->hashes[algorithm], NULL))
		return -ENOMEM;
	for (size_t i = 0; parts[i]; i++) {
		if (i && !EVP_DigestUpdate(context, ":", 1))
			return -ENOMEM;
		if (!EVP_DigestUpdate(context, parts[i], strlen(parts[i])))
			return -ENOMEM;
	}
	return EVP_DigestFinal_ex(context, hash, NULL) ? 0 : -ENOMEM;
}

int digest_ha1(struct digest *digest, enum digest_algorithm algorithm, const char *username,
        const char *realm, const char *password, char hex[DIGEST_HEX])
{
	const char *const parts[] = {username, realm, password, NULL};
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (parts_hash(digest, algorithm, parts, hash) < 0)
		return -ENOMEM;
	hex_write(hash, ALGORITHMS[algorithm].bytes, hex);
	return 0;
}

int digest_response(struct digest *digest, const struct digest_credentials *credentials, const char *ha1,
        const char *method, uint8_t response[DIGEST_BYTES])
{
	enum digest_algorithm algorithm = credentials->algorithm;
	const char *const request[] = {method, credentials->uri, NULL};
	uint8_t hash[EVP_MAX_MD_SIZE];
	char ha2[DIGEST_HEX];
	const char *const parts[] = {
	        ha1, credentials->nonce, credentials->nc, credentials->cnonce, "auth", ha2, NULL};

	if (parts_hash(digest, algorithm, request, hash) < 0)
		return -ENOMEM;
	hex_write(hash, ALGORITHMS[algorithm].bytes, ha2);
	if (parts_hash(digest, algorithm, parts, hash) < 0)
		return -ENOMEM;
	memset(response, 0, DIGEST_BYTES);
	memcpy(response, hash, ALGORITHMS[algorithm].bytes);
	return 0;
}
