/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SIP message that passed the guard: osip's parse of the header, and the body, which osip never sees. */
#ifndef XDPARK_SIP_MESSAGE_H
#define XDPARK_SIP_MESSAGE_H

#include <osipparser2/osip_parser.h>

#include "ctl/sip/transport.h"

struct sip_message {
	osip_message_t *osip; /* owned; every mandatory header is there and valid */
	char *body;           /* owned; body_bytes long, then NUL; NULL: none */
	size_t body_bytes;
	struct flow flow; /* how it came */
};

/*
 * Guard, parser and the checks that osip leaves out, in this order. On refusal returns -EBADMSG, and writes
 * into *status what a request is to be answered with (400, 413, 416, 505, ...; 0: silence: a response, an
 * ACK, keep-alive, or nothing to answer to) and into *reason a reason phrase (static string). Takes nothing
 * of `bytes`, may write in them.
 */
int sip_message_parse(struct sip_message **message, const struct flow *flow, char *bytes, size_t length,
        int *status, const char **reason);

/* NULL is legal. */
void sip_message_free(struct sip_message *message);

/*
 * Answers bytes that could not be parsed, by our own reading of Via, From, To, Call-ID and CSeq (RFC 3261
 * 8.2.6). Writes a response into `out` (SIP_MESSAGE_BYTES). Returns its length, or 0 when these can't be
 * read.
 */
size_t sip_reject(
        const struct flow *flow, const char *bytes, size_t length, int status, const char *reason, char *out);

/*
 * A response to `request`: Via with received and rport (RFC 3581), From, To (with `tag` unless it has one;
 * tag NULL: a fresh one, but for 100), Call-ID, CSeq, Record-Route where it makes a dialog, Server. NULL: no
 * memory. reason NULL: the usual phrase.
 */
osip_message_t *sip_response(
        const struct sip_message *request, int status, const char *reason, const char *tag);

/*
 * Header by name, also in its compact form ("Event" finds "o"); the n-th, from 0. NULL: not there. Only those
 * that osip keeps as text, and Allow; what it takes apart (Via, From, Contact, Route, Authorization, ...) has
 * its own functions there.
 */
const char *sip_header(const osip_message_t *message, const char *name, int n);

/* Sets, replacing what is there. 0 or -ENOMEM. */
int sip_header_set(osip_message_t *message, const char *name, const char *value);

/* Body with its Content-Type; `type` like "application/sdp". 0 or -ENOMEM. */
int sip_body_set(osip_message_t *message, const char *type, const char *body, size_t bytes);

/* Whether the body's Content-Type is `type` (no parameters looked at). */
bool sip_body_is(const struct sip_message *message, const char *type);

/* Whether a comma-separated header (all its lines) holds `token`: sip_has_token(m, "Supported", "replaces").
 */
bool sip_has_token(const osip_message_t *message, const char *name, const char *token);

/* CSeq number of a message that has passed sip_check(). */
uint32_t sip_cseq(const osip_message_t *message);

/* 16 random bytes as hex into `text` (33 bytes): tags, Call-IDs. */
void sip_random(char text[33]);

#endif
