/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/nexthop.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kmod-free/ip.h"
#include "kmod-free/log.h"
#include "kmod-free/remotes.h"

enum { ASKED_AT_ONCE = 256 };

#define NS_MS           1000000ULL
#define RETRY_NS        (1000 * NS_MS) /* how often what isn't reachable is asked for again */
#define BETWEEN_NS      (50 * NS_MS)   /* least time between two passes over all entries */
#define BETWEEN_EACH_NS 60000ULL       /* and what each entry adds, so that route churn never takes a core */
#define TELL_AGAIN_NS   (20 * NS_MS)

struct nexthop_table {
	struct xd_nexthop *map;
	struct rtnl *rtnl;
	const struct links *links;
	nexthop_tell tell;
	void *data;
	uint32_t asked;   /* where the last pass stopped */
	bool dirty;       /* all are to be asked again */
	bool untold;      /* some entry is */
	uint64_t pass_at; /* not before */
	uint64_t retry_at;
	uint64_t deadline; /* when orphans end; 0: never */
	struct remotes remotes;
};

static uint32_t entry_new(struct nexthop_table *table, const uint8_t address[16])
{
	uint32_t index = remotes_free_index(&table->remotes);
	struct xd_nexthop *shown = &table->map[index];

	if (!index)
		return 0;
	remotes_put(&table->remotes, index, address);
	memcpy(shown->address, address, 16);
	__atomic_store_n(&shown->state, XD_NEXTHOP_PENDING, __ATOMIC_RELEASE);
	return index;
}

static void entry_end(struct nexthop_table *table, uint32_t index)
{
	__atomic_store_n(&table->map[index].state, XD_NEXTHOP_FREE, __ATOMIC_RELEASE);
	remotes_remove(&table->remotes, index);
}

static void entry_describe(const struct nexthop_table *table, uint32_t index, struct handover_nexthop *news)
{
	const struct remote *entry = &table->remotes.list[index];

	*news = (struct handover_nexthop){.kind = HANDOVER_NEXTHOP,
	        .error = entry->error,
	        .index = entry->error ? 0 : index,
	        .state = entry->state};
	memcpy(news->address, entry->address, 16);
}

static void entry_tell(struct nexthop_table *table, uint32_t index)
{
	struct remote *entry = &table->remotes.list[index];
	struct handover_nexthop news;

	if (!entry->untold || !entry->holds)
		return;
	entry_describe(table, index, &news);
	entry->untold = !table->tell(table->data, &news);
	table->untold |= entry->untold;
}

/* Shows the hop to the program: the one not in use is written, one store makes it the one in use. */
static void hop_show(struct xd_nexthop *shown, const struct xd_hop *hop)
{
	uint32_t now = shown->now;

	if (!memcmp(&shown->hop[now & 1], hop, sizeof(*hop)))
		return;
	shown->hop[(now + 1) & 1] = *hop;
	__atomic_store_n(&shown->now, now + 1, __ATOMIC_RELEASE);
}

