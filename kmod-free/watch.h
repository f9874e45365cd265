/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's event loop: epoll over a few descriptors. One thread. */
#ifndef XDPARK_WATCH_H
#define XDPARK_WATCH_H

#include <stdint.h>

struct watches;

/* A descriptor that is watched; lies in its owner. */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events); /* EPOLLIN...; may remove any watch */
};

/* *watches: to be freed with watches_free(). Returns 0 or a negative errno. */
int watches_new(struct watches **watches);
void watches_free(struct watches *watches);

/* Watches for EPOLLIN until watch_remove(). The watch stays the caller's. Returns 0 or a negative errno. */
int watch_add(struct watches *watches, struct watch *watch);
void watch_remove(struct watches *watches, struct watch *watch);

/* From now on watches for these events (EPOLLIN, EPOLLOUT) instead. */
void watch_change(struct watches *watches, struct watch *watch, uint32_t events);

/* Runs until watches_stop(). Returns 0 or a negative errno. */
int watches_run(struct watches *watches);
void watches_stop(struct watches *watches);

#endif
