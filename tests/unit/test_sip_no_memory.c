/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SIP stack without memory: the same calls again and again, and each time another allocation fails, until
 * none is left that could. Linked with --wrap, so that only our own allocations fail, not osip's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sip/transaction.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

static int countdown; /* to the allocation that fails; 0: none does */
static bool happened;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	happened = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static uint64_t now;
static char last_sent[SIP_MESSAGE_BYTES + 1];
static int told, ended, finals_heard;
static struct transaction *client;

static uint64_t fake_clock(void *context)
{
	(void)context;
	return now;
}

static int on_send(struct transport *transport, const struct flow *flow, const char *bytes, size_t length)
{
	(void)transport;
	(void)flow;
	memcpy(last_sent, bytes, length);
	last_sent[length] = '\0';
	return 0;
}

static const struct transport_ops UDP = {.name = "UDP", .send = on_send};
static struct transport transport = {.ops = &UDP};
static struct flow flow = {.transport = &transport, .remote.port = 5062};

static void on_request(void *context, struct transaction *server, const struct sip_message *request)
{
	(void)context;
	(void)request;
	(void)transaction_answer(server, 180, NULL);
	if (strcmp(request->osip->sip_method, "INVITE") != 0)
		(void)transaction_answer(server, 200, NULL);
}

static void on_cancel(void *context, struct transaction *server)
{
	(void)context;
	(void)transaction_answer(server, 487, NULL);
}

static void on_ack(void *context, const struct sip_message *ack)
{
	(void)context;
	(void)ack;
}

static const struct sip_user USER = {on_request, on_cancel, on_ack};

static void on_response(void *owner, struct transaction *transaction, const struct sip_message *response)
{
	osip_message_t *ack = NULL;

	(void)owner;
	if (response->osip->status_code < 200)
		return;
	told++;
	finals_heard++;
	/* Any message with this To will do. */
	if (osip_message_clone(response->osip, &ack))
		return;
	osip_message_set_status_code(ack, 0);
	osip_message_set_method(ack, osip_strdup("ACK"));
	osip_uri_init(&ack->req_uri);
	osip_uri_parse(ack->req_uri, "sip:b@h");
	(void)transaction_ack(transaction, ack, &flow);
}

static void on_failed(void *owner, struct transaction *transaction, int status)
{
	(void)owner;
	(void)transaction;
	(void)status;
	told++;
}

static void on_ended(void *owner, struct transaction *transaction)
{
	(void)owner;
	assert_ptr_equal(transaction, client);
	ended++;
	client = NULL;
}

static const struct transaction_user CLIENT = {on_response, on_failed, on_ended};

static void say(struct sip_stack *stack, const char *start, const char *via, const char *cseq)
{
	static char text[2048];
	int length = snprintf(text, sizeof(text),
	        "%s\r\nVia: %s\r\nFrom: <sip:a@h>;tag=f\r\nTo: <sip:b@h>;tag=t\r\nCall-ID: c\r\nCSeq: 1 "
	        "%s\r\n"
	        "Content-Type: text/plain\r\n\r\nbody",
	        start, via, cseq);

	sip_stack_receive(stack, &flow, text, (size_t)length);
}

static void serve(struct sip_stack *stack)
{
	static const char via[] = "SIP/2.0/UDP h;rport;branch=z9hG4bK1";

	say(stack, "INVITE sip:b@h SIP/2.0", via, "INVITE");
	say(stack, "CANCEL sip:b@h SIP/2.0", via, "CANCEL");
	say(stack, "ACK sip:b@h SIP/2.0", via, "ACK");
	say(stack, "OPTIONS sip:b@h SIP/2.0", via, "OPTIONS");
	say(stack, "OPTIONS sip:b@h SIP/2.0", via, "OPTIONS");
	say(stack, "OPTIONS sip:b@h SIP/2.0", via, "INFO");
}

static void call(struct sip_stack *stack, const char *final)
{
	osip_message_t *request;
	char via[256];
	int spared = countdown;

	/* What the test itself needs isn't what is tested. */
	countdown = 0;
	assert_int_equal(osip_message_init(&request), 0);
	osip_message_set_method(request, osip_strdup("INVITE"));
	osip_message_set_version(request, osip_strdup("SIP/2.0"));
	osip_uri_init(&request->req_uri);
	osip_uri_parse(request->req_uri, "sip:b@h");
	osip_message_set_from(request, "<sip:a@h>;tag=f");
	osip_message_set_to(request, "<sip:b@h>");
	osip_message_set_call_id(request, "c");
	osip_message_set_cseq(request, "1 INVITE");
	countdown = spared;
	if (transaction_send(stack, request, &flow, &CLIENT, NULL, &client)) {
		told++;
		ended++;
		return;
	}
	snprintf(via, sizeof(via), "%.*s", (int)strcspn(strstr(last_sent, "Via: ") + 5, "\r"),
	        strstr(last_sent, "Via: ") + 5);
	say(stack, "SIP/2.0 180 Ringing", via, "INVITE");
	transaction_cancel(client, "SIP;cause=200");
	say(stack, final, via, "INVITE");
	say(stack, final, via, "INVITE");
}

/* Everything, with the n-th allocation failing. */
static void run(int nth, const char *final)
{
	struct timers *timers;
	struct sip_stack_options options = {.user = &USER, .agent = "test"};
	struct sip_counters counters;
	struct sip_stack *stack = NULL;

	countdown = nth;
	told = ended = 0;
	happened = false;
	timers = timers_new(fake_clock, NULL);
	options.timers = timers;
	if (timers && !sip_stack_new(&stack, &options)) {
		serve(stack);
		call(stack, final);
		for (int i = 0; i < 200; i++) {
			now += 500;
			timers_run(timers);
		}
		assert_int_equal(told, 1);
		assert_int_equal(ended, 1);
		sip_stack_counters(stack, &counters);
		assert_int_equal(counters.tombstones, 0);
	}
	sip_stack_free(stack);
	timers_free(timers);
	countdown = 0;
}

static void any_allocation_may_fail(void **state)
{
	static const char *const finals[] = {"SIP/2.0 200 OK", "SIP/2.0 486 Busy Here"};

	(void)state;
	address_parse("10.0.0.1", 5060, &transport.bound);
	for (int i = 0; i < 2; i++) {
		int nth = 0;

		finals_heard = 0;
		do
			run(++nth, finals[i]);
		while (happened);
		print_message("%d allocations\n", nth - 1);
		assert_true(finals_heard > nth / 2); /* so that it was no matter of timeouts only */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(any_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
