/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SIP message as the rig's trunk reads it: only what it asks for, found in the text. */
#ifndef XDPARK_RIG_TRUNK_MESSAGE_H
#define XDPARK_RIG_TRUNK_MESSAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum { TRUNK_MESSAGE = 8192 };

struct trunk_message {
	char text[TRUNK_MESSAGE]; /* ends in NUL */
	const char *body;         /* the empty line before it */
	int status;               /* 0: a request */
	struct sockaddr_in from;
};

/* The value of a header line, without blanks before it: its length, and *value; 0: not there. */
int trunk_header(const struct trunk_message *message, const char *name, const char **value);

/* What follows `mark` in a header line, up to a ; or >, into `text`; left as it is if it isn't there. */
void trunk_between(
        const struct trunk_message *message, const char *name, const char *mark, char *text, size_t size);

/* What an answer repeats of its request: Via, From, To, Call-ID, CSeq; whole lines, cut to `size`. */
void trunk_answer_headers(const struct trunk_message *request, char *headers, size_t size);

/* Where the other side wants RTP, by its SDP. False: it doesn't say. */
bool trunk_media(const struct trunk_message *message, struct sockaddr_in *media);

#endif
