/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users that register, as an option names them, and their passwords. */
#ifndef XDPARK_RIG_USERS_H
#define XDPARK_RIG_USERS_H

#include <stddef.h>

enum { USER_NAME = 65, USER_PASSWORD = 256, USERS_MOST = 50000 };

struct users {
	unsigned count;
	char (*names)[USER_NAME];
};

/*
 * Reads names and ranges of numbers with commas between: "101-103,110,alice". -EINVAL: it isn't such a list.
 * -E2BIG: more than USERS_MOST. -ENOMEM. On failure nothing is held.
 */
int users_read(struct users *users, const char *list);

/* Zeroed is legal. */
void users_clear(struct users *users);

/*
 * A user's password: the pattern, where %u stands for the name and %% for a %. -EINVAL: another % is in it.
 * -E2BIG: it is longer than USER_PASSWORD.
 */
int user_password(const char *pattern, const char *name, char password[USER_PASSWORD]);

#endif
