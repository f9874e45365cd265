/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before the parser. osip's time is quadratic in parameters, it reads numbers loosely and must
 * never see a body; so a message is bounded, brought into a strict form and taken apart here first.
 */
#ifndef XDPARK_SIP_GUARD_H
#define XDPARK_SIP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum {
	GUARD_HEADER_BYTES = 8192, /* start line to empty line; also a whole datagram */
	GUARD_BODY_BYTES = 8192,
	GUARD_LINES = 64,      /* headers */
	GUARD_SEPARATORS = 32, /* commas, semicolons and ampersands in one header or in the start line */
};

/* A message in parts; all point into the bytes that were given. */
struct guarded {
	char *header; /* from the start line */
	size_t header_bytes;
	char *body;
	size_t body_bytes;
};

/*
 * Checks `length` bytes, joins folded lines, and overwrites the digits of Content-Length with zeros, so that
 * no parser looks for a body. `stream`: not a datagram, so that Content-Length is a must (RFC 3261 18.3).
 * Returns 0, or -EBADMSG with the status that a request deserves (0: silence) and a reason (static string).
 */
int sip_guard(
        char *bytes, size_t length, bool stream, struct guarded *guarded, int *status, const char **reason);

/* Nothing but line ends: a keep-alive (RFC 5626 3.5.1). */
bool sip_is_keepalive(const char *bytes, size_t length);

#endif
