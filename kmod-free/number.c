/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || *end || *number < least || *number > most ? -EINVAL : 0;
}

int number_parse_size(const char *text, uint64_t least, uint64_t most, uint64_t *size)
{
	size_t length = strlen(text);
	unsigned shift = 0;
	char copy[24];

	if (!length || length >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, length + 1);
	switch (copy[length - 1]) {
	case 'G':
		shift = 30;
		break;
	case 'M':
		shift = 20;
		break;
	case 'K':
		shift = 10;
		break;
	}
	if (shift)
		copy[length - 1] = '\0';
	if (number_parse(copy, 1, most >> shift, size) || *size << shift < least)
		return -EINVAL;
	*size <<= shift;
	return 0;
}
