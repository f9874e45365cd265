/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of a trunk: one UDP socket on the first address of the callers, INVITE, ACK and BYE. It shares no
 * code with the controller that it calls. A call is found by its Call-ID, which holds the caller's number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tools/rig/machine.h"
#include "tools/rig/report.h"
#include "tools/rig/setup.h"
#include "tools/rig/trunk_message.h"

enum {
	SDP = 320,
	TAG = 48,
	TARGET = 64,
	STATUSES = 700,
	SOCKET_BYTES = 16 << 20,
	TRIES = 7, /* RFC 3261: T1 is 500 ms and doubles; 32 s in all */
	LOOK_MS = 50,
	TIMEOUT = 0, /* cause of a call that got no answer; others are their status */
	HUNG_UP = 1, /* by the other side */
};

#define T1_NS 500000000ULL

enum call_state { CALL_NONE, CALL_INVITING, CALL_UP, CALL_ENDING, CALL_OVER };

struct call {
	uint8_t state; /* enum call_state */
	uint8_t tries;
	uint16_t cseq;
	uint64_t due; /* ns; to be sent again */
	char number[16];
	char tag[TAG];       /* the other side's */
	char target[TARGET]; /* its Contact */
};

struct setup {
	const struct rig_options *options;
	struct callers *callers;
	int socket;
	char host[INET_ADDRSTRLEN];
	unsigned port;
	uint32_t run; /* in Call-IDs, tags and branches */
	bool bridges;
	struct call *calls;
	unsigned pending; /* calls that wait for an answer */
	unsigned up;
	uint32_t causes[STATUSES];
};

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

static void sdp_write(const struct setup *setup, unsigned caller, char sdp[SDP])
{
	struct sockaddr_in local = callers_address(setup->callers, caller);
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &local.sin_addr, ip, sizeof(ip));
	snprintf(sdp, SDP,
	        "v=0\r\no=rig %u 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP 0\r\n"
	        "a=rtpmap:0 PCMU/8000\r\na=ptime:%u\r\n",
	        caller, ip, ip, ntohs(local.sin_port), setup->options->ptime_ms);
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
	char sdp[SDP], headers[128] = "";

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

/* A new request: to be sent until it is answered. */
static void request_start(struct setup *setup, unsigned caller, enum call_state state)
{
	struct call *call = &setup->calls[caller];

	call->state = (uint8_t)state;
	call->tries = 0;
	call->cseq++;
	call->due = machine_clock_ns() + T1_NS;
	setup->pending++;
	request_again(setup, caller);
}

static void invite_start(struct setup *setup, unsigned caller)
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

/* No answer is awaited any more. */
static void call_settle(struct setup *setup, unsigned caller, enum call_state state, unsigned cause)
{
	struct call *call = &setup->calls[caller];

	if (call->state == CALL_INVITING || call->state == CALL_ENDING)
		setup->pending--;
	if (call->state == CALL_UP)
		setup->up--;
	call->state = (uint8_t)state;
	if (state == CALL_UP) {
		setup->up++;
		return;
	}
	callers_disconnect(setup->callers, caller);
	if (cause < STATUSES && cause != 200)
		setup->causes[cause]++;
}

static void dialog_learn(struct call *call, const struct trunk_message *response)
{
	trunk_between(response, "To", ";tag=", call->tag, TAG);
	trunk_between(response, "Contact", "<", call->target, TARGET);
}

