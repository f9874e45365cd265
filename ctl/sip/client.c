/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client transactions: requests out, responses in (RFC 3261 17.1, 9.1; RFC 6026). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/machine.h"
#include "ctl/sip/stack.h"

enum {
	MOST_FORKS = 8,                /* 2xx of different To tags that the user of one INVITE is told of */
	FOREVER_MS = 24 * 3600 * 1000, /* the user says how long an INVITE may ring */
	BRANCH_TEXT = sizeof("z9hG4bK") + 32, /* cookie, 16 bytes in hex, NUL */
};

static void make_branch(char branch[BRANCH_TEXT])
{
	sip_random(stpcpy(branch, "z9hG4bK"));
}

/* Puts our Via on top: where we are bound, or the address that the far end sees when that is any. */
static int put_via(osip_message_t *request, const struct flow *flow, const char *branch)
{
	struct address ours = flow->transport->bound;
	char via[ADDRESS_TEXT + BRANCH_TEXT + 64], sent_by[ADDRESS_TEXT];

	if (address_is_any(ours.ip))
		memcpy(ours.ip, flow->local.ip, sizeof(ours.ip));
	snprintf(via, sizeof(via), "SIP/2.0/%s %s;rport;branch=%s", flow->transport->ops->name,
	        address_format(&ours, sent_by), branch);
	return osip_message_append_via(request, via) ? -ENOMEM : 0;
}

/* Via, and what every request carries. */
static int prepare(
        const struct sip_stack *stack, osip_message_t *request, const struct flow *flow, const char *branch)
{
	int error = put_via(request, flow, branch);

	if (!error && !sip_header(request, "Max-Forwards", 0))
		error = sip_header_set(request, "Max-Forwards", "70");
	return error ? error : stack_sign(stack, request);
}

static void cancel_now(struct transaction *transaction);

void client_on_again(struct timer *timer)
{
	struct transaction *transaction = owner_of(timer, struct transaction, again);
	uint32_t t2 = T2_OF_T1 * transaction->stack->options.t1_ms;

	transaction->stack->counters.resent++;
	(void)machine_run(transaction, transaction->invite ? TIMEOUT_A : TIMEOUT_E, NULL);
	if (transaction->failed)
		transaction_finish(transaction);
	else
		transaction_again(transaction, transaction->invite ? UINT32_MAX : t2);
}

void client_on_end(struct timer *timer)
{
	struct transaction *transaction = owner_of(timer, struct transaction, end);

	if (transaction->phase == PHASE_LIVE && !transaction->failed) {
		(void)machine_run(transaction, transaction->invite ? TIMEOUT_B : TIMEOUT_F, NULL);
		/* osip knows no end for an INVITE that was answered provisionally, then cancelled. */
		transaction->failed = 408;
	}
	transaction_finish(transaction);
}

/* The request has its Via; takes it over. */
static int start(struct sip_stack *stack, osip_message_t *request, const struct flow *flow,
        const char *branch, struct transaction **client)
{
	struct sip_message *message = calloc(1, sizeof(*message));
	bool invite = MSG_IS_INVITE(request);
	struct transaction *transaction;
	int error;

	if (!message) {
		osip_message_free(request);
		return -ENOMEM;
	}
	message->osip = request;
	message->flow = *flow;
	key_of_branch(&stack->key, branch, request->sip_method);
	stack->merge.length = 0;
	transaction = transaction_new(stack, flow, (uint64_t)LIFE_OF_T1 * stack->options.t1_ms);
	if (!transaction) {
		sip_message_free(message);
		return -ENOMEM;
	}
	transaction->request = message;
	transaction->invite = invite;
	error = machine_start(transaction, invite ? ICT : NICT);
	if (!error)
		error = machine_run(transaction, invite ? SND_REQINVITE : SND_REQUEST, request);
	if (error) {
		transaction_free(transaction);
		return error;
	}
	transaction->interval = stack->options.t1_ms;
	if (transaction->failed)
		transaction_end_after(transaction, 0);
	else if (!is_reliable(transaction))
		transaction_again(transaction, invite ? UINT32_MAX : T2_OF_T1 * stack->options.t1_ms);
	*client = transaction;
	return 0;
}

