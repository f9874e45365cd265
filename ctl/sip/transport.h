/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transports carry SIP messages as bytes. Above them nobody knows whether it is UDP, TCP or TLS. */
#ifndef XDPARK_SIP_TRANSPORT_H
#define XDPARK_SIP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/address.h"

struct event_base;
struct transport;

enum { SIP_MESSAGE_BYTES = 16384 }; /* header at most 8 kB, body at most 8 kB */

/* The way between us and a far end that a message came over, and that others go back over. A value: copy it.
 */
struct flow {
	struct transport *transport;
	struct address local; /* ours, as the far end sees it */
	struct address remote;
	uint32_t connection; /* streams: which connection; 0 for datagrams */
};

/* Somebody who takes what arrives. `bytes` is only valid during the call; bytes[length] may be written. */
typedef void (*transport_receive)(void *context, const struct flow *flow, char *bytes, size_t length);

struct transport_ops {
	const char *name; /* as in Via and transport=: "UDP" */
	bool reliable;    /* no retransmissions above it (RFC 3261 17) */
	/* Never blocks. Returns 0 or a negative errno; a full socket is no error: datagrams may be lost. */
	int (*send)(struct transport *transport, const struct flow *flow, const char *bytes, size_t length);
	void (*free)(struct transport *transport);
};

/* First member of every transport. */
struct transport {
	const struct transport_ops *ops;
	struct address bound; /* what we put in Via and Contact */
	transport_receive receive;
	void *context;
};

/*
 * Listens on UDP. Several datagrams a system call both ways (recvmmsg, sendmmsg); what is sent goes out at
 * the end of the loop's turn at the latest. DSCP CS3. Result in *transport; returns 0 or a negative errno of
 * socket or bind.
 */
int udp_transport_new(struct transport **transport, struct event_base *base, const struct address *bind,
        transport_receive receive, void *context);

/* NULL is legal. */
void transport_free(struct transport *transport);

bool flow_equal(const struct flow *a, const struct flow *b);
int flow_send(const struct flow *flow, const char *bytes, size_t length);

#endif
