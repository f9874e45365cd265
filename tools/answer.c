/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/answer.h"

uint64_t answer_count(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

const char *answer_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool answer_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
