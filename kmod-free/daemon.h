/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running daemon: puts the parts together, and takes them apart again without touching the streams. */
#ifndef XDPARK_DAEMON_H
#define XDPARK_DAEMON_H

#include "kmod-free/options.h"
#include "kmod-free/privileges.h"

/* Runs until SIGTERM or SIGINT. Returns an exit code; everything that went wrong is in the log. */
int daemon_run(const struct options *options, const struct privileges *privileges);

#endif
