/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct watches {
	int epoll;
	bool stopped;
};

int watches_new(struct watches **watches)
{
	struct watches *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (made->epoll < 0) {
		int error = -errno;

		free(made);
		return error;
	}
	*watches = made;
	return 0;
}

void watches_free(struct watches *watches)
{
	if (!watches)
		return;
	close(watches->epoll);
	free(watches);
}

int watch_add(struct watches *watches, struct watch *watch)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

	return epoll_ctl(watches->epoll, EPOLL_CTL_ADD, watch->fd, &event) ? -errno : 0;
}

void watch_remove(struct watches *watches, struct watch *watch)
{
	epoll_ctl(watches->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

void watch_change(struct watches *watches, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	epoll_ctl(watches->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

int watches_run(struct watches *watches)
{
	/* One event at a time: a handler may free the owner of any other watch. */
	struct epoll_event event;

	while (!watches->stopped) {
		int count = epoll_wait(watches->epoll, &event, 1, -1);
		struct watch *watch;

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count <= 0)
			continue;
		watch = event.data.ptr;
		watch->ready(watch, event.events);
	}
	return 0;
}

void watches_stop(struct watches *watches)
{
	watches->stopped = true;
}
