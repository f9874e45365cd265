/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/dataplane_asks.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

enum { ANSWER_MS = 2000 };

struct ask {
	struct ask *next;
	struct dataplane_asks *asks;
	struct timer timer; /* 2 s until -ETIMEDOUT */
	uint32_t id;
	dataplane_answered answered;
	void *context;
};

struct dataplane_asks {
	struct timers *timers;
	uint32_t last_id;
	struct ask *list; /* the newest first; there are few */
};

struct dataplane_asks *dataplane_asks_new(struct timers *timers)
{
	struct dataplane_asks *asks = calloc(1, sizeof(*asks));

	if (!asks)
		return NULL;
	asks->timers = timers;
	return asks;
}

/* Takes it out of the list; NULL: not there. */
static struct ask *ask_take(struct dataplane_asks *asks, uint32_t id)
{
	struct ask **place = &asks->list, *ask;

	while (*place && (*place)->id != id)
		place = &(*place)->next;
	ask = *place;
	if (ask)
		*place = ask->next;
	return ask;
}

/* The end of one that is in no list any more; `answered` may ask again. */
static void ask_end(struct ask *ask, const json_t *answer, int error)
{
	dataplane_answered answered = ask->answered;
	void *context = ask->context;

	timer_cancel(ask->asks->timers, &ask->timer);
	free(ask);
	answered(context, answer, error);
}

static void answer_missing(struct timer *timer)
{
	struct ask *ask = owner_of(timer, struct ask, timer);

	ask_end(ask_take(ask->asks, ask->id), NULL, -ETIMEDOUT);
}

int dataplane_asks_add(struct dataplane_asks *asks, dataplane_answered answered, void *context, uint32_t *id)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		return -ENOMEM;
	ask->asks = asks;
	ask->id = ++asks->last_id;
	ask->answered = answered;
	ask->context = context;
	if (timer_set(asks->timers, &ask->timer, ANSWER_MS, answer_missing) < 0) {
		free(ask);
		return -ENOMEM;
	}
	ask->next = asks->list;
	asks->list = ask;
	*id = ask->id;
	return 0;
}

void dataplane_asks_forget(struct dataplane_asks *asks, uint32_t id)
{
	struct ask *ask = ask_take(asks, id);

	if (!ask)
		return;
	timer_cancel(asks->timers, &ask->timer);
	free(ask);
}

void dataplane_asks_tell(struct dataplane_asks *asks, uint32_t id, const char *text, size_t bytes)
{
	struct ask *ask = ask_take(asks, id);
	json_t *answer;

	if (!ask)
		return;
	answer = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(answer))
		ask_end(ask, answer, 0);
	else
		ask_end(ask, NULL, -EBADMSG);
	json_decref(answer);
}

/* What is asked by an `answered` meanwhile isn't among them. */
void dataplane_asks_fail(struct dataplane_asks *asks, int error)
{
	struct ask *all = asks->list, *ask;

	asks->list = NULL;
	while ((ask = all)) {
		all = ask->next;
		ask_end(ask, NULL, error);
	}
}

void dataplane_asks_free(struct dataplane_asks *asks)
{
	if (!asks)
		return;
	dataplane_asks_fail(asks, -ENOTCONN);
	free(asks);
}
