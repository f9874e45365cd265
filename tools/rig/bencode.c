/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/bencode.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER = 24, LONGEST = 1 << 20 };

static void bytes_put(struct bencode *bencode, const char *bytes, size_t length)
{
	if (bencode->full || length > bencode->size - bencode->used) {
		bencode->full = true;
		return;
	}
	memcpy(bencode->text + bencode->used, bytes, length);
	bencode->used += length;
}

void bencode_mark(struct bencode *bencode, char mark)
{
	bytes_put(bencode, &mark, 1);
}

void bencode_string(struct bencode *bencode, const char *text)
{
	char prefix[NUMBER];
	size_t length = strlen(text);
	int digits = snprintf(prefix, sizeof(prefix), "%zu:", length);

	bytes_put(bencode, prefix, (size_t)digits);
	bytes_put(bencode, text, length);
}

void bencode_number(struct bencode *bencode, long number)
{
	char text[NUMBER];
	int length = snprintf(text, sizeof(text), "i%lde", number);

	bytes_put(bencode, text, (size_t)length);
}

/* A string at `at`: returns where it ends, NULL: it is none. */
static const char *string_read(const char *at, const char *end, const char **value, size_t *length)
{
	size_t count = 0;
	const char *digit = at;

	for (; digit < end && *digit >= '0' && *digit <= '9' && count < LONGEST; digit++)
		count = count * 10 + (size_t)(*digit - '0');
	if (digit == at || digit == end || *digit != ':' || count > (size_t)(end - digit - 1))
		return NULL;
	*value = digit + 1;
	*length = count;
	return *value + count;
}

/* Behind the item at `at`, whatever it is; NULL: it is broken. */
static const char *item_skip(const char *at, const char *end)
{
	unsigned depth = 0;
	const char *value;
	size_t length;

	do {
		if (at == end)
			return NULL;
		if (*at == 'd' || *at == 'l') {
			depth++;
			at++;
		} else if (*at == 'e') {
			if (!depth--)
				return NULL;
			at++;
		} else if (*at == 'i') {
			at = memchr(at, 'e', (size_t)(end - at));
			if (!at)
				return NULL;
			at++;
		} else {
			at = string_read(at, end, &value, &length);
			if (!at)
				return NULL;
		}
	} while (depth);
	return at;
}

bool bencode_find(const char *text, size_t length, const char *key, const char **value, size_t *value_length)
{
	const char *at = text, *end = text + length, *name;
	size_t name_length;

	if (at == end || *at++ != 'd')
		return false;
	while (at < end && *at != 'e') {
		at = string_read(at, end, &name, &name_length);
		if (!at)
			return false;
		if (name_length == strlen(key) && memcmp(name, key, name_length) == 0)
			return string_read(at, end, value, value_length) != NULL;
		at = item_skip(at, end);
		if (!at)
			return false;
	}
	return false;
}
