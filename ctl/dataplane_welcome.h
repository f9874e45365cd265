/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether we can live with what the dataplane's welcome says. */
#ifndef XDPARK_DATAPLANE_WELCOME_H
#define XDPARK_DATAPLANE_WELCOME_H

#include <stdbool.h>

#include "ctl/address.h"
#include "kmod-free/handover.h"

enum { WELCOME_REASON = 256 };

/*
 * 0, or -EPERM with a sentence in `reason` that names both sides' values. `bytes` of the message came:
 * another version's welcome may be shorter or longer, but its terms stand at the same place. `before`: the
 * welcome of the connection before, whose sizes, addresses and ports calls in progress depend on; NULL: none.
 */
int dataplane_welcome_check(const struct handover_welcome *welcome, size_t bytes,
        const struct handover_welcome *before, char *reason);

/* Whether packets to this local address and port are media: they end in the kernel, and no socket gets them.
 */
bool dataplane_welcome_takes(const struct handover_welcome *welcome, const struct address *local);

#endif
