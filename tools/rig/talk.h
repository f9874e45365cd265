/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Callers that talk: a thread a CPU, each with its share of the callers, wakes every millisecond and has the
 * kernel send the packets of those whose turn it is, in one call. A caller's phase within the ptime is its
 * own, so that thousands spread evenly.
 */
#ifndef XDPARK_RIG_TALK_H
#define XDPARK_RIG_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/rig/callers.h"

struct talk;

/* How callers talk. Zeroes: steadily, every packet. */
struct talk_manner {
	double jitter_ms; /* each packet is up to so much later than its turn */
	double loss;      /* share of packets that are left out, 0 to 1 */
	double reorder;   /* share of packets that change places with the next one */
	bool vad;         /* silence suppression: spurts of 1 s and pauses of 1.6 s, both in the mean */
};

struct talk_counters {
	uint64_t calls;   /* of the kernel */
	uint64_t turns;   /* packets asked of it */
	uint64_t call_ns; /* in calls */
	uint64_t late;    /* milliseconds that passed before a thread woke for them */
	uint64_t failed;  /* calls that the kernel refused */
};

/*
 * Starts `threads` threads (0: one for each CPU of ours). *talk: to be freed with talk_stop(), before the
 * callers are closed. Returns 0 or a negative errno.
 */
int talk_start(
        struct talk **talk, struct callers *callers, const struct talk_manner *manner, unsigned threads);
void talk_stop(struct talk *talk);

/* A connected caller begins to talk, or ends: within 1 ms, and within a ptime. By any thread. */
void talk_add(struct talk *talk, unsigned caller);
void talk_remove(struct talk *talk, unsigned caller);

struct talk_counters talk_count(const struct talk *talk);

#endif
