/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/flow_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/message.h"

enum { FIRST_BUCKETS = 64 };

struct flow_index {
	struct flow_entry **buckets;
	uint32_t size; /* a power of two */
	uint32_t count;
	uint64_t seed; /* at random: far ends choose their ports, but not their buckets */
};

int flow_index_new(struct flow_index **index)
{
	struct flow_index *made = calloc(1, sizeof(*made));
	char random[33];

	if (!made)
		return -ENOMEM;
	made->size = FIRST_BUCKETS;
	made->buckets = calloc(made->size, sizeof(struct flow_entry *));
	if (!made->buckets) {
		free(made);
		return -ENOMEM;
	}
	sip_random(random);
	random[16] = '\0';
	made->seed = strtoull(random, NULL, 16);
	*index = made;
	return 0;
}

void flow_index_free(struct flow_index *index)
{
	if (!index)
		return;
	free(index->buckets);
	free(index);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
	return hash ^ hash >> 29;
}

static struct flow_entry **bucket_of(
        struct flow_entry **buckets, uint32_t size, uint64_t seed, const struct flow *flow)
{
	uint64_t words[2], hash;

	memcpy(words, flow->remote.ip, sizeof(words));
	hash = mix(mix(mix(seed, words[0]), words[1]), flow->remote.port);
	hash = mix(hash, (uintptr_t)flow->transport);
	return &buckets[hash >> 32 & (size - 1)];
}

static void bucket_put(struct flow_entry **bucket, struct flow_entry *entry)
{
	entry->next = *bucket;
	entry->link = bucket;
	if (entry->next)
		entry->next->link = &entry->next;
	*bucket = entry;
}

static void index_grow(struct flow_index *index)
{
	uint32_t size = index->size * 2;
	struct flow_entry **buckets = calloc(size, sizeof(struct flow_entry *));

	if (!buckets)
		return;
	for (uint32_t i = 0; i < index->size; i++) {
		struct flow_entry *entry = index->buckets[i];

		while (entry) {
			struct flow_entry *next = entry->next;

			bucket_put(bucket_of(buckets, size, index->seed, &entry->flow), entry);
			entry = next;
		}
	}
	free(index->buckets);
	index->buckets = buckets;
	index->size = size;
}

void flow_index_put(struct flow_index *index, struct flow_entry *entry)
{
	if (index->count >= index->size && index->size < 1U << 30)
		index_grow(index);
	bucket_put(bucket_of(index->buckets, index->size, index->seed, &entry->flow), entry);
	index->count++;
}

void flow_index_remove(struct flow_index *index, struct flow_entry *entry)
{
	if (!entry->link)
		return;
	*entry->link = entry->next;
	if (entry->next)
		entry->next->link = entry->link;
	entry->link = NULL;
	index->count--;
}

static bool is_same_far_end(const struct flow *a, const struct flow *b)
{
	return a->transport == b->transport && address_equal(&a->remote, &b->remote);
}

void *flow_index_owner(const struct flow_index *index, const struct flow *flow)
{
	const struct flow_entry *entry = *bucket_of(index->buckets, index->size, index->seed, flow);
	void *owner = NULL;

	for (; entry; entry = entry->next) {
		if (!is_same_far_end(&entry->flow, flow))
			continue;
		if (owner && entry->owner != owner)
			return NULL;
		owner = entry->owner;
	}
	return owner;
}
