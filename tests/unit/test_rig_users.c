/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of users, their passwords, and answers to challenges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/rig/challenge.h"
#include "tools/rig/users.h"

static void reads_lists(void **state)
{
	static const struct {
		const char *list;
		int result;
		unsigned count;
		const char *first, *last;
	} rows[] = {
	        {"101", 0, 1, "101", "101"},
	        {"101-103,110", 0, 4, "101", "110"},
	        {"008-012", 0, 5, "008", "012"},
	        {"9-11", 0, 3, "9", "11"},
	        {"7-7,alice", 0, 2, "7", "alice"},
	        {"alice-desk,101-a,1-", 0, 3, "alice-desk", "1-"},
	        {"1-50000", 0, 50000, "1", "50000"},
	        {"1-50001", -E2BIG, 0, NULL, NULL},
	        {"1-50000,1", -E2BIG, 0, NULL, NULL},
	        {"", -EINVAL, 0, NULL, NULL},
	        {"1,,2", -EINVAL, 0, NULL, NULL},
	        {"1,", -EINVAL, 0, NULL, NULL},
	        {"3-1", -EINVAL, 0, NULL, NULL},
	        {"1-9999999999", -EINVAL, 0, NULL, NULL},
	        {"al ice", -EINVAL, 0, NULL, NULL},
	        {"a\"", -EINVAL, 0, NULL, NULL},
	        {"a@b", -EINVAL, 0, NULL, NULL},
	};
	struct users users = {0};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("\"%s\"\n", rows[i].list);
		assert_int_equal(users_read(&users, rows[i].list), rows[i].result);
		assert_int_equal(users.count, rows[i].count);
		if (users.count) {
			assert_string_equal(users.names[0], rows[i].first);
			assert_string_equal(users.names[users.count - 1], rows[i].last);
		}
		users_clear(&users);
	}
}

static void names_of_64_letters(void **state)
{
	char list[2 * USER_NAME + 8];
	struct users users;

	(void)state;
	memset(list, 'x', sizeof(list));
	list[64] = '\0';
	assert_int_equal(users_read(&users, list), 0);
	assert_string_equal(users.names[0], list);
	users_clear(&users);
	list[64] = 'x';
	list[65] = '\0';
	assert_int_equal(users_read(&users, list), -EINVAL);
	list[65] = 'x';
	list[sizeof(list) - 1] = '\0';
	assert_int_equal(users_read(&users, list), -EINVAL);
}

static void makes_passwords(void **state)
{
	char password[USER_PASSWORD], pattern[USER_PASSWORD + 1];

	(void)state;
	assert_int_equal(user_password("secret-%u", "101", password), 0);
	assert_string_equal(password, "secret-101");
	assert_int_equal(user_password("%u%%%u", "a", password), 0);
	assert_string_equal(password, "a%a");
	assert_int_equal(user_password("", "a", password), 0);
	assert_string_equal(password, "");
	assert_int_equal(user_password("%s", "a", password), -EINVAL);
	assert_int_equal(user_password("x%", "a", password), -EINVAL);
	memset(pattern, 'p', sizeof(pattern));
	pattern[USER_PASSWORD - 1] = '\0';
	assert_int_equal(user_password(pattern, "a", password), 0);
	memcpy(pattern + USER_PASSWORD - 3, "%u", 3);
	assert_int_equal(user_password(pattern, "ab", password), 0);
	assert_int_equal(user_password(pattern, "abc", password), -E2BIG);
}

/* RFC 7616 3.9.1. */
static void answers_as_the_rfc_does(void **state)
{
	static const char *const responses[] = {
	        [DIGEST_MD5] = "8ca523f5e9506fed4657c9700eebdbec",
	        [DIGEST_SHA256] = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	};
	struct challenge challenge = {.realm = "http-auth@example.org",
	        .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
	        .opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"};
	const struct challenged who = {.username = "Mufasa",
	        .password = "Circle of Life",
	        .method = "GET",
	        .uri = "/dir/index.html",
	        .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	        .count = 1};
	char text[CHALLENGE_ANSWER], expected[CHALLENGE_ANSWER];
	struct digest *digest;

	(void)state;
	assert_int_equal(digest_new(&digest), 0);
	for (int i = 0; i < DIGEST_ALGORITHMS; i++) {
		challenge.algorithm = (enum digest_algorithm)i;
		assert_int_equal(challenge_answer(digest, &challenge, &who, text), 0);
		snprintf(expected, sizeof(expected),
		        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
		        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", "
		        "response=\"%s\", algorithm=%s, "
		        "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
		        "qop=auth, nc=00000001, opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
		        responses[i], i == DIGEST_MD5 ? "MD5" : "SHA-256");
		assert_string_equal(text, expected);
	}
	digest_free(digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_lists),
	        cmocka_unit_test(names_of_64_letters),
	        cmocka_unit_test(makes_passwords),
	        cmocka_unit_test(answers_as_the_rfc_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
