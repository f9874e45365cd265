/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/table.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_SLOTS = 4096 };

/*
 * Linear hashing: entries are in slots 0 to half + split. Each that comes splits one slot more, so that no
 * single message pays for doubling a table of hundreds of thousands.
 */
struct table {
	struct table_entry **slots; /* 2 * half of them */
	size_t half;                /* a power of two */
	size_t split; /* below half: slots that have been split in two by one more bit of the hash */
	size_t entries;
	size_t empty; /* so many slots at the beginning are known to be empty */
	uint64_t secret[2];
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void take_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t table_hash(const struct table *table, const struct table_key *key)
{
	uint64_t v[4] = {
	        table->secret[0] ^ 0x736f6d6570736575U,
	        table->secret[1] ^ 0x646f72616e646f6dU,
	        table->secret[0] ^ 0x6c7967656e657261U,
	        table->secret[1] ^ 0x7465646279746573U,
	};
	uint64_t word;
	size_t at = 0;

	for (; at + sizeof(word) <= key->length; at += sizeof(word)) {
		memcpy(&word, key->text + at, sizeof(word));
		take_word(v, le64toh(word));
	}
	word = 0;
	memcpy(&word, key->text + at, key->length - at);
	take_word(v, le64toh(word) | (uint64_t)key->length << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct table *table_new(void)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->slots = calloc((size_t)2 * FIRST_SLOTS, sizeof(struct table_entry *));
	table->half = FIRST_SLOTS;
	if (!table->slots || getrandom(table->secret, sizeof(table->secret), 0) != sizeof(table->secret)) {
		table_free(table);
		return NULL;
	}
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	free(table->slots);
	free(table);
}

static struct table_entry **slot_of(const struct table *table, uint64_t hash)
{
	size_t slot = hash & (table->half - 1);

	if (slot < table->split)
		slot = hash & (2 * table->half - 1);
	return &table->slots[slot];
}

/* Room for twice as many slots, once all are split. False: no memory; chains get longer instead. */
static bool room_double(struct table *table)
{
	struct table_entry **slots =
	        reallocarray(table->slots, 4 * table->half, sizeof(struct table_entry *));

	if (!slots)
		return false;
	memset(slots + 2 * table->half, 0, 2 * table->half * sizeof(struct table_entry *));
	table->slots = slots;
	table->half *= 2;
	table->split = 0;
	return true;
}

/* One slot more. */
static void grow(struct table *table)
{
	struct table_entry *entry, **stays, **goes;

	if (table->split == table->half && !room_double(table))
		return;
	stays = &table->slots[table->split];
	goes = stays + table->half;
	while ((entry = *stays)) {
		if (entry->hash & table->half) {
			*stays = entry->next;
			entry->next = NULL;
			*goes = entry;
			goes = &entry->next;
		} else {
			stays = &entry->next;
		}
	}
	table->split++;
}

static bool key_is(const struct table_entry *entry, uint64_t hash, const struct table_key *key)
{
	return entry->hash == hash && entry->key.length == key->length &&
	       memcmp(entry->key.text, key->text, key->length) == 0;
}

struct table_entry *table_find(const struct table *table, const struct table_key *key)
{
	uint64_t hash = table_hash(table, key);
	struct table_entry *entry = *slot_of(table, hash);

	while (entry && !key_is(entry, hash, key))
		entry = entry->next;
	return entry;
}

struct table_entry *table_find_next(const struct table_entry *entry)
{
	struct table_entry *next = entry->next;

	while (next && !key_is(next, entry->hash, &entry->key))
		next = next->next;
	return next;
}

void table_add(struct table *table, struct table_entry *entry)
{
	struct table_entry **slot;

	if (table->entries >= table->half + table->split)
		grow(table);
	entry->hash = table_hash(table, &entry->key);
	slot = slot_of(table, entry->hash);
	entry->next = *slot;
	*slot = entry;
	if ((size_t)(slot - table->slots) < table->empty)
		table->empty = (size_t)(slot - table->slots);
	table->entries++;
}

void table_remove(struct table *table, struct table_entry *entry)
{
	struct table_entry **link = slot_of(table, entry->hash);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	table->entries--;
}

struct table_entry *table_any(struct table *table)
{
	if (!table->entries)
		return NULL;
	while (!table->slots[table->empty])
		table->empty++;
	return table->slots[table->empty];
}
