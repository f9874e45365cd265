/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What identifies a transaction (RFC 3261 17.1.3, 17.2.3), as text for the table. */
#ifndef XDPARK_SIP_KEY_H
#define XDPARK_SIP_KEY_H

#include <stdbool.h>

#include <osipparser2/osip_parser.h>

#include "ctl/sip/table.h"

/* Room for the longest: a header is at most 8 kB, and a key repeats parts of it. */
struct key {
	char text[10240];
	size_t length;
	bool full; /* it didn't fit */
};

/*
 * Of a request received: branch and sent-by, or for branches without the magic cookie what RFC 2543 had:
 * Request-URI, From tag, Call-ID, CSeq number and Via (not the To tag, as ACK has another than INVITE).
 * `method` is the request's own, INVITE for an ACK, and INVITE to find what a CANCEL means.
 */
void key_of_request(struct key *key, const osip_message_t *request, const char *method);

/* Of our requests, and of responses to them. `method` is that of the CSeq. */
void key_of_branch(struct key *key, const char *branch, const char *method);

/* What two branches of one forked request have in common (RFC 3261 8.2.2.2). False: it has a To tag. */
bool key_of_merge(struct key *key, const osip_message_t *request);

/* The branch parameter of the topmost Via, "" when it has none. */
const char *key_branch(const osip_message_t *message);

struct table_key key_view(const struct key *key);

#endif
