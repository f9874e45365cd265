/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit codes of xdpark-dp; --help and xdpark-dp(8) explain them. */
#ifndef XDPARK_EXIT_H
#define XDPARK_EXIT_H

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_NO_PUMP = 4 };

#endif
