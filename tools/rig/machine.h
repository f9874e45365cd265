/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU time of the whole machine, from /proc/stat. Busy is what isn't idle: XDP's work is done in softirqs,
 * which no process's own time shows.
 */
#ifndef XDPARK_RIG_MACHINE_H
#define XDPARK_RIG_MACHINE_H

#include <stdint.h>

struct machine_time {
	uint64_t at_ns;   /* CLOCK_MONOTONIC */
	uint64_t idle_ns; /* idle, waiting for disks, or taken by a hypervisor; over all CPUs */
	unsigned cpus;
};

/* Returns 0 or a negative errno. */
int machine_now(struct machine_time *time);

/* Cores that were busy in the mean between two readings. */
double machine_busy_cores(const struct machine_time *from, const struct machine_time *to);

uint64_t machine_clock_ns(void);

/* Sleeps until then, or until the process was asked to end (SIGINT, SIGTERM): -EINTR. */
int machine_sleep_until(uint64_t ns);

/* From now on SIGINT and SIGTERM end machine_sleep_until() and make machine_ending() true, nothing else. */
void machine_heed_signals(void);
int machine_ending(void);

#endif
