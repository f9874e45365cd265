/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What root does once beforehand, so that the daemon never needs to be root. */
#ifndef XDPARK_PREPARE_H
#define XDPARK_PREPARE_H

#include "kmod-free/options.h"

/*
 * Mounts bpffs at the parent of options->pins, which must be empty, unless that lies on one, and lets
 * everybody pass through it; makes options->pins and the socket's directory for options->user; with a socket
 * group given, the latter for that group, in which everybody has sockets of his own. What exists already is
 * given away too. Logs what went wrong; 0 or a negative errno.
 */
int prepare(const struct options *options);

#endif
