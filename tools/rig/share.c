/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/share.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/rig/machine.h"
#include "tools/rig/median.h"
#include "tools/rig/veth.h"

/* TALKERS: at 50 packets a second each, no more than a busy machine can send. */
enum { PIECES = 5, PIECE_MS = 400, SETTLE_MS = 100, TALKERS = 20000 };

#define NEAR "rig0"
#define FAR  "rig1"

/* What a run without a relay yields. */
struct result {
	int failed;
	double send_cores;
	double check_cores; /* more than that */
	double packets;     /* a second */
	char error[CALLERS_ERROR];
};

static int piece_measure(unsigned settle_ms, double *cores)
{
	struct machine_time from = {0}, to = {0};
	int failed = machine_sleep_until(machine_clock_ns() + settle_ms * 1000000ULL);

	if (!failed)
		failed = machine_now(&from);
	if (!failed)
		failed = machine_sleep_until(from.at_ns + PIECE_MS * 1000000ULL);
	if (!failed)
		failed = machine_now(&to);
	if (!failed)
		*cores = machine_busy(&from, &to).cores;
	machine_time_free(&from);
	machine_time_free(&to);
	return failed;
}

/* The middle one: what somebody else does for a moment would be taken off the relay's share. */
static double pieces_middle(double pieces[PIECES])
{
	figures_ascend(pieces, PIECES);
	return figures_median(pieces, PIECES);
}

static int idle_measure(double *cores)
{
	double pieces[PIECES];
	int failed = 0;

	for (unsigned i = 0; !failed && i < PIECES; i++)
		failed = piece_measure(0, &pieces[i]);
	if (!failed)
		*cores = pieces_middle(pieces);
	return failed;
}

static int far_attach(int program)
{
	return bpf_xdp_attach((int)if_nametoindex(FAR), program, XDP_FLAGS_DRV_MODE, NULL);
}

/*
 * Callers talk to themselves: what they say is dropped, and checked, in turns, because a virtual machine's
 * speed changes within seconds.
 */
static int far_run(struct callers *callers, struct result *result)
{
	double send[PIECES], check[PIECES];
	struct cl_totals totals;
	uint64_t start;
	int failed = 0;

	callers_window(callers, 0, UINT64_MAX);
	start = machine_clock_ns();
	for (unsigned i = 0; !failed && i < PIECES; i++) {
		failed = far_attach(callers_drop(callers));
		if (!failed)
			failed = piece_measure(SETTLE_MS, &send[i]);
		if (!failed)
			failed = far_attach(callers_program(callers));
		if (!failed)
			failed = piece_measure(SETTLE_MS, &check[i]);
		if (!failed)
			check[i] -= send[i];
	}
	if (!failed)
		failed = callers_totals(callers, &totals);
	if (failed)
		return failed;
	result->send_cores = pieces_middle(send);
	result->check_cores = pieces_middle(check);
	result->packets = (double)totals.count[CL_sent] / ((double)(machine_clock_ns() - start) / 1e9);
	return 0;
}

static int runs_measure(
        struct callers *callers, const struct talk_manner *manner, unsigned threads, struct result *result)
{
	/* All of them, or so many among all: what memory costs is what counts, and it is theirs. */
	unsigned step = (callers_count(callers) + TALKERS - 1) / TALKERS;
	struct talk *talk = NULL;
	int failed;

	for (unsigned i = 0; i < callers_count(callers); i++) {
		struct sockaddr_in self = callers_address(callers, i);

		callers_connect(callers, i, &self, CL_TALK, i);
	}
	failed = talk_start(&talk, callers, manner, threads);
	for (unsigned i = 0; !failed && i < callers_count(callers); i += step)
		talk_add(talk, i);
	if (!failed)
		failed = far_run(callers, result);
	talk_stop(talk);
	return failed;
}

/* The child's whole life. */
static void child_run(const struct callers_options *options, const struct talk_manner *manner,
        unsigned threads, struct result *result)
{
	static const uint8_t anybody[6] = {2, 0, 0, 0, 0, 1};
	struct callers_options own = *options;
	struct callers *callers = NULL;

	own.interface = NEAR;
	own.next_hop = anybody;
	result->failed = veth_enter(NEAR, FAR, (unsigned)libbpf_num_possible_cpus());
	if (result->failed) {
		snprintf(result->error, CALLERS_ERROR, "no veth pair for the rig's own share (%s)%s",
		        strerror(-result->failed), result->failed == -EPERM ? ": it takes root" : "");
		return;
	}
	result->failed = callers_open(&callers, &own, result->error);
	if (result->failed)
		return;
	snprintf(result->error, CALLERS_ERROR, "the rig's own share couldn't be measured");
	result->failed = runs_measure(callers, manner, threads, result);
	callers_close(callers);
}

/* In a process of its own: a network namespace is entered for good. */
static int child_measure(const struct callers_options *options, const struct talk_manner *manner,
        unsigned threads, struct result *result)
{
	int ends[2];
	ssize_t got;
	pid_t child;

	if (pipe(ends))
		return -errno;
	child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return -errno;
	}
	if (!child) {
		close(ends[0]);
		child_run(options, manner, threads, result);
		_exit(write(ends[1], result, sizeof(*result)) == sizeof(*result) ? 0 : 1);
	}
	close(ends[1]);
	do
		got = read(ends[0], result, sizeof(*result));
	while (got < 0 && errno == EINTR);
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return got == sizeof(*result) ? result->failed : -EIO;
}

int share_measure(struct share *share, const struct callers_options *options,
        const struct talk_manner *manner, unsigned threads, char *error)
{
	struct result result = {.error = "the rig's own share couldn't be measured"};
	double idle;
	int failed = idle_measure(&idle);

	if (!failed)
		failed = child_measure(options, manner, threads, &result);
	if (!failed && result.packets <= 0)
		failed = -EIO;
	if (failed) {
		memcpy(error, result.error, CALLERS_ERROR);
		return failed;
	}
	share->idle_cores = idle;
	share->send_ns = (result.send_cores - idle) / result.packets * 1e9;
	/* Of few packets it can't be told from nothing, and may come out as less. */
	share->check_ns = result.check_cores > 0 ? result.check_cores / result.packets * 1e9 : 0;
	return 0;
}
