/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sip/far/far_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* One received message, header lines found by name. */
struct received {
	char text[FAR_MESSAGE];
	struct sockaddr_in from;
	const char *body; /* behind the empty line; "" if none */
	int status;       /* 0: a request */
	char method[32];  /* of the request, or of the response's CSeq */
	unsigned cseq;
};

double far_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int address_read(const char *text, struct sockaddr_in *address)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	*address = (struct sockaddr_in){
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
	return inet_pton(AF_INET, host, &address->sin_addr) == 1 ? 0 : -EINVAL;
}

int far_end_open(struct far_end *end, const char *local, const char *server, const char *domain)
{
	socklen_t length = sizeof(end->local);
	int size = 4 << 20;

	memset(end, 0, sizeof(*end));
	end->socket = -1;
	if (address_read(local, &end->local) || address_read(server, &end->server))
		return -EINVAL;
	inet_ntop(AF_INET, &end->local.sin_addr, end->host, sizeof(end->host));
	snprintf(end->domain, sizeof(end->domain), "%s", domain);
	end->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (end->socket < 0)
		return -errno;
	setsockopt(end->socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(end->socket, (struct sockaddr *)&end->local, sizeof(end->local)) ||
	        getsockname(end->socket, (struct sockaddr *)&end->local, &length)) {
		int error = -errno;

		far_end_close(end);
		return error;
	}
	return 0;
}

void far_end_close(struct far_end *end)
{
	if (end->socket >= 0)
		close(end->socket);
	end->socket = -1;
}

static uint64_t unique(void)
{
	static uint64_t count;

	return (uint64_t)getpid() << 40 | ((uint64_t)time(NULL) & 0xffff) << 24 | ++count;
}

static void transmit(struct far_end *end, const struct sockaddr_in *to, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void transmit(struct far_end *end, const struct sockaddr_in *to, const char *format, ...)
{
	char text[FAR_MESSAGE];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < sizeof(text))
		sendto(end->socket, text, (size_t)length, 0, (const struct sockaddr *)to, sizeof(*to));
}

static struct far_call *call_take(struct far_end *end)
{
	for (unsigned i = 0; i < FAR_CALLS; i++) {
		struct far_call *call = &end->calls[i];

		if (call->in_use)
			continue;
		memset(call, 0, sizeof(*call));
		call->end = end;
		call->in_use = true;
		return call;
	}
	return NULL;
}

void far_call_clear(struct far_call *call)
{
	if (call)
		call->in_use = false;
}

static void sdp_write(const struct far_end *end, uint16_t port, const char *codec, char sdp[512])
{
	snprintf(sdp, 512,
	        "v=0\r\no=far 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
	        "m=audio %u RTP/AVP %d\r\na=rtpmap:%s\r\na=ptime:20\r\n",
	        end->host, end->host, port, (int)strtol(codec, NULL, 10), codec);
}

/* The first lines that every request of a call has. */
static void request_send(struct far_call *call, const char *method, unsigned cseq, const char *branch,
        const char *headers, const char *body)
{
	struct far_end *end = call->end;

	transmit(end, &end->server,
	        "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=%s;rport\r\nMax-Forwards: 70\r\n"
	        "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContact: <sip:far@%s:%u>\r\n"
	        "%s%sContent-Length: %zu\r\n\r\n%s",
	        method, call->target, end->host, ntohs(end->local.sin_port), branch, call->local,
	        call->remote, call->call_id, cseq, method, end->host, ntohs(end->local.sin_port), headers,
	        *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
}

static void branch_make(char branch[64])
{
	snprintf(branch, 64, "z9hG4bK%llx", (unsigned long long)unique());
}

struct far_call *far_call_invite(struct far_end *end, const char *from, const char *number, uint16_t rtp_port,
        const char *codec, const char *headers)
{
	struct far_call *call = call_take(end);
	char sdp[512];

	if (!call)
		return NULL;
	snprintf(call->call_id, sizeof(call->call_id), "%llx@%s", (unsigned long long)unique(), end->host);
	snprintf(call->local, sizeof(call->local), "<sip:%s@%s>;tag=%llx", from, end->domain,
	        (unsigned long long)unique());
	snprintf(call->remote, sizeof(call->remote), "<sip:%s@%s>", number, end->domain);
	snprintf(call->target, sizeof(call->target), "sip:%s@%s", number, end->domain);
	call->rtp_port = rtp_port;
	call->cseq = call->invite_cseq = 1;
	branch_make(call->branch);
	sdp_write(end, rtp_port, codec, sdp);
	request_send(call, "INVITE", call->cseq, call->branch, headers, sdp);
	return call;
}

void far_call_reinvite(struct far_call *call, const char *direction)
{
	char sdp[512];
	size_t used;

	sdp_write(call->end, call->rtp_port, "0 PCMU/8000", sdp);
	used = strlen(sdp);
	snprintf(sdp + used, sizeof(sdp) - used, "a=%s\r\n", direction);
	branch_make(call->branch);
	call->invite_status = 0;
	call->invite_cseq = ++call->cseq;
	request_send(call, "INVITE", call->cseq, call->branch, "", sdp);
}

void far_call_refer(struct far_call *call, const char *refer_to)
{
	char branch[64], headers[512];

	branch_make(branch);
	snprintf(headers, sizeof(headers), "Refer-To: <sip:%s@%s>\r\nReferred-By: %.*s\r\n", refer_to,
	        call->end->domain, (int)strcspn(call->local, ";"), call->local);
	call->refer_status = call->notify_status = 0;
	request_send(call, "REFER", ++call->cseq, branch, headers, "");
}

void far_call_bye(struct far_call *call)
{
	char branch[64];

	branch_make(branch);
	call->bye_status = 0;
	request_send(call, "BYE", ++call->cseq, branch, "", "");
}

/* Copies the value of a header line; "" if it isn't there. */
static void header_get(const struct received *message, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);

	value[0] = '\0';
	for (const char *line = message->text; line && line < message->body; line = strstr(line, "\r\n")) {
		line += line == message->text ? 0 : 2;
		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(line, "\r"), line);
		return;
	}
}

