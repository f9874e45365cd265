/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timer of a next hop: 2 s from the question until the uses hear -ETIMEDOUT, or 5 s from the end of the last
 * use until the address is given back.
 */
#include "ctl/nexthop_use.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 2000, LINGER_MS = 5000, BUCKETS = 4096 };

struct nexthop {
	struct nexthops *nexthops;
	struct nexthop *chain; /* in its bucket */
	struct nexthop_use *uses;
	struct nexthop_use *turn; /* while telling: whose turn is next */
	struct timer timer;
	uint8_t ip[16];
	uint32_t index; /* 0: not known */
	int error;
	bool known; /* index or error are the dataplane's */
	bool telling;
};

struct nexthops {
	struct timers *timers;
	nexthops_send send;
	void *context;
	uint64_t seed; /* strangers choose addresses: they must not choose buckets */
	uint32_t count;
	struct nexthop *buckets[BUCKETS];
};

static struct nexthop **bucket_of(struct nexthops *nexthops, const uint8_t ip[16])
{
	uint64_t words[2], hash;

	memcpy(words, ip, sizeof(words));
	hash = (words[0] ^ nexthops->seed) * 0x9e3779b97f4a7c15ULL;
	hash = (hash ^ hash >> 29 ^ words[1]) * (nexthops->seed | 1);
	return &nexthops->buckets[(hash ^ hash >> 32) % BUCKETS];
}

static struct nexthop *nexthop_find(struct nexthops *nexthops, const uint8_t ip[16])
{
	struct nexthop *nexthop = *bucket_of(nexthops, ip);

	while (nexthop && memcmp(nexthop->ip, ip, sizeof(nexthop->ip)) != 0)
		nexthop = nexthop->chain;
	return nexthop;
}

/* Takes it out of the table and gives it back to the dataplane. */
static void nexthop_free(struct nexthop *nexthop)
{
	struct nexthops *nexthops = nexthop->nexthops;
	struct nexthop **place = bucket_of(nexthops, nexthop->ip);

	while (*place != nexthop)
		place = &(*place)->chain;
	*place = nexthop->chain;
	nexthops->count--;
	timer_cancel(nexthops->timers, &nexthop->timer);
	nexthops->send(nexthops->context, HANDOVER_NEXTHOP_RELEASE, nexthop->ip);
	free(nexthop);
}

static void linger_over(struct timer *timer)
{
	nexthop_free(owner_of(timer, struct nexthop, timer));
}

/* One that can't be used isn't kept: the next call asks anew. */
static void nexthop_settle(struct nexthop *nexthop)
{
	if (nexthop->uses || nexthop->telling)
		return;
	if (!nexthop->index ||
	        timer_set(nexthop->nexthops->timers, &nexthop->timer, LINGER_MS, linger_over) < 0)
		nexthop_free(nexthop);
}

/* Tells every use; they may end, and others may start, meanwhile. */
static void nexthop_tell(struct nexthop *nexthop, uint32_t index, int error)
{
	nexthop->telling = true;
	nexthop->turn = nexthop->uses;
	while (nexthop->turn) {
		struct nexthop_use *use = nexthop->turn;

		nexthop->turn = use->next;
		use->ready(use, index, error);
	}
	nexthop->telling = false;
	nexthop_settle(nexthop);
}

/* A late answer is told all the same. */
static void answer_missing(struct timer *timer)
{
	nexthop_tell(owner_of(timer, struct nexthop, timer), 0, -ETIMEDOUT);
}

struct nexthops *nexthops_new(struct timers *timers, nexthops_send send, void *context)
{
	struct nexthops *nexthops = calloc(1, sizeof(*nexthops));

	if (!nexthops)
		return NULL;
	nexthops->timers = timers;
	nexthops->send = send;
	nexthops->context = context;
	arc4random_buf(&nexthops->seed, sizeof(nexthops->seed));
	return nexthops;
}

