/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack as a whole: what is received goes to servers and clients; what the header offers for both. */
#include "ctl/sip/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/guard.h"
#include "ctl/sip/machine.h"

enum {
	T1_MS = 500,
	TRANSACTIONS = 50000, /* osip takes 20 kB for each: 1 GB */
	TOMBSTONE_BYTES = 256 << 20,
	BURIED_AT_ONCE = 64, /* how many of the oldest are looked at for each message received */
};

int sip_stack_new(struct sip_stack **stack, const struct sip_stack_options *options)
{
	struct sip_stack *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->options = *options;
	if (!made->options.t1_ms)
		made->options.t1_ms = T1_MS;
	if (!made->options.transactions)
		made->options.transactions = TRANSACTIONS;
	if (!made->options.tombstone_bytes)
		made->options.tombstone_bytes = TOMBSTONE_BYTES;
	TAILQ_INIT(&made->released);
	TAILQ_INIT(&made->tombstones);
	made->keys = table_new();
	made->merges = table_new();
	if (!made->keys || !made->merges || machine_new(&made->osip)) {
		sip_stack_free(made);
		return -ENOMEM;
	}
	*stack = made;
	return 0;
}

void sip_stack_free(struct sip_stack *stack)
{
	struct table_entry *entry;

	if (!stack)
		return;
	while (stack->keys && (entry = table_any(stack->keys)))
		transaction_free(owner_of(entry, struct transaction, by_key));
	timer_cancel(stack->options.timers, &stack->tell);
	table_free(stack->keys);
	table_free(stack->merges);
	machine_free(stack->osip);
	free(stack);
}

int stack_sign(const struct sip_stack *stack, osip_message_t *message)
{
	const char *name = MSG_IS_RESPONSE(message) ? "Server" : "User-Agent";

	if (!stack->options.agent || sip_header(message, name, 0))
		return 0;
	return osip_message_set_header(message, name, stack->options.agent) ? -ENOMEM : 0;
}

/* Oldest first, so that no flood of requests holds more memory than it may. */
static void limit_tombstones(struct sip_stack *stack)
{
	struct transaction *oldest = TAILQ_FIRST(&stack->tombstones);

	for (int i = 0; i < BURIED_AT_ONCE && oldest; i++) {
		struct transaction *next = TAILQ_NEXT(oldest, grave);

		if (stack->tombstone_bytes <= stack->options.tombstone_bytes)
			return;
		/* Those that somebody still waits for are as few as the calls. */
		if (!oldest->user)
			transaction_free(oldest);
		oldest = next;
	}
}

/* RFC 5626 3.5.1: a double line end on a stream asks for one back. Datagrams have no such thing. */
static void answer_keepalive(const struct flow *flow, const char *bytes, size_t length)
{
	if (flow->transport->ops->reliable && memmem(bytes, length, "\r\n\r\n", 4))
		flow_send(flow, "\r\n", 2);
}

/* Rejections go to where the bytes came from: their Via couldn't be read well enough to go by it. */
static void refuse(struct sip_stack *stack, const struct flow *flow, const char *bytes, size_t length,
        int status, const char *reason)
{
	size_t written = status ? sip_reject(flow, bytes, length, status, reason, stack->out) : 0;

	if (written) {
		stack->counters.rejected++;
		flow_send(flow, stack->out, written);
	} else {
		stack->counters.dropped++;
	}
}

void sip_stack_receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	struct sip_stack *stack = context;
	const char *reason = NULL;
	struct sip_message *message;
	int status = 0;

	stack->counters.received++;
	if (sip_is_keepalive(bytes, length)) {
		answer_keepalive(flow, bytes, length);
		return;
	}
	if (sip_message_parse(&message, flow, bytes, length, &status, &reason)) {
		refuse(stack, flow, bytes, length, status, reason);
		return;
	}
	stack->counters.parsed++;
	if (MSG_IS_REQUEST(message->osip))
		server_receive(stack, message);
	else
		client_receive(stack, message);
	limit_tombstones(stack);
}

void sip_stack_counters(const struct sip_stack *stack, struct sip_counters *counters)
{
	*counters = stack->counters;
}

void transaction_set_owner(struct transaction *transaction, const struct transaction_user *user, void *owner)
{
	transaction->user = user;
	transaction->owner = owner;
}

void *transaction_owner(const struct transaction *transaction)
{
	return transaction->user ? transaction->owner : NULL;
}

void transaction_forget(struct transaction *transaction)
{
	if (transaction)
		transaction->user = NULL;
}

const struct sip_message *transaction_request(const struct transaction *transaction)
{
	return transaction->request;
}

const struct flow *transaction_flow(const struct transaction *transaction)
{
	return &transaction->flow;
}
