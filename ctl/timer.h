/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers of the controller: embedded in their owners, kept in a heap, on an injected clock. */
#ifndef XDPARK_TIMER_H
#define XDPARK_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timers;

/* Embedded in its owner; zeroed memory is a timer that isn't set. Must be cancelled before its owner is
 * freed. */
struct timer {
	uint64_t at;                       /* ms of the clock */
	uint32_t place;                    /* in the heap, from 1; 0: not set */
	void (*fire)(struct timer *timer); /* may set or cancel any timer, and free its own owner */
};

/* The owner of an embedded member: owner_of(timer, struct leg, recall). */
#define owner_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Milliseconds since any fixed point, never back. */
typedef uint64_t (*clock_ms)(void *context);

/* Milliseconds of CLOCK_MONOTONIC: the clock of the running daemon. `context` isn't used. */
uint64_t clock_monotonic_ms(void *context);

/* Nanoseconds of CLOCK_MONOTONIC: the clock of the maps. */
uint64_t clock_monotonic_ns(void);

/* Returns NULL when there is no memory. `clock` tells the time, also to everybody who asks timers_now(). */
struct timers *timers_new(clock_ms clock, void *context);

/* Timers that are still set are forgotten. NULL is legal. */
void timers_free(struct timers *timers);

/* Now, in ms. */
uint64_t timers_now(const struct timers *timers);

/*
 * Sets (or sets anew) a timer to fire `after_ms` from now. Returns 0, or -ENOMEM with the timer not set;
 * a timer that was set before never fails to be set anew.
 */
int timer_set(struct timers *timers, struct timer *timer, uint64_t after_ms, void (*fire)(struct timer *));

/* Nothing happens when it isn't set. */
void timer_cancel(struct timers *timers, struct timer *timer);

bool timer_is_set(const struct timer *timer);

/* Fires what is due, in order of time. */
void timers_run(struct timers *timers);

/* Milliseconds until the next one is due, 0 when one is, -1 when none is set. */
int64_t timers_next(const struct timers *timers);

#endif
