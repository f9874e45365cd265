/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Things that only one may have: numbers, names, addresses. They are collected, then compared all at once. */
#ifndef XDPARK_CONFIG_CLAIM_H
#define XDPARK_CONFIG_CLAIM_H

#include "ctl/config/reading.h"

/* A range of keys, both ends included: `bytes` bytes each, compared as memcmp() does. */
struct claim {
	unsigned kind; /* claims of different kinds or lengths never meet */
	size_t bytes;
	const void *first, *last;
	const char *what; /* "orbits 701-720" */
	const char *key;  /* the key in the file that claims it */
	unsigned line;
};

/* Adds one. What it points at must last as long as the reading. */
void claim_add(struct reading *reading, struct claims *claims, const struct claim *claim);

/* Adds a text, or a range of numbers as wide as their digits. `noun` is the singular. */
void claim_text(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, const char *text, const char *noun);
void claim_range(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, const struct config_orbits *range, const char *noun);

/* Reports each claim that meets an earlier one in the file, and forgets them all. */
void claims_settle(struct reading *reading, struct claims *claims);

#endif
