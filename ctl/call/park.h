/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parking as calls see it: legs go into orbits by REFER or INVITE, are taken by INVITE, and recall their
 * parker. The rules are ctl/park's; this joins them to legs.
 */
#ifndef XDPARK_CALL_PARK_H
#define XDPARK_CALL_PARK_H

#include "ctl/call/hunt.h"

struct announcement;

/* A caller's leg that sits in an orbit, or is about to. Behind parked_call.call. */
struct parked_leg {
	struct calls *calls;
	struct leg *caller;
	struct parked_call *record;
	struct leg *taker;                 /* answered, its ACK is missing; NULL: nobody takes it */
	struct hunt *recall;               /* rings the parker; NULL: no recall under way */
	struct announcement *announcement; /* speaks to the parker; NULL: over */
};

/* REFER on a leg of a bridge: a blind transfer to the park number or an orbit (design: blind park). */
void park_referred(struct leg *parker, struct transaction *server, const struct sip_message *request);

/* A new call to the park number (number NULL) or to an orbit with Referred-By: the caller is parked. */
void park_incoming(struct leg *caller, const char *number, const struct config_user *parker);

/* A new call to an orbit: who calls takes the call that is parked there. */
void take_incoming(struct leg *taker, const char *number);

/* Operations of every tenant's parking; the context is its tenant_state. */
extern const struct parking_ops park_ops;

/* The parked call of a leg; NULL: it isn't parked. */
const struct parked_leg *parked_leg_of(const struct leg *leg);

/* While somebody takes the caller or the parker is rung, the caller keeps to codecs that will connect. */
void parked_codecs(const struct parked_leg *parked);

/*
 * What the parked caller hears: hold audio, and who takes him up to the first word. Until the take is
 * confirmed he hears hold audio at least: who never acknowledges may never say anything. Without live frames
 * he isn't joined before.
 */
void parked_hear(const struct parked_leg *parked);

/*
 * The taker has it: bridge, and the orbit is free. For take.c and recall. 0, or nothing has changed: -ENOMEM;
 * -ENOENT: the caller's codec, which his phone has changed meanwhile, doesn't connect with the taker's.
 */
int park_taken(struct parked_leg *parked, struct leg *taker);

/* Starts speaking the orbit to the parker (or, where he can't hear it, goes on to the NOTIFY). Owns the leg
 * from now on. */
void announcement_start(struct leg *parker, struct parked_leg *parked, struct transaction *server,
        const struct sip_message *refer, bool subscribe);

/* The announcement that a leg hears or has heard; NULL: it has none. */
const struct announcement *announcement_of(const struct leg *leg);

/* The parked call has gone, taken or left: no more to say. NULL is legal. */
void announcement_over(struct announcement *announcement);

/* The daemon stops: freed, its leg is nobody's. NULL is legal. */
void announcement_forget(struct announcement *announcement);

#endif