void nexthops_free(struct nexthops *nexthops)
{
	if (!nexthops)
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		while (nexthops->buckets[i]) {
			struct nexthop *nexthop = nexthops->buckets[i];

			nexthops->buckets[i] = nexthop->chain;
			for (struct nexthop_use *use = nexthop->uses; use; use = use->next)
				use->nexthop = NULL;
			timer_cancel(nexthops->timers, &nexthop->timer);
			free(nexthop);
		}
	free(nexthops);
}

static struct nexthop *nexthop_new(struct nexthops *nexthops, const uint8_t ip[16])
{
	struct nexthop **bucket = bucket_of(nexthops, ip), *nexthop = calloc(1, sizeof(*nexthop));

	if (!nexthop)
		return NULL;
	nexthop->nexthops = nexthops;
	memcpy(nexthop->ip, ip, sizeof(nexthop->ip));
	if (timer_set(nexthops->timers, &nexthop->timer, ANSWER_MS, answer_missing) < 0) {
		free(nexthop);
		return NULL;
	}
	nexthop->chain = *bucket;
	*bucket = nexthop;
	nexthops->count++;
	nexthops->send(nexthops->context, HANDOVER_NEXTHOP_HOLD, ip);
	return nexthop;
}

int nexthops_start(struct nexthops *nexthops, struct nexthop_use *use, const uint8_t ip[16])
{
	struct nexthop *nexthop = nexthop_find(nexthops, ip);

	if (!nexthop)
		nexthop = nexthop_new(nexthops, ip);
	if (!nexthop)
		return -ENOMEM;
	if (nexthop->known)
		timer_cancel(nexthops->timers, &nexthop->timer);
	else if (!timer_is_set(&nexthop->timer) &&
	         timer_set(nexthops->timers, &nexthop->timer, ANSWER_MS, answer_missing) < 0)
		return -ENOMEM;
	/* First in the list: a round of telling that is under way doesn't come by here again. */
	use->nexthop = nexthop;
	use->previous = NULL;
	use->next = nexthop->uses;
	if (use->next)
		use->next->previous = use;
	nexthop->uses = use;
	if (nexthop->known)
		use->ready(use, nexthop->index, nexthop->error);
	return 0;
}

void nexthops_end(struct nexthops *nexthops, struct nexthop_use *use)
{
	struct nexthop *nexthop = use->nexthop;

	(void)nexthops;
	if (!nexthop)
		return;
	if (nexthop->turn == use)
		nexthop->turn = use->next;
	if (use->next)
		use->next->previous = use->previous;
	if (use->previous)
		use->previous->next = use->next;
	else
		nexthop->uses = use->next;
	use->nexthop = NULL;
	use->next = use->previous = NULL;
	nexthop_settle(nexthop);
}

uint32_t nexthop_use_index(const struct nexthop_use *use)
{
	return use->nexthop ? use->nexthop->index : 0;
}

void nexthops_tell(struct nexthops *nexthops, const struct handover_nexthop *news)
{
	struct nexthop *nexthop = nexthop_find(nexthops, news->address);
	uint32_t index = news->error ? 0 : news->index;
	int error = news->error;

	if (!nexthop)
		return;
	if (error > 0 || (!error && (!index || index >= XD_NEXTHOPS)))
		error = -EBADMSG;
	if (error)
		index = 0;
	if (nexthop->known && nexthop->index == index && nexthop->error == error)
		return;
	nexthop->known = true;
	nexthop->index = index;
	nexthop->error = error;
	if (nexthop->uses)
		timer_cancel(nexthops->timers, &nexthop->timer);
	nexthop_tell(nexthop, index, error);
}

void nexthops_ask_again(struct nexthops *nexthops)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct nexthop *nexthop = nexthops->buckets[i]; nexthop; nexthop = nexthop->chain)
			nexthops->send(nexthops->context, HANDOVER_NEXTHOP_HOLD, nexthop->ip);
}

uint32_t nexthops_count(const struct nexthops *nexthops)
{
	return nexthops->count;
}