/* All Via lines as they came, for an answer. */
static void vias_copy(const struct received *message, char *vias, size_t size)
{
	size_t used = 0;

	vias[0] = '\0';
	for (const char *line = strstr(message->text, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, "Via:", 4) != 0 || used + strcspn(line + 2, "\r") + 3 > size)
			continue;
		used += (size_t)snprintf(
		        vias + used, size - used, "%.*s\r\n", (int)strcspn(line + 2, "\r"), line + 2);
	}
}

static void answer(struct far_end *end, const struct received *request, int status, const char *reason,
        const char *to, const char *sdp)
{
	char vias[1024], from[256], call_id[FAR_TEXT], cseq[64];

	vias_copy(request, vias, sizeof(vias));
	header_get(request, "From", from, sizeof(from));
	header_get(request, "Call-ID", call_id, sizeof(call_id));
	header_get(request, "CSeq", cseq, sizeof(cseq));
	transmit(end, &request->from,
	        "SIP/2.0 %d %s\r\n%sFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
	        "Contact: <sip:far@%s:%u>\r\n%sContent-Length: %zu\r\n\r\n%s",
	        status, reason, vias, from, to, call_id, cseq, end->host, ntohs(end->local.sin_port),
	        *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
}

static void remote_media_read(struct far_call *call, const struct received *message)
{
	const char *media = strstr(message->body, "m=audio "), *address = strstr(message->body, "c=IN IP4 ");
	char host[INET_ADDRSTRLEN];

	if (!media || !address)
		return;
	address += strlen("c=IN IP4 ");
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(address, " /\r\n"), address);
	call->media = (struct sockaddr_in){.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)strtoul(media + strlen("m=audio "), NULL, 10))};
	inet_pton(AF_INET, host, &call->media.sin_addr);
}

/* What stands between < and >, or the value up to its parameters. */
static void uri_copy(const char *value, char uri[FAR_TEXT])
{
	const char *open = strchr(value, '<');

	if (open)
		snprintf(uri, FAR_TEXT, "%.*s", (int)strcspn(open + 1, ">"), open + 1);
	else
		snprintf(uri, FAR_TEXT, "%.*s", (int)strcspn(value, ";"), value);
}

static void invite_answered(struct far_call *call, const struct received *response)
{
	char contact[FAR_TEXT], branch[64];

	if (response->cseq != call->invite_cseq || response->status < 200)
		return;
	header_get(response, "To", call->remote, sizeof(call->remote));
	if (response->status >= 300) {
		request_send(call, "ACK", call->invite_cseq, call->branch, "", "");
	} else {
		header_get(response, "Contact", contact, sizeof(contact));
		uri_copy(contact, call->target);
		remote_media_read(call, response);
		call->established = true;
		branch_make(branch);
		request_send(call, "ACK", call->invite_cseq, branch, "", "");
	}
	call->invite_status = response->status;
}

static void response_take(struct far_call *call, const struct received *response)
{
	if (!strcmp(response->method, "INVITE"))
		invite_answered(call, response);
	else if (response->status < 200 || response->cseq != call->cseq)
		return;
	else if (!strcmp(response->method, "REFER"))
		call->refer_status = response->status;
	else if (!strcmp(response->method, "BYE"))
		call->bye_status = response->status;
}

