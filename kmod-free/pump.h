/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pump: hold frames for phones that send nothing just then. A thread a CPU, pinned there, with a share of
 * the endpoints of its own; every 2 ms, if somebody may be due, it scans its share of due[], writes who is
 * due to its CPU's entry of `todo`, and has the kernel run the relay that often on live frames: one system
 * call.
 */
#ifndef XDPARK_PUMP_H
#define XDPARK_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

struct pump;

/* What the pump works on; all of it stays the caller's and outlives the pump. */
struct pump_work {
	int program; /* fd of the very program that is attached: another one makes each call slow */
	const uint64_t *due;
	const uint64_t *starts;
	uint32_t endpoints;
	struct xd_todo *todo; /* an entry a CPU */
	const struct xd_settings *settings;
	const unsigned *cpus;
	unsigned cpu_count;
	bool real_time; /* SCHED_FIFO can be had */
};

/* Since the start; sums over all threads. */
struct pump_counters {
	uint64_t phases;      /* of 2 ms, in which it looked who is due */
	uint64_t missed;      /* phases that it woke up too late for */
	uint64_t calls;       /* BPF_PROG_RUN */
	uint64_t asked;       /* frames asked of the program */
	uint64_t late;        /* of them, two phases or more after their time */
	uint64_t skipping;    /* of them, so late that the program skips frames */
	uint64_t waited;      /* phases in which more were due than one call takes */
	uint64_t failed;      /* calls that the kernel refused, or that ran on another CPU */
	uint64_t call_ns;     /* in calls */
	uint64_t call_ns_max; /* the longest call */
	uint64_t scan_ns_max; /* the longest scan */
};

/*
 * One call: `repeat` live frames. Returns 0 or a negative errno (-EINVAL, -ENOTSUPP: the kernel has no live
 * frames).
 */
int pump_call(int program, uint32_t repeat);

/* ns of a call on two live frames with nothing to do: the cost of a call itself. Negative errno. */
int64_t pump_call_cost(int program);

/*
 * The CPUs that the calling process may run on, of those below `most` if there are any, as drivers choose the
 * queue by the number of the CPU. How many of `cpus` are filled: one at least.
 */
unsigned pump_cpus(unsigned cpus[XD_CPUS], unsigned most);

/* Starts the threads. *pump: to be freed with pump_stop(). Returns 0 or a negative errno. */
int pump_start(struct pump **pump, const struct pump_work *work);

/* Stops the threads; legal on NULL. */
void pump_stop(struct pump *pump);

struct pump_counters pump_count(const struct pump *pump);

#endif
