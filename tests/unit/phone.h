/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A telephone for tests of the call layer: it speaks SIP as text over a fake network, and forgets nothing. */
#ifndef XDPARK_TESTS_PHONE_H
#define XDPARK_TESTS_PHONE_H

#include "tests/unit/fake_net.h"

enum { PHONE_MESSAGES = 256, PHONE_TEXT = 4096, PHONE_HEADER = 512 };

/* The phone's side of a dialog, or of an INVITE that may become one. */
struct phone_dialog {
	char call_id[64];
	char local[PHONE_HEADER];  /* From or To value of the phone, with tag */
	char remote[PHONE_HEADER]; /* of the server, with tag once it is known */
	char target[PHONE_HEADER]; /* request URI */
	unsigned cseq;
	char invite[PHONE_TEXT];             /* the INVITE received; "" when the phone called */
	unsigned invite_branch, invite_cseq; /* of its own INVITE */
};

struct phone {
	struct net_end *end;
	struct net_end *server;
	char name[64];
	char text[64];                             /* address and port */
	char messages[PHONE_MESSAGES][PHONE_TEXT]; /* all that came */
	unsigned received, read;
	unsigned branch;
	unsigned session;
};

/* `address`: "10.0.0.11:5060". Lives as long as the net; phone_free() frees the struct. */
struct phone *phone_new(struct net *net, struct net_end *server, const char *name, const char *address);
void phone_free(struct phone *phone);

/* The next message that starts with `start`, skipping 100s and repetitions of what was read before; fails the
 * test if there is none. */
const char *phone_expect(struct phone *phone, const char *start);

/* Whether a message that starts so has come that wasn't read yet. */
bool phone_has(const struct phone *phone, const char *start);

/* Forgets what came up to now. */
void phone_skip(struct phone *phone);

/* Value of a header (first of that name) into `value` (PHONE_HEADER); fails the test if it is missing. */
const char *message_header(const char *message, const char *name, char *value);
bool message_has(const char *message, const char *text);

/* SDP of this phone: formats like "0 8 101"; attributes: lines with CRLF, e.g. "a=sendonly\r\n". */
const char *phone_sdp(struct phone *phone, const char *formats, const char *attributes, char *sdp);

/* Sends an INVITE for `uri`; sdp NULL: none. headers: additional lines with CRLF. */
void phone_invite(struct phone *phone, struct phone_dialog *dialog, const char *uri, const char *sdp,
        const char *headers);

/* After a response to the phone's INVITE: tags and target, then the ACK. sdp: of the ACK, or NULL. */
void phone_ack(struct phone *phone, struct phone_dialog *dialog, const char *response, const char *sdp);

/* CANCEL of the INVITE just sent. */
void phone_cancel(struct phone *phone, const struct phone_dialog *dialog);

/* Answers a request that came; for INVITE with `dialog` it becomes the phone's dialog. */
void phone_respond(struct phone *phone, struct phone_dialog *dialog, const char *request, const char *status,
        const char *sdp);

/* A request within the dialog. */
void phone_request(struct phone *phone, struct phone_dialog *dialog, const char *method, const char *headers,
        const char *sdp);

/* Any bytes. */
void phone_send(struct phone *phone, const char *bytes);

#endif
