/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long every task of the machine has run, kernel threads included, in nanoseconds and without the time
 * that a hypervisor took: from /proc/PID/task/TID/schedstat (Linux Documentation/scheduler/sched-stats.rst).
 * Softirqs count for the task in whose time they are done.
 */
#ifndef XDPARK_RIG_TASKS_H
#define XDPARK_RIG_TASKS_H

#include <stdint.h>

struct tasks;

/* The tasks of this moment; NULL: no memory, no /proc, or a kernel that doesn't keep count. */
struct tasks *tasks_now(void);

/* NULL is legal. */
void tasks_free(struct tasks *tasks);

/*
 * ns for which tasks have run between two moments: what those that are there at the end have run since. Who
 * ended meanwhile isn't counted.
 */
uint64_t tasks_ran(const struct tasks *from, const struct tasks *to);

#endif
