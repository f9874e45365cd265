/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

static void phone_receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	struct phone *phone = context;

	(void)flow;
	if (length >= PHONE_TEXT)
		length = PHONE_TEXT - 1;
	assert_true(phone->received < PHONE_MESSAGES);
	memcpy(phone->messages[phone->received], bytes, length);
	phone->messages[phone->received][length] = '\0';
	for (unsigned i = 0; i < phone->received; i++)
		if (!strcmp(phone->messages[i], phone->messages[phone->received]))
			return; /* a retransmission */
	phone->received++;
}

struct phone *phone_new(struct net *net, struct net_end *server, const char *name, const char *address)
{
	static unsigned phones;
	struct phone *phone = calloc(1, sizeof(*phone));

	assert_non_null(phone);
	phone->end = net_add(net, address, false, phone_receive, phone);
	phone->server = server;
	phone->branch = ++phones * 1000000;
	snprintf(phone->name, sizeof(phone->name), "%s", name);
	snprintf(phone->text, sizeof(phone->text), "%s", address);
	return phone;
}

void phone_free(struct phone *phone)
{
	transport_free(&phone->end->transport);
	free(phone);
}

static bool starts(const char *message, const char *start)
{
	return !strncmp(message, start, strlen(start));
}

bool phone_has(const struct phone *phone, const char *start)
{
	for (unsigned i = phone->read; i < phone->received; i++)
		if (starts(phone->messages[i], start))
			return true;
	return false;
}

const char *phone_expect(struct phone *phone, const char *start)
{
	while (phone->read < phone->received) {
		const char *message = phone->messages[phone->read++];

		if (starts(message, start))
			return message;
		if (!starts(message, "SIP/2.0 100"))
			print_message("%s: passing over %.60s\n", phone->name, message);
	}
	fail_msg("%s: %s has not come", phone->name, start);
	return NULL;
}

void phone_skip(struct phone *phone)
{
	phone->read = phone->received;
}

const char *message_header(const char *message, const char *name, char *value)
{
	const char *line = message;
	size_t length = strlen(name);

	while ((line = strstr(line, "\r\n"))) {
		line += 2;
		if (!strncasecmp(line, name, length) && line[length] == ':') {
			line += length + 1;
			line += strspn(line, " ");
			snprintf(value, PHONE_HEADER, "%.*s", (int)strcspn(line, "\r"), line);
			return value;
		}
	}
	fail_msg("no %s in: %s", name, message);
	return NULL;
}

bool message_has(const char *message, const char *text)
{
	return strstr(message, text) != NULL;
}

const char *phone_sdp(struct phone *phone, const char *formats, const char *attributes, char *sdp)
{
	char ip[64];

	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(phone->text, ":"), phone->text);
	snprintf(sdp, PHONE_TEXT / 2,
	        "v=0\r\no=- 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP %s\r\n"
	        "%s%s",
	        ++phone->session, ip, ip, formats,
	        strstr(formats, "101") ? "a=rtpmap:101 telephone-event/8000\r\n" : "",
	        attributes ? attributes : "");
	return sdp;
}

void phone_send(struct phone *phone, const char *bytes)
{
	struct flow flow = net_flow(phone->end, phone->server);

	flow_send(&flow, bytes, strlen(bytes));
}

static void phone_write(struct phone *phone, const struct phone_dialog *dialog, const char *method,
        unsigned branch, unsigned cseq, const char *headers, const char *sdp)
{
	char text[PHONE_TEXT];

	snprintf(text, sizeof(text),
	        "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%u;rport\r\nMax-Forwards: 70\r\n"
	        "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContact: <sip:%s@%s>\r\n%s%s"
	        "Content-Length: %zu\r\n\r\n%s",
	        method, dialog->target, phone->text, branch, dialog->local, dialog->remote, dialog->call_id,
	        cseq, method, phone->name, phone->text, headers ? headers : "",
	        sdp ? "Content-Type: application/sdp\r\n" : "", sdp ? strlen(sdp) : 0, sdp ? sdp : "");
	phone_send(phone, text);
}

