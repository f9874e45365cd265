/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A veth pair of the rig's own, in a network namespace that ends with the process. */
#ifndef XDPARK_RIG_VETH_H
#define XDPARK_RIG_VETH_H

/*
 * Enters a new network namespace (this thread alone does) and makes a pair that is up, with `queues` queues
 * each way. Returns 0 or a negative errno.
 */
int veth_enter(const char *name, const char *peer, unsigned queues);

#endif
