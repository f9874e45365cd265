/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where URIs lead, and which of them may be written into a message. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sip/parse.h"
#include "ctl/sip/uri.h"

static int setup(void **state)
{
	(void)state;
	sip_parser_start();
	return 0;
}

static void only_what_can_be_reached_is_usable(void **state)
{
	static const struct {
		const char *text;
		bool usable;
	} ROWS[] = {
	        {"sip:101@acme.example", true},
	        {"sip:acme.example", true},
	        {"SIP:101@10.90.0.2:5060;transport=udp", true},
	        {"sips:101@acme.example", true},
	        {"sip:101@[fd90::1]:5060", true},
	        {"sip:a_b@host_1.example", true},
	        {"sip:%2A68@acme.example", true},
	        {"tel:+49123", false},
	        {"http://acme.example/", false},
	        {"sip:101@", false},
	        {"sip:101@acme.example:0", false},
	        {"sip:101@acme.example:65536", false},
	        {"sip:101@acme.example:5060x", false},
	        {"sip:101@acme.example:-1", false},
	        {"sip:a@b@acme.example", false},
	        {"sip:101@[fd90::1", false},
	        {"sip:101@[fd90::g]", false},
	        {"sip:101@ac me.example", false},
	        {"sip:101@acme/example", false},
	        {"sip:1%0d%0aX@acme.example", false},
	        {"sip:1%7f@acme.example", false},
	        {"sip:101:p%0aw@acme.example", false},
	        {"sip:101@acme.example%0d%0a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		osip_uri_t *uri = NULL;
		bool usable = uri_parse(ROWS[i].text, &uri) == 0;

		osip_uri_free(uri);
		if (usable != ROWS[i].usable)
			fail_msg("row %zu: %s", i, ROWS[i].text);
	}
	assert_false(uri_is_usable(NULL));
}

static void numbers_are_bare(void **state)
{
	static const struct {
		const char *uri, *number;
	} ROWS[] = {
	        {"sip:700@acme.example", "700"},
	        {"sip:acme.example", ""},
	        {"sip:4930700;npdi@acme.example", "4930700"},
	        {"sip:4930700;npdi;rn=+493;cic=+1@acme.example", "4930700"},
	        {"sip:700;phone-context=x@acme.example;user=phone", "700"},
	        {"sip:+49(30)7-0.0@acme.example;user=phone", "+4930700"},
	        {"sip:+49(30)7-0.0@acme.example;user=PHONE", "+4930700"},
	        /* Who doesn't say that it is one may mean a name. */
	        {"sip:7-00@acme.example", "7-00"},
	        {"sip:7-00@acme.example;user=ip", "7-00"},
	        {"sip:a.b@acme.example;user=phone", "a.b"},
	        {"sip:7+00-1@acme.example;user=phone", "7+00-1"},
	        {"sip:*70-0@acme.example;user=phone", "*70-0"},
	        {"sip:-@acme.example;user=phone", "-"},
	        {"sip:;x@acme.example", ""},
	};
	osip_uri_t *uri;
	char number[13];

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		assert_int_equal(uri_parse(ROWS[i].uri, &uri), 0);
		assert_int_equal(uri_number(uri, number, sizeof(number)), 0);
		assert_string_equal(number, ROWS[i].number);
		osip_uri_free(uri);
	}
	assert_int_equal(number_read("12345678901;x", false, number, 12), 0);
	assert_int_equal(number_read("123456789012", false, number, 12), -EINVAL);
	assert_int_equal(number_read("123456-789-012", true, number, 13), 0);
}

static void text_is_bare_and_bounded(void **state)
{
	char longest[URI_BYTES], longer[URI_BYTES + 1], user[URI_BYTES], *text;
	osip_uri_t *uri;

	(void)state;
	assert_int_equal(uri_parse("sip:101@acme.example;ob?Subject=x", &uri), 0);
	assert_int_equal(uri_text(uri, &text), 0);
	assert_string_equal(text, "sip:101@acme.example;ob");
	assert_int_equal(osip_list_size(&uri->url_headers), 1);
	free(text);
	osip_uri_free(uri);
	memset(user, 'x', sizeof(user));
	snprintf(longest, sizeof(longest), "sip:%.*s@acme.example",
	        URI_BYTES - 1 - (int)strlen("sip:@acme.example"), user);
	assert_int_equal(strlen(longest), URI_BYTES - 1);
	assert_int_equal(uri_parse(longest, &uri), 0);
	assert_int_equal(uri_text(uri, &text), 0);
	free(text);
	osip_uri_free(uri);
	snprintf(longer, sizeof(longer), "%sx", longest);
	assert_int_equal(uri_parse(longer, &uri), 0);
	assert_int_equal(uri_text(uri, &text), -EINVAL);
	osip_uri_free(uri);
}

static void literal_hosts_are_addresses(void **state)
{
	static const struct {
		const char *text, *address; /* NULL: a name */
	} ROWS[] = {
	        {"sip:101@10.90.0.2", "10.90.0.2:5060"},
	        {"sip:101@10.90.0.2:5070", "10.90.0.2:5070"},
	        {"sip:101@[fd90::1]:5070", "[fd90::1]:5070"},
	        {"sip:101@acme.example", NULL},
	        {"sip:101@10.90.0", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char text[ADDRESS_TEXT];
		struct address address;
		osip_uri_t *uri;

		assert_int_equal(uri_parse(ROWS[i].text, &uri), 0);
		if (ROWS[i].address) {
			assert_int_equal(uri_address(uri, &address), 0);
			assert_string_equal(address_format(&address, text), ROWS[i].address);
		} else {
			assert_int_equal(uri_address(uri, &address), -EINVAL);
		}
		osip_uri_free(uri);
	}
	assert_true(host_equal("ACME.example", "acme.EXAMPLE"));
	assert_true(host_equal("fd90::1", "FD90:0:0::1"));
	assert_false(host_equal("fd90::1", "fd90::2"));
	assert_false(host_equal("acme.example", "acme.example."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(only_what_can_be_reached_is_usable, setup),
	        cmocka_unit_test_setup(numbers_are_bare, setup),
	        cmocka_unit_test_setup(text_is_bare_and_bounded, setup),
	        cmocka_unit_test_setup(literal_hosts_are_addresses, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
