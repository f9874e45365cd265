/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a flow: owners by transport, IP and port of the far end. */
#ifndef XDPARK_SIP_FLOW_INDEX_H
#define XDPARK_SIP_FLOW_INDEX_H

#include "ctl/sip/transport.h"

struct flow_index;

/* Embedded in its owner's device; zeroed memory is an entry that isn't in an index. */
struct flow_entry {
	struct flow_entry *next, **link; /* chain of its bucket */
	struct flow flow;                /* set before it is put in, not changed while it is */
	void *owner;
};

/* 0 or -ENOMEM. */
int flow_index_new(struct flow_index **index);

/* Entries that are still in are forgotten. NULL is legal. */
void flow_index_free(struct flow_index *index);

/* Never fails: without memory the chains only grow longer. */
void flow_index_put(struct flow_index *index, struct flow_entry *entry);

/* Nothing happens when it isn't in. */
void flow_index_remove(struct flow_index *index, struct flow_entry *entry);

/* The one owner that all entries of this flow have in common. NULL: no entry, or several owners. */
void *flow_index_owner(const struct flow_index *index, const struct flow *flow);

#endif
