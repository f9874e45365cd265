/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parking of one tenant: orbits, who may what, recall. Plain C over plain structs with an injected clock: it
 * knows nothing of SIP or media.
 *
 * A parked call lives through: RESERVED (an orbit is kept for it) -> PARKED -> TAKING (reserved for one
 * taker) -> gone. Each second half that fails is undone: parking_undo(), parking_return().
 */
#ifndef XDPARK_PARKING_H
#define XDPARK_PARKING_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/timer.h"

enum { ORBIT_DIGITS = 9, PARKING_TAKEN_MS = 5000, PARKING_ORBITS = 1000000 /* a tenant at most */ };

struct parking;

/* GONE is seen by ops->changed and ops->recall_stop only: the pointer is dead when they return. */
enum parked_state { PARKED_RESERVED, PARKED_PARKED, PARKED_TAKING, PARKED_GONE };

/* One call in an orbit. Owned by its parking; the pointer is good until undone, taken, or left. */
struct parked_call {
	struct parking *parking;
	void *call; /* whose call: the caller's leg; never NULL */
	uint32_t orbit;
	char number[ORBIT_DIGITS + 1]; /* the orbit as it is dialled, with leading zeros */
	const char *parker;            /* user name; NULL: nobody, no recall */
	const char *taker;             /* in state TAKING; NULL otherwise */
	enum parked_state state;
	uint64_t since_ms;  /* of the timers' clock: when it became PARKED */
	bool recalling;     /* the parker is being called back */
	uint32_t recalls;   /* how often that has been tried */
	struct timer timer; /* of the recall */
	uint64_t left_ms;   /* in state TAKING: what is left until the recall */
	uint32_t slot;      /* the orbit's place among all of the tenant, from 0 in order of orbits */
};

/*
 * What parking asks of the layer above. May be called from within any function that may say so, and by
 * timers. `recall` alone may end the parked call before it returns.
 */
struct parking_ops {
	/* Nobody came: call the parker back. Answer by parking_recall_failed() (also before it returns), or
	 * take it (the parker answered). */
	void (*recall)(void *context, struct parked_call *parked);
	/* Stop calling the parker back: somebody takes it, the caller left, or it rang long enough. */
	void (*recall_stop)(void *context, struct parked_call *parked);
	/* Something that others may want to see has changed: state, taker, gone. For events and lamps; may be
	 * NULL. */
	void (*changed)(void *context, const struct parked_call *parked);
};

/* An orbit range; all its numbers have `digits` digits. */
struct orbit_range {
	uint32_t first, last;
	unsigned digits;
};

struct parking_options {
	struct timers *timers;
	const struct parking_ops *ops;
	void *context;
	const struct orbit_range *ranges; /* copied; don't overlap */
	unsigned range_count;
	uint32_t quota;           /* parked calls at most; 0: no limit but the orbits */
	uint32_t recall_after_ms; /* 0: never */
	uint32_t recall_ring_ms;  /* 0: until parking_recall_failed() */
};

/* -EINVAL: ranges that overlap, don't fit their digits, or hold more than PARKING_ORBITS. -ENOMEM. */
int parking_new(struct parking **parking, const struct parking_options *options);
/* All parked calls are forgotten, without a callback. NULL is legal. */
void parking_free(struct parking *parking);

/*
 * Reserves an orbit for `call`: `number`, or with NULL the lowest free one (constant time whatever the
 * number of orbits). `parker` (copied) may be NULL. -EBUSY: occupied or being reserved; none free; quota.
 * -ENOENT: no such orbit. -ENOMEM.
 */
int parking_reserve(struct parking *parking, const char *number, const char *parker, void *call,
        struct parked_call **parked);

/*
 * What follows is for one state each; in any other state it changes nothing and logs an error, since the
 * layer above has lost count.
 *
 * The reservation becomes a parked call; the recall timer starts.
 */
void parking_park(struct parked_call *parked);

/* RESERVED: gives the reservation back; `parked` is gone. */
void parking_undo(struct parked_call *parked);

/*
 * Reserves a parked call for one taker (copied). -ENOENT: no such orbit, or nobody is parked there (a
 * reservation isn't yet). -EALREADY: being taken, or taken within the last 5 s and nobody parked there since.
 * -ENOMEM. May call recall_stop, unless `by_recall`: it is the recalled parker who answers.
 */
int parking_take(struct parking *parking, const char *number, const char *taker, bool by_recall,
        struct parked_call **parked);

/* TAKING: the taker has it; the orbit is free, `parked` is gone. */
void parking_taken(struct parked_call *parked);

/* TAKING: it failed. Parked as before, with the time that was left until recall; if the parker was being
 * called back when it began, that time starts over. */
void parking_return(struct parked_call *parked);

/* The caller hung up, in any state; `parked` is gone. May call recall_stop. */
void parking_leave(struct parked_call *parked);

/* The recalled parker didn't answer: parked on, the time until recall starts over. Nothing when no recall is
 * under way (it was stopped meanwhile). */
void parking_recall_failed(struct parked_call *parked);

/* Whether the tenant has such an orbit. */
bool parking_has_orbit(const struct parking *parking, const char *number);

/* Who sits in an orbit, in any state; NULL: nobody. */
struct parked_call *parking_at(const struct parking *parking, const char *number);

/* Everyone parked or being taken, in order of orbits; stops when `each` returns false, which must not change
 * the parking. */
void parking_each(const struct parking *parking,
        bool (*each)(void *context, const struct parked_call *parked), void *context);

/* Numbers for status: orbits in all, in use (reservations too). */
uint32_t parking_orbits(const struct parking *parking);
uint32_t parking_used(const struct parking *parking);

#endif
