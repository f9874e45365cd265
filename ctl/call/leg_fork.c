/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forks behind our back: a proxy rang several phones for one INVITE of ours, and more than one answered. The
 * first has the call; each other is acknowledged and ended (RFC 3261 13.2.2.4), also when it answers after
 * the call is over, as long as the transaction takes 2xx (RFC 6026 timer M).
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/call/leg_private.h"

/* An INVITE that was answered, whose leg has gone. */
struct latecomers {
	struct latecomers *next, *previous; /* of calls->latecomers */
	struct calls *calls;
	struct dialog dialog; /* what the dialogs of forks have in common; in no table */
	struct transaction *invite;
};

/* The dialog without what its far end has said; in no table. -1: no memory. */
static int dialog_copy(const struct dialog *dialog, struct dialog *copy)
{
	*copy = *dialog;
	copy->dialogs = NULL;
	copy->entry = (struct table_entry){0};
	copy->remote_tag = NULL;
	copy->routes = NULL;
	copy->route_count = 0;
	copy->call_id = strdup(dialog->call_id);
	copy->local = strdup(dialog->local);
	copy->remote = strdup(dialog->remote);
	copy->contact = strdup(dialog->contact);
	copy->target = strdup(dialog->target);
	return copy->call_id && copy->local && copy->remote && copy->contact && copy->target ? 0 : -1;
}

void fork_dismiss(struct calls *calls, const struct dialog *dialog, struct transaction *client,
        const struct sip_message *response)
{
	struct dialog fork;
	osip_message_t *ack, *bye;

	if (!dialog_copy(dialog, &fork) && !dialog_established(&fork, response)) {
		ack = dialog_ack(&fork, sip_cseq(response->osip));
		if (ack)
			transaction_ack(client, ack, &fork.flow);
		bye = dialog_request(&fork, "BYE");
		if (bye)
			transaction_send(calls->stack, bye, &fork.flow, NULL, NULL, NULL);
	}
	dialog_close(&fork);
}

static void latecomers_unlink(struct latecomers *latecomers)
{
	if (latecomers->previous)
		latecomers->previous->next = latecomers->next;
	else
		latecomers->calls->latecomers = latecomers->next;
	if (latecomers->next)
		latecomers->next->previous = latecomers->previous;
}

static void latecomers_free(struct latecomers *latecomers)
{
	dialog_close(&latecomers->dialog);
	free(latecomers);
}

/* A 2xx of a fork that wasn't heard before. */
static void late_response(void *owner, struct transaction *client, const struct sip_message *response)
{
	const struct latecomers *latecomers = owner;

	fork_dismiss(latecomers->calls, &latecomers->dialog, client, response);
}

static void late_ended(void *owner, struct transaction *client)
{
	(void)client;
	latecomers_unlink(owner);
	latecomers_free(owner);
}

static const struct transaction_user late_user = {.response = late_response, .ended = late_ended};

void forks_await(struct leg *leg)
{
	struct latecomers *latecomers;

	if (!leg->accepted)
		return;
	latecomers = calloc(1, sizeof(*latecomers));
	if (!latecomers || dialog_copy(&leg->dialog, &latecomers->dialog) < 0) {
		/* As if nobody came. */
		transaction_forget(leg->accepted);
		if (latecomers)
			dialog_close(&latecomers->dialog);
		free(latecomers);
		return;
	}
	latecomers->calls = leg->calls;
	latecomers->next = leg->calls->latecomers;
	if (latecomers->next)
		latecomers->next->previous = latecomers;
	leg->calls->latecomers = latecomers;
	latecomers->invite = leg->accepted;
	transaction_set_owner(leg->accepted, &late_user, latecomers);
}

void forks_free(struct calls *calls)
{
	struct latecomers *latecomers = calls->latecomers;

	calls->latecomers = NULL;
	while (latecomers) {
		struct latecomers *next = latecomers->next;

		transaction_forget(latecomers->invite);
		latecomers_free(latecomers);
		latecomers = next;
	}
}
