/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/park.h"

#include "ctl/config/claim.h"
#include "ctl/config/hold.h"
#include "ctl/config/value.h"

enum { DAY_S = 86400, RING_MIN_S = 5, RING_MAX_S = 600, DEFAULT_AFTER_S = 60, DEFAULT_RING_S = 30 };

const struct config_park park_default = {
        .recall_after_s = DEFAULT_AFTER_S,
        .recall_ring_s = DEFAULT_RING_S,
        .announce = true,
        .language = "en",
};

struct block {
	struct config_park park;
	const yaml_node_t *number, *orbits, *language;
};

static const struct field fields[] = {
        FIELD(struct block, "number", mapping_keep_node, number),
        FIELD(struct block, "orbits", mapping_keep_node, orbits, .needed = true),
        FIELD(struct block, "recall_after", value_read_duration, park.recall_after_s, .max = DAY_S),
        FIELD(struct block, "recall_ring", value_read_duration, park.recall_ring_s, .min = RING_MIN_S,
                .max = RING_MAX_S),
        FIELD(struct block, "quota", value_read_count, park.quota, .max = CONFIG_ORBITS),
        FIELD(struct block, "announce", value_read_flag, park.announce),
        FIELD(struct block, "language", mapping_keep_node, language),
        FIELD(struct block, "hold", hold_read, park.hold),
};

struct orbit_list {
	struct config_park *park;
	struct claims *plan;
	uint64_t orbits;
	unsigned digits; /* of the longest */
};

static void entry_read_orbits(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct orbit_list *list = context;
	struct config_orbits *orbits = &list->park->orbits[index];
	const char *text = value_text(reading, where, node);

	if (!text || !value_range(reading, where, node, text, orbits))
		return;
	claim_range(reading, list->plan, where, node, orbits, "orbit");
	list->orbits += (uint64_t)orbits->last - orbits->first + 1;
	if (orbits->digits > list->digits)
		list->digits = orbits->digits;
}

static void orbits_read(struct reading *reading, const struct where *where, const struct block *block,
        struct orbit_list *list)
{
	struct where here = {.up = where, .key = "orbits"};
	size_t count = sequence_count(reading, &here, block->orbits);

	if (count == 0) {
		if (block->orbits->type == YAML_SEQUENCE_NODE)
			problem_at(reading, &here, block->orbits, "has no entry");
		return;
	}
	list->park->orbits = reading_take(reading, count, sizeof(*list->park->orbits));
	if (!list->park->orbits)
		return;
	list->park->orbit_ranges = count;
	sequence_read(reading, &here, block->orbits, NULL, entry_read_orbits, list);
	if (list->orbits > CONFIG_ORBITS)
		problem_at(reading, &here, block->orbits, "more than %d orbits", CONFIG_ORBITS);
}

static void number_read(struct reading *reading, const struct where *where, const struct block *block,
        struct config_park *park, struct claims *plan)
{
	struct where here = {.up = where, .key = "number"};
	const char *text = value_text(reading, &here, block->number);

	if (!text || !value_is(reading, &here, block->number, text, VALUE_USER))
		return;
	claim_text(reading, plan, &here, block->number, text, "park number");
	park->number = reading_text(reading, text);
}

static void language_read(struct reading *reading, const struct where *where, const struct block *block,
        struct config_park *park)
{
	struct where here = {.up = where, .key = "language"};
	const char *text = value_text(reading, &here, block->language);

	if (text && value_is(reading, &here, block->language, text, VALUE_WORD))
		park->language = reading_text(reading, text);
}

static void announce_check(struct reading *reading, const struct where *where, const yaml_node_t *node,
        const struct block *block, const struct orbit_list *list)
{
	struct where announce = {.up = where, .key = "announce"};
	struct where language = {.up = where, .key = "language"};

	if (!list->park->announce || !list->park->language)
		return;
	if (list->digits > CONFIG_SPOKEN_DIGITS)
		problem_at(reading, &announce, node,
		        "orbits of more than %d digits can't be spoken; `announce: no` parks without",
		        CONFIG_SPOKEN_DIGITS);
	else
		spoken_check(
		        reading, &language, block->language ? block->language : node, list->park->language);
}

void park_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_park *park, struct claims *plan)
{
	struct block block = {.park = park_default};
	struct orbit_list list = {.park = park, .plan = plan};

	block.park.hold = hold_default;
	mapping_read(reading, where, node, fields, sizeof(fields) / sizeof(fields[0]), &block);
	*park = block.park;
	if (block.number)
		number_read(reading, where, &block, park, plan);
	if (block.orbits)
		orbits_read(reading, where, &block, &list);
	if (block.language)
		language_read(reading, where, &block, park);
	if (park->orbit_ranges)
		announce_check(reading, where, node, &block, &list);
}
