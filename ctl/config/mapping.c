/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/mapping.h"

#include <stdio.h>
#include <string.h>

/* Nodes count from 1 in their document, and are always there: the tree is libyaml's own. */
static const yaml_node_t *node_number(const struct reading *reading, int number)
{
	return &reading->document.nodes.start[number - 1];
}

static const char *node_kind(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a block of keys";
	default:
		return "a single value";
	}
}

/* "name, display, password", for the error about an unknown key. */
static void fields_list(const struct field *fields, size_t count, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", fields[i].key);
}

static const struct field *field_find(const struct field *fields, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

/* Entries of `users:`, where a password may have come to stand in a key's place. */
static bool holds_secrets(const struct where *where)
{
	return !where->key && where->up && where->up->key && strcmp(where->up->key, "users") == 0;
}

/* An unknown key is named where it can be nothing but a key: it is a word, and no secret is near. */
static void unknown_report(struct reading *reading, const struct where *where, const yaml_node_t *key,
        const struct field *fields, size_t count)
{
	const char *word = (const char *)key->data.scalar.value;
	struct where here = {.up = where, .key = word};
	char known[256];

	fields_list(fields, count, known, sizeof(known));
	if (!holds_secrets(where) && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(word))
		problem_at(reading, &here, key, "unknown key; known here: %s", known);
	else
		problem_at(reading, where, key, "unknown key at column %zu; known here: %s",
		        key->start_mark.column + 1, known);
}

/* One pair of a mapping. `lines`: where each key was seen first. */
static void field_read_pair(struct reading *reading, const struct where *where, const yaml_node_pair_t *pair,
        const struct field *fields, size_t count, unsigned *lines, void *to)
{
	const yaml_node_t *key = node_number(reading, pair->key), *value = node_number(reading, pair->value);
	const struct field *field = NULL;
	struct where here = {.up = where};

	if (key->type == YAML_SCALAR_NODE) {
		here.key = (const char *)key->data.scalar.value;
		field = field_find(fields, count, here.key);
	}
	if (!here.key)
		problem_at(reading, where, key, "a key must be a word, this is %s", node_kind(key));
	else if (!field)
		unknown_report(reading, where, key, fields, count);
	else if (lines[field - fields])
		problem_at(reading, &here, key, "given twice, first on line %u", lines[field - fields]);
	else {
		lines[field - fields] = node_line(key);
		field->read(reading, &here, value, field, (char *)to + field->offset);
	}
}

mapping_seen mapping_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const struct field *fields, size_t count, void *to)
{
	unsigned lines[MAPPING_FIELDS] = {0};
	mapping_seen seen = 0;

	mapping_count(reading, where, node);
	if (node->type != YAML_MAPPING_NODE)
		return 0;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	        pair < node->data.mapping.pairs.top; pair++)
		field_read_pair(reading, where, pair, fields, count, lines, to);
	for (size_t i = 0; i < count; i++) {
		struct where here = {.up = where, .key = fields[i].key};

		seen |= lines[i] ? 1U << i : 0U;
		if (fields[i].needed && !lines[i])
			problem_at(reading, &here, node, "is missing");
	}
	return seen;
}

void mapping_keep_node(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	(void)reading;
	(void)where;
	(void)field;
	*(const yaml_node_t **)to = value;
}

size_t sequence_count(struct reading *reading, const struct where *where, const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		problem_at(reading, where, node, "expected a list, this is %s", node_kind(node));
		return 0;
	}
	return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

/* The text of `wanted` in a mapping, to name it in errors; NULL: none. */
static const char *mapping_label(const struct reading *reading, const yaml_node_t *node, const char *wanted)
{
	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	        pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = node_number(reading, pair->key);
		const yaml_node_t *value = node_number(reading, pair->value);

		if (key->type == YAML_SCALAR_NODE && value->type == YAML_SCALAR_NODE &&
		        strcmp((const char *)key->data.scalar.value, wanted) == 0)
			return (const char *)value->data.scalar.value;
	}
	return NULL;
}

void sequence_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *label, entry_read *read, void *context)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return;
	for (size_t i = 0; &node->data.sequence.items.start[i] < node->data.sequence.items.top; i++) {
		const yaml_node_t *entry = node_number(reading, node->data.sequence.items.start[i]);
		struct where here = {.up = where, .index = (unsigned)i + 1};

		if (label)
			here.label = mapping_label(reading, entry, label);
		read(reading, &here, entry, i, context);
	}
}

size_t mapping_count(struct reading *reading, const struct where *where, const yaml_node_t *node)
{
	if (node->type != YAML_MAPPING_NODE) {
		problem_at(reading, where, node, "expected a block of keys, this is %s", node_kind(node));
		return 0;
	}
	return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
}

void mapping_read_pairs(struct reading *reading, const struct where *where, const yaml_node_t *node,
        pair_read *read, void *context)
{
	if (node->type != YAML_MAPPING_NODE)
		return;
	for (size_t i = 0; &node->data.mapping.pairs.start[i] < node->data.mapping.pairs.top; i++) {
		const yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
		const yaml_node_t *key = node_number(reading, pair->key);
		struct where here = {.up = where};

		if (key->type != YAML_SCALAR_NODE) {
			problem_at(reading, where, key, "a key must be a word, this is %s", node_kind(key));
			continue;
		}
		here.key = (const char *)key->data.scalar.value;
		read(reading, &here, key, node_number(reading, pair->value), i, context);
	}
}
