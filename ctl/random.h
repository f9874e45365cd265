/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random bytes that strangers can't guess, for tags, branches, SSRCs. They are taken from the kernel by the
 * hundred: a call needs some dozens in several places, and a system call for each costs as much as parsing
 * a short message. By one thread, the one that decides.
 */
#ifndef XDPARK_RANDOM_H
#define XDPARK_RANDOM_H

#include <stddef.h>

/* At most 256. What has been given out is kept nowhere. */
void random_bytes(void *to, size_t bytes);

#endif
