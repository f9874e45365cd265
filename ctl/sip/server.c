/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server transactions: requests in, responses out (RFC 3261 17.2, 8.2, 9.2; RFC 6026). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/machine.h"
#include "ctl/sip/stack.h"

enum { TRYING_AFTER_MS = 200, FOREVER_MS = 24 * 3600 * 1000, TAG_TEXT = 20 };

/* RFC 3261 18.2.2, RFC 3581: to where the request came from; without rport to the port in the Via. maddr is
 * left out on purpose: a stranger must not choose whom we send to. */
static uint16_t back_port(const struct sip_message *request)
{
	osip_via_t *via = osip_list_get(&request->osip->vias, 0);
	osip_generic_param_t *rport = NULL;

	osip_via_param_get_byname(via, "rport", &rport);
	if (rport || request->flow.transport->ops->reliable)
		return request->flow.remote.port;
	return via->port ? (uint16_t)strtoul(via->port, NULL, 10) : 5060;
}

/* The same tag for the same request, without keeping anything (RFC 3261 8.2.7). */
static const char *stateless_tag(const struct sip_stack *stack, char tag[TAG_TEXT])
{
	struct table_key key = key_view(&stack->key);

	snprintf(tag, TAG_TEXT, "%016llx", (unsigned long long)table_hash(stack->keys, &key));
	return tag;
}

/* Answers without a transaction: a retransmission gets the same answer anew. */
static void answer_once(struct sip_stack *stack, const struct sip_message *request, int status,
        const char *reason, const char *tag)
{
	osip_message_t *response = sip_response(request, status, reason, tag);
	struct flow back = request->flow;
	char *bytes = NULL;
	size_t length;

	back.remote.port = back_port(request);
	if (response && status == 503)
		sip_header_set(response, "Retry-After", "10");
	if (response && !stack_sign(stack, response) && !machine_serialise(response, &bytes, &length))
		flow_send(&back, bytes, length);
	osip_free(bytes);
	osip_message_free(response);
}

/* The To tag that a transaction answered with so far; NULL: none. */
static const char *answered_tag(const struct transaction *transaction)
{
	osip_message_t *last = transaction->osip ? transaction->osip->last_response : NULL;
	osip_generic_param_t *tag = NULL;

	if (last)
		osip_to_get_tag(last->to, &tag);
	return tag ? tag->gvalue : NULL;
}

static void send_trying(struct transaction *transaction)
{
	osip_message_t *trying = sip_response(transaction->request, 100, NULL, NULL);

	/* Without memory the client just asks again. */
	if (!trying)
		return;
	if (stack_sign(transaction->stack, trying) || machine_run(transaction, SND_STATUS_1XX, trying))
		osip_message_free(trying);
}

void server_on_again(struct timer *timer)
{
	struct transaction *transaction = owner_of(timer, struct transaction, again);

	if (transaction->phase == PHASE_LIVE) {
		send_trying(transaction);
		/* What can't be written now never can. */
		if (transaction->failed)
			transaction_end_after(transaction, 0);
		return;
	}
	transaction->stack->counters.resent++;
	(void)transaction_transmit(transaction); /* as if it were lost */
	transaction_again(transaction, T2_OF_T1 * transaction->stack->options.t1_ms);
}

void server_on_end(struct timer *timer)
{
	struct transaction *transaction = owner_of(timer, struct transaction, end);
	bool waiting = transaction->phase == PHASE_LIVE ||
	               (transaction->invite && transaction->phase <= PHASE_COMPLETED);

	if (waiting && !transaction->acknowledged && !transaction->failed)
		transaction->failed = 408;
	transaction_finish(transaction);
}

static void receive_again(struct transaction *transaction, struct sip_message *request)
{
	struct sip_stack *stack = transaction->stack;

	stack->counters.retransmitted++;
	if (transaction->phase == PHASE_LIVE) {
		type_t type = transaction->invite ? RCV_REQINVITE : RCV_REQUEST;

		if (!machine_run(transaction, type, request->osip))
			request->osip = NULL;
	} else if (transaction->phase == PHASE_COMPLETED) {
		stack->counters.resent++;
		(void)transaction_transmit(transaction);
	}
	sip_message_free(request);
}

/* RFC 3261 8.2.2.2: the same request, forked on its way here. */
static bool is_merged(struct sip_stack *stack, const struct sip_message *request)
{
	struct table_key key;

	if (!key_of_merge(&stack->merge, request->osip)) {
		stack->merge.length = 0;
		return false;
	}
	key = key_view(&stack->merge);
	return table_find(stack->merges, &key);
}

/* Takes the request over. NULL: no memory. */
static struct transaction *server_new(struct sip_stack *stack, struct sip_message *request)
{
	bool invite = MSG_IS_INVITE(request->osip);
	/* Unanswered, a request is kept until the client has given up and its last one has left the network.
	 */
	uint64_t ms = invite ? FOREVER_MS : (uint64_t)(LIFE_OF_T1 + T4_OF_T1) * stack->options.t1_ms;
	struct transaction *transaction = transaction_new(stack, &request->flow, ms);

	if (!transaction) {
		sip_message_free(request);
		return NULL;
	}
	transaction->server = true;
	transaction->invite = invite;
	transaction->request = request;
	transaction->back_port = back_port(request);
	if (machine_start(transaction, invite ? IST : NIST) ||
	        machine_run(transaction, invite ? RCV_REQINVITE : RCV_REQUEST, request->osip)) {
		transaction_free(transaction);
		return NULL;
	}
	if (invite) {
		transaction->interval = TRYING_AFTER_MS;
		transaction_again(transaction, TRYING_AFTER_MS);
	}
	return transaction;
}

