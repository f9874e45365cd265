/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/trunk_calls.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/timer.h"
#include "tools/rig/machine.h"
#include "tools/rig/offer.h"
#include "tools/rig/trunk_message.h"

static void transmit(const struct setup *setup, const struct sockaddr_in *to, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void transmit(const struct setup *setup, const struct sockaddr_in *to, const char *format, ...)
{
	char text[TRUNK_MESSAGE];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < sizeof(text))
		sendto(setup->socket, text, (size_t)length, 0, (const struct sockaddr *)to, sizeof(*to));
}

static void sdp_write(const struct setup *setup, unsigned caller, char sdp[OFFER_BYTES])
{
	struct sockaddr_in local = callers_address(setup->callers, caller);

	offer_write(&local, setup->options->codec, setup->options->ptime_ms, "sendrecv", sdp);
}

/* The last request of a call, also again. */
static void request_send(
        const struct setup *setup, unsigned caller, const char *method, const char *headers, const char *body)
{
	const struct call *call = &setup->calls[caller];
	const char *domain = setup->options->domain;

	transmit(setup, &setup->options->server,
	        "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=z9hG4bK%x-%u-%u-%c\r\nMax-Forwards: 70\r\n"
	        "From: <sip:rig%u@%s>;tag=%x-%u\r\nTo: <sip:%s@%s>%s%s\r\nCall-ID: %x-%u@rig\r\n"
	        "CSeq: %u %s\r\nContact: <sip:rig@%s:%u>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
	        method, call->target, setup->host, setup->port, setup->run, caller, call->cseq, method[0],
	        caller, domain, setup->run, caller, call->number, domain, *call->tag ? ";tag=" : "",
	        call->tag, setup->run, caller, call->cseq, method, setup->host, setup->port, headers,
	        *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
}

static void invite_send(const struct setup *setup, unsigned caller)
{
	char sdp[OFFER_BYTES], headers[128] = "";

	/* With it an INVITE to an orbit parks, without it takes. */
	if (setup->bridges && caller % 2 == 0)
		snprintf(headers, sizeof(headers), "Referred-By: <sip:rig@%s>\r\n", setup->options->domain);
	sdp_write(setup, caller, sdp);
	request_send(setup, caller, "INVITE", headers, sdp);
}

static void request_again(const struct setup *setup, unsigned caller)
{
	if (setup->calls[caller].state == CALL_INVITING)
		invite_send(setup, caller);
	else
		request_send(setup, caller, "BYE", "", "");
}

static uint64_t now_ms(void)
{
	return machine_clock_ns() / 1000000;
}

/* A new request: to be sent until it is answered. */
static void request_start(struct setup *setup, unsigned caller, enum call_state state)
{
	struct call *call = &setup->calls[caller];

	call->state = (uint8_t)state;
	call->cseq++;
	setup->pending++;
	resend_start(&setup->resend, &call->resend, state == CALL_INVITING, now_ms());
	request_again(setup, caller);
}

void trunk_invite(struct setup *setup, unsigned caller)
{
	struct call *call = &setup->calls[caller];
	const struct rig_options *options = setup->options;

	*call = (struct call){0};
	if (setup->bridges)
		snprintf(call->number, sizeof(call->number), "%u", options->orbit + caller / 2);
	else
		snprintf(call->number, sizeof(call->number), "%s", options->number);
	snprintf(call->target, sizeof(call->target), "sip:%s@%.40s", call->number, options->domain);
	request_start(setup, caller, CALL_INVITING);
}

void trunk_bye(struct setup *setup, unsigned caller)
{
	if (setup->calls[caller].state != CALL_UP)
		return;
	callers_disconnect(setup->callers, caller);
	setup->up--;
	request_start(setup, caller, CALL_ENDING);
}

/* No answer is awaited any more. */
static void call_settle(struct setup *setup, unsigned caller, enum call_state state, unsigned cause)
{
	struct call *call = &setup->calls[caller];

	if (call->state == CALL_INVITING || call->state == CALL_ENDING)
		setup->pending--;
	resend_stop(&setup->resend, &call->resend);
	if (call->state == CALL_UP)
		setup->up--;
	call->state = (uint8_t)state;
	if (state == CALL_UP) {
		setup->up++;
		return;
	}
	callers_disconnect(setup->callers, caller);
	if (cause < TRUNK_STATUSES && cause != 200)
		setup->causes[cause]++;
}

static void dialog_learn(struct call *call, const struct trunk_message *response)
{
	trunk_between(response, "To", ";tag=", call->tag, TRUNK_TAG);
	trunk_between(response, "Contact", "<", call->target, TRUNK_TARGET);
}

/* A final answer to an INVITE that waits for none: it didn't get our ACK, or comes after we gave up. */
static void answered_again(struct setup *setup, unsigned caller, const struct trunk_message *response)
{
	struct call *call = &setup->calls[caller];
	bool late = call->state == CALL_OVER && !*call->tag;

	if (response->status >= 300)
		return;
	if (late)
		dialog_learn(call, response);
	request_send(setup, caller, "ACK", "", "");
	if (late)
		request_start(setup, caller, CALL_ENDING);
}

static void invite_answered(struct setup *setup, unsigned caller, const struct trunk_message *response)
{
	struct call *call = &setup->calls[caller];
	enum cl_expects expects = CL_HOLD;
	struct sockaddr_in media;

	if (response->status < 200) {
		if (call->state == CALL_INVITING)
			resend_hold(&setup->resend, &call->resend, now_ms());
		return;
	}
	if (call->state != CALL_INVITING) {
		answered_again(setup, caller, response);
		return;
	}
	if (response->status >= 300) {
		trunk_between(response, "To", ";tag=", call->tag, TRUNK_TAG);
		request_send(setup, caller, "ACK", "", "");
		call_settle(setup, caller, CALL_OVER, (unsigned)response->status);
		return;
	}
	dialog_learn(call, response);
	request_send(setup, caller, "ACK", "", "");
	if (!trunk_media(response, &media)) {
		call_settle(setup, caller, CALL_OVER, 606);
		request_start(setup, caller, CALL_ENDING);
		return;
	}
	if (setup->bridges)
		expects = caller % 2 ? CL_TALK : CL_HOLD_THEN_TALK;
	callers_connect(setup->callers, caller, &media, expects, caller ^ 1U);
	call_settle(setup, caller, CALL_UP, 200);
}

/* Requests within calls: what asks is content with 200; a BYE ends the call. */
static void request_answer(struct setup *setup, unsigned caller, const struct trunk_message *request)
{
	char headers[2048], sdp[OFFER_BYTES] = "";

	if (!strncmp(request->text, "ACK ", 4))
		return;
	trunk_answer_headers(request, headers, sizeof(headers));
	if (!strncmp(request->text, "INVITE ", 7))
		sdp_write(setup, caller, sdp);
	transmit(setup, &request->from,
	        "SIP/2.0 200 OK\r\n%sContact: <sip:rig@%s:%u>\r\n%sContent-Length: %zu\r\n\r\n%s", headers,
	        setup->host, setup->port, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	if (!strncmp(request->text, "BYE ", 4) && setup->calls[caller].state != CALL_OVER)
		call_settle(setup, caller, CALL_OVER, TRUNK_HUNG_UP);
}

/* The caller that a Call-ID of ours names; false: it isn't ours. */
static bool call_find(const struct setup *setup, const struct trunk_message *message, unsigned *caller)
{
	const char *value;
	char *end;

	if (!trunk_header(message, "Call-ID", &value) || strtoul(value, &end, 16) != setup->run ||
	        *end != '-')
		return false;
	*caller = (unsigned)strtoul(end + 1, &end, 10);
	return *end == '@' && *caller < callers_count(setup->callers) &&
	       setup->calls[*caller].state != CALL_NONE;
}

static void message_take(struct setup *setup, struct trunk_message *message)
{
	const char *value;
	unsigned caller;

	message->body = strstr(message->text, "\r\n\r\n");
	if (!message->body || !call_find(setup, message, &caller))
		return;
	message->status =
	        strncmp(message->text, "SIP/2.0 ", 8) != 0 ? 0 : (int)strtol(message->text + 8, NULL, 10);
	setup->unanswered = 0;
	if (!message->status)
		request_answer(setup, caller, message);
	else if (trunk_header(message, "CSeq", &value) && memmem(value, 20, "INVITE", 6))
		invite_answered(setup, caller, message);
	else if (message->status >= 200 && setup->calls[caller].state == CALL_ENDING)
		call_settle(setup, caller, CALL_OVER, 200);
}

void trunk_messages(struct setup *setup, int milliseconds)
{
	struct pollfd ready = {.fd = setup->socket, .events = POLLIN};
	static struct trunk_message message;

	if (poll(&ready, 1, milliseconds) <= 0)
		return;
	for (;;) {
		socklen_t length = sizeof(message.from);
		ssize_t bytes = recvfrom(setup->socket, message.text, sizeof(message.text) - 1, MSG_DONTWAIT,
		        (struct sockaddr *)&message.from, &length);

		if (bytes < 0)
			return;
		message.text[bytes] = '\0';
		message_take(setup, &message);
	}
}

void trunk_resend(struct setup *setup)
{
	struct resend_entry *entry;
	bool given_up;

	while ((entry = resend_next(&setup->resend, now_ms(), &given_up))) {
		const struct call *call = owner_of(entry, struct call, resend);
		unsigned caller = (unsigned)(call - setup->calls);

		if (!given_up) {
			request_again(setup, caller);
			continue;
		}
		setup->unanswered++;
		setup->stayed += call->state == CALL_ENDING;
		call_settle(setup, caller, CALL_OVER, TRUNK_TIMEOUT);
	}
}
