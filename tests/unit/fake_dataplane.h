/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dataplane daemon without a kernel program, for unit tests: it listens on a unix socket, hands over memfds
 * in place of maps, and answers next hops and questions from a thread of its own. What the program would
 * write (streams, events) the test writes.
 */
#ifndef XDPARK_FAKE_DATAPLANE_H
#define XDPARK_FAKE_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "kmod-free/handover.h"

struct event_base;
struct timers;

enum { FAKE_REMOTES = 64 };

/* A remote address that was held at some time. */
struct fake_remote {
	uint8_t address[16];
	int holds; /* HOLDs less RELEASEs */
	uint32_t index;
};

struct fake_dataplane {
	/* Before fake_dataplane_start(); changes count from the next start on. */
	struct handover_welcome welcome; /* as it is sent */
	const char *refusal;             /* refuse every hello with this sentence; NULL: welcome */
	bool silent;                     /* never answer a hello */
	unsigned fds;                    /* descriptors that go with the welcome */
	bool new_maps;                   /* make the maps anew with every start */

	/* At any time before the controller asks. */
	int nexthop_error;  /* 0: next hops are found */
	bool nexthop_mute;  /* next hops aren't answered */
	const char *answer; /* to every question; NULL: none comes */

	/* The maps, valid from the first start on. */
	struct xd_endpoint *endpoints;
	struct xd_rest *rests;
	uint64_t *due;
	uint64_t *starts;
	struct xd_chunk *chunks;
	struct xd_stream *streams; /* writable here, read-only for the controller */
	uint64_t *ring_consumer, *ring_producer;
	uint8_t *ring_data;

	char path[64]; /* of the socket */
	struct fake_dataplane_inside *inside;
};

/*
 * With 10.0.0.1 and fd00::1, 8 endpoints each from port 10000, 240 chunks, live frames; not started. Aborts
 * the test when anything fails, as the others do.
 */
struct fake_dataplane *fake_dataplane_new(void);
void fake_dataplane_free(struct fake_dataplane *fake);

/* Listens and serves. */
void fake_dataplane_start(struct fake_dataplane *fake);

/* The daemon dies: socket and connection are closed. The maps stay. */
void fake_dataplane_stop(struct fake_dataplane *fake);

/* Puts a record of any length into the events ring, as the program does. */
void fake_dataplane_record(struct fake_dataplane *fake, const void *record, uint32_t bytes, uint32_t flags);
void fake_dataplane_event(struct fake_dataplane *fake, const struct xd_event *event);

/* Sends any bytes to the controller. */
void fake_dataplane_send(struct fake_dataplane *fake, const void *message, size_t bytes);

/* Answers every held address anew with this error (0: its index). */
void fake_dataplane_news(struct fake_dataplane *fake, int error);

/* HOLDs less RELEASEs of an address; of all addresses with ip NULL. */
int fake_dataplane_holds(struct fake_dataplane *fake, const uint8_t ip[16]);

/* How many hellos came. */
unsigned fake_dataplane_hellos(struct fake_dataplane *fake);

/*
 * Runs loop and timers until done(context), 3 s of real time at most; done NULL: for 20 ms. Returns whether
 * it was done.
 */
bool fake_dataplane_run(
        struct event_base *base, struct timers *timers, bool (*done)(void *context), void *context);

#endif
