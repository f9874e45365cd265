/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Durations by the million: a histogram whose buckets grow with the durations, so that each is known within
 * 1.6% from nanoseconds to centuries.
 */
#ifndef XDPARK_RIG_TIMES_H
#define XDPARK_RIG_TIMES_H

#include <jansson.h>
#include <stdint.h>

enum {
	TIMES_EXACT = 64, /* the first buckets are one ns wide; then each doubling has as many */
	TIMES_BUCKETS = (64 - 6 + 1) * TIMES_EXACT,
};

/* Zeroed memory has none. */
struct times {
	uint64_t count, max;
	uint64_t buckets[TIMES_BUCKETS];
};

void times_add(struct times *times, uint64_t ns);

/* The ns that this share (0 to 1) of the durations doesn't exceed; 0: there are none. */
uint64_t times_percentile(const struct times *times, double share);

/* {"p50":, "p99":, "max":} in units of so many ns. NULL: no memory. */
json_t *times_report(const struct times *times, double unit_ns);

#endif
