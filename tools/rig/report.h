/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run yields, as JSON: printed as it is, or as a table. And what it says while it runs. */
#ifndef XDPARK_RIG_REPORT_H
#define XDPARK_RIG_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/caller_layout.h"

/* Prints the report to stdout: JSON on one go, or a row for each figure, nested ones as "deviation us p99".
 */
void report_print(const json_t *report, bool json);

/* The duration in us that this share (0 to 1) of a histogram's entries doesn't exceed. */
double report_percentile(const __u64 buckets[CL_BUCKETS], double share);

/* {"p50": us, "p99":, "p999":, "max":} of a histogram. NULL: no memory. */
json_t *report_durations(const __u64 buckets[CL_BUCKETS], uint64_t max_ns);

/* [[us, how many], ...] of the buckets that have any. NULL: no memory. */
json_t *report_histogram(const __u64 buckets[CL_BUCKETS]);

/*
 * Says on stderr what is going on: one line that is written over on a terminal, else a line each; nothing
 * when --json is given and stderr is no terminal.
 */
void progress_start(bool json);
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);

#endif
