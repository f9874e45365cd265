/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap of embedded timers; among equal times the one that was set first fires first. */
#include "ctl/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_ENTRIES = 64 };

struct entry {
	uint64_t at;
	uint64_t order; /* counts up with every timer_set */
	struct timer *timer;
};

struct timers {
	clock_ms clock;
	void *context;
	struct entry *heap; /* heap[0] is never used: places count from 1 */
	uint32_t count;
	uint32_t size; /* entries allocated, heap[0] included */
	uint64_t order;
};

uint64_t clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ms(void *context)
{
	(void)context;
	return clock_monotonic_ns() / 1000000U;
}

struct timers *timers_new(clock_ms clock, void *context)
{
	struct timers *timers = calloc(1, sizeof(*timers));

	if (!timers)
		return NULL;
	timers->clock = clock;
	timers->context = context;
	return timers;
}

void timers_free(struct timers *timers)
{
	if (!timers)
		return;
	for (uint32_t place = 1; place <= timers->count; place++)
		timers->heap[place].timer->place = 0;
	free(timers->heap);
	free(timers);
}

uint64_t timers_now(const struct timers *timers)
{
	return timers->clock(timers->context);
}

static bool entry_before(const struct entry *a, const struct entry *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_put(struct timers *timers, uint32_t place, struct entry entry)
{
	timers->heap[place] = entry;
	entry.timer->place = place;
}

/* Moves `entry` from the free place `place` to where it belongs, up or down. */
static void heap_settle(struct timers *timers, uint32_t place, struct entry entry)
{
	while (place > 1 && entry_before(&entry, &timers->heap[place / 2])) {
		heap_put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	for (;;) {
		uint64_t child = (uint64_t)place * 2;

		if (child > timers->count)
			break;
		if (child < timers->count && entry_before(&timers->heap[child + 1], &timers->heap[child]))
			child++;
		if (!entry_before(&timers->heap[child], &entry))
			break;
		heap_put(timers, place, timers->heap[child]);
		place = (uint32_t)child;
	}
	heap_put(timers, place, entry);
}

static int heap_grow(struct timers *timers)
{
	uint32_t size = timers->size ? timers->size * 2 : FIRST_ENTRIES;
	struct entry *heap;

	if (size <= timers->size)
		return -ENOMEM;
	heap = realloc(timers->heap, size * sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	timers->heap = heap;
	timers->size = size;
	return 0;
}

int timer_set(struct timers *timers, struct timer *timer, uint64_t after_ms, void (*fire)(struct timer *))
{
	uint64_t now = timers_now(timers);
	uint64_t at = after_ms > UINT64_MAX - now ? UINT64_MAX : now + after_ms;
	uint32_t place = timer->place;

	if (!place) {
		if (timers->count + 1 >= timers->size && heap_grow(timers) < 0)
			return -ENOMEM;
		place = ++timers->count;
	}
	timer->at = at;
	timer->fire = fire;
	heap_settle(timers, place, (struct entry){.at = at, .order = timers->order++, .timer = timer});
	return 0;
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
	uint32_t place = timer->place;
	struct entry last;

	if (!place)
		return;
	timer->place = 0;
	last = timers->heap[timers->count--];
	if (last.timer != timer)
		heap_settle(timers, place, last);
}

bool timer_is_set(const struct timer *timer)
{
	return timer->place != 0;
}

/* What a timer sets anew while this runs waits for the next run, so that no timer can keep us here. */
void timers_run(struct timers *timers)
{
	uint64_t now = timers_now(timers);
	uint64_t set_before = timers->order;

	while (timers->count && timers->heap[1].at <= now && timers->heap[1].order < set_before) {
		struct timer *timer = timers->heap[1].timer;

		timer_cancel(timers, timer);
		timer->fire(timer);
	}
}

int64_t timers_next(const struct timers *timers)
{
	uint64_t now, wait;

	if (!timers->count)
		return -1;
	now = timers_now(timers);
	if (timers->heap[1].at <= now)
		return 0;
	wait = timers->heap[1].at - now;
	return wait > INT64_MAX ? INT64_MAX : (int64_t)wait;
}
