/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one thread's event loop: libevent, and the controller's timers driven by one libevent timer. */
#ifndef XDPARK_LOOP_H
#define XDPARK_LOOP_H

struct event_base;
struct timers;
struct loop;

/* SIGTERM and SIGINT end loop_run() from now on, and SIGPIPE ends nothing. Result in *loop; 0 or -ENOMEM. */
int loop_new(struct loop **loop);

/* Everything that has events or timers in it must be freed before. NULL is legal. */
void loop_free(struct loop *loop);

struct event_base *loop_base(const struct loop *loop);

/* On CLOCK_MONOTONIC. */
struct timers *loop_timers(const struct loop *loop);

/* Until loop_stop() or a signal. Returns the signal's number, 0 after loop_stop(), or a negative errno. */
int loop_run(struct loop *loop);

/* loop_run() returns at the end of this turn. */
void loop_stop(struct loop *loop);

#endif
