/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of a trunk: INVITE, ACK, BYE, and what comes in between. They share no SIP code with the controller
 * that is called. trunk.c says who calls when, trunk_calls.c how.
 */
#ifndef XDPARK_RIG_TRUNK_CALLS_H
#define XDPARK_RIG_TRUNK_CALLS_H

#include <netinet/in.h>

#include "tools/rig/resend.h"
#include "tools/rig/setup.h"

enum {
	TRUNK_TAG = 48,
	TRUNK_TARGET = 64,
	TRUNK_STATUSES = 700,
	TRUNK_TIMEOUT = 0, /* cause of a call that got no answer; others are their status */
	TRUNK_HUNG_UP = 1, /* by the other side */
};

enum call_state { CALL_NONE, CALL_INVITING, CALL_UP, CALL_ENDING, CALL_OVER };

struct call {
	struct resend_entry resend; /* waits while INVITING or ENDING */
	uint8_t state;              /* enum call_state */
	uint16_t cseq;
	char number[16];
	char tag[TRUNK_TAG];       /* the other side's */
	char target[TRUNK_TARGET]; /* its Contact */
};

/* Callers' calls; a call is found by its Call-ID, which holds the caller's number. */
struct setup {
	const struct rig_options *options;
	struct callers *callers;
	int socket;
	char host[INET_ADDRSTRLEN];
	unsigned port;
	uint32_t run; /* in Call-IDs, tags and branches */
	bool bridges;
	struct call *calls;
	struct resend resend;
	unsigned pending;    /* calls that wait for an answer */
	unsigned unanswered; /* given up since the last answer to anybody */
	unsigned up;
	unsigned stayed; /* hung up, and nobody answered */
	uint32_t causes[TRUNK_STATUSES];
};

/* The caller calls: a take, or a park, by `bridges` and its number. `pending` counts up. */
void trunk_invite(struct setup *setup, unsigned caller);

/* The caller hangs up, if its call is up. */
void trunk_bye(struct setup *setup, unsigned caller);

/* Waits for messages, at most so long, and takes all that are there. */
void trunk_messages(struct setup *setup, int milliseconds);

/* Sends again what hasn't been answered in time, and gives up after 64 T1 (RFC 3261 17.1). */
void trunk_resend(struct setup *setup);

#endif
