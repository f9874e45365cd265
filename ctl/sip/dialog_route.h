/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Route set, remote target, and where they lead: for dialog.c alone. */
#ifndef XDPARK_SIP_DIALOG_ROUTE_H
#define XDPARK_SIP_DIALOG_ROUTE_H

#include "ctl/sip/dialog.h"

/*
 * The route set from Record-Route: in order for who was called, reversed for who called (RFC 3261 12.1).
 * -EINVAL: one that can't be used, or too many; -ENOMEM. The old one stays then.
 */
int dialog_take_routes(struct dialog *dialog, const osip_message_t *message, bool reversed);

/* The remote target from Contact. -EINVAL: none that can be used; -ENOMEM. The old one stays then. */
int dialog_take_target(struct dialog *dialog, const osip_message_t *message);

/*
 * Where requests go, after a message `came`. A far end behind NAT is reached only the way it came, whatever
 * its Contact says. One that names the very address that we see it at (`direct`) is believed about others
 * too: there a literal address in the first route, or else the target, decides (RFC 3261 12.2.1.1), unless it
 * is of the other IP version or of a transport that it didn't come by. Names aren't resolved: they mean the
 * way it came.
 */
void dialog_choose_flow(struct dialog *dialog, const struct flow *came);

void routes_free(char **routes, unsigned count);

#endif
