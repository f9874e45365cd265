/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who sends a request that belongs to no dialog: a trunk by its address, or a user by digest. */
#ifndef XDPARK_SENDER_H
#define XDPARK_SENDER_H

#include "ctl/call/calls.h"

struct sender {
	const struct config_tenant *tenant; /* of a user; NULL for a trunk */
	struct config_user *user;           /* NULL: a trunk */
	const struct config_trunk *trunk;   /* NULL: a user */
};

/*
 * Finds out who sends. True: `sender` says. False: the request was answered (401 or 407 with a challenge,
 * 403, 400). REGISTERs are never a trunk's, and are challenged with 401.
 */
bool sender_identify(struct calls *calls, struct transaction *server, const struct sip_message *request,
        struct sender *sender);

#endif
