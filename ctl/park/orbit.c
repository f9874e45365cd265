/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/park/orbit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORD_BITS = 64,
	LEVELS = 4, /* 64^4 slots: more than PARKING_ORBITS */
};

_Static_assert(PARKING_ORBITS <= WORD_BITS * WORD_BITS * WORD_BITS * WORD_BITS, "the tree is deep enough");

/* A range and the slot of its first orbit. */
struct run {
	struct orbit_range range;
	uint32_t slot;
};

struct orbits {
	uint32_t count;
	unsigned run_count;
	struct run *runs; /* in order of digits, then numbers */
	/* level[0]: a bit a slot, set when free. Above: a bit a word of the level below, set when it isn't 0.
	 */
	uint64_t *level[LEVELS];
	uint32_t words[LEVELS];
};

static int run_compare(const void *a, const void *b)
{
	const struct orbit_range *x = &((const struct run *)a)->range, *y = &((const struct run *)b)->range;

	if (x->digits != y->digits)
		return x->digits < y->digits ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool range_is_sound(const struct orbit_range *range)
{
	uint32_t limit = 1;

	if (range->digits < 1 || range->digits > ORBIT_DIGITS || range->first > range->last)
		return false;
	for (unsigned digit = 0; digit < range->digits; digit++)
		limit *= 10;
	return range->last < limit;
}

/* Sorts the ranges and gives out the slots. */
static int runs_lay_out(struct orbits *orbits, const struct orbit_range *ranges)
{
	uint64_t slots = 0;

	for (unsigned i = 0; i < orbits->run_count; i++) {
		if (!range_is_sound(&ranges[i]))
			return -EINVAL;
		orbits->runs[i].range = ranges[i];
	}
	qsort(orbits->runs, orbits->run_count, sizeof(*orbits->runs), run_compare);
	for (unsigned i = 0; i < orbits->run_count; i++) {
		struct run *run = &orbits->runs[i];

		if (i && run[-1].range.digits == run->range.digits && run[-1].range.last >= run->range.first)
			return -EINVAL;
		run->slot = (uint32_t)slots;
		slots += (uint64_t)run->range.last - run->range.first + 1;
		if (slots > PARKING_ORBITS)
			return -EINVAL;
	}
	orbits->count = (uint32_t)slots;
	return 0;
}

/* Makes the tree, with one bit for each of `bits` set in its lowest level. */
static int tree_make(struct orbits *orbits)
{
	uint32_t bits = orbits->count;

	for (unsigned level = 0; level < LEVELS; level++) {
		uint32_t words = (bits + WORD_BITS - 1) / WORD_BITS;

		if (words == 0)
			words = 1;
		orbits->level[level] = calloc(words, sizeof(uint64_t));
		if (!orbits->level[level])
			return -ENOMEM;
		orbits->words[level] = words;
		memset(orbits->level[level], 0xff, bits / WORD_BITS * sizeof(uint64_t));
		if (bits % WORD_BITS)
			orbits->level[level][bits / WORD_BITS] = (1ULL << bits % WORD_BITS) - 1;
		bits = bits ? words : 0;
	}
	return 0;
}

int orbits_new(struct orbits **orbits, const struct orbit_range *ranges, unsigned range_count)
{
	struct orbits *made = calloc(1, sizeof(*made));
	int error = -ENOMEM;

	if (!made)
		return -ENOMEM;
	made->run_count = range_count;
	made->runs = calloc(range_count ? range_count : 1, sizeof(*made->runs));
	if (!made->runs)
		goto failed;
	error = runs_lay_out(made, ranges);
	if (error < 0)
		goto failed;
	error = tree_make(made);
	if (error < 0)
		goto failed;
	*orbits = made;
	return 0;
failed:
	orbits_free(made);
	return error;
}

void orbits_free(struct orbits *orbits)
{
	if (!orbits)
		return;
	for (unsigned level = 0; level < LEVELS; level++)
		free(orbits->level[level]);
	free(orbits->runs);
	free(orbits);
}

uint32_t orbits_count(const struct orbits *orbits)
{
	return orbits->count;
}

/* Digits only, 1 to ORBIT_DIGITS of them. */
static bool number_read(const char *number, uint32_t *value, unsigned *digits)
{
	uint32_t sum = 0;
	unsigned count = 0;

	for (; *number; number++, count++) {
		if (*number < '0' || *number > '9' || count == ORBIT_DIGITS)
			return false;
		sum = sum * 10 + (uint32_t)(*number - '0');
	}
	if (!count)
		return false;
	*value = sum;
	*digits = count;
	return true;
}

bool orbit_find(const struct orbits *orbits, const char *number, uint32_t *slot)
{
	struct run wanted = {0};
	unsigned low = 0, high = orbits->run_count;

	if (!number_read(number, &wanted.range.first, &wanted.range.digits))
		return false;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (run_compare(&orbits->runs[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	const struct run *run = &orbits->runs[low - 1];
	if (run->range.digits != wanted.range.digits || run->range.last < wanted.range.first)
		return false;
	*slot = run->slot + (wanted.range.first - run->range.first);
	return true;
}

uint32_t orbit_number(const struct orbits *orbits, uint32_t slot, char number[ORBIT_DIGITS + 1])
{
	unsigned low = 0, high = orbits->run_count;

	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (orbits->runs[middle].slot <= slot)
			low = middle;
		else
			high = middle;
	}
	const struct run *run = &orbits->runs[low];
	uint32_t value = run->range.first + (slot - run->slot);

	snprintf(number, ORBIT_DIGITS + 1, "%0*u", (int)run->range.digits, value);
	return value;
}

bool orbit_lowest_free(const struct orbits *orbits, uint32_t *slot)
{
	uint32_t place = 0;

	for (unsigned level = LEVELS; level-- > 0;) {
		uint64_t word = orbits->level[level][place];

		if (!word)
			return false;
		place = place * WORD_BITS + (uint32_t)__builtin_ctzll(word);
	}
	*slot = place;
	return true;
}

bool orbit_next_used(const struct orbits *orbits, uint32_t *slot)
{
	uint32_t from = *slot;

	while (from < orbits->count) {
		uint64_t used = ~orbits->level[0][from / WORD_BITS] >> from % WORD_BITS;

		if (used) {
			from += (uint32_t)__builtin_ctzll(used);
			break;
		}
		from = (from / WORD_BITS + 1) * WORD_BITS;
	}
	if (from >= orbits->count)
		return false;
	*slot = from;
	return true;
}

void orbit_set_used(struct orbits *orbits, uint32_t slot)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		uint64_t *word = &orbits->level[level][slot / WORD_BITS];

		*word &= ~(1ULL << slot % WORD_BITS);
		if (*word)
			return;
		slot /= WORD_BITS;
	}
}

void orbit_set_free(struct orbits *orbits, uint32_t slot)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		orbits->level[level][slot / WORD_BITS] |= 1ULL << slot % WORD_BITS;
		slot /= WORD_BITS;
	}
}
