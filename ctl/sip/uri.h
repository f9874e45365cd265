/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decides where a SIP URI leads (RFC 3261 19.1), and whether it may be written into a message. */
#ifndef XDPARK_SIP_URI_H
#define XDPARK_SIP_URI_H

#include <stdbool.h>
#include <stddef.h>

#include <osipparser2/osip_parser.h>

#include "ctl/address.h"

enum { SIP_PORT = 5060, URI_BYTES = 512 /* longest that we keep, with its NUL */ };

/* Whether `text` holds no control byte: it can't break out of its header, nor of a line of the log. */
bool text_is_clean(const char *text);

/*
 * Whether a message can be sent there: sip: or sips:, a host, a port of 1 to 65535 if any, nothing that holds
 * control bytes.
 */
bool uri_is_usable(const osip_uri_t *uri);

/*
 * Whether a usable URI lets itself be called over the transport of this name ("UDP"): sip:, and no transport
 * parameter that asks for another.
 */
bool uri_takes_transport(const osip_uri_t *uri, const char *transport);

/* The URI as text, without `headers` (RFC 3261 19.1.5: neither Contact nor Request-URI has them), owned by
 * the caller. -EINVAL: not usable, or longer than URI_BYTES. -ENOMEM. */
int uri_text(const osip_uri_t *uri, char **text);

/* As uri_text() for a URI in text: parses it. */
int uri_parse(const char *text, osip_uri_t **uri);

/* The value of a parameter, "" when it has none, NULL when it isn't there. Names are compared without case.
 */
const char *uri_parameter(const osip_uri_t *uri, const char *name);

/* Where it leads when its host is a literal address; port SIP_PORT unless it names one. -EINVAL: a name. */
int uri_address(const osip_uri_t *uri, struct address *address);

/*
 * The number that a user part or a tel: URI (RFC 3966) names, into `number`: without the parameters that may
 * follow it (RFC 3261 19.1.6, RFC 4694: `4930700;npdi`), and without the visual separators of what can't be
 * but a telephone number (`phone`: tel:, or user=phone). -EINVAL: longer than `size`.
 */
int number_read(const char *user, bool phone, char *number, size_t size);

/* number_read() of a URI's user part; "" where there is none. */
int uri_number(const osip_uri_t *uri, char *number, size_t size);

/* The same host: names without case, addresses by value (`::1` is `0:0::1`). */
bool host_equal(const char *a, const char *b);

/*
 * What two contacts of one device have in common (a reduction of RFC 3261 19.1.4): transport, user, host and
 * port, as one string, owned by the caller. NULL: no memory.
 */
char *uri_device(const osip_uri_t *uri);

#endif
