/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/claim.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CLAIMS = 16 };
enum { KIND_TEXT, KIND_DIGITS };

void claim_add(struct reading *reading, struct claims *claims, const struct claim *claim)
{
	if (claims->count == claims->size) {
		size_t size = claims->size ? claims->size * 2 : FIRST_CLAIMS;
		struct claim *more = realloc(claims->claims, size * sizeof(*more));

		if (!more) {
			reading_fail(reading);
			return;
		}
		claims->claims = more;
		claims->size = size;
	}
	claims->claims[claims->count++] = *claim;
}

static void claim_add_at(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, struct claim *claim)
{
	claim->key = where_text(reading, where);
	claim->line = node_line(node);
	if (claim->first && claim->last && claim->what)
		claim_add(reading, claims, claim);
	else
		reading_fail(reading);
}

void claim_text(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, const char *text, const char *noun)
{
	struct claim claim = {.bytes = strlen(text)};

	claim.kind = strspn(text, "0123456789") == claim.bytes ? KIND_DIGITS : KIND_TEXT;
	claim.first = claim.last = memory_text(reading->scratch, text, claim.bytes);
	claim.what = memory_format(reading->scratch, "%s %.64s", noun, text);
	claim_add_at(reading, claims, where, node, &claim);
}

void claim_range(struct reading *reading, struct claims *claims, const struct where *where,
        const yaml_node_t *node, const struct config_orbits *range, const char *noun)
{
	struct claim claim = {.kind = KIND_DIGITS, .bytes = range->digits};
	int digits = (int)range->digits;

	claim.first = memory_format(reading->scratch, "%0*u", digits, range->first);
	claim.last = memory_format(reading->scratch, "%0*u", digits, range->last);
	if (range->first == range->last)
		claim.what = memory_format(reading->scratch, "%s %0*u", noun, digits, range->first);
	else
		claim.what = memory_format(
		        reading->scratch, "%ss %0*u-%0*u", noun, digits, range->first, digits, range->last);
	claim_add_at(reading, claims, where, node, &claim);
}

static bool claims_comparable(const struct claim *a, const struct claim *b)
{
	return a->kind == b->kind && a->bytes == b->bytes;
}

static int claim_compare(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	order = memcmp(x->first, y->first, x->bytes);
	if (order)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Reports it where the file names it for the second time. */
static void claims_collide(struct reading *reading, const struct claim *a, const struct claim *b)
{
	const struct claim *later = a->line < b->line ? b : a;
	const struct claim *sooner = later == a ? b : a;

	if (strcmp(later->what, sooner->what) == 0)
		problem_on(reading, later->line, later->key, "%s is there already, on line %u", later->what,
		        sooner->line);
	else
		problem_on(reading, later->line, later->key, "%s collides with %s on line %u", later->what,
		        sooner->what, sooner->line);
}

void claims_settle(struct reading *reading, struct claims *claims)
{
	const struct claim *reach = NULL; /* of those before, the one that goes furthest */

	if (claims->count)
		qsort(claims->claims, claims->count, sizeof(*claims->claims), claim_compare);
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->claims[i];
		bool near = reach && claims_comparable(reach, claim);

		if (near && memcmp(reach->last, claim->first, claim->bytes) >= 0)
			claims_collide(reading, claim, reach);
		if (!near || memcmp(claim->last, reach->last, claim->bytes) > 0)
			reach = claim;
	}
	free(claims->claims);
	*claims = (struct claims){0};
}
