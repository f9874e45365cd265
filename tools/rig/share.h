/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig's own share of the CPU time, measured in a run without a relay: the same callers send at the same
 * rate over a veth pair of their own, in a network namespace that ends with the measurement.
 *
 * Every crossing of a wire is charged to who sends: what is dropped at once on the other side costs the rig
 * `send_ns` a packet, wire included; if the other side checks it as callers check what they hear, that costs
 * `check_ns` more. So what crosses from the relay to the callers is the relay's, but for the checks.
 */
#ifndef XDPARK_RIG_SHARE_H
#define XDPARK_RIG_SHARE_H

#include "tools/rig/callers.h"
#include "tools/rig/talk.h"

struct share {
	double idle_cores; /* busy while nobody calls */
	double send_ns;    /* a packet of a caller */
	double check_ns;   /* a packet that a caller gets */
};

/*
 * Measures it: 2 s of silence, then 2 runs of 2 s with `count` callers. To be called before anything else
 * runs in this process, and while nobody calls. Returns 0, -EINTR, or another negative errno with a sentence
 * in `error` (CALLERS_ERROR).
 */
int share_measure(struct share *share, const struct callers_options *options,
        const struct talk_manner *manner, unsigned threads, char *error);

#endif
