/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading YAML mappings into structs, by tables of the keys that are known. */
#ifndef XDPARK_CONFIG_MAPPING_H
#define XDPARK_CONFIG_MAPPING_H

#include "ctl/config/reading.h"

enum { MAPPING_FIELDS = 32 };

struct field;

/* Reads one value into `to`, the member of the struct; reports what is wrong with it. */
typedef void field_read(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to);

/* One key that is known. */
struct field {
	const char *key;
	field_read *read;
	size_t offset;     /* of the member in the struct */
	bool needed;       /* it must be there */
	uint32_t min, max; /* of numbers and durations */
};

/* A row of a table; limits and `needed` by name behind: FIELD(struct s, "key", read, member, .min = 1). */
#define FIELD(type, word, reader, member, ...)                                                               \
	{                                                                                                    \
		.key = (word), .read = (reader), .offset = offsetof(type, member), ##__VA_ARGS__             \
	}

/* A bit a field: set when the key was there. */
typedef uint32_t mapping_seen;

/*
 * Reads every key of `node` by the table (at most MAPPING_FIELDS rows) into the struct `to`. Unknown, double
 * and missing keys, and a node that is no mapping, are reported. Returns which were there.
 */
mapping_seen mapping_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const struct field *fields, size_t count, void *to);

/* For tables: keeps the node (const yaml_node_t *) for later. */
field_read mapping_keep_node;

/* Number of entries of a sequence; anything else than a sequence is reported and has none. */
size_t sequence_count(struct reading *reading, const struct where *where, const yaml_node_t *node);

/* Reads one entry of a sequence, number `entry` from 0. */
typedef void entry_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t entry, void *context);

/* Reads every entry in turn, none of what is no sequence; with `label` not NULL errors name an entry by its
 * value of that key. */
void sequence_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *label, entry_read *read, void *context);

/* The same for the pairs of a mapping with any keys; `key` is a word. */
typedef void pair_read(struct reading *reading, const struct where *where, const yaml_node_t *key,
        const yaml_node_t *value, size_t entry, void *context);
size_t mapping_count(struct reading *reading, const struct where *where, const yaml_node_t *node);
void mapping_read_pairs(struct reading *reading, const struct where *where, const yaml_node_t *node,
        pair_read *read, void *context);

#endif
