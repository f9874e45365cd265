/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/tenant.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/codec.h"
#include "ctl/config/claim.h"
#include "ctl/config/hold.h"
#include "ctl/config/park.h"
#include "ctl/config/user.h"
#include "ctl/config/value.h"

struct block {
	const char *domain;
	enum config_digest digest;
	const yaml_node_t *users, *numbers, *codecs, *park;
};

static const char *const digests[] = {
        [CONFIG_DIGEST_MD5] = "md5",
        [CONFIG_DIGEST_BOTH] = "both",
        [CONFIG_DIGEST_SHA256] = "sha-256",
};

static void read_digest(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	int digest =
	        value_choice(reading, where, value, "digest", digests, sizeof(digests) / sizeof(digests[0]));

	(void)field;
	if (digest >= 0)
		*(enum config_digest *)to = (enum config_digest)digest;
}

static const struct field fields[] = {
        FIELD(struct block, "domain", value_read_text, domain, .needed = true),
        FIELD(struct block, "digest", read_digest, digest),
        FIELD(struct block, "users", mapping_keep_node, users),
        FIELD(struct block, "numbers", mapping_keep_node, numbers),
        FIELD(struct block, "codecs", mapping_keep_node, codecs),
        FIELD(struct block, "park", mapping_keep_node, park),
};

static const enum xd_codec codecs_default[] = {XD_PCMU, XD_PCMA, XD_G722};

static void entry_read_codec(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct config_tenant *tenant = context;
	const char *names[XD_CODECS];
	int codec;

	(void)index;
	for (codec = 0; codec < XD_CODECS; codec++)
		names[codec] = codec_name((enum xd_codec)codec);
	codec = value_choice(reading, where, node, "codec", names, XD_CODECS);
	if (codec < 0)
		return;
	for (size_t i = 0; i < tenant->codec_count; i++)
		if (tenant->codecs[i] == (enum xd_codec)codec) {
			problem_at(
			        reading, where, node, "%s is there twice", codec_name((enum xd_codec)codec));
			return;
		}
	tenant->codecs[tenant->codec_count++] = (enum xd_codec)codec;
}

static void codecs_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_tenant *tenant)
{
	struct where here = {.up = where, .key = "codecs"};

	tenant->codec_count = 0;
	if (sequence_count(reading, &here, node) == 0 && node->type == YAML_SEQUENCE_NODE)
		problem_at(reading, &here, node, "has no entry; leave it out for all codecs");
	sequence_read(reading, &here, node, NULL, entry_read_codec, tenant);
}

static bool tenant_has(const struct config_tenant *tenant, const char *number)
{
	return config_user_find(tenant, number) || config_is_orbit(tenant, number) ||
	       (tenant->park.number && strcmp(tenant->park.number, number) == 0);
}

static void pair_read_number(struct reading *reading, const struct where *where, const yaml_node_t *key,
        const yaml_node_t *value, size_t index, void *context)
{
	struct config_tenant *tenant = context;
	const char *rings = value_text(reading, where, value);

	(void)index;
	if (!value_is(reading, where, key, where->key, VALUE_NUMBER) || !rings)
		return;
	claim_text(reading, &reading->numbers, where, key, where->key, "called number");
	if (!tenant_has(tenant, rings)) {
		problem_at(reading, where, value, "\"%.40s\" is no user, park number or orbit of this tenant",
		        rings);
		return;
	}
	tenant->numbers[tenant->number_count] = reading_text(reading, where->key);
	tenant->number_users[tenant->number_count] = reading_text(reading, rings);
	tenant->number_count++;
}

static void numbers_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_tenant *tenant)
{
	struct where here = {.up = where, .key = "numbers"};
	size_t count = mapping_count(reading, &here, node);

	tenant->numbers = reading_take(reading, count, sizeof(*tenant->numbers));
	tenant->number_users = reading_take(reading, count, sizeof(*tenant->number_users));
	if (tenant->numbers && tenant->number_users)
		mapping_read_pairs(reading, &here, node, pair_read_number, tenant);
}

