/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of addresses: one, a network, or from-to. */
#ifndef XDPARK_CONFIG_SPAN_H
#define XDPARK_CONFIG_SPAN_H

#include "ctl/config/claim.h"
#include "ctl/config/value.h"

struct span {
	uint8_t first[16], last[16]; /* both included */
};

/* "10.0.0.1", "10.0.0.0/24", "10.90.0.11-10.90.0.20"; the same for IPv6. Otherwise says so. */
bool span_read(
        struct reading *reading, const struct where *where, const yaml_node_t *node, struct span *span);

/* The networks that cover it exactly, into `networks` unless NULL. Returns how many (254 at most). */
size_t span_networks(const struct span *span, struct network *networks);

/* Whether it holds all of IPv4, or of IPv6. */
bool span_is_everybody(const struct span *span);

/* Whether it holds more addresses than an IPv4 /8 or an IPv6 /16. */
bool span_is_wide(const struct span *span);

/* Addresses in it; `most` if there are more. */
size_t span_addresses(const struct span *span, size_t most);

/* The address `step` after the first. */
void span_address(const struct span *span, size_t step, uint8_t ip[16]);

/* Claims its addresses. */
void claim_span(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, const struct span *span, const char *noun);

#endif
