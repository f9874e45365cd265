/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network and a clock for tests of the SIP stack: transports that hand bytes to one another, some ms later,
 * with loss, duplication and reordering by a seeded random. Nothing happens but in net_run().
 */
#ifndef XDPARK_TESTS_FAKE_NET_H
#define XDPARK_TESTS_FAKE_NET_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/transport.h"
#include "ctl/timer.h"

struct net_packet {
	struct net_packet *next;
	uint64_t at;
	struct flow flow; /* as the receiver sees it */
	size_t length;
	char bytes[];
};

struct net_end {
	struct transport transport;
	struct net *net;
	struct net_end *next;
	uint64_t sent; /* messages */
	int refuse;    /* what send returns, 0: it sends */
};

struct net {
	uint64_t now;
	struct timers *timers;
	struct net_end *ends;
	struct net_packet *packets; /* in order of arrival */
	unsigned loss, twice;       /* percent */
	unsigned delay;             /* ms, at most; reorders */
	uint64_t random;
	/* Looks at everything that is sent; true: swallow it. */
	bool (*watch)(void *context, const char *bytes, size_t length);
	void *watcher;
	uint64_t sent, lost;
};

static inline uint64_t net_clock(void *context)
{
	return ((struct net *)context)->now;
}

/* xorshift64*: the same everywhere, so that a seed tells everything. */
static inline unsigned net_random(struct net *net, unsigned below)
{
	net->random ^= net->random >> 12;
	net->random ^= net->random << 25;
	net->random ^= net->random >> 27;
	return (unsigned)((net->random * 2685821657736338717U >> 33) % below);
}

static inline void net_open(struct net *net, uint64_t seed)
{
	*net = (struct net){.now = 1000, .random = seed * 0x9e3779b97f4a7c15U + 1};
	net->timers = timers_new(net_clock, net);
}

static inline struct net_end *net_find(struct net *net, const struct address *address)
{
	struct net_end *end = net->ends;

	while (end && !address_equal(&end->transport.bound, address))
		end = end->next;
	return end;
}

static inline void net_queue(struct net *net, const struct flow *flow, const char *bytes, size_t length)
{
	struct net_packet *packet = malloc(sizeof(*packet) + length), **link = &net->packets;

	packet->at = net->now + (net->delay ? net_random(net, net->delay + 1) : 0);
	packet->flow = *flow;
	packet->length = length;
	memcpy(packet->bytes, bytes, length);
	while (*link && (*link)->at <= packet->at)
		link = &(*link)->next;
	packet->next = *link;
	*link = packet;
}

static inline int net_send(
        struct transport *transport, const struct flow *flow, const char *bytes, size_t length)
{
	struct net_end *from = (struct net_end *)transport, *to = net_find(from->net, &flow->remote);
	struct net *net = from->net;
	struct flow arriving = {.local = flow->remote, .remote = transport->bound};

	if (from->refuse)
		return from->refuse;
	from->sent++;
	net->sent++;
	if (net->watch && net->watch(net->watcher, bytes, length))
		return 0;
	if (!to || (!transport->ops->reliable && net_random(net, 100) < net->loss)) {
		net->lost++;
		return 0;
	}
	arriving.transport = &to->transport;
	net_queue(net, &arriving, bytes, length);
	if (!transport->ops->reliable && net_random(net, 100) < net->twice)
		net_queue(net, &arriving, bytes, length);
	return 0;
}

static inline void net_end_free(struct transport *transport)
{
	struct net_end *end = (struct net_end *)transport, **link = &end->net->ends;

	while (*link != end)
		link = &(*link)->next;
	*link = end->next;
	free(end);
}

static inline struct net_end *net_add(
        struct net *net, const char *address, bool reliable, transport_receive receive, void *context)
{
	static const struct transport_ops udp = {.name = "UDP", .send = net_send, .free = net_end_free};
	static const struct transport_ops tcp = {"TCP", true, net_send, net_end_free};
	struct net_end *end = calloc(1, sizeof(*end));

	end->transport =
	        (struct transport){.ops = reliable ? &tcp : &udp, .receive = receive, .context = context};
	address_parse(address, 5060, &end->transport.bound);
	end->net = net;
	end->next = net->ends;
	net->ends = end;
	return end;
}

static inline struct flow net_flow(struct net_end *from, const struct net_end *to)
{
	return (struct flow){
	        .transport = &from->transport, .local = from->transport.bound, .remote = to->transport.bound};
}

/* Until `ms` have passed, or, sooner, nothing is on its way and no timer is set. */
static inline void net_run(struct net *net, uint64_t ms)
{
	uint64_t until = net->now + ms;

	for (;;) {
		struct net_packet *packet = net->packets;
		int64_t wait = timers_next(net->timers);
		uint64_t due = wait < 0 ? UINT64_MAX : net->now + (uint64_t)wait;

		if (packet && packet->at <= due) {
			struct net_end *end = (struct net_end *)packet->flow.transport;
			char *bytes;

			if (packet->at > until)
				break;
			net->packets = packet->next;
			if (packet->at > net->now)
				net->now = packet->at;
			/* To the byte, so that a sanitizer sees who reads further than bytes[length]. */
			bytes = malloc(packet->length + 1);
			memcpy(bytes, packet->bytes, packet->length);
			end->transport.receive(end->transport.context, &packet->flow, bytes, packet->length);
			free(bytes);
			free(packet);
		} else if (wait >= 0 && due <= until) {
			net->now = due;
			timers_run(net->timers);
		} else {
			break;
		}
	}
	if (net->packets || timers_next(net->timers) >= 0)
		net->now = until;
}

/* Transports and stacks go before. */
static inline void net_close(struct net *net)
{
	while (net->packets) {
		struct net_packet *next = net->packets->next;

		free(net->packets);
		net->packets = next;
	}
	timers_free(net->timers);
}

#endif