/* Domains are kept in lower case, so that they sort and compare as they are looked up. */
static void domain_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const char *domain, struct config_tenant *tenant, struct claims *domains)
{
	struct where here = {.up = where, .key = "domain"};
	char *lower;

	if (!value_is(reading, &here, node, domain, VALUE_DOMAIN))
		return;
	lower = reading_text(reading, domain);
	if (!lower)
		return;
	for (char *at = lower; *at; at++)
		*at = (char)tolower(*at);
	tenant->domain = lower;
	claim_text(reading, domains, &here, node, lower, "tenant");
}

static void entry_read_tenant(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct config_tenant *tenant = &reading->config->tenants[index];
	struct claims plan = {0};
	struct block block = {0};

	*tenant = (struct config_tenant){.domain = "", .park = park_default};
	tenant->park.hold = hold_default;
	tenant->codec_count = sizeof(codecs_default) / sizeof(codecs_default[0]);
	memcpy(tenant->codecs, codecs_default, sizeof(codecs_default));
	mapping_read(reading, where, node, fields, sizeof(fields) / sizeof(fields[0]), &block);
	tenant->digest = block.digest;
	if (block.domain)
		domain_read(reading, where, node, block.domain, tenant, context);
	if (block.users) {
		struct where here = {.up = where, .key = "users"};

		users_read(reading, &here, block.users, tenant, &plan);
	}
	if (block.park) {
		struct where here = {.up = where, .key = "park"};

		park_read(reading, &here, block.park, &tenant->park, &plan);
	}
	if (block.codecs)
		codecs_read(reading, where, block.codecs, tenant);
	if (block.numbers && !reading->error)
		numbers_read(reading, where, block.numbers, tenant);
	claims_settle(reading, &plan);
}

static int tenant_compare(const void *a, const void *b)
{
	return strcmp(((const struct config_tenant *)a)->domain, ((const struct config_tenant *)b)->domain);
}

static int number_compare(const void *a, const void *b)
{
	return strcmp(((const struct config_number *)a)->number, ((const struct config_number *)b)->number);
}

/* Now that every tenant has its place: what points at them. */
static void tenants_link(struct reading *reading)
{
	struct config *config = reading->config;
	size_t count = 0;

	for (size_t t = 0; t < config->tenant_count; t++)
		count += config->tenants[t].number_count;
	config->numbers = reading_take(reading, count, sizeof(*config->numbers));
	if (!config->numbers)
		return;
	for (size_t t = 0; t < config->tenant_count; t++) {
		struct config_tenant *tenant = &config->tenants[t];

		for (size_t u = 0; u < tenant->user_count; u++)
			tenant->users[u].tenant = tenant;
		for (size_t n = 0; n < tenant->number_count; n++)
			config->numbers[config->number_count++] =
			        (struct config_number){tenant->numbers[n], tenant->number_users[n], tenant};
	}
	qsort(config->numbers, config->number_count, sizeof(*config->numbers), number_compare);
}

void tenants_read(struct reading *reading, const struct where *where, const yaml_node_t *node)
{
	struct config *config = reading->config;
	size_t count = sequence_count(reading, where, node);
	struct claims domains = {0};

	if (count == 0 && node->type == YAML_SEQUENCE_NODE)
		problem_at(reading, where, node, "has no entry");
	config->tenants = reading_take(reading, count, sizeof(*config->tenants));
	if (!config->tenants)
		return;
	config->tenant_count = count;
	sequence_read(reading, where, node, "domain", entry_read_tenant, &domains);
	claims_settle(reading, &domains);
	claims_settle(reading, &reading->numbers);
	if (reading->error)
		return;
	qsort(config->tenants, config->tenant_count, sizeof(*config->tenants), tenant_compare);
	tenants_link(reading);
}
