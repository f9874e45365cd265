/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table of embedded entries with text keys that strangers choose: the hash is keyed (SipHash-2-4), so
 * that nobody can make long chains.
 */
#ifndef XDPARK_SIP_TABLE_H
#define XDPARK_SIP_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table;

struct table_key {
	const char *text;
	size_t length;
};

/* Embedded in its owner. The key must live as long as the entry is in the table. */
struct table_entry {
	struct table_entry *next;
	uint64_t hash;
	struct table_key key;
};

/* NULL: no memory. */
struct table *table_new(void);

/* Entries are forgotten, not freed. NULL is legal. */
void table_free(struct table *table);

/* The newest of that key; NULL: none. */
struct table_entry *table_find(const struct table *table, const struct table_key *key);

/* Another one of the same key, older; NULL: none. */
struct table_entry *table_find_next(const struct table_entry *entry);

/* entry->key is set. Keys may be there more than once. Takes about the same time however many entries there
 * are.
 */
void table_add(struct table *table, struct table_entry *entry);

/* It must be in the table. */
void table_remove(struct table *table, struct table_entry *entry);

/* Any entry, NULL when it is empty: for taking a table apart. */
struct table_entry *table_any(struct table *table);

/* The keyed hash of a text: the same as long as the table lives, and not to be guessed. */
uint64_t table_hash(const struct table *table, const struct table_key *key);

#endif
