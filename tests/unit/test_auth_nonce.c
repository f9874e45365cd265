/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nonces: whose they are, how long they live, and that each count is good once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/sip/nonce.h"
#include "tests/unit/auth_client.h"

static void nonces_end(void **state)
{
	char *nonce = fresh_nonce();
	struct client client = {.nonce = nonce};

	(void)state;
	now += NONCE_LIFE_MS;
	assert_int_equal(verdict_of(&client, &alice), AUTH_OK);
	now++;
	client.nc = "00000002";
	assert_int_equal(verdict_of(&client, &alice), AUTH_STALE);
	/* Only who knows the secret is told that it is stale. */
	client.password = "guess";
	assert_int_equal(verdict_of(&client, &alice), AUTH_WRONG);
	free(nonce);
}

static void foreign_nonces_are_stale(void **state)
{
	static const char *const NONCES[] = {"", "x", "0123456789",
	        "00000000000f42400000000000000000000000000000000000000000",
	        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"};
	struct nonces *others;
	char nonce[NONCE_TEXT];

	(void)state;
	for (size_t i = 1; i < sizeof(NONCES) / sizeof(*NONCES); i++)
		assert_int_equal(verdict_of(&(struct client){.nonce = NONCES[i]}, &alice), AUTH_STALE);
	/* Of another process, so another key. */
	assert_int_equal(nonces_new(&others), 0);
	assert_int_equal(nonce_make(others, REALM, now, nonce), 0);
	assert_int_equal(verdict_of(&(struct client){.nonce = nonce}, &alice), AUTH_STALE);
	nonces_free(others);
}

static void nonces_are_their_realms(void **state)
{
	struct nonces *nonces;
	char nonce[NONCE_TEXT], changed[NONCE_TEXT];
	uint64_t made;

	(void)state;
	assert_int_equal(nonces_new(&nonces), 0);
	assert_int_equal(nonce_make(nonces, "acme.example", now, nonce), 0);
	assert_int_equal(nonce_check(nonces, "acme.example", nonce, now + 5, &made), 0);
	assert_true(made == now);
	assert_int_equal(nonce_check(nonces, "globex.example", nonce, now, &made), -EINVAL);
	for (size_t i = 0; i < NONCE_TEXT - 1; i++) {
		memcpy(changed, nonce, sizeof(changed));
		changed[i] = changed[i] == '0' ? '1' : '0';
		assert_int_equal(nonce_check(nonces, "acme.example", changed, now, &made), -EINVAL);
	}
	/* From the future: no nonce of ours is. */
	assert_int_equal(nonce_make(nonces, "acme.example", now + 1, nonce), 0);
	assert_int_equal(nonce_check(nonces, "acme.example", nonce, now, &made), -ESTALE);
	nonces_free(nonces);
}

static void replays_are_stale(void **state)
{
	char *nonce = fresh_nonce();
	struct client client = {.nonce = nonce};

	(void)state;
	assert_int_equal(verdict_of(&client, &alice), AUTH_OK);
	assert_int_equal(verdict_of(&client, &alice), AUTH_STALE);
	client.nc = "00000005"; /* gaps are no harm */
	assert_int_equal(verdict_of(&client, &alice), AUTH_OK);
	client.nc = "00000004";
	assert_int_equal(verdict_of(&client, &alice), AUTH_STALE);
	client.nc = "0000000a";
	assert_int_equal(verdict_of(&client, &alice), AUTH_OK);
	client.nc = "ffffffff";
	assert_int_equal(verdict_of(&client, &alice), AUTH_OK);
	assert_int_equal(verdict_of(&client, &alice), AUTH_STALE);
	free(nonce);
}

/* Ten phones of one user share the four places; whatever is forgotten can't be used again. */
static void forgotten_nonces_cannot_be_replayed(void **state)
{
	char *nonces[10];

	(void)state;
	for (int i = 0; i < 10; i++) {
		nonces[i] = fresh_nonce();
		now += 10;
		assert_int_equal(verdict_of(&(struct client){.nonce = nonces[i]}, &alice), AUTH_OK);
	}
	for (int i = 0; i < 10; i++) {
		assert_int_equal(verdict_of(&(struct client){.nonce = nonces[i]}, &alice), AUTH_STALE);
		assert_int_equal(verdict_of(&(struct client){.nonce = nonces[i], .nc = "00000002"}, &alice),
		        i < 6 ? AUTH_STALE : AUTH_OK);
		free(nonces[i]);
	}
}

static void nonces_of_one_moment_differ(void **state)
{
	char *a = fresh_nonce(), *b = fresh_nonce();

	(void)state;
	assert_string_not_equal(a, b);
	assert_int_equal(verdict_of(&(struct client){.nonce = a}, &alice), AUTH_OK);
	assert_int_equal(verdict_of(&(struct client){.nonce = b}, &alice), AUTH_OK);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        auth_test(nonces_end),
	        auth_test(foreign_nonces_are_stale),
	        auth_test(nonces_are_their_realms),
	        auth_test(replays_are_stale),
	        auth_test(forgotten_nonces_cannot_be_replayed),
	        auth_test(nonces_of_one_moment_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
