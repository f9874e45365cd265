/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two users of the transaction layer, alice who calls and bob who answers, over the fake network. */
#ifndef XDPARK_TESTS_SIP_SIDES_H
#define XDPARK_TESTS_SIP_SIDES_H

#include "ctl/sip/transaction.h"
#include "tests/unit/fake_net.h"

/* A side: its stack, how it behaves, and what it was told. */
struct side {
	struct sip_stack *stack;
	struct net_end *end;
	int answer;     /* final status that requests get at once; 0: none by itself */
	int ringing;    /* provisional before it; 0: none */
	bool no_ack;    /* client: never acknowledges a 2xx; server: doesn't see any ACK */
	bool hesitates; /* server: doesn't answer a cancelled INVITE at once */
	bool forgets;   /* lets go of each transaction at the first callback */
	struct transaction *server, *client;
	int requests, cancels, acks;
	int provisional, final, last_status, failed, failed_status, ended;
	int server_failed, server_ended;
};

static struct net net;
static struct side alice, bob;

static void on_server_failed(void *owner, struct transaction *transaction, int status)
{
	struct side *side = owner;

	assert_ptr_equal(transaction, side->server);
	assert_int_equal(status, 408);
	side->server_failed++;
}

static void on_server_ended(void *owner, struct transaction *transaction)
{
	struct side *side = owner;

	assert_ptr_equal(transaction, side->server);
	side->server = NULL;
	side->server_ended++;
}

static const struct transaction_user SERVER_USER = {.failed = on_server_failed, .ended = on_server_ended};

static void on_request(void *context, struct transaction *server, const struct sip_message *request)
{
	struct side *side = context;

	assert_ptr_equal(transaction_request(server), request);
	side->requests++;
	if (!side->forgets) {
		side->server = server;
		transaction_set_owner(server, &SERVER_USER, side);
	}
	if (side->ringing)
		assert_int_equal(transaction_answer(server, side->ringing, NULL), 0);
	if (side->answer)
		assert_int_equal(transaction_answer(server, side->answer, NULL), 0);
}

static void on_cancel(void *context, struct transaction *server)
{
	struct side *side = context;

	assert_ptr_equal(server, side->server);
	side->cancels++;
	if (!side->hesitates)
		assert_int_equal(transaction_answer(server, 487, NULL), 0);
}

static void on_ack(void *context, const struct sip_message *ack)
{
	struct side *side = context;

	assert_true(MSG_IS_ACK(ack->osip));
	side->acks++;
	if (side->server && !side->no_ack)
		transaction_acked(side->server);
}

static const struct sip_user USER = {on_request, on_cancel, on_ack};

static osip_message_t *make_request(const char *method, const char *cseq_number)
{
	char call_id[33], cseq[32];
	osip_message_t *request;
	osip_uri_t *uri;

	sip_random(call_id);
	snprintf(cseq, sizeof(cseq), "%s %s", cseq_number, method);
	assert_int_equal(osip_message_init(&request), 0);
	osip_message_set_method(request, osip_strdup(method));
	osip_message_set_version(request, osip_strdup("SIP/2.0"));
	osip_uri_init(&uri);
	osip_uri_parse(uri, "sip:bob@example.com");
	osip_message_set_uri(request, uri);
	osip_message_set_from(request, "<sip:alice@example.com>;tag=a1");
	osip_message_set_to(request, "<sip:bob@example.com>");
	osip_message_set_call_id(request, call_id);
	osip_message_set_cseq(request, cseq);
	return request;
}

/* What the call layer does: an ACK with the To of the response. */
static void acknowledge(struct transaction *client, const struct sip_message *response)
{
	osip_message_t *ack = make_request("ACK", response->osip->cseq->number);
	struct flow flow = *transaction_flow(client);

	osip_to_free(ack->to);
	osip_to_clone(response->osip->to, &ack->to);
	osip_call_id_free(ack->call_id);
	osip_call_id_clone(response->osip->call_id, &ack->call_id);
	assert_int_equal(transaction_ack(client, ack, &flow), 0);
}

static void on_response(void *owner, struct transaction *client, const struct sip_message *response)
{
	struct side *side = owner;
	int status = response->osip->status_code;

	assert_ptr_equal(client, side->client);
	assert_int_equal(side->failed, 0);
	side->last_status = status;
	if (status < 200) {
		assert_int_equal(side->final, 0);
		assert_non_null(transaction_request(client));
		side->provisional++;
		return;
	}
	side->final++;
	assert_null(transaction_request(client));
	if (status < 300 && !strcmp(response->osip->cseq->method, "INVITE") && !side->no_ack)
		acknowledge(client, response);
	if (side->forgets) {
		transaction_forget(client);
		side->client = NULL;
	}
}

static void on_failed(void *owner, struct transaction *client, int status)
{
	struct side *side = owner;

	assert_ptr_equal(client, side->client);
	side->failed++;
	side->failed_status = status;
}

static void on_ended(void *owner, struct transaction *client)
{
	struct side *side = owner;

	assert_ptr_equal(client, side->client);
	side->client = NULL;
	side->ended++;
}

static const struct transaction_user CLIENT_USER = {on_response, on_failed, on_ended};

static void side_open(struct side *side, const char *address, bool reliable)
{
	struct sip_stack_options options = {
	        .timers = net.timers, .user = &USER, .context = side, .agent = "test"};

	*side = (struct side){0};
	assert_int_equal(sip_stack_new(&side->stack, &options), 0);
	side->end = net_add(&net, address, reliable, sip_stack_receive, side->stack);
}

static void sides_open(uint64_t seed, bool reliable)
{
	net_open(&net, seed);
	side_open(&alice, "10.0.0.1", reliable);
	side_open(&bob, "10.0.0.2", reliable);
}

static void sides_close(void)
{
	sip_stack_free(alice.stack);
	sip_stack_free(bob.stack);
	transport_free(&alice.end->transport);
	transport_free(&bob.end->transport);
	net_close(&net);
}

/* Alice asks bob. */
static inline void send_request(const char *method)
{
	struct flow flow = net_flow(alice.end, bob.end);

	assert_int_equal(transaction_send(alice.stack, make_request(method, "1"), &flow, &CLIENT_USER, &alice,
	                         &alice.client),
	        0);
}

/* Nothing is left in a stack: no transaction, no tombstone. */
static inline void assert_empty(const struct side *side)
{
	struct sip_counters counters;

	sip_stack_counters(side->stack, &counters);
	assert_int_equal(counters.transactions, 0);
	assert_int_equal(counters.tombstones, 0);
}

#endif
