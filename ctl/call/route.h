/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a new INVITE leads: to a user, the park number, or an orbit. */
#ifndef XDPARK_ROUTE_H
#define XDPARK_ROUTE_H

#include "ctl/call/sender.h"

enum route_kind { ROUTE_NOWHERE, ROUTE_USER, ROUTE_PARK, ROUTE_PARK_ORBIT, ROUTE_TAKE };

struct route {
	enum route_kind kind;
	int status; /* of NOWHERE: what to answer */
	const struct config_tenant *tenant;
	const struct config_user *user; /* of USER */
	char number[64];                /* of the orbit */
	const struct config_user
	        *parker; /* of PARK and PARK_ORBIT: who is named by Referred-By; NULL: nobody */
};

void route_find(const struct calls *calls, const struct sip_message *request, const struct sender *sender,
        struct route *route);

/*
 * Whether the host of a URI leads to this tenant for whom sends by `flow`: its domain, or our own address
 * that stands for it. NULL: no.
 */
bool route_leads_to(const struct config_tenant *tenant, const struct flow *flow, const char *host);

/* Takes a new INVITE: identifies its sender, finds its way, makes a leg of it. */
void route_invite(struct calls *calls, struct transaction *server, const struct sip_message *request);

#endif
