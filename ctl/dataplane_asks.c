/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/dataplane_asks.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { ANSWER_MS = 2000 };

struct ask {
	TAILQ_ENTRY(ask) next;
	struct dataplane_asks *asks;
	struct timer timer; /* 2 s until -ETIMEDOUT */
	uint32_t id;
	dataplane_answered answered;
	void *context;
};

struct dataplane_asks {
	struct timers *timers;
	uint32_t last_id;
	TAILQ_HEAD(ask_list, ask) list; /* in order of ids: answers come in that order, mostly */
};

struct dataplane_asks *dataplane_asks_new(struct timers *timers)
{
	struct dataplane_asks *asks = calloc(1, sizeof(*asks));

	if (!asks)
		return NULL;
	asks->timers = timers;
	TAILQ_INIT(&asks->list);
	return asks;
}

static struct ask *ask_find(struct dataplane_asks *asks, uint32_t id)
{
	struct ask *ask;

	TAILQ_FOREACH(ask, &asks->list, next)
	if (ask->id == id)
		break;
	return ask;
}

/* Its end; `answered` may ask again. */
static void ask_end(struct ask *ask, const json_t *answer, int error)
{
	dataplane_answered answered = ask->answered;
	void *context = ask->context;

	TAILQ_REMOVE(&ask->asks->list, ask, next);
	timer_cancel(ask->asks->timers, &ask->timer);
	free(ask);
	answered(context, answer, error);
}

static void answer_missing(struct timer *timer)
{
	ask_end(owner_of(timer, struct ask, timer), NULL, -ETIMEDOUT);
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
	TAILQ_INSERT_TAIL(&asks->list, ask, next);
	*id = ask->id;
	return 0;
}

void dataplane_asks_forget(struct dataplane_asks *asks, uint32_t id)
{
	struct ask *ask = ask_find(asks, id);

	if (!ask)
		return;
	TAILQ_REMOVE(&asks->list, ask, next);
	timer_cancel(asks->timers, &ask->timer);
	free(ask);
}

void dataplane_asks_tell(struct dataplane_asks *asks, uint32_t id, const char *text, size_t bytes)
{
	struct ask *ask = ask_find(asks, id);
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

/* Those that are asked by an `answered` meanwhile aren't among them. */
void dataplane_asks_fail(struct dataplane_asks *asks, int error)
{
	uint32_t last = asks->last_id;
	struct ask *ask;

	while ((ask = TAILQ_FIRST(&asks->list)) && (int32_t)(ask->id - last) <= 0)
		ask_end(ask, NULL, error);
}

void dataplane_asks_free(struct dataplane_asks *asks)
{
	if (!asks)
		return;
	dataplane_asks_fail(asks, -ENOTCONN);
	free(asks);
}