static void hand_up(struct sip_stack *stack, struct transaction *transaction, struct sip_message *request)
{
	stack->in_hand = request;
	stack->in_hand_left = false;
	stack->options.user->request(stack->options.context, transaction, request);
	stack->in_hand = NULL;
	if (stack->in_hand_left)
		sip_message_free(request);
}

static void receive_request(struct sip_stack *stack, struct sip_message *request)
{
	struct transaction *transaction;
	char tag[TAG_TEXT];

	key_of_request(&stack->key, request->osip, request->osip->sip_method);
	transaction = transaction_find(stack);
	if (transaction) {
		receive_again(transaction, request);
		return;
	}
	if (is_merged(stack, request)) {
		answer_once(stack, request, 482, NULL, stateless_tag(stack, tag));
	} else if (stack->counters.transactions >= stack->options.transactions) {
		answer_once(stack, request, 503, NULL, stateless_tag(stack, tag));
	} else {
		transaction = server_new(stack, request);
		if (transaction)
			hand_up(stack, transaction, request);
		return;
	}
	stack->counters.rejected++;
	sip_message_free(request);
}

static void receive_ack(struct sip_stack *stack, struct sip_message *ack)
{
	struct transaction *transaction;

	key_of_request(&stack->key, ack->osip, "INVITE");
	transaction = transaction_find(stack);
	if (!transaction || transaction->phase == PHASE_ACCEPTED) {
		stack->options.user->ack(stack->options.context, ack);
	} else if (transaction->phase == PHASE_COMPLETED) {
		uint32_t t4 = is_reliable(transaction) ? 0 : T4_OF_T1 * stack->options.t1_ms;

		timer_cancel(stack->options.timers, &transaction->again);
		transaction->phase = PHASE_CONFIRMED;
		transaction->acknowledged = true;
		transaction_release(transaction);
		transaction_end_after(transaction, t4);
	} else {
		stack->counters.dropped++;
	}
	sip_message_free(ack);
}

/* RFC 3261 9.2. The answer needs no transaction: a retransmitted CANCEL is answered as the first one was. */
static void receive_cancel(struct sip_stack *stack, struct sip_message *cancel)
{
	struct transaction *transaction;
	const char *known;
	char tag[TAG_TEXT];

	key_of_request(&stack->key, cancel->osip, "INVITE");
	stateless_tag(stack, tag);
	transaction = transaction_find(stack);
	known = transaction ? answered_tag(transaction) : NULL;
	answer_once(stack, cancel, transaction ? 200 : 481, NULL, known ? known : tag);
	sip_message_free(cancel);
	if (transaction && transaction->phase == PHASE_LIVE && !transaction->cancelled) {
		transaction->cancelled = true;
		stack->options.user->cancel(stack->options.context, transaction);
	}
}

void server_receive(struct sip_stack *stack, struct sip_message *request)
{
	if (MSG_IS_ACK(request->osip))
		receive_ack(stack, request);
	else if (MSG_IS_CANCEL(request->osip))
		receive_cancel(stack, request);
	else
		receive_request(stack, request);
}

/* The final response has gone. */
static void completed(struct transaction *transaction, int status)
{
	const struct sip_stack_options *options = &transaction->stack->options;
	uint64_t life = (uint64_t)LIFE_OF_T1 * options->t1_ms;

	if (!transaction->invite) {
		transaction_bury(transaction, PHASE_COMPLETED, is_reliable(transaction) ? 0 : life);
		transaction_release(transaction);
		return;
	}
	transaction_bury(transaction, status < 300 ? PHASE_ACCEPTED : PHASE_COMPLETED, life);
	transaction->interval = options->t1_ms;
	/* A 2xx is sent again also over streams: its ACK comes from end to end (RFC 3261 13.3.1.4). */
	if (status < 300 || !is_reliable(transaction))
		transaction_again(transaction, T2_OF_T1 * options->t1_ms);
}

int transaction_respond(struct transaction *server, osip_message_t *response)
{
	int status = response->status_code;
	type_t type = status < 200 ? SND_STATUS_1XX : SND_STATUS_3456XX;
	int error = -EALREADY;

	if (status >= 200 && status < 300)
		type = SND_STATUS_2XX;
	if (server->phase != PHASE_LIVE || server->failed)
		goto refuse;
	error = stack_sign(server->stack, response);
	if (!error)
		error = machine_run(server, type, response);
	if (error)
		goto refuse;
	timer_cancel(server->stack->options.timers, &server->again);
	server->proceeding = true;
	if (server->failed) {
		/* It couldn't be written: too long, or no memory. */
		transaction_end_after(server, 0);
		return -ENOMEM;
	}
	if (status >= 200)
		completed(server, status);
	return 0;

refuse:
	osip_message_free(response);
	return error;
}

int transaction_answer(struct transaction *server, int status, const char *reason)
{
	const char *known = answered_tag(server);
	osip_message_t *response;
	char tag[33];

	if (server->phase != PHASE_LIVE)
		return -EALREADY;
	if (!known) {
		sip_random(tag);
		known = tag;
	}
	response = sip_response(server->request, status, reason, status == 100 ? NULL : known);
	return response ? transaction_respond(server, response) : -ENOMEM;
}

void transaction_acked(struct transaction *server)
{
	if (server->phase != PHASE_ACCEPTED || server->acknowledged)
		return;
	server->acknowledged = true;
	timer_cancel(server->stack->options.timers, &server->again);
	transaction_release(server);
}
