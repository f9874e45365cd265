/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's capabilities: four, and nothing else whatever it was started with. */
#ifndef XDPARK_PRIVILEGES_H
#define XDPARK_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

struct privileges {
	bool real_time; /* CAP_SYS_NICE is there */
};

/*
 * Keeps CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and, if there, CAP_SYS_NICE; drops every other capability from
 * all sets and sets PR_SET_NO_NEW_PRIVS. Returns 0; -EPERM with the names of those that are missing in
 * `missing`; or another negative errno.
 */
int privileges_keep(struct privileges *privileges, char *missing, size_t size);

#endif