int transaction_send(struct sip_stack *stack, osip_message_t *request, const struct flow *flow,
        const struct transaction_user *user, void *owner, struct transaction **client)
{
	struct transaction *transaction;
	char branch[BRANCH_TEXT];
	int error = -EINVAL;

	if (MSG_IS_ACK(request) || MSG_IS_CANCEL(request) || MSG_IS_RESPONSE(request))
		goto refuse;
	make_branch(branch);
	error = prepare(stack, request, flow, branch);
	if (error)
		goto refuse;
	error = start(stack, request, flow, branch, &transaction);
	if (error)
		return error;
	transaction->user = user;
	transaction->owner = owner;
	if (client)
		*client = transaction;
	return 0;

refuse:
	osip_message_free(request);
	return error;
}

static struct accepted *find_accepted(const struct transaction *transaction, const char *tag)
{
	struct accepted *accepted = transaction->accepted;

	while (accepted && strcmp(accepted->tag, tag) != 0)
		accepted = accepted->next;
	return accepted;
}

static const char *to_tag(const osip_message_t *message)
{
	osip_generic_param_t *tag = NULL;

	if (message->to)
		osip_to_get_tag(message->to, &tag);
	return tag && tag->gvalue ? tag->gvalue : "";
}

/* Notes a 2xx. False: no news, or too many. */
static bool note_accepted(struct transaction *transaction, const osip_message_t *response)
{
	const char *tag = to_tag(response);
	struct accepted *accepted;
	int count = 0;

	if (find_accepted(transaction, tag))
		return false;
	for (accepted = transaction->accepted; accepted; accepted = accepted->next)
		count++;
	accepted = count < MOST_FORKS ? calloc(1, sizeof(*accepted)) : NULL;
	if (!accepted)
		return false;
	accepted->tag = strdup(tag);
	if (!accepted->tag) {
		free(accepted);
		return false;
	}
	accepted->next = transaction->accepted;
	transaction->accepted = accepted;
	return true;
}

static void tell(struct transaction *transaction, const struct sip_message *response)
{
	if (transaction->user && transaction->user->response)
		transaction->user->response(transaction->owner, transaction, response);
}

/* A 2xx after the first: from another fork, or again because our ACK was lost. */
static void receive_accepted(struct transaction *transaction, const struct sip_message *response)
{
	struct sip_stack *stack = transaction->stack;
	const struct accepted *accepted;

	if (!MSG_IS_STATUS_2XX(response->osip)) {
		stack->counters.dropped++;
		return;
	}
	accepted = find_accepted(transaction, to_tag(response->osip));
	if (!accepted) {
		if (note_accepted(transaction, response->osip))
			tell(transaction, response);
		return;
	}
	stack->counters.retransmitted++;
	if (accepted->bytes) {
		stack->counters.resent++;
		(void)flow_send(&accepted->flow, accepted->bytes, accepted->length);
	}
}

/* A final response again, because our ACK was lost, or for no reason. */
static void receive_completed(struct transaction *transaction, const struct sip_message *response)
{
	struct sip_stack *stack = transaction->stack;

	stack->counters.retransmitted++;
	if (transaction->invite && response->osip->status_code >= 300) {
		stack->counters.resent++;
		(void)transaction_transmit(transaction);
	}
}

static void proceed(struct transaction *transaction)
{
	struct sip_stack *stack = transaction->stack;
	bool first = !transaction->proceeding;

	transaction->proceeding = true;
	if (!transaction->invite) {
		/* E is T2 from now on; F goes on. */
		transaction->interval = T2_OF_T1 * stack->options.t1_ms;
		if (first && !is_reliable(transaction))
			transaction_again(transaction, transaction->interval);
		return;
	}
	timer_cancel(stack->options.timers, &transaction->again);
	if (!first)
		return;
	transaction_end_after(transaction, FOREVER_MS);
	if (transaction->cancelled)
		cancel_now(transaction);
}

static void complete(struct transaction *transaction, const osip_message_t *response)
{
	const struct sip_stack_options *options = &transaction->stack->options;
	uint64_t life = (uint64_t)LIFE_OF_T1 * options->t1_ms;

	if (transaction->invite && MSG_IS_STATUS_2XX(response)) {
		transaction_bury(transaction, PHASE_ACCEPTED, life);
		return;
	}
	if (!transaction->invite)
		life = (uint64_t)T4_OF_T1 * options->t1_ms;
	transaction_bury(transaction, PHASE_COMPLETED, is_reliable(transaction) ? 0 : life);
}

