/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller has no privilege at all: it never runs as root, and drops what it was given. */
#ifndef XDPARK_PRIVILEGES_H
#define XDPARK_PRIVILEGES_H

/* Drops every capability and forbids new ones (capabilities(7), PR_SET_NO_NEW_PRIVS). -EPERM: uid is 0; other
 * negative errnos of the kernel. */
int privileges_drop(void);

#endif
