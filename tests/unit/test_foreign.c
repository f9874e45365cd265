/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of strangers as JSON: whatever the bytes, there is a string, and good ones stay as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/foreign.h"

#define BAD "\xef\xbf\xbd"

static void becomes(const char *text, const char *wanted)
{
	json_t *string = foreign_string(text);

	assert_non_null(string);
	assert_string_equal(json_string_value(string), wanted);
	json_decref(string);
}

static void good_texts_stay(void **state)
{
	(void)state;
	becomes("", "");
	becomes("Alice", "Alice");
	becomes("M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x93\x9e", "M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x93\x9e");
	becomes("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
	        "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
	assert_true(json_is_null(foreign_string(NULL)));
}

static void what_is_no_character_is_replaced(void **state)
{
	(void)state;
	becomes("M\xfcller", "M" BAD "ller");
	becomes("\xff", BAD);
	becomes("\x80", BAD);
	becomes("\xc1\xbf", BAD BAD);                 /* overlong */
	becomes("\xe0\x9f\xbf", BAD BAD BAD);         /* overlong */
	becomes("\xed\xa0\x80", BAD BAD BAD);         /* half a pair */
	becomes("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD); /* overlong */
	becomes("\xf4\x90\x80\x80", BAD BAD BAD BAD); /* beyond the end */
	becomes("\xf5\x80\x80\x80", BAD BAD BAD BAD);
	/* cut off at the end of a buffer */
	becomes("a\xc3", "a" BAD);
	becomes("a\xe2\x82", "a" BAD BAD);
	becomes("a\xf0\x9f\x93", "a" BAD BAD BAD);
}

static void any_bytes_give_a_string(void **state)
{
	char text[64];

	(void)state;
	srandom(4);
	for (int round = 0; round < 100000; round++) {
		size_t length = (size_t)random() % (sizeof(text) - 1);
		json_t *string;

		for (size_t i = 0; i < length; i++)
			text[i] = (char)(1 + random() % 255);
		text[length] = '\0';
		string = foreign_string(text);
		assert_non_null(string);
		json_decref(string);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(good_texts_stay),
	        cmocka_unit_test(what_is_no_character_is_replaced),
	        cmocka_unit_test(any_bytes_give_a_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
