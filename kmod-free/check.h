/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark-dp --check: what would work here, before anything runs. */
#ifndef XDPARK_CHECK_H
#define XDPARK_CHECK_H

#include "kmod-free/options.h"

/*
 * Prints the kernel's table to stdout. The relay is attached for a moment to those of the interfaces that
 * have no XDP program, and handles nothing. Those of a running system, whose relay is pinned below
 * options->pins, are left as they are. Returns an exit code.
 */
int check_run(const struct options *options);

#endif
