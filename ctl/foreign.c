/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/foreign.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";

enum { REPLACEMENT_BYTES = sizeof(replacement) - 1 };

/* Bytes of the character at `at` (RFC 3629); 0: it is none. */
static size_t character_bytes(const unsigned char *at)
{
	size_t bytes = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

	if (at[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < bytes; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, half a UTF-16 pair, beyond U+10FFFF. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
	        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	return bytes;
}

json_t *foreign_string(const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *copy, *to;
	json_t *string;

	if (!text)
		return json_null();
	copy = malloc(strlen(text) * REPLACEMENT_BYTES + 1);
	if (!copy)
		return NULL;
	for (to = copy; *from;) {
		size_t bytes = character_bytes(from);

		memcpy(to, bytes ? (const char *)from : replacement, bytes ? bytes : REPLACEMENT_BYTES);
		to += bytes ? bytes : REPLACEMENT_BYTES;
		from += bytes ? bytes : 1;
	}
	string = json_stringn(copy, (size_t)(to - copy));
	free(copy);
	return string;
}
