/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interface's driver can do in XDP, as the kernel's netdev family tells it (Linux 6.3 and newer). */
#ifndef XDPARK_FEATURES_H
#define XDPARK_FEATURES_H

#include <stdint.h>

/* NETDEV_XDP_ACT_ bits that count for us; Debian 12's headers don't have them. */
enum { FEATURES_NATIVE = 1, FEATURES_REDIRECT = 2, FEATURES_XMIT = 4 };

/* Returns 0, -ENOENT if the kernel doesn't tell, or another negative errno. */
int features_get(uint32_t ifindex, uint64_t *features);

#endif
