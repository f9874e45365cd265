/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that wait for their answer (RFC 3261 17.1: timers A, B, E and F). One queue for each interval:
 * all in it wait equally long, so that it is in order by itself, and everything takes the same time however
 * many wait.
 */
#ifndef XDPARK_RIG_RESEND_H
#define XDPARK_RIG_RESEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	RESEND_T1_MS = 500,
	RESEND_LIFE_MS = 64 * RESEND_T1_MS,
	RESEND_QUEUES = 7, /* T1, 2 T1, ... 64 T1 */
};

/* Embedded in whoever waits; zeroed memory doesn't. */
struct resend_entry {
	TAILQ_ENTRY(resend_entry) link;
	uint64_t since; /* ms; the request went out for the first time */
	uint64_t at;    /* ms; it goes out again */
	uint8_t tries;
	uint8_t queue; /* from 1; 0: waits for nothing */
	bool invite;   /* its interval doubles without limit, others' up to 8 T1 */
};

TAILQ_HEAD(resend_queue, resend_entry);

struct resend {
	struct resend_queue queues[RESEND_QUEUES];
};

void resend_init(struct resend *resend);

/* The request has just gone out for the first time. */
void resend_start(struct resend *resend, struct resend_entry *entry, bool invite, uint64_t now_ms);

/* A provisional answer came: an INVITE isn't sent again, only given up in the end. */
void resend_hold(struct resend *resend, struct resend_entry *entry, uint64_t now_ms);

/* Nothing happens when it doesn't wait. */
void resend_stop(struct resend *resend, struct resend_entry *entry);

/*
 * The next one whose time has come; NULL: none. *given_up: 64 T1 have passed, and it waits no more; else it
 * is to be sent again and waits on.
 */
struct resend_entry *resend_next(struct resend *resend, uint64_t now_ms, bool *given_up);

#endif
