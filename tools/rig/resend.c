/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/resend.h"

#include <stddef.h>

enum { HIGHEST_NON_INVITE = 3 /* 8 T1 is T2 */, FOR_LIFE = RESEND_QUEUES - 1 };

void resend_init(struct resend *resend)
{
	for (int i = 0; i < RESEND_QUEUES; i++)
		TAILQ_INIT(&resend->queues[i]);
}

static void enqueue(struct resend *resend, struct resend_entry *entry, unsigned queue, uint64_t now_ms)
{
	entry->queue = (uint8_t)(queue + 1);
	entry->at = now_ms + ((uint64_t)RESEND_T1_MS << queue);
	TAILQ_INSERT_TAIL(&resend->queues[queue], entry, link);
}

void resend_start(struct resend *resend, struct resend_entry *entry, bool invite, uint64_t now_ms)
{
	resend_stop(resend, entry);
	entry->since = now_ms;
	entry->tries = 0;
	entry->invite = invite;
	enqueue(resend, entry, 0, now_ms);
}

void resend_hold(struct resend *resend, struct resend_entry *entry, uint64_t now_ms)
{
	if (!entry->queue)
		return;
	resend_stop(resend, entry);
	/* So that it is given up when its time comes. */
	entry->since = 0;
	enqueue(resend, entry, FOR_LIFE, now_ms);
}

void resend_stop(struct resend *resend, struct resend_entry *entry)
{
	if (!entry->queue)
		return;
	TAILQ_REMOVE(&resend->queues[entry->queue - 1], entry, link);
	entry->queue = 0;
}

/* Waits on: twice as long, but not beyond its life, which ends T1 after the last one. */
static void wait_on(struct resend *resend, struct resend_entry *entry, uint64_t now_ms)
{
	unsigned queue = ++entry->tries;

	if (!entry->invite && queue > HIGHEST_NON_INVITE)
		queue = HIGHEST_NON_INVITE;
	while (queue && now_ms + ((uint64_t)RESEND_T1_MS << queue) > entry->since + RESEND_LIFE_MS)
		queue--;
	enqueue(resend, entry, queue, now_ms);
}

struct resend_entry *resend_next(struct resend *resend, uint64_t now_ms, bool *given_up)
{
	for (int i = 0; i < RESEND_QUEUES; i++) {
		struct resend_entry *entry = TAILQ_FIRST(&resend->queues[i]);

		if (!entry || entry->at > now_ms)
			continue;
		resend_stop(resend, entry);
		*given_up = now_ms >= entry->since + RESEND_LIFE_MS;
		if (!*given_up)
			wait_on(resend, entry, now_ms);
		return entry;
	}
	return NULL;
}