static void entry_log(const struct remote *entry, const struct xd_hop *hop)
{
	static struct log_limit limit;
	const uint8_t *mac = hop->destination_mac;
	char text[IP_TEXT];

	ip_format(entry->address, text);
	if (entry->state == XD_NEXTHOP_REACHABLE)
		log_debug(NULL, "nexthop", "remote=%s ifindex=%u mac=%02x:%02x:%02x:%02x:%02x:%02x", text,
		        hop->ifindex, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	else if (entry->error == -EADDRINUSE)
		log_limited(&limit, NULL, "nexthop",
		        "remote=%s error=\"an address of this host can't be relayed to\"", text);
	else if (entry->error)
		log_limited(&limit, NULL, "nexthop",
		        "remote=%s error=\"no route, or the neighbour doesn't answer\"", text);
}

/*
 * While the kernel asks anew for a neighbour that we knew, the MAC that we know serves: also when it failed
 * once, which a flushed neighbour table looks like.
 */
static bool entry_still_serves(struct remote *entry, const struct verdict *verdict)
{
	bool doubted = entry->doubted;

	if (verdict->state == XD_NEXTHOP_PENDING)
		return entry->state != XD_NEXTHOP_PENDING;
	if (verdict->state == XD_NEXTHOP_REACHABLE || !verdict->solicit ||
	        entry->state != XD_NEXTHOP_REACHABLE)
		return false;
	entry->doubted = true;
	return !doubted;
}

static void entry_apply(struct nexthop_table *table, uint32_t index, const struct rtnl_route *route,
        const struct verdict *verdict)
{
	struct remote *entry = &table->remotes.list[index];
	struct xd_nexthop *shown = &table->map[index];
	bool moved = entry->ifindex &&
	             (entry->ifindex != route->ifindex || memcmp(entry->via, route->via, 16) != 0);
	bool changed;

	remotes_via_set(&table->remotes, index, route->ifindex, route->via);
	if (!moved && entry_still_serves(entry, verdict))
		return;
	entry->doubted = false;
	changed = entry->state != verdict->state || entry->error != verdict->error;
	if (verdict->state == XD_NEXTHOP_REACHABLE) {
		changed |= memcmp(&shown->hop[shown->now & 1], &verdict->hop, sizeof(verdict->hop)) != 0;
		hop_show(shown, &verdict->hop);
	}
	if (!changed)
		return;
	entry->untold |= entry->state != verdict->state || entry->error != verdict->error;
	entry->state = verdict->state;
	entry->error = verdict->error;
	__atomic_store_n(&shown->state, entry->state, __ATOMIC_RELEASE);
	entry_log(entry, &verdict->hop);
}

static void entry_solicit(struct nexthop_table *table, const struct rtnl_route *route)
{
	int error = rtnl_neighbour_resolve(table->rtnl, route->ifindex, route->via);
	static struct log_limit limit;
	char text[IP_TEXT];

	if (error)
		log_limited(&limit, NULL, "neighbour", "address=%s ifindex=%u error=\"%s\"",
		        ip_format(route->via, text), route->ifindex, strerror(-error));
}

/* Asks the kernel for route and neighbour, and shows the result. */
static void entry_ask(struct nexthop_table *table, uint32_t index)
{
	struct remote *entry = &table->remotes.list[index];
	struct rtnl_route route = {0};
	struct rtnl_neighbour neighbour = {0};
	int error = rtnl_route_get(table->rtnl, entry->address, &route);
	bool known = !error && !rtnl_neighbour_get(table->rtnl, route.ifindex, route.via, &neighbour);
	struct verdict verdict = verdict_make(table->links, error, &route, known ? &neighbour : NULL);

	entry->ask = false;
	if (error)
		route = (struct rtnl_route){0};
	entry_apply(table, index, &route, &verdict);
	if (verdict.solicit)
		entry_solicit(table, &route);
}

static void table_adopt(struct nexthop_table *table)
{
	for (uint32_t index = 1; index < XD_NEXTHOPS; index++) {
		struct xd_nexthop *shown = &table->map[index];

		if (shown->state == XD_NEXTHOP_FREE || shown->state > XD_NEXTHOP_UNREACHABLE)
			continue;
		remotes_put(&table->remotes, index, shown->address);
		table->remotes.list[index].state = (enum xd_nexthop_state)shown->state;
		table->remotes.list[index].orphan = true;
	}
	table->dirty = table->remotes.count > 0;
	if (table->remotes.count)
		log_info(NULL, "nexthops-adopted", "count=%u", table->remotes.count);
}

int nexthop_table_new(struct nexthop_table **table, struct xd_nexthop *map, struct rtnl *rtnl,
        const struct links *links, nexthop_tell tell, void *data)
{
	struct nexthop_table *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->map = map;
	made->rtnl = rtnl;
	made->links = links;
	made->tell = tell;
	made->data = data;
	table_adopt(made);
	*table = made;
	return 0;
}

void nexthop_table_free(struct nexthop_table *table)
{
	free(table);
}

void nexthop_hold(struct nexthop_table *table, const uint8_t address[16], struct handover_nexthop *answer)
{
	uint32_t index = remotes_find(&table->remotes, address);

	if (!index) {
		index = entry_new(table, address);
		if (!index) {
			*answer = (struct handover_nexthop){
			        .kind = HANDOVER_NEXTHOP, .error = -ENOSPC, .state = XD_NEXTHOP_UNREACHABLE};
			memcpy(answer->address, address, 16);
			return;
		}
		entry_ask(table, index);
	}
	table->remotes.list[index].holds++;
	table->remotes.list[index].orphan = false;
	table->remotes.list[index].untold = false;
	entry_describe(table, index, answer);
}

int nexthop_release(struct nexthop_table *table, const uint8_t address[16])
{
	uint32_t index = remotes_find(&table->remotes, address);

	if (!index || !table->remotes.list[index].holds)
		return -ENOENT;
	if (!--table->remotes.list[index].holds)
		entry_end(table, index);
	return 0;
}

void nexthop_holds_restart(struct nexthop_table *table, uint64_t deadline)
{
	for (uint32_t index = 1; index < XD_NEXTHOPS; index++) {
		table->remotes.list[index].holds = 0;
		table->remotes.list[index].orphan = true;
	}
	table->deadline = deadline;
}

void nexthop_holds_keep(struct nexthop_table *table)
{
	table->deadline = 0;
}

void nexthop_routes_changed(struct nexthop_table *table)
{
	table->dirty = true;
}

void nexthop_neighbour_changed(struct nexthop_table *table, const struct rtnl_neighbour *neighbour)
{
	struct rtnl_route route = {.type = RTN_UNICAST, .ifindex = neighbour->ifindex};
	struct verdict verdict = {0};
	uint32_t index = 0;

	memcpy(route.via, neighbour->address, 16);
	while ((index = remotes_via_next(&table->remotes, index, route.ifindex, route.via))) {
		verdict = verdict_make(table->links, 0, &route, neighbour);
		entry_apply(table, index, &route, &verdict);
		entry_tell(table, index);
	}
	if (verdict.solicit)
		entry_solicit(table, &route);
}

static void orphans_end(struct nexthop_table *table)
{
	unsigned ended = 0;

	for (uint32_t index = 1; index < XD_NEXTHOPS; index++)
		if (table->remotes.list[index].state != XD_NEXTHOP_FREE &&
		        table->remotes.list[index].orphan) {
			entry_end(table, index);
			ended++;
		}
	table->deadline = 0;
	if (ended)
		log_info(NULL, "nexthops-ended", "count=%u cause=\"the new controller didn't ask for them\"",
		        ended);
}

/* Marks what is to be asked again: all, or what isn't reachable. */
static void entries_mark(struct nexthop_table *table, bool all)
{
	for (uint32_t index = 1; index < XD_NEXTHOPS; index++) {
		struct remote *entry = &table->remotes.list[index];

		entry->ask |=
		        entry->state != XD_NEXTHOP_FREE && (all || entry->state != XD_NEXTHOP_REACHABLE);
	}
}

/* Asks for some of the marked entries; whether more are left. */
static bool entries_ask(struct nexthop_table *table)
{
	unsigned done = 0;

	for (unsigned step = 1; step < XD_NEXTHOPS && done < ASKED_AT_ONCE; step++) {
		table->asked = table->asked % (XD_NEXTHOPS - 1) + 1;
		if (!table->remotes.list[table->asked].ask)
			continue;
		entry_ask(table, table->asked);
		entry_tell(table, table->asked);
		done++;
	}
	return done == ASKED_AT_ONCE;
}

uint64_t nexthop_work(struct nexthop_table *table, uint64_t now)
{
	bool more;

	if (table->deadline && now >= table->deadline)
		orphans_end(table);
	if (table->dirty && now >= table->pass_at) {
		entries_mark(table, true);
		table->dirty = false;
		table->pass_at = now + BETWEEN_NS + table->remotes.count * BETWEEN_EACH_NS;
	}
	if (now >= table->retry_at) {
		entries_mark(table, false);
		table->retry_at = now + RETRY_NS;
	}
	if (table->untold) {
		table->untold = false;
		for (uint32_t index = 1; index < XD_NEXTHOPS; index++)
			entry_tell(table, index);
	}
	more = entries_ask(table);
	if (more)
		return NS_MS;
	if (table->untold)
		return TELL_AGAIN_NS;
	return table->dirty ? BETWEEN_NS : RETRY_NS / 4;
}

unsigned nexthop_count(const struct nexthop_table *table, enum xd_nexthop_state state)
{
	unsigned count = 0;

	for (uint32_t index = 1; index < XD_NEXTHOPS; index++)
		count += table->remotes.list[index].state == state;
	return count;
}

void nexthop_each(const struct nexthop_table *table,
        void (*each)(
                void *data, const struct handover_nexthop *entry, const struct xd_hop *hop, unsigned holds),
        void *data)
{
	for (uint32_t index = 1; index < XD_NEXTHOPS; index++) {
		const struct xd_nexthop *shown = &table->map[index];
		struct handover_nexthop entry;

		if (table->remotes.list[index].state == XD_NEXTHOP_FREE)
			continue;
		entry_describe(table, index, &entry);
		each(data, &entry, &shown->hop[shown->now & 1], table->remotes.list[index].holds);
	}
}
