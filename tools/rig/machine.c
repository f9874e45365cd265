/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/machine.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/rig/tasks.h"

static volatile sig_atomic_t ending;

uint64_t machine_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/* The first line is that of all CPUs: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). */
int machine_now(struct machine_time *time)
{
	enum { IDLE = 3, IOWAIT = 4, STEAL = 7 };
	long a_second = sysconf(_SC_CLK_TCK);
	FILE *file = fopen("/proc/stat", "r");
	unsigned long long idle = 0, steal = 0;
	char line[256], *at = line;
	bool read;

	*time = (struct machine_time){0};
	if (!file)
		return -errno;
	read = fgets(line, sizeof(line), file) != NULL;
	fclose(file);
	if (!read || strncmp(line, "cpu ", 4) != 0 || a_second <= 0)
		return -EBADMSG;
	at += 4;
	for (unsigned field = 0; field <= STEAL; field++) {
		unsigned long long ticks = strtoull(at, &at, 10);

		if (field == IDLE || field == IOWAIT || field == STEAL)
			idle += ticks;
		if (field == STEAL)
			steal = ticks;
	}
	time->at_ns = machine_clock_ns();
	time->idle_ns = idle * (1000000000ULL / (unsigned long long)a_second);
	time->has_hypervisor = steal > 0;
	time->cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	time->tasks = tasks_now();
	return 0;
}

void machine_time_free(struct machine_time *time)
{
	tasks_free(time->tasks);
	*time = (struct machine_time){0};
}

struct machine_busy machine_busy(const struct machine_time *from, const struct machine_time *to)
{
	double passed = (double)(to->at_ns - from->at_ns);
	double idle = (double)(to->idle_ns - from->idle_ns);
	struct machine_busy busy = {0};

	if (passed <= 0)
		return busy;
	if (idle < passed * to->cpus)
		busy.by_idle = to->cpus - idle / passed;
	if (from->tasks && to->tasks)
		busy.by_tasks = (double)tasks_ran(from->tasks, to->tasks) / passed;
	busy.cores = to->has_hypervisor && busy.by_tasks > 0 ? busy.by_tasks : busy.by_idle;
	return busy;
}

int machine_sleep_until(uint64_t ns)
{
	struct timespec until = {
	        .tv_sec = (time_t)(ns / 1000000000ULL), .tv_nsec = (long)(ns % 1000000000ULL)};

	while (!ending && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return ending ? -EINTR : 0;
}

static void heed(int number)
{
	(void)number;
	ending = 1;
}

void machine_heed_signals(void)
{
	struct sigaction action = {.sa_handler = heed};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int machine_ending(void)
{
	return ending;
}
