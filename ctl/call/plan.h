/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One plan into one entry of the maps, in the order that bpf/layout.h demands, and the clock of hold streams:
 * frame k is due at t0 + k x ptime. Nothing is known here of legs or ports.
 */
#ifndef XDPARK_PLAN_H
#define XDPARK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

/* Where an endpoint's plans lie in the maps. */
struct plan_place {
	struct xd_endpoint *entry;
	struct xd_rest *rest;
	uint64_t *due;
	uint64_t *starts; /* the word of its block; told when the stream is started */
};

/* Whether a plan makes its endpoint hold: its action says so and it has frames. */
bool plan_holds(const struct xd_plan *plan);

/*
 * Whether the program would do the same by both: all bytes are equal, those of reserved members too: plans
 * are zeroed before they are filled.
 */
bool plan_equals(const struct xd_plan *a, const struct xd_plan *b);

/*
 * Clears what only a hold stream needs, in a plan that doesn't hold: what remains of an earlier stream makes
 * no difference, so it must not look like one.
 */
void plan_trim(struct xd_plan *plan);

/* When the first frame of the stream that isn't before `now` is due (ns). ptime_ns above 0. */
uint64_t plan_first_frame(uint64_t t0, uint32_t ptime_ns, uint64_t now);

/*
 * Where to start a stream. In phase with the phone's packets if it talked in the last 200 ms before `now`
 * (`last_in`, ns; 0: never): when its next one is expected. Else at the next of the times that are `phase`
 * (ns) modulo a ptime, see phases.h. Never before `now`.
 */
uint64_t plan_start(uint64_t last_in, uint32_t ptime_ns, uint32_t phase, uint64_t now);

/*
 * Makes `plan` the plan in use: exchanges *due with 0, writes the plan not in use, stores generation + 1
 * (release), and if it holds stores *due and tells *starts: what the exchange gave if `was` (the plan in use)
 * has the same t0 and ptime and it wasn't 0, else the first frame not before `now`. Returns the new
 * generation. One writer an entry.
 */
uint64_t plan_publish(
        const struct plan_place *place, const struct xd_plan *was, const struct xd_plan *plan, uint64_t now);

/*
 * Starts the stream of `plan`, the plan in use, which holds, at its first frame not before `now`; if it runs,
 * nothing happens.
 */
void plan_restart(const struct plan_place *place, const struct xd_plan_line *plan, uint64_t now);

/*
 * Moves the stream of the plan in use later, by less than a ptime, so that frames fall due in phase with
 * `last_in` (ns, when a packet of the phone came). What is due next stays the same frame: none is repeated or
 * left out. Publishes as plan_publish() does, and changes plan->t0. Returns the new generation.
 */
uint64_t plan_rephase(const struct plan_place *place, struct xd_plan *plan, uint64_t last_in);

#endif
