/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/hex.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const char DIGITS[] = "0123456789abcdef";

void hex_write(const uint8_t *bytes, size_t count, char *text)
{
	for (size_t i = 0; i < count; i++) {
		*text++ = DIGITS[bytes[i] >> 4];
		*text++ = DIGITS[bytes[i] & 15];
	}
	*text = '\0';
}

int hex_read(const char *text, uint8_t *bytes, size_t count)
{
	if (strlen(text) != 2 * count)
		return -EINVAL;
	for (size_t i = 0; i < 2 * count; i++) {
		const char *digit = strchr(DIGITS, tolower((unsigned char)text[i]));

		if (!digit)
			return -EINVAL;
		bytes[i / 2] = (uint8_t)((i % 2 ? bytes[i / 2] << 4 : 0) | (digit - DIGITS));
	}
	return 0;
}
