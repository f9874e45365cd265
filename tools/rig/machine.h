/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU time of the whole machine: XDP's work is done in softirqs, which no process's own time shows. There are
 * two accounts of it. What isn't idle, by /proc/stat, is right unless a hypervisor takes time: what it takes
 * while a CPU wakes up counts as idle and as taken, and would be taken off twice. Where it has taken any,
 * what tasks have run counts. That leaves out interrupts that find a CPU idle, and all softirqs on a kernel
 * with CONFIG_IRQ_TIME_ACCOUNTING.
 */
#ifndef XDPARK_RIG_MACHINE_H
#define XDPARK_RIG_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine_time {
	uint64_t at_ns;   /* CLOCK_MONOTONIC */
	uint64_t idle_ns; /* idle, waiting for disks, or taken by a hypervisor; over all CPUs */
	unsigned cpus;
	bool has_hypervisor; /* that has taken time since the machine started */
	struct tasks *tasks; /* NULL: the kernel doesn't keep count of them */
};

/* A reading, to be ended with machine_time_free(). Returns 0 or a negative errno. */
int machine_now(struct machine_time *time);

/* Zeroed is legal. */
void machine_time_free(struct machine_time *time);

/* Cores that were busy in the mean between two readings; by what tasks have run, by what wasn't idle. */
struct machine_busy {
	double cores; /* the one of both that counts */
	double by_tasks, by_idle;
};

struct machine_busy machine_busy(const struct machine_time *from, const struct machine_time *to);

uint64_t machine_clock_ns(void);

/* Sleeps until then, or until the process was asked to end (SIGINT, SIGTERM): -EINTR. */
int machine_sleep_until(uint64_t ns);

/* From now on SIGINT and SIGTERM end machine_sleep_until() and make machine_ending() true, nothing else. */
void machine_heed_signals(void);
int machine_ending(void);

#endif