static void invite_answered(struct setup *setup, unsigned caller, const struct trunk_message *response)
{
	struct call *call = &setup->calls[caller];
	enum cl_expects expects = CL_HOLD;
	struct sockaddr_in media;

	if (response->status < 200)
		return;
	if (call->state != CALL_INVITING) {
		/* It didn't get our ACK. */
		if (response->status < 300)
			request_send(setup, caller, "ACK", "", "");
		return;
	}
	if (response->status >= 300) {
		trunk_between(response, "To", ";tag=", call->tag, TAG);
		request_send(setup, caller, "ACK", "", "");
		call_settle(setup, caller, CALL_OVER, (unsigned)response->status);
		return;
	}
	dialog_learn(call, response);
	request_send(setup, caller, "ACK", "", "");
	if (!trunk_media(response, &media)) {
		call_settle(setup, caller, CALL_OVER, 606);
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
	char headers[2048], sdp[SDP] = "";

	if (!strncmp(request->text, "ACK ", 4))
		return;
	trunk_answer_headers(request, headers, sizeof(headers));
	if (!strncmp(request->text, "INVITE ", 7))
		sdp_write(setup, caller, sdp);
	transmit(setup, &request->from,
	        "SIP/2.0 200 OK\r\n%sContact: <sip:rig@%s:%u>\r\n%sContent-Length: %zu\r\n\r\n%s", headers,
	        setup->host, setup->port, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	if (!strncmp(request->text, "BYE ", 4) && setup->calls[caller].state != CALL_OVER)
		call_settle(setup, caller, CALL_OVER, HUNG_UP);
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
	if (!message->status)
		request_answer(setup, caller, message);
	else if (trunk_header(message, "CSeq", &value) && memmem(value, 20, "INVITE", 6))
		invite_answered(setup, caller, message);
	else if (message->status >= 200 && setup->calls[caller].state == CALL_ENDING)
		call_settle(setup, caller, CALL_OVER, 200);
}

/* Waits for messages, at most so long, and takes all that are there. */
static void messages_take(struct setup *setup, int milliseconds)
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

/* Sends again what hasn't been answered in time. */
static void pending_look(struct setup *setup, unsigned count)
{
	uint64_t now = machine_clock_ns();

	for (unsigned caller = 0; caller < count && setup->pending; caller++) {
		struct call *call = &setup->calls[caller];

		if ((call->state != CALL_INVITING && call->state != CALL_ENDING) || now < call->due)
			continue;
		if (++call->tries == TRIES) {
			call_settle(setup, caller, CALL_OVER, TIMEOUT);
			continue;
		}
		/* The last one is given up 64 T1 after the first went out. */
		call->due = now + (call->tries == TRIES - 1 ? T1_NS : T1_NS << call->tries);
		request_again(setup, caller);
	}
}

/* Callers first, first + step ... below `count`: one request each, so many at a time, until all are settled.
 */
static int callers_run(struct setup *setup, unsigned first, unsigned step, unsigned count,
        void (*start)(struct setup *setup, unsigned caller), const char *what)
{
	uint64_t look = 0, told = machine_clock_ns() + 1000000000ULL;
	unsigned next = first;

	while (next < count || setup->pending) {
		uint64_t now = machine_clock_ns();

		if (machine_ending() && start == invite_start)
			return -EINTR;
		for (; next < count && setup->pending < setup->options->pending; next += step)
			start(setup, next);
		messages_take(setup, LOOK_MS);
		if (now > look) {
			pending_look(setup, next < count ? next : count);
			look = now + LOOK_MS * 1000000ULL;
		}
		if (now > told) {
			progress("%s: %u of %u", what, (next < count ? next : count) / step, count / step);
			told = now + 1000000000ULL;
		}
	}
	return 0;
}

static void bye_start(struct setup *setup, unsigned caller)
{
	if (setup->calls[caller].state != CALL_UP)
		return;
	callers_disconnect(setup->callers, caller);
	setup->up--;
	request_start(setup, caller, CALL_ENDING);
}

static int trunk_socket(struct setup *setup)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = setup->options->addresses[0]};
	socklen_t length = sizeof(local);
	int size = SOCKET_BYTES;

	setup->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (setup->socket < 0)
		return -errno;
	setsockopt(setup->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(setup->socket, (struct sockaddr *)&local, sizeof(local)) ||
	        getsockname(setup->socket, (struct sockaddr *)&local, &length))
		return -errno;
	inet_ntop(AF_INET, &local.sin_addr, setup->host, sizeof(setup->host));
	setup->port = ntohs(local.sin_port);
	return 0;
}

static void trunk_close(struct setup *setup)
{
	if (!setup)
		return;
	if (setup->up)
		callers_run(setup, 0, 1, callers_count(setup->callers), bye_start, "hanging up");
	if (setup->socket >= 0)
		close(setup->socket);
	free(setup->calls);
	free(setup);
}

static int trunk_open(
        struct setup **setup, const struct rig_options *options, struct callers *callers, char *error)
{
	struct setup *made = calloc(1, sizeof(*made));
	int failed = -ENOMEM;

	if (made) {
		made->socket = -1;
		made->options = options;
		made->callers = callers;
		made->run = arc4random();
		made->calls = calloc(callers_count(callers), sizeof(*made->calls));
		failed = made->calls ? trunk_socket(made) : -ENOMEM;
	}
	if (failed) {
		snprintf(error, SETUP_ERROR, "no socket for SIP on the first address of --local (%s)",
		        strerror(-failed));
		trunk_close(made);
		return failed;
	}
	*setup = made;
	return 0;
}

static int trunk_park(struct setup *setup, unsigned count)
{
	int failed = callers_run(setup, 0, 1, count, invite_start, "parking");

	return failed ? failed : (int)setup->up;
}

static int trunk_bridge(struct setup *setup, unsigned count)
{
	int failed;

	setup->bridges = true;
	failed = callers_run(setup, 0, 2, 2 * count, invite_start, "parking");
	if (!failed)
		failed = callers_run(setup, 1, 2, 2 * count, invite_start, "taking");
	return failed ? failed : (int)setup->up / 2;
}

static int trunk_serve(struct setup *setup, uint64_t until_ns)
{
	while (!machine_ending()) {
		uint64_t now = machine_clock_ns();

		if (now >= until_ns)
			return 0;
		messages_take(setup, (int)((until_ns - now) / 1000000) + 1);
	}
	return -EINTR;
}

static json_t *trunk_failed(const struct setup *setup)
{
	json_t *causes = json_object();
	char status[16];

	for (unsigned i = 0; i < STATUSES; i++) {
		if (!setup->causes[i])
			continue;
		snprintf(status, sizeof(status), "%u", i);
		json_object_set_new(causes,
		        i == TIMEOUT   ? "no_answer"
		        : i == HUNG_UP ? "hung_up"
		                       : status,
		        json_integer(setup->causes[i]));
	}
	return causes;
}

const struct setup_ops setup_sip = {.name = "sip",
        .open = trunk_open,
        .close = trunk_close,
        .park = trunk_park,
        .bridge = trunk_bridge,
        .serve = trunk_serve,
        .failed = trunk_failed};
