/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * N simulated callers: their addresses, ports and SSRCs, what they send and what they have heard. The kernel
 * does the work (bpf/caller.bpf.c, attached to the interface towards the relay); this is the handle on it.
 *
 * Signalling sets calls up and tells a caller where its relay is; it may do so from any one thread while
 * callers talk. A caller is its number, from 0.
 */
#ifndef XDPARK_RIG_CALLERS_H
#define XDPARK_RIG_CALLERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/caller_layout.h"
#include "tools/rig/clip.h"

enum { CALLERS_ERROR = 256, CALLERS_PORT_FIRST = 16384, CALLERS_AN_ADDRESS = (65536 - 16384) / 2 };

struct callers;
struct cl_totals;

struct callers_options {
	const char *interface;           /* towards the relay; its XDP program is replaced while we run */
	const struct in_addr *addresses; /* local ones, told apart by their last 16 bits */
	unsigned address_count;
	unsigned count;          /* callers */
	unsigned ptime_ms;       /* 10, 20, 30, 40 or 60 */
	uint8_t payload_type;    /* of all RTP, both ways */
	struct in_addr relay;    /* any address of it: the way there is the way of all packets */
	const uint8_t *next_hop; /* MAC to send to; NULL: that of the way to the relay */
	const struct clip *clip; /* what parked callers are to hear; outlives the callers */
};

/*
 * Attaches the program and gives every caller its address. Returns 0 or a negative errno with a sentence in
 * `error` (CALLERS_ERROR): no such interface, another rig runs on it, too many callers for the addresses, no
 * way to the relay.
 */
int callers_open(struct callers **callers, const struct callers_options *options, char *error);

/* Gives the interface its former program back. NULL is legal. */
void callers_close(struct callers *callers);

unsigned callers_count(const struct callers *callers);
const struct clip *callers_clip(const struct callers *callers);

/* ns; when the measured time ends. */
uint64_t callers_window_end(const struct callers *callers);

/* Where a caller gets its RTP: what its SDP says. */
struct sockaddr_in callers_address(const struct callers *callers, unsigned caller);

/*
 * The call is up: RTP comes from and goes to `relay`, as the far SDP says. What was heard before is
 * forgotten. `peer`: whom it hears when it hears talk (any number otherwise).
 */
void callers_connect(struct callers *callers, unsigned caller, const struct sockaddr_in *relay,
        enum cl_expects expects, unsigned peer);

/* Another thing to be heard from now on, e.g. CL_HOLD_THEN_TALK before a take; numbers go on. */
void callers_expect(struct callers *callers, unsigned caller, enum cl_expects expects, unsigned peer);

/* No call any more: what still comes is a stray. */
void callers_disconnect(struct callers *callers, unsigned caller);

/* What it has heard and sent so far; read while it is written: good for looking, exact after the window. */
const struct cl_hearing *callers_hearing(const struct callers *callers, unsigned caller);
const struct cl_talking *callers_talking(const struct callers *callers, unsigned caller);

/* The measured time, ns of CLOCK_MONOTONIC. Counters of callers start anew with it. */
void callers_window(struct callers *callers, uint64_t start_ns, uint64_t end_ns);

/* Ends it, if it was to last for ever: in a millisecond. */
void callers_window_close(struct callers *callers);

/* Sums over all CPUs since the last callers_window(). Returns 0 or a negative errno. */
int callers_totals(const struct callers *callers, struct cl_totals *totals);

/* For the thread that talks: the program and its list of turns. */
int callers_program(const struct callers *callers);
int callers_drop(const struct callers *callers); /* a program that drops everything */
struct cl_todo *callers_todo(struct callers *callers, unsigned cpu);

/* Packets that the interface didn't take, since it is there, whoever sent them. */
uint64_t callers_dropped(const struct callers *callers);

unsigned callers_ptime_ms(const struct callers *callers);

#endif
