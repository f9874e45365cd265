/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local media addresses and their ports: checked against the host, numbered, shown to the program. */
#ifndef XDPARK_LOCALS_H
#define XDPARK_LOCALS_H

#include "kmod-free/object.h"
#include "kmod-free/options.h"
#include "kmod-free/rtnl.h"

enum { LOCALS_REASON = 320 };

/*
 * Whether the host has the addresses, and no UDP socket of the host is bound to one of them (or to any) in
 * the port range. With `adopted` maps, in which calls may be, an address that is missing is only warned of.
 * Returns 0 or a negative errno with one sentence in `reason`: -EADDRNOTAVAIL, -EADDRINUSE.
 */
int locals_check(const struct options *options, struct rtnl *rtnl, bool adopted, char reason[LOCALS_REASON]);

/*
 * Numbers the addresses in the order of the options; when maps were adopted, the numbers in them stand, and
 * the options must name the same addresses and ports: -ESTALE if not, with a reason that names both. Writes
 * addresses, locals and the ports in settings.
 */
int locals_write(
        const struct options *options, struct object *object, bool adopted, char reason[LOCALS_REASON]);

/*
 * Adds the range to net.ipv4.ip_local_reserved_ports, so that the host gives none of it to anybody. Returns 0
 * or a negative errno.
 */
int locals_reserve_ports(uint16_t first, uint16_t last);

/* The list of reserved ports with a range added, into `to`. Returns 1, 0 if it is in already, or -ENOSPC. */
int locals_ports_add(const char *list, uint16_t first, uint16_t last, char *to, size_t size);

/*
 * A line of /proc/net/udp or udp6: address as 16 bytes and port. Returns 0 or -EBADMSG (also for the head
 * line).
 */
int locals_socket_read(const char *line, uint8_t address[16], uint16_t *port, unsigned *uid);

#endif
