/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phones that register (RFC 3261 10.2), by the ten thousand. A device is one contact of one user, and is its
 * number, from 0. It always refreshes the same binding: same contact and Call-ID, rising CSeq. It takes up
 * whatever challenge comes, and believes a 200 only if that lists its contact.
 *
 * Each user has a device at each address, DEVICES_A_USER at most: as many as a registrar takes by default.
 * The transport, the guard, the parser and the digest are the controller's own (ctl/sip).
 */
#ifndef XDPARK_RIG_DEVICES_H
#define XDPARK_RIG_DEVICES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/loop.h"
#include "ctl/sip/digest.h"
#include "tools/rig/causes.h"
#include "tools/rig/users.h"

struct devices;

enum { DEVICES_ERROR = 256, DEVICES_A_USER = 10 };

struct devices_options {
	struct loop *loop;
	const struct users *users; /* outlive the devices, as texts below do */
	const char *password;      /* a pattern that is good for user_password() */
	const char *domain;        /* of the tenant: what registers at it */
	const struct in_addr *addresses;
	unsigned address_count;
	uint16_t port; /* at each address; 0: any */
	struct sockaddr_in server;
	/* Credentials for the nonce that it has, with a rising count, rather than wait for a challenge. */
	bool reuse_nonce;
	/* A device is done: CAUSE_NONE, a status, or a cause of causes.h. Anything may be done in it. */
	void (*done)(void *context, unsigned device, int cause);
	void *context;
};

struct devices_counters {
	uint64_t sent, received;
	uint64_t resent;     /* requests that went out again */
	uint64_t again;      /* answers that came again, or too late */
	uint64_t malformed;  /* messages that the guard or the parser refused */
	uint64_t strays;     /* messages that aren't answers to ours */
	uint64_t challenged; /* challenges that came */
	uint64_t stale;      /* of them, those that say that the secret was right but the nonce too old */
	uint64_t registered[DIGEST_ALGORITHMS]; /* that were proved so */
};

/* 0 or a negative errno with a sentence in `error` (DEVICES_ERROR). */
int devices_open(struct devices **devices, const struct devices_options *options, char *error);

/* NULL is legal. What is registered stays so. */
void devices_close(struct devices *devices);

unsigned devices_count(const struct devices *devices);

/* The device that has been idle for longest registers: result in *device. False: none is idle. */
bool devices_register(struct devices *devices, unsigned *device);

/*
 * The device removes its binding, whatever it was about; `done` comes when that was answered. False: it has
 * none, nor can have, and nothing is done.
 */
bool device_leave(struct devices *devices, unsigned device);

void devices_tell(const struct devices *devices, struct devices_counters *counters);

#endif
