/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_ROOM = 16, PRIORITY_SHIFT = 13 };

/* A dump on its way. */
struct dump {
	struct rtnl_link *list;
	unsigned count, room;
	bool failed; /* no memory for all of them */
};

static void link_take(void *data, const struct rtnl_link *link, bool first)
{
	struct dump *dump = data;

	if (first) {
		dump->count = 0;
		dump->failed = false;
	}
	if (dump->count == dump->room) {
		unsigned room = dump->room ? dump->room * 2 : LINKS_ROOM;
		struct rtnl_link *list = realloc(dump->list, room * sizeof(*list));

		if (!list) {
			dump->failed = true;
			return;
		}
		dump->list = list;
		dump->room = room;
	}
	dump->list[dump->count++] = *link;
}

int links_read(struct links *links, struct rtnl *rtnl)
{
	struct dump dump = {0};
	int error = rtnl_links_get(rtnl, link_take, &dump);

	if (!error && dump.failed)
		error = -ENOMEM;
	if (error) {
		free(dump.list);
		return error;
	}
	free(links->list);
	links->list = dump.list;
	links->count = dump.count;
	return 0;
}

void links_clear(struct links *links)
{
	free(links->list);
	links->list = NULL;
	links->count = 0;
}

const struct rtnl_link *links_find(const struct links *links, uint32_t ifindex)
{
	for (unsigned i = 0; i < links->count; i++)
		if (links->list[i].ifindex == ifindex)
			return &links->list[i];
	return NULL;
}

const struct rtnl_link *links_find_name(const struct links *links, const char *name)
{
	for (unsigned i = 0; i < links->count; i++)
		if (!strcmp(links->list[i].name, name))
			return &links->list[i];
	return NULL;
}

unsigned links_send_queues(const struct links *links)
{
	unsigned fewest = UINT_MAX;

	for (unsigned i = 0; i < links->attached_count; i++) {
		const struct rtnl_link *link = links_find(links, links->attached[i]);

		if (link && link->send_queues && link->send_queues < fewest)
			fewest = link->send_queues;
	}
	return fewest;
}

static bool link_is_attached(const struct links *links, uint32_t ifindex)
{
	for (unsigned i = 0; i < links->attached_count; i++)
		if (links->attached[i] == ifindex)
			return true;
	return false;
}

int links_hop(const struct links *links, uint32_t ifindex, struct xd_hop *hop)
{
	const struct rtnl_link *link = links_find(links, ifindex), *at = link;
	struct xd_hop made = {0};

	if (!link || !link->ethernet)
		return -ENODEV;
	while (!link_is_attached(links, at->ifindex)) {
		if (!at->vlan || made.tags == XD_VLAN_TAGS)
			return -ENODEV;
		/* We walk inwards out, the hop has the outermost first. */
		made.vlan_proto[1] = made.vlan_proto[0];
		made.vlan_tci[1] = made.vlan_tci[0];
		made.vlan_proto[0] = at->vlan_proto;
		made.vlan_tci[0] = htons((uint16_t)(at->vlan_id | links->priority << PRIORITY_SHIFT));
		made.tags++;
		at = links_find(links, at->lower);
		if (!at)
			return -ENODEV;
	}
	if (!link->up || !at->up)
		return -ENETDOWN;
	made.ifindex = at->ifindex;
	memcpy(made.source_mac, link->mac, sizeof(made.source_mac));
	*hop = made;
	return 0;
}
