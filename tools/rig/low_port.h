/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A local port that is no caller's: what comes to theirs the rig's XDP program takes for RTP. */
#ifndef XDPARK_RIG_LOW_PORT_H
#define XDPARK_RIG_LOW_PORT_H

#include <netinet/in.h>

/*
 * Binds a UDP socket to `address` and a free port from 1024 up to CALLERS_PORT_FIRST (not included), from
 * wherever chance begins. Returns 0, -EADDRINUSE if none of them is free, or another negative errno.
 */
int low_port_bind(int socket, struct in_addr address);

#endif