static void invite_take(struct far_end *end, struct far_call *call, const struct received *request)
{
	char sdp[512], contact[FAR_TEXT], to[FAR_TEXT];

	if (!call) {
		header_get(request, "To", to, sizeof(to));
		call = end->answer ? call_take(end) : NULL;
		if (!call) {
			answer(end, request, 486, "Busy Here", to, "");
			return;
		}
		call->incoming = true;
		snprintf(call->local, sizeof(call->local), "%.120s;tag=%llx", to,
		        (unsigned long long)unique());
		header_get(request, "From", call->remote, sizeof(call->remote));
		header_get(request, "Call-ID", call->call_id, sizeof(call->call_id));
		call->rtp_port = end->rtp_port;
	}
	header_get(request, "Contact", contact, sizeof(contact));
	uri_copy(contact, call->target);
	remote_media_read(call, request);
	sdp_write(end, call->rtp_port, "0 PCMU/8000", sdp);
	call->established = true;
	answer(end, request, 200, "OK", call->local, sdp);
}

static void request_take(struct far_end *end, struct far_call *call, const struct received *request)
{
	char to[FAR_TEXT];

	header_get(request, "To", to, sizeof(to));
	if (!strcmp(request->method, "ACK"))
		return;
	if (!strcmp(request->method, "INVITE")) {
		invite_take(end, call, request);
		return;
	}
	if (!call && strcmp(request->method, "OPTIONS") != 0) {
		answer(end, request, 481, "Call/Transaction Does Not Exist", to, "");
		return;
	}
	if (!strcmp(request->method, "BYE") || !strcmp(request->method, "CANCEL"))
		call->ended = true;
	if (!strcmp(request->method, "NOTIFY") &&
	        sscanf(request->body, "SIP/2.0 %d", &call->notify_status) == 1)
		snprintf(call->notify_line, sizeof(call->notify_line), "%.*s",
		        (int)strcspn(request->body, "\r\n"), request->body);
	answer(end, request, 200, "OK", to, "");
}

static struct far_call *call_find(struct far_end *end, const char *call_id)
{
	for (unsigned i = 0; i < FAR_CALLS; i++)
		if (end->calls[i].in_use && !strcmp(end->calls[i].call_id, call_id))
			return &end->calls[i];
	return NULL;
}

/* Reads what is waiting and acts on it; false: nothing there. */
static bool message_take(struct far_end *end)
{
	struct received message;
	socklen_t length = sizeof(message.from);
	char call_id[FAR_TEXT], cseq[64];
	struct far_call *call;
	ssize_t bytes = recvfrom(end->socket, message.text, sizeof(message.text) - 1, MSG_DONTWAIT,
	        (struct sockaddr *)&message.from, &length);

	if (bytes <= 0)
		return false;
	message.text[bytes] = '\0';
	message.body = strstr(message.text, "\r\n\r\n");
	message.body = message.body ? message.body + 4 : message.text + bytes;
	message.status = 0;
	header_get(&message, "Call-ID", call_id, sizeof(call_id));
	header_get(&message, "CSeq", cseq, sizeof(cseq));
	if (sscanf(cseq, "%u %31s", &message.cseq, message.method) != 2)
		return true;
	call = call_find(end, call_id);
	if (!strncmp(message.text, "SIP/2.0 ", 8)) {
		message.status = (int)strtol(message.text + 8, NULL, 10);
		if (call)
			response_take(call, &message);
	} else {
		request_take(end, call, &message);
	}
	end->unmatched += !call;
	return true;
}

bool far_end_serve(
        struct far_end **ends, unsigned count, int milliseconds, bool (*done)(void *context), void *context)
{
	double limit = far_now_ms() + milliseconds;
	struct pollfd polls[64];

	for (unsigned i = 0; i < count; i++)
		polls[i] = (struct pollfd){.fd = ends[i]->socket, .events = POLLIN};
	while (!done(context)) {
		double left = limit - far_now_ms();

		if (left <= 0)
			return false;
		poll(polls, count, (int)left + 1);
		for (unsigned i = 0; i < count; i++)
			while (message_take(ends[i]))
				;
	}
	return true;
}

struct far_call *far_end_incoming(struct far_end *end)
{
	for (unsigned i = 0; i < FAR_CALLS; i++)
		if (end->calls[i].in_use && end->calls[i].incoming && !end->calls[i].ended)
			return &end->calls[i];
	return NULL;
}
