/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/trunk.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/config/claim.h"
#include "ctl/config/span.h"
#include "ctl/config/value.h"

struct block {
	struct config_trunk trunk;
	const yaml_node_t *name, *addresses, *media_networks, *tenants;
};

static const struct field fields[] = {
        FIELD(struct block, "name", mapping_keep_node, name, .needed = true),
        FIELD(struct block, "addresses", mapping_keep_node, addresses, .needed = true),
        FIELD(struct block, "media_networks", mapping_keep_node, media_networks),
        FIELD(struct block, "tenants", mapping_keep_node, tenants),
        FIELD(struct block, "take", value_read_flag, trunk.take),
        FIELD(struct block, "transfer", value_read_flag, trunk.transfer),
};

/* What is being read, and what trunks may not share. */
struct list {
	struct claims names, addresses;
	struct config_trunk *trunk;
	struct span *spans; /* of this trunk */
	size_t span_count;
	struct config_source *sources; /* of all trunks, in scratch memory */
	size_t source_count, source_size;
};

static void source_add(struct reading *reading, struct list *list, const struct span *span)
{
	struct config_source *source;

	if (list->source_count == list->source_size) {
		size_t size = list->source_size ? list->source_size * 2 : 16;
		struct config_source *more = realloc(list->sources, size * sizeof(*more));

		if (!more) {
			reading_fail(reading);
			return;
		}
		list->sources = more;
		list->source_size = size;
	}
	source = &list->sources[list->source_count++];
	memcpy(source->first, span->first, 16);
	memcpy(source->last, span->last, 16);
	source->trunk = list->trunk;
}

static void entry_read_address(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct list *list = context;
	struct span *span = &list->spans[list->span_count];

	(void)index;
	if (!span_read(reading, where, node, span))
		return;
	if (span_is_everybody(span)) {
		problem_at(reading, where, node, "is everybody; a trunk is trusted without a password");
		return;
	}
	if (span_is_wide(span)) {
		problem_at(reading, where, node,
		        "is more than a /8 (IPv6: a /16); a trunk is trusted without a password: name its "
		        "own "
		        "addresses");
		return;
	}
	claim_span(reading, &list->addresses, where, node, span, "address");
	source_add(reading, list, span);
	list->span_count++;
}

static void addresses_read(
        struct reading *reading, const struct where *where, const yaml_node_t *node, struct list *list)
{
	struct where here = {.up = where, .key = "addresses"};
	size_t count = sequence_count(reading, &here, node), networks = 0;

	if (count == 0 && node->type == YAML_SEQUENCE_NODE)
		problem_at(reading, &here, node, "has no entry");
	list->span_count = 0;
	list->spans = memory_take(reading->scratch, count, sizeof(*list->spans));
	if (!list->spans) {
		reading_fail(reading);
		return;
	}
	sequence_read(reading, &here, node, NULL, entry_read_address, list);
	for (size_t i = 0; i < list->span_count; i++)
		networks += span_networks(&list->spans[i], NULL);
	list->trunk->addresses = reading_take(reading, networks, sizeof(struct network));
	if (!list->trunk->addresses)
		return;
	for (size_t i = 0; i < list->span_count; i++)
		list->trunk->address_count +=
		        span_networks(&list->spans[i], &list->trunk->addresses[list->trunk->address_count]);
}

static void entry_read_network(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct config_trunk *trunk = context;
	const char *text = value_text(reading, where, node);

	if (index >= XD_SOURCE_NETWORKS)
		return;
	if (text && network_parse(text, &trunk->media_networks[index]) < 0)
		problem_at(reading, where, node, "\"%.80s\" is not a network like 10.0.0.0/24", text);
	else
		trunk->media_network_count++;
}

static void networks_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_trunk *trunk)
{
	struct where here = {.up = where, .key = "media_networks"};

	if (sequence_count(reading, &here, node) > XD_SOURCE_NETWORKS)
		problem_at(reading, &here, node, "more than %d networks", XD_SOURCE_NETWORKS);
	sequence_read(reading, &here, node, NULL, entry_read_network, trunk);
}

static void entry_read_tenant(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct config_trunk *trunk = context;
	const char *text = value_text(reading, where, node);
	const struct config_tenant *tenant;

	(void)index;
	if (!text)
		return;
	tenant = config_tenant_find(reading->config, text);
	if (!tenant) {
		problem_at(reading, where, node, "there is no tenant \"%.80s\"", text);
		return;
	}
	for (size_t i = 0; i < trunk->tenant_count; i++)
		if (trunk->tenants[i] == tenant) {
			problem_at(reading, where, node, "%.80s is there twice", tenant->domain);
			return;
		}
	trunk->tenants[trunk->tenant_count++] = tenant;
}

static int pointer_compare(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

static void trunk_read_tenants(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_trunk *trunk)
{
	struct where here = {.up = where, .key = "tenants"};
	size_t count = sequence_count(reading, &here, node);

	if (count == 0 && node->type == YAML_SEQUENCE_NODE)
		problem_at(reading, &here, node, "has no entry; leave it out for all tenants");
	trunk->tenants = reading_take(reading, count, sizeof(void *));
	if (!trunk->tenants)
		return;
	sequence_read(reading, &here, node, NULL, entry_read_tenant, trunk);
	qsort(trunk->tenants, trunk->tenant_count, sizeof(void *), pointer_compare);
}

static void trunk_read_name(
        struct reading *reading, const struct where *where, const yaml_node_t *node, struct list *list)
{
	struct where here = {.up = where, .key = "name"};
	const char *text = value_text(reading, &here, node);

	if (!text || !value_is(reading, &here, node, text, VALUE_USER))
		return;
	claim_text(reading, &list->names, &here, node, text, "trunk");
	list->trunk->name = reading_text(reading, text);
}

static void entry_read_trunk(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct list *list = context;
	struct block block = {.trunk.name = ""};

	mapping_read(reading, where, node, fields, sizeof(fields) / sizeof(fields[0]), &block);
	list->trunk = &reading->config->trunks[index];
	*list->trunk = block.trunk;
	if (block.name)
		trunk_read_name(reading, where, block.name, list);
	if (block.addresses)
		addresses_read(reading, where, block.addresses, list);
	if (block.media_networks)
		networks_read(reading, where, block.media_networks, list->trunk);
	if (block.tenants)
		trunk_read_tenants(reading, where, block.tenants, list->trunk);
}

static int source_compare(const void *a, const void *b)
{
	return memcmp(((const struct config_source *)a)->first, ((const struct config_source *)b)->first, 16);
}

static void sources_keep(struct reading *reading, struct list *list)
{
	struct config *config = reading->config;

	config->sources = reading_take(reading, list->source_count, sizeof(*config->sources));
	if (config->sources && list->source_count) {
		config->source_count = list->source_count;
		memcpy(config->sources, list->sources, list->source_count * sizeof(*config->sources));
		qsort(config->sources, config->source_count, sizeof(*config->sources), source_compare);
	}
	free(list->sources);
}

void trunks_read(struct reading *reading, const struct where *where, const yaml_node_t *node)
{
	struct config *config = reading->config;
	size_t count = sequence_count(reading, where, node);
	struct list list = {0};

	config->trunks = reading_take(reading, count, sizeof(*config->trunks));
	if (!config->trunks)
		return;
	config->trunk_count = count;
	sequence_read(reading, where, node, "name", entry_read_trunk, &list);
	claims_settle(reading, &list.names);
	claims_settle(reading, &list.addresses);
	sources_keep(reading, &list);
}
