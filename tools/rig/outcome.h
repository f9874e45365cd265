/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the callers' counters amount to, after the measured time. */
#ifndef XDPARK_RIG_OUTCOME_H
#define XDPARK_RIG_OUTCOME_H

#include <jansson.h>

#include "tools/rig/callers.h"

struct outcome {
	struct cl_totals totals;
	uint64_t expected; /* packets that callers were to hear */
	uint64_t lost;     /* of them, those that never came */
	uint64_t faulty;   /* callers that missed something, or heard something wrong */
	uint64_t heard;    /* callers that heard anything */
};

/*
 * Sums up the measured `seconds` over all connected callers. What a parked caller was to hear is what its
 * own stream numbered, but at least the frames that fit into the time, less one for where it began. What a
 * bridged caller was to hear is what its peer sent. Returns 0 or a negative errno.
 */
int outcome_read(const struct callers *callers, double seconds, struct outcome *outcome);

/* Whether nothing was lost and nothing was wrong. */
bool outcome_clean(const struct outcome *outcome);

/* Adds sent, received, expected, lost, ... and deviation_us to a report. 0 or -ENOMEM. */
int outcome_report(const struct outcome *outcome, bool talk, json_t *report);

#endif
