/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How transactions come to be, become tombstones, and go. */
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/machine.h"
#include "ctl/sip/stack.h"

static size_t weight(const struct transaction *transaction)
{
	return sizeof(*transaction) + transaction->by_key.key.length + transaction->by_merge.key.length +
	       transaction->length;
}

struct transaction *transaction_find(struct sip_stack *stack)
{
	struct table_key key = key_view(&stack->key);
	struct table_entry *entry = table_find(stack->keys, &key);

	return entry ? owner_of(entry, struct transaction, by_key) : NULL;
}

static void on_end(struct timer *timer)
{
	struct transaction *transaction = owner_of(timer, struct transaction, end);

	if (transaction->server)
		server_on_end(timer);
	else
		client_on_end(timer);
}

static void on_again(struct timer *timer)
{
	struct transaction *transaction = owner_of(timer, struct transaction, again);

	if (transaction->server)
		server_on_again(timer);
	else
		client_on_again(timer);
}

struct transaction *transaction_new(struct sip_stack *stack, const struct flow *flow, uint64_t ms)
{
	size_t length = stack->key.length, merge_length = stack->merge.length;
	struct transaction *transaction = calloc(1, sizeof(*transaction) + length + merge_length);

	if (!transaction)
		return NULL;
	if (timer_set(stack->options.timers, &transaction->end, ms, on_end)) {
		free(transaction);
		return NULL;
	}
	transaction->stack = stack;
	transaction->flow = *flow;
	memcpy(transaction->keys, stack->key.text, length);
	transaction->by_key.key = (struct table_key){transaction->keys, length};
	table_add(stack->keys, &transaction->by_key);
	if (merge_length) {
		memcpy(transaction->keys + length, stack->merge.text, merge_length);
		transaction->by_merge.key = (struct table_key){transaction->keys + length, merge_length};
		table_add(stack->merges, &transaction->by_merge);
	}
	stack->counters.transactions++;
	return transaction;
}

static void free_accepted(struct accepted *accepted)
{
	while (accepted) {
		struct accepted *next = accepted->next;

		free(accepted->tag);
		osip_free(accepted->bytes);
		free(accepted);
		accepted = next;
	}
}

static void request_free(struct transaction *transaction)
{
	struct sip_stack *stack = transaction->stack;

	if (transaction->request && transaction->request == stack->in_hand)
		stack->in_hand_left = true;
	else
		sip_message_free(transaction->request);
	transaction->request = NULL;
}

void transaction_free(struct transaction *transaction)
{
	struct sip_stack *stack;

	if (!transaction)
		return;
	stack = transaction->stack;
	if (transaction->released)
		TAILQ_REMOVE(&stack->released, transaction, farewell);
	if (transaction->phase == PHASE_LIVE) {
		stack->counters.transactions--;
	} else {
		stack->counters.tombstones--;
		stack->tombstone_bytes -= weight(transaction);
		TAILQ_REMOVE(&stack->tombstones, transaction, grave);
	}
	timer_cancel(stack->options.timers, &transaction->again);
	timer_cancel(stack->options.timers, &transaction->end);
	table_remove(stack->keys, &transaction->by_key);
	if (transaction->by_merge.key.length)
		table_remove(stack->merges, &transaction->by_merge);
	machine_stop(transaction);
	request_free(transaction);
	free_accepted(transaction->accepted);
	free(transaction->cancel_reason);
	osip_free(transaction->bytes);
	free(transaction);
}

void transaction_finish(struct transaction *transaction)
{
	const struct transaction_user *user = transaction->user;

	if (user && transaction->failed && user->failed)
		user->failed(transaction->owner, transaction, transaction->failed);
	/* The user may have let go. */
	user = transaction->user;
	transaction->user = NULL;
	if (user && user->ended)
		user->ended(transaction->owner, transaction);
	transaction_free(transaction);
}

static void on_tell(struct timer *timer)
{
	struct sip_stack *stack = owner_of(timer, struct sip_stack, tell);
	struct transaction *transaction;

	while ((transaction = TAILQ_FIRST(&stack->released))) {
		const struct transaction_user *user = transaction->user;

		TAILQ_REMOVE(&stack->released, transaction, farewell);
		transaction->released = false;
		transaction->user = NULL;
		if (user && user->ended)
			user->ended(transaction->owner, transaction);
	}
}

void transaction_release(struct transaction *transaction)
{
	struct sip_stack *stack = transaction->stack;

	if (transaction->released || !transaction->user)
		return;
	transaction->released = true;
	TAILQ_INSERT_TAIL(&stack->released, transaction, farewell);
	/* When it can't be set, the next one that is released sets it, or the tombstone's end tells. */
	if (!timer_is_set(&stack->tell))
		(void)timer_set(stack->options.timers, &stack->tell, 0, on_tell);
}

void transaction_bury(struct transaction *transaction, enum phase phase, uint64_t ms)
{
	struct sip_stack *stack = transaction->stack;

	timer_cancel(stack->options.timers, &transaction->again);
	machine_stop(transaction);
	request_free(transaction);
	stack->counters.transactions--;
	stack->counters.tombstones++;
	transaction->phase = (uint8_t)phase;
	stack->tombstone_bytes += weight(transaction);
	TAILQ_INSERT_TAIL(&stack->tombstones, transaction, grave);
	transaction_end_after(transaction, ms);
}

void transaction_end_after(struct transaction *transaction, uint64_t ms)
{
	/* It is set already, so that this can't fail. */
	(void)timer_set(transaction->stack->options.timers, &transaction->end, ms, on_end);
}

void transaction_again(struct transaction *transaction, uint32_t most)
{
	/* Without memory for the timer there is no retransmission, as if it were lost. */
	(void)timer_set(
	        transaction->stack->options.timers, &transaction->again, transaction->interval, on_again);
	transaction->interval = transaction->interval > most / 2 ? most : 2 * transaction->interval;
}

int transaction_transmit(const struct transaction *transaction)
{
	struct flow flow = transaction->flow;

	if (transaction->server)
		flow.remote.port = transaction->back_port;
	return flow_send(&flow, transaction->bytes, transaction->length);
}
