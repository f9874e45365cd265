/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call layer: takes requests from the SIP stack, makes legs of them, joins legs into bridges, parks and
 * gives back. One `struct calls` is the context of all; everything runs on the deciding thread.
 */
#ifndef XDPARK_CALLS_H
#define XDPARK_CALLS_H

#include "ctl/audio/audio.h"
#include "ctl/call/endpoint.h"
#include "ctl/config.h"
#include "ctl/dataplane.h"
#include "ctl/park/parking.h"
#include "ctl/sip/auth.h"
#include "ctl/sip/dialog.h"
#include "ctl/sip/registrar.h"
#include "ctl/sip/transaction.h"

struct leg;
struct bridge;
struct latecomers;

/* What happened since start; for `xdpark status`. */
struct call_counters {
	uint64_t calls, answered, refused;
	uint64_t parked, taken, recalls, abandoned, park_refused, take_refused;
};

struct calls {
	/* given, not owned */
	struct config *config;
	struct timers *timers;
	struct dataplane *dataplane;
	struct audio *audio;
	struct transport
	        *transport; /* that we call phones with static contacts over; the first that listens */
	/* owned */
	struct sip_stack *stack;
	struct dialogs *dialogs;
	struct auth *auth;
	struct registrar *registrar;
	struct endpoints *endpoints;
	struct leg *legs;              /* every leg, also closing ones */
	struct leg *ended;             /* to be freed once nothing on the stack can hold them */
	struct latecomers *latecomers; /* of legs that have gone: other forks may still answer */
	struct bridge *bridges;
	struct timer reap, sweep;
	unsigned sweeps;
	uint32_t leg_count, bridge_count;
	uint32_t instead_count; /* legs that hear the ringback until their hold audio is encoded */
	struct call_counters counters;
	uint64_t started_ms;
};

/* The running state of a tenant, behind config_tenant.state. */
struct tenant_state {
	struct calls *calls;
	const struct config_tenant *tenant;
	struct parking *parking;
	struct clip *hold;     /* what its parked callers hear */
	struct clip *ringback; /* until that is encoded */
};

struct calls_options {
	struct config *config;
	struct timers *timers;
	struct dataplane *dataplane;
	struct audio *audio;
};

/*
 * Makes the call layer and its SIP stack; feed the stack by calls_transport(). Every tenant gets its state.
 * On errors a negative errno and a sentence in `reason` (256 bytes).
 */
int calls_new(struct calls **calls, const struct calls_options *options, char *reason);

/* A transport that carries SIP for us; the first one also reaches static contacts. 0 or negative errno. */
int calls_transport(struct calls *calls, struct transport *transport);

/* Endpoints of calls in progress are left as they are: their audio goes on until `until`. NULL is legal. */
void calls_free(struct calls *calls);

/* The tenant's running state. */
struct tenant_state *tenant_state(const struct config_tenant *tenant);

#endif
