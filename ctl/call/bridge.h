/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge: two legs that talk to each other, or one that rings the other. */
#ifndef XDPARK_BRIDGE_H
#define XDPARK_BRIDGE_H

#include "ctl/call/hunt.h"

/* How long the codecs of a bridge may differ when no more re-INVITE of ours is to be sent: a phone that was
 * told 491 tries again within 4 s (RFC 3261 14.1). */
enum { BRIDGE_ALIGNS = 2, BRIDGE_DIFFER_MS = 5000 };

struct bridge {
	struct calls *calls;
	struct bridge *next, *previous; /* of calls->bridges */
	struct leg *caller;             /* who came in, or has taken */
	struct leg *callee;             /* NULL while it rings */
	struct hunt *hunt;              /* NULL once it was answered */
	struct leg *early;              /* of the hunt: whose early media the caller hears; NULL: none */
	unsigned aligned; /* so many re-INVITEs were sent to make codecs connect again, BRIDGE_ALIGNS at most
	                   */
	struct timer differ; /* codecs don't connect, and nothing is under way about it */
	uint64_t since_ms;
};

/* A new call of `caller` (incoming, unanswered) to a user: rings, joins, or refuses the caller. */
void bridge_call(struct leg *caller, const struct config_user *user);

/*
 * Joins two legs: the bridge owns both. `caller` hears and is heard once agreed; `callee` hears on until it
 * is talked to if it is on hold. -ENOMEM: nothing has changed.
 */
int bridge_join(struct leg *caller, struct leg *callee, struct bridge **bridge);

/*
 * Dissolves a bridge without ending its legs; they are nobody's then, and hear what they heard. The caller
 * of this gives them an owner at once.
 */
void bridge_dissolve(struct bridge *bridge);

/* The bridge of a leg that has one as its owner; NULL: none. */
struct bridge *bridge_of(const struct leg *leg);

/* The other leg of a bridge; NULL while it rings. */
struct leg *bridge_other(const struct bridge *bridge, const struct leg *leg);

#endif
