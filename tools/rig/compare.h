/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two relays side by side: what the runs of each amount to, and how they compare. */
#ifndef XDPARK_RIG_COMPARE_H
#define XDPARK_RIG_COMPARE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * What the runs of one kind of work amount to. Each list holds reports of measured runs (measure.h): of
 * xdpark, of rtpengine with as many calls, and of xdpark with more calls (may be empty).
 *
 *	{"work":, "xdpark": SUM, "rtpengine": SUM, "ratio":, "xdpark_many": SUM, "ratio_many":, "note":}
 *
 * SUM is {"calls":, "up":, "lost":, "expected":, "wrong":, "busy_cores":, "deviation_us": {"p50":, "p99":},
 * "relay_cpu_ns_per_packet":, "least":, "most":}: medians of CPU time and of deviations, sums of packets,
 * the fewest calls that were up. Ratios say how many times xdpark's CPU time a packet of rtpengine takes;
 * they are left out where that wasn't measured, or where a run's own note says that the machine was busy.
 * The note says who lost more than a thousandth, or didn't get all calls up: there is nothing to compare
 * then. New reference; NULL: no memory.
 */
json_t *compare_result(const char *work, const json_t *ours, const json_t *theirs, const json_t *many);

/* Whether the relay of these runs kept up: all calls were there, and a thousandth of the packets was lost at
 * most. */
bool compare_kept_up(const json_t *reports);

/* Prints the report of `compare` for people. */
void compare_print(const json_t *report);

#endif
