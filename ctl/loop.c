/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

#include "ctl/timer.h"

enum { LONGEST_WAIT = 3600 * 1000 }; /* ms; far below what a struct timeval can't take */

struct loop {
	struct event_base *base;
	struct timers *timers;
	struct event *wake; /* when the next timer is due */
	struct event *term, *interrupt;
	bool stopped;
	int signal;
};

static void on_wake(evutil_socket_t fd, short what, void *context)
{
	/* Timers run after every turn; this event only ends the wait. */
	(void)fd;
	(void)what;
	(void)context;
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct loop *loop = context;

	(void)what;
	loop->signal = (int)number;
	loop_stop(loop);
}

int loop_new(struct loop **loop)
{
	struct loop *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->base = event_base_new();
	made->timers = timers_new(clock_monotonic_ms, NULL);
	if (!made->base || !made->timers)
		goto fail;
	made->wake = evtimer_new(made->base, on_wake, NULL);
	made->term = evsignal_new(made->base, SIGTERM, on_signal, made);
	made->interrupt = evsignal_new(made->base, SIGINT, on_signal, made);
	if (!made->wake || !made->term || !made->interrupt)
		goto fail;
	if (evsignal_add(made->term, NULL) || evsignal_add(made->interrupt, NULL))
		goto fail;
	/* libevent writes to sockets whose other side may have gone. */
	signal(SIGPIPE, SIG_IGN);
	*loop = made;
	return 0;

fail:
	loop_free(made);
	return -ENOMEM;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->wake)
		event_free(loop->wake);
	if (loop->term)
		event_free(loop->term);
	if (loop->interrupt)
		event_free(loop->interrupt);
	timers_free(loop->timers);
	if (loop->base)
		event_base_free(loop->base);
	free(loop);
}

struct event_base *loop_base(const struct loop *loop)
{
	return loop->base;
}

struct timers *loop_timers(const struct loop *loop)
{
	return loop->timers;
}

/* One wait, cut short when a timer is due. */
static int turn(struct loop *loop)
{
	int64_t wait = timers_next(loop->timers);

	if (wait > LONGEST_WAIT)
		wait = LONGEST_WAIT;
	if (wait >= 0) {
		struct timeval after = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};

		if (evtimer_add(loop->wake, &after))
			return -ENOMEM;
	} else {
		evtimer_del(loop->wake);
	}
	if (event_base_loop(loop->base, EVLOOP_ONCE) < 0)
		return -EIO;
	if (!loop->stopped)
		timers_run(loop->timers);
	return 0;
}

int loop_run(struct loop *loop)
{
	int error = 0;

	loop->stopped = false;
	loop->signal = 0;
	while (!loop->stopped && !error)
		error = turn(loop);
	return error ? error : loop->signal;
}

void loop_stop(struct loop *loop)
{
	/* Each turn ends by itself, and only when everything that it set off has been done. */
	loop->stopped = true;
}
