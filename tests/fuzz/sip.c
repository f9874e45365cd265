/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: messages from strangers, through guard, parser, checks, rejections and the whole transaction
 * layer, as datagrams and as from a stream. The input is cut into messages at each record separator (0x1e);
 * 100 ms pass between them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/transaction.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEPARATOR = 0x1e, BETWEEN_MS = 100, AFTER_MS = 100000 };

static uint64_t now;

static uint64_t fake_clock(void *context)
{
	(void)context;
	return now;
}

/* What is sent must be a message: it starts as a response or request of ours does, and ends as one. */
static int on_send(struct transport *transport, const struct flow *flow, const char *bytes, size_t length)
{
	(void)transport;
	(void)flow;
	if (length == 2 && memcmp(bytes, "\r\n", 2) == 0)
		return 0;
	if (length < 16 || length > SIP_MESSAGE_BYTES || memcmp(bytes, "SIP/2.0 ", 8) != 0 ||
	        !memmem(bytes, length, "\r\n\r\n", 4))
		abort();
	return 0;
}

static const struct transport_ops DATAGRAM = {.name = "UDP", .send = on_send};
static const struct transport_ops STREAM = {.name = "TCP", .reliable = true, .send = on_send};

/* Answers by the method's length, so that every way through the server is taken. */
static void on_request(void *context, struct transaction *server, const struct sip_message *request)
{
	static const int statuses[] = {200, 180, 486, 202};

	(void)context;
	(void)sip_header(request->osip, "Refer-To", 0);
	(void)sip_has_token(request->osip, "Supported", "replaces");
	(void)sip_body_is(request, "application/sdp");
	(void)transaction_answer(server, statuses[strlen(request->osip->sip_method) % 4], NULL);
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

static void receive(struct sip_stack *stack, const struct flow *flow, const uint8_t *data, size_t size)
{
	/* As a transport gives it: one byte more, and not beyond what a transport takes. */
	size_t length = size < SIP_MESSAGE_BYTES ? size : SIP_MESSAGE_BYTES;
	char *bytes = malloc(length + 1);

	memcpy(bytes, data, length);
	sip_stack_receive(stack, flow, bytes, length);
	free(bytes);
}

static void run(const struct transport_ops *ops, const uint8_t *data, size_t size)
{
	struct timers *timers = timers_new(fake_clock, NULL);
	struct sip_stack_options options = {.timers = timers, .user = &USER, .agent = "fuzz"};
	struct transport transport = {.ops = ops};
	struct flow flow = {.transport = &transport, .remote.port = 5062};
	const uint8_t *end = data + size;
	struct sip_stack *stack;

	if (sip_stack_new(&stack, &options))
		abort();
	while (data < end) {
		const uint8_t *next = memchr(data, SEPARATOR, (size_t)(end - data));

		next = next ? next : end;
		receive(stack, &flow, data, (size_t)(next - data));
		now += BETWEEN_MS;
		timers_run(timers);
		data = next + 1;
	}
	for (int i = 0; i < AFTER_MS; i += 1000) {
		now += 1000;
		timers_run(timers);
	}
	sip_stack_free(stack);
	timers_free(timers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(&DATAGRAM, data, size);
	run(&STREAM, data, size);
	return 0;
}
