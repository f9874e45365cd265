/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/remotes.h"

#include <string.h>

static unsigned bucket_of(const uint8_t address[16])
{
	uint64_t word[2];

	memcpy(word, address, sizeof(word));
	word[0] = (word[0] ^ word[1] * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
	return (unsigned)((word[0] >> 40) % REMOTES_BUCKETS);
}

uint32_t remotes_find(const struct remotes *remotes, const uint8_t address[16])
{
	uint32_t index = remotes->by_address[bucket_of(address)];

	while (index && memcmp(remotes->list[index].address, address, 16) != 0)
		index = remotes->list[index].address_next;
	return index;
}

void remotes_put(struct remotes *remotes, uint32_t index, const uint8_t address[16])
{
	uint32_t *bucket = &remotes->by_address[bucket_of(address)];

	remotes->list[index] = (struct remote){.state = XD_NEXTHOP_PENDING, .address_next = *bucket};
	memcpy(remotes->list[index].address, address, 16);
	*bucket = index;
	remotes->cursor = index;
	remotes->count++;
}

uint32_t remotes_free_index(struct remotes *remotes)
{
	uint32_t index = remotes->cursor;

	if (remotes->count == XD_NEXTHOPS - 1)
		return 0;
	do {
		index = index % (XD_NEXTHOPS - 1) + 1;
	} while (remotes->list[index].state != XD_NEXTHOP_FREE);
	return index;
}

static void via_unlink(struct remotes *remotes, uint32_t index)
{
	struct remote *remote = &remotes->list[index];
	uint32_t *at = &remotes->by_via[bucket_of(remote->via)];

	if (!remote->ifindex)
		return;
	while (*at != index)
		at = &remotes->list[*at].via_next;
	*at = remote->via_next;
	remote->ifindex = 0;
}

void remotes_remove(struct remotes *remotes, uint32_t index)
{
	struct remote *remote = &remotes->list[index];
	uint32_t *at = &remotes->by_address[bucket_of(remote->address)];

	via_unlink(remotes, index);
	while (*at != index)
		at = &remotes->list[*at].address_next;
	*at = remote->address_next;
	*remote = (struct remote){.state = XD_NEXTHOP_FREE};
	remotes->count--;
}

void remotes_via_set(struct remotes *remotes, uint32_t index, uint32_t ifindex, const uint8_t via[16])
{
	struct remote *remote = &remotes->list[index];
	uint32_t *bucket = &remotes->by_via[bucket_of(via)];

	if (remote->ifindex == ifindex && !memcmp(remote->via, via, 16))
		return;
	via_unlink(remotes, index);
	if (!ifindex)
		return;
	remote->ifindex = ifindex;
	memcpy(remote->via, via, 16);
	remote->via_next = *bucket;
	*bucket = index;
}

uint32_t remotes_via_next(
        const struct remotes *remotes, uint32_t index, uint32_t ifindex, const uint8_t via[16])
{
	index = index ? remotes->list[index].via_next : remotes->by_via[bucket_of(via)];
	while (index &&
	        (remotes->list[index].ifindex != ifindex || memcmp(remotes->list[index].via, via, 16) != 0))
		index = remotes->list[index].via_next;
	return index;
}
