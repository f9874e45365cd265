/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/dataplane_welcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Above this, sizes of maps wouldn't fit our arithmetic, nor any machine. */
enum { MOST_ENTRIES = 1 << 26 };

/* A number that both sides must agree on. */
struct pair {
	const char *what;
	uint32_t theirs, ours;
};

static int pairs_check(const struct pair *pairs, unsigned count, const char *ours, char *reason)
{
	for (unsigned i = 0; i < count; i++)
		if (pairs[i].theirs != pairs[i].ours) {
			snprintf(reason, WELCOME_REASON, "%s of xdpark-dp is %u, %s is %u", pairs[i].what,
			        pairs[i].theirs, ours, pairs[i].ours);
			return -EPERM;
		}
	return 0;
}

static int terms_check(const struct handover_terms *theirs, char *reason)
{
	struct handover_terms ours = handover_terms();
	const struct pair pairs[] = {
	        {"handover version", theirs->version, ours.version},
	        {"layout version", theirs->layout_version, ours.layout_version},
	        {"size of an endpoint", theirs->endpoint_bytes, ours.endpoint_bytes},
	        {"size of a stream", theirs->stream_bytes, ours.stream_bytes},
	        {"size of a chunk", theirs->chunk_bytes, ours.chunk_bytes},
	        {"size of an event", theirs->event_bytes, ours.event_bytes},
	        {"size of a rest", theirs->rest_bytes, ours.rest_bytes},
	};

	if (!pairs_check(pairs, sizeof(pairs) / sizeof(*pairs), "xdparkd's", reason))
		return 0;
	strncat(reason, "; install xdpark-dp and xdparkd of one release",
	        WELCOME_REASON - 1 - strlen(reason));
	return -EPERM;
}

static int sizes_check(const struct handover_welcome *welcome, char *reason)
{
	uint64_t needed = (uint64_t)welcome->addresses * welcome->endpoints_each;

	if (welcome->addresses && welcome->addresses <= XD_ADDRESSES && needed > 1 &&
	        needed <= welcome->endpoints && welcome->endpoints <= MOST_ENTRIES && welcome->chunks &&
	        welcome->chunks <= MOST_ENTRIES && welcome->port_first && welcome->port_first % 2 == 0 &&
	        welcome->port_first + 2 * welcome->endpoints_each <= 65536 && welcome->burst)
		return 0;
	snprintf(reason, WELCOME_REASON,
	        "xdpark-dp announces what can't be: %u endpoints for %u addresses of %u each from port %u, "
	        "%u chunks, bursts of %u",
	        welcome->endpoints, welcome->addresses, welcome->endpoints_each, welcome->port_first,
	        welcome->chunks, welcome->burst);
	return -EPERM;
}

static int change_check(
        const struct handover_welcome *welcome, const struct handover_welcome *before, char *reason)
{
	const struct pair pairs[] = {
	        {"number of endpoints", welcome->endpoints, before->endpoints},
	        {"number of chunks", welcome->chunks, before->chunks},
	        {"size of the events ring", welcome->events_bytes, before->events_bytes},
	        {"number of addresses", welcome->addresses, before->addresses},
	        {"first port", welcome->port_first, before->port_first},
	        {"number of endpoints an address", welcome->endpoints_each, before->endpoints_each},
	};

	if (!pairs_check(pairs, sizeof(pairs) / sizeof(*pairs), "that of our calls", reason)) {
		if (!memcmp(welcome->address, before->address,
		            welcome->addresses * sizeof(before->address[0])))
			return 0;
		snprintf(reason, WELCOME_REASON,
		        "the media addresses of xdpark-dp are others than our calls use");
	}
	strncat(reason, "; start xdpark-dp with its former options, or restart xdparkd",
	        WELCOME_REASON - 1 - strlen(reason));
	return -EPERM;
}

static int length_refuse(size_t bytes, char *reason)
{
	snprintf(reason, WELCOME_REASON, "the welcome of xdpark-dp has %zu bytes, ours has %zu", bytes,
	        sizeof(struct handover_welcome));
	return -EPERM;
}

int dataplane_welcome_check(const struct handover_welcome *welcome, size_t bytes,
        const struct handover_welcome *before, char *reason)
{
	int error;

	if (bytes < offsetof(struct handover_welcome, endpoints))
		return length_refuse(bytes, reason);
	error = terms_check(&welcome->terms, reason);
	if (error)
		return error;
	if (bytes != sizeof(*welcome))
		return length_refuse(bytes, reason);
	error = sizes_check(welcome, reason);
	return error || !before ? error : change_check(welcome, before, reason);
}

bool dataplane_welcome_takes(const struct handover_welcome *welcome, const struct address *local)
{
	if (local->port < welcome->port_first ||
	        local->port >= welcome->port_first + 2U * welcome->endpoints_each)
		return false;
	for (uint32_t i = 0; i < welcome->addresses; i++)
		if (address_same_ip(welcome->address[i], local->ip))
			return true;
	return false;
}
