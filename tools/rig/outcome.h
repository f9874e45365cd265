/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the callers' counters amount to, after the measured time. */
#ifndef XDPARK_RIG_OUTCOME_H
#define XDPARK_RIG_OUTCOME_H

#include <jansson.h>

#include "tools/rig/callers.h"

/* Silence of so many ns is a stream that has stopped: shorter ones are the machine's. */
#define OUTCOME_SILENCE_NS 200000000ULL

struct outcome {
	struct cl_totals totals;
	uint64_t expected; /* packets that callers were to hear */
	uint64_t lost;     /* of them, those that never came */
	uint64_t surplus;  /* packets that came beyond that */
	uint64_t faulty;   /* callers that missed something, or heard something wrong */
};

/*
 * Sums up the measured `seconds`. What a parked caller was to hear is the frames that fit into the time, give
 * or take one for where it began, a few more that came late to before it, and a few less that came late to
 * after it, if the stream went on then; 0 seconds: what its own stream numbered, and if that stopped 200 ms
 * or more before the end, what was missing from then on. What a bridged caller was to hear is what its peer
 * sent; with 0 seconds also what is missing between its hold stream and that, if it is 200 ms or more. Of
 * `up` callers that had a call when it began, those that have none any more have missed all of it. Returns 0
 * or a negative errno.
 */
int outcome_read(const struct callers *callers, unsigned up, double seconds, struct outcome *outcome);

/* Says on standard error where packets may come from that are no call's, if there were any. */
void outcome_tell_strangers(const struct outcome *outcome);

/* Whether nothing was lost, nothing was wrong, and nothing came where nobody had a call. */
bool outcome_clean(const struct outcome *outcome);

/* Packets that were wrong in any way, or too many. */
uint64_t outcome_wrong(const struct outcome *outcome);

/* Adds sent, received, expected, lost, ... and deviation_us to a report. 0 or -ENOMEM. */
int outcome_report(const struct outcome *outcome, bool talk, json_t *report);

#endif