void phone_invite(struct phone *phone, struct phone_dialog *dialog, const char *uri, const char *sdp,
        const char *headers)
{
	memset(dialog, 0, sizeof(*dialog));
	snprintf(dialog->call_id, sizeof(dialog->call_id), "call-%u", ++phone->branch);
	snprintf(dialog->local, sizeof(dialog->local), "\"%s\" <sip:%s@%s>;tag=t%u", phone->name, phone->name,
	        "acme.example", phone->branch);
	snprintf(dialog->remote, sizeof(dialog->remote), "<%s>", uri);
	snprintf(dialog->target, sizeof(dialog->target), "%s", uri);
	dialog->cseq = 1;
	dialog->invite_branch = phone->branch;
	dialog->invite_cseq = 1;
	phone_write(phone, dialog, "INVITE", dialog->invite_branch, 1, headers, sdp);
}

static void target_of(const char *message, char *target)
{
	char contact[PHONE_HEADER] = "";
	char *end;

	message_header(message, "Contact", contact);
	end = strchr(contact, '>');
	if (end)
		*end = '\0';
	snprintf(target, PHONE_HEADER, "%s", contact[0] == '<' ? contact + 1 : contact);
}

void phone_ack(struct phone *phone, struct phone_dialog *dialog, const char *response, const char *sdp)
{
	bool success = starts(response, "SIP/2.0 2");

	message_header(response, "To", dialog->remote);
	if (success)
		target_of(response, dialog->target);
	phone_write(phone, dialog, "ACK", success ? ++phone->branch : dialog->invite_branch,
	        dialog->invite_cseq, NULL, sdp);
}

void phone_cancel(struct phone *phone, const struct phone_dialog *dialog)
{
	phone_write(phone, dialog, "CANCEL", dialog->invite_branch, dialog->invite_cseq, NULL, NULL);
}

void phone_respond(struct phone *phone, struct phone_dialog *dialog, const char *request, const char *status,
        const char *sdp)
{
	char via[PHONE_HEADER], from[PHONE_HEADER], to[PHONE_HEADER], call_id[PHONE_HEADER],
	        cseq[PHONE_HEADER];
	char text[PHONE_TEXT];

	message_header(request, "Via", via);
	message_header(request, "From", from);
	message_header(request, "To", to);
	message_header(request, "Call-ID", call_id);
	message_header(request, "CSeq", cseq);
	if (!strstr(to, "tag=") && strncmp(status, "100", 3) != 0) {
		if (dialog && dialog->local[0])
			snprintf(to, sizeof(to), "%s", dialog->local);
		else
			snprintf(to + strlen(to), sizeof(to) - strlen(to), ";tag=p%u", ++phone->branch);
	}
	if (dialog) {
		snprintf(dialog->call_id, sizeof(dialog->call_id), "%.63s", call_id);
		snprintf(dialog->local, sizeof(dialog->local), "%s", to);
		snprintf(dialog->remote, sizeof(dialog->remote), "%s", from);
		snprintf(dialog->invite, sizeof(dialog->invite), "%s", request);
		target_of(request, dialog->target);
	}
	snprintf(text, sizeof(text),
	        "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
	        "Contact: <sip:%s@%s>\r\n%sContent-Length: %zu\r\n\r\n%s",
	        status, via, from, to, call_id, cseq, phone->name, phone->text,
	        sdp ? "Content-Type: application/sdp\r\n" : "", sdp ? strlen(sdp) : 0, sdp ? sdp : "");
	phone_send(phone, text);
}

void phone_request(struct phone *phone, struct phone_dialog *dialog, const char *method, const char *headers,
        const char *sdp)
{
	dialog->cseq++;
	phone->branch++;
	if (!strcmp(method, "INVITE")) {
		dialog->invite_branch = phone->branch;
		dialog->invite_cseq = dialog->cseq;
	}
	phone_write(phone, dialog, method, phone->branch, dialog->cseq, headers, sdp);
}
