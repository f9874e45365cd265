/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

/* What a user part of a SIP URI holds without escapes, and names of users may. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_.!~*+"

enum { NUMBER_DIGITS = 9, PIECE = 2 * USER_NAME };

static int name_add(struct users *users, const char *name)
{
	char(*grown)[USER_NAME];

	if (users->count == USERS_MOST)
		return -E2BIG;
	/* Room for twice as many whenever their number is a power of two. */
	if (!(users->count & (users->count - 1))) {
		grown = realloc(users->names, (users->count ? 2 * users->count : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		users->names = grown;
	}
	snprintf(users->names[users->count++], USER_NAME, "%s", name);
	return 0;
}

/* Numbers are as wide as the first one: 008-012. */
static int range_add(struct users *users, const char *piece, size_t width)
{
	const char *last = piece + width + 1;
	unsigned long from = strtoul(piece, NULL, 10), to = strtoul(last, NULL, 10);
	char name[USER_NAME];
	int failed = 0;

	if (width > NUMBER_DIGITS || strlen(last) > NUMBER_DIGITS || from > to)
		return -EINVAL;
	for (; from <= to && !failed; from++) {
		snprintf(name, sizeof(name), "%0*lu", (int)width, from);
		failed = name_add(users, name);
	}
	return failed;
}

static int piece_add(struct users *users, const char *piece)
{
	size_t width = strspn(piece, DIGITS), length = strlen(piece);

	if (width && piece[width] == '-' && piece[width + 1] &&
	        !piece[width + 1 + strspn(piece + width + 1, DIGITS)])
		return range_add(users, piece, width);
	if (!length || length >= USER_NAME || strspn(piece, LETTERS) != length)
		return -EINVAL;
	return name_add(users, piece);
}

int users_read(struct users *users, const char *list)
{
	struct users read = {0};
	char piece[PIECE];
	int failed;

	do {
		size_t length = strcspn(list, ",");

		snprintf(piece, sizeof(piece), "%.*s", length < PIECE ? (int)length : 0, list);
		failed = piece_add(&read, piece);
		list += length;
	} while (!failed && *list++);
	if (failed)
		users_clear(&read);
	else
		*users = read;
	return failed;
}

void users_clear(struct users *users)
{
	free(users->names);
	*users = (struct users){0};
}

int user_password(const char *pattern, const char *name, char password[USER_PASSWORD])
{
	size_t used = 0;

	for (const char *at = pattern; *at; at++) {
		int length;

		if (*at != '%')
			length = snprintf(password + used, USER_PASSWORD - used, "%c", *at);
		else if (*++at == '%')
			length = snprintf(password + used, USER_PASSWORD - used, "%%");
		else if (*at == 'u')
			length = snprintf(password + used, USER_PASSWORD - used, "%s", name);
		else
			return -EINVAL;
		used += (size_t)length;
		if (used >= USER_PASSWORD)
			return -E2BIG;
	}
	password[used] = '\0';
	return 0;
}