static void receive_live(struct transaction *transaction, struct sip_message *response)
{
	/* Without the note its retransmission would be news: as if this one were lost, then. */
	if (transaction->invite && MSG_IS_STATUS_2XX(response->osip) &&
	        !note_accepted(transaction, response->osip) && !transaction->accepted)
		return;
	if (machine_hear(transaction, response->osip))
		return; /* no memory: as if it were lost */
	if (!transaction->heard) {
		response->osip = NULL;
		if (transaction->dead)
			transaction_end_after(transaction, 0);
		return;
	}
	if (response->osip->status_code < 200)
		proceed(transaction);
	else
		complete(transaction, response->osip);
	tell(transaction, response);
	if (transaction->phase == PHASE_COMPLETED)
		transaction_release(transaction);
}

void client_receive(struct sip_stack *stack, struct sip_message *response)
{
	struct transaction *transaction = NULL;

	/* One Via, ours (RFC 3261 8.1.3.3, 18.1.2). */
	if (osip_list_size(&response->osip->vias) == 1) {
		key_of_branch(&stack->key, key_branch(response->osip), response->osip->cseq->method);
		transaction = transaction_find(stack);
	}
	if (!transaction)
		stack->counters.dropped++;
	else if (transaction->phase == PHASE_LIVE)
		receive_live(transaction, response);
	else if (transaction->phase == PHASE_ACCEPTED)
		receive_accepted(transaction, response);
	else
		receive_completed(transaction, response);
	sip_message_free(response);
}

/* RFC 3261 9.1: what a CANCEL has from its INVITE. */
static osip_message_t *make_cancel(const struct transaction *transaction)
{
	const osip_message_t *invite = transaction->request->osip;
	osip_message_t *cancel;
	osip_via_t *via = NULL;

	if (osip_message_init(&cancel))
		return NULL;
	osip_message_set_method(cancel, osip_strdup("CANCEL"));
	osip_message_set_version(cancel, osip_strdup("SIP/2.0"));
	if (!cancel->sip_method || !cancel->sip_version ||
	        osip_uri_clone(invite->req_uri, &cancel->req_uri) ||
	        osip_from_clone(invite->from, &cancel->from) || osip_to_clone(invite->to, &cancel->to) ||
	        osip_call_id_clone(invite->call_id, &cancel->call_id) ||
	        osip_cseq_clone(invite->cseq, &cancel->cseq) ||
	        osip_list_clone(
	                &invite->routes, &cancel->routes, (int (*)(void *, void **))osip_route_clone) ||
	        osip_via_clone(osip_list_get(&invite->vias, 0), &via))
		goto fail;
	osip_list_add(&cancel->vias, via, -1);
	osip_free(cancel->cseq->method);
	cancel->cseq->method = osip_strdup("CANCEL");
	if (!cancel->cseq->method || sip_header_set(cancel, "Max-Forwards", "70") ||
	        stack_sign(transaction->stack, cancel))
		goto fail;
	if (transaction->cancel_reason && sip_header_set(cancel, "Reason", transaction->cancel_reason))
		goto fail;
	return cancel;

fail:
	osip_message_free(cancel);
	return NULL;
}

static void cancel_now(struct transaction *transaction)
{
	const struct sip_stack_options *options = &transaction->stack->options;
	osip_message_t *cancel = make_cancel(transaction);
	struct transaction *client;

	if (cancel)
		(void)start(transaction->stack, cancel, &transaction->flow,
		        key_branch(transaction->request->osip), &client);
	/* RFC 3261 9.1: who doesn't answer the INVITE by then never will. */
	transaction_end_after(transaction, (uint64_t)LIFE_OF_T1 * options->t1_ms);
}

void transaction_cancel(struct transaction *client, const char *reason)
{
	if (!client->invite || client->server || client->phase != PHASE_LIVE || client->cancelled)
		return;
	client->cancelled = true;
	client->cancel_reason = reason ? strdup(reason) : NULL;
	if (client->proceeding)
		cancel_now(client);
}

int transaction_ack(struct transaction *client, osip_message_t *ack, const struct flow *flow)
{
	struct accepted *accepted =
	        client->phase == PHASE_ACCEPTED ? find_accepted(client, to_tag(ack)) : NULL;
	char branch[BRANCH_TEXT], *bytes = NULL;
	size_t length = 0;
	int error = -EINVAL;

	if (accepted) {
		make_branch(branch);
		error = prepare(client->stack, ack, flow, branch);
	}
	if (!error)
		error = machine_serialise(ack, &bytes, &length);
	osip_message_free(ack);
	if (error)
		return error;
	osip_free(accepted->bytes);
	accepted->bytes = bytes;
	accepted->length = length;
	accepted->flow = *flow;
	return flow_send(flow, bytes, length);
}
