/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay on the interfaces: one pinned link each. */
#ifndef XDPARK_ATTACH_H
#define XDPARK_ATTACH_H

#include <net/if.h>
#include <stdbool.h>

#include "kmod-free/links.h"
#include "kmod-free/pins.h"

struct attachment {
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	bool native;
	bool adopted; /* a pinned link was there; its mode stays */
	bool held;    /* the relay is there by a link that isn't ours: of a running system */
	int link;     /* fd */
};

/*
 * Attaches the program to an interface, or has the interface's pinned link run it from now on (no packet
 * passes unseen in between). Native, or generic if asked for or if native is refused (logged). Pins the link
 * unless `pins` is NULL. Logs what went wrong; 0 or a negative errno.
 */
int attach_interface(
        struct attachment *attachment, const char *name, int program, bool generic, const struct pins *pins);

/*
 * Whether the relay that is pinned below the directory `pins` runs on the interface; *attachment is then
 * held, and its link -1.
 */
bool attach_find(struct attachment *attachment, const char *name, const char *pins);

/*
 * After `links` were read: an interface that has gone is told of, once; one that has come back by its name,
 * as when its driver is reloaded, is attached to as attach_interface() does. attachment->ifindex is 0 as long
 * as there is none, and links->attached follows.
 */
void attach_follow(struct attachment *attachments, unsigned count, struct links *links, int program,
        bool generic, const struct pins *pins);

/* Closes the fd; a pinned link stays attached. */
void attach_close(struct attachment *attachment);

/* Detaches at once a link that isn't pinned, and closes it. */
void attach_detach(struct attachment *attachment);

/* Detaches pinned links whose interface isn't among these. */
void attach_others_drop(const struct attachment *attachments, unsigned count, const struct pins *pins);

#endif
