/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recall of a parked call: after recall_after_ms the parker is called back, for recall_ring_ms, and so on
 * until somebody takes the call. One timer a parked call, set from its reservation on, so that it can be set
 * anew at any time without memory. Without a parker, or with recall_after_ms 0, nothing is ever set.
 */
#ifndef XDPARK_RECALL_H
#define XDPARK_RECALL_H

#include "ctl/park/parking.h"

/* What the recalls of one tenant have in common. */
struct recall_rules {
	struct timers *timers;
	const struct parking_ops *ops;
	void *context;
	uint32_t after_ms, ring_ms;
};

/* A call is reserved: makes room for its timer. 0 or -ENOMEM. */
int recall_reserve(struct parked_call *parked);

/* The time until recall starts (over). */
void recall_start(struct parked_call *parked);

/* Somebody takes the call: the time stops, and a recall under way is stopped (told by recall_stop unless
 * `by_recall`). */
void recall_pause(struct parked_call *parked, bool by_recall);

/* Taking failed: the time goes on. */
void recall_resume(struct parked_call *parked);

/* The call is gone: nothing fires any more. Told by recall_stop if a recall is under way. */
void recall_end(struct parked_call *parked);

/* Of the parking that a parked call belongs to. */
const struct recall_rules *parking_recall_rules(const struct parking *parking);

#endif
