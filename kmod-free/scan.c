/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/scan.h"

#include <stddef.h>

/* The shortest hold frame: so far at least whoever is found moves on. */
#define FRAME_LEAST_NS 10000000ULL
/* Each block is looked at so often at least, whatever is known of it. */
#define LOOK_MOST_NS 1000000000ULL
/* Endpoints of an address at most: each has two of 65,536 ports. */
#define EACH_MOST 32768

/* One step behind the last endpoint is no overflow. */
_Static_assert(
        1ULL * XD_ADDRESSES * EACH_MOST + 1ULL * XD_CPUS * SCAN_BLOCK <= UINT32_MAX, "endpoints and a step");

struct scan_share scan_share(uint32_t endpoints, unsigned n, unsigned threads)
{
	return (struct scan_share){n * SCAN_BLOCK, threads * SCAN_BLOCK, endpoints};
}

static inline uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t scan_share_count(const struct scan_share *share)
{
	uint32_t count = 0;

	for (uint32_t at = share->first; at < share->end; at += share->step)
		count += lesser(share->end - at, SCAN_BLOCK);
	return count;
}

/* due - 1 < limit: so that 0, which wraps, isn't due. */
static inline bool is_due(uint64_t due, uint64_t limit)
{
	return due - 1 < limit;
}

/* One more; UINT64_MAX, which is never, stays. */
static inline uint64_t later(uint64_t value)
{
	return value == UINT64_MAX ? value : value + 1;
}

static inline void lower(uint64_t *least, uint64_t value)
{
	if (value < *least)
		*least = value;
}

/*
 * When the earliest of `count` words will be due, less 1, once those that are due by `limit` have moved on
 * (0: all count as they are); UINT64_MAX: never. No branch, so that the compiler vectorises it. Words change
 * while we read: whoever moves on meanwhile isn't due before what we read.
 */
static inline __attribute__((always_inline)) uint64_t words_next(
        const uint64_t *due, uint32_t count, uint64_t limit)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t word = due[i];
		uint64_t next = word - 1 + (is_due(word, limit) ? FRAME_LEAST_NS : 0);

		least = next < least ? next : least;
	}
	return least;
}

#if defined(__x86_64__)
/* Compares of 64-bit words want AVX2, which x86-64 alone doesn't promise. */
__attribute__((target("avx2"))) static uint64_t block_next_wide(const uint64_t *due, uint64_t limit)
{
	return words_next(due, SCAN_BLOCK, limit);
}
#endif

static uint64_t block_next_plain(const uint64_t *due, uint64_t limit)
{
	return words_next(due, SCAN_BLOCK, limit);
}

typedef uint64_t (*block_look)(const uint64_t *due, uint64_t limit);

static block_look block_look_choose(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return block_next_wide;
#endif
	return block_next_plain;
}

/* Takes what is due of [at, end); false: no room for more, which begins at found->next. */
static bool words_take(const struct scan *scan, uint32_t at, uint32_t end, uint32_t *ids, uint32_t room,
        struct scan_found *found)
{
	for (; at < end; at++) {
		uint64_t due = __atomic_load_n(&scan->due[at], __ATOMIC_RELAXED);

		if (!is_due(due, scan->limit))
			continue;
		if (found->count == room) {
			found->next = at;
			found->more = true;
			return false;
		}
		ids[found->count++] = at;
		found->late += due < scan->late_before;
		found->skipped += due < scan->skip_before;
	}
	return true;
}

/* The same of words that are no whole block. */
static bool some_take(const struct scan *scan, uint32_t at, uint32_t end, uint32_t *ids, uint32_t room,
        struct scan_found *found)
{
	if (at < end)
		lower(&found->again, later(words_next(scan->due + at, end - at, scan->limit)));
	return words_take(scan, at, end, ids, room, found);
}

/* The same of a whole block, unless it is known that nobody there is due. */
static bool block_take(const struct scan *scan, uint32_t at, uint32_t *ids, uint32_t room,
        struct scan_found *found, block_look look)
{
	struct scan_block *block = &scan->blocks[at / SCAN_BLOCK];
	/* Read before the words are: a start that comes later is seen the next time. */
	uint64_t starts = __atomic_load_n(&scan->starts[at / SCAN_BLOCK], __ATOMIC_ACQUIRE);

	if (scan->limit >= block->again || starts != block->starts) {
		uint64_t next = look(scan->due + at, 0);

		block->again = 0;
		block->starts = starts;
		if (next < scan->limit) {
			next = look(scan->due + at, scan->limit);
			if (!words_take(scan, at, at + SCAN_BLOCK, ids, room, found))
				return false;
		}
		block->again = scan->limit + LOOK_MOST_NS;
		lower(&block->again, later(next));
	}
	lower(&found->again, block->again);
	return true;
}

/* The blocks of the share from `at` to `stop`; both may lie within one. */
static bool blocks_take(const struct scan *scan, uint32_t at, uint32_t stop, uint32_t *ids, uint32_t room,
        struct scan_found *found, block_look look)
{
	while (at < stop) {
		uint32_t begin = at / SCAN_BLOCK * SCAN_BLOCK, end = lesser(begin + SCAN_BLOCK, stop);

		if (scan->blocks && end - at == SCAN_BLOCK ? !block_take(scan, at, ids, room, found, look)
		                                           : !some_take(scan, at, end, ids, room, found))
			return false;
		at = begin + scan->share.step;
	}
	return true;
}

static struct scan_found found_nothing(const struct scan *scan)
{
	return (struct scan_found){.next = scan->share.first, .again = scan->limit + LOOK_MOST_NS};
}

struct scan_found scan_due(const struct scan *scan, uint32_t *ids, uint32_t room)
{
	struct scan_found found = found_nothing(scan);
	block_look look = block_look_choose();

	if (blocks_take(scan, scan->from, scan->share.end, ids, room, &found, look))
		blocks_take(scan, scan->share.first, scan->from, ids, room, &found, look);
	return found;
}

/* Endpoints [at, stop), one by one. */
static bool plainly_take(const struct scan *scan, uint32_t at, uint32_t stop, uint32_t *ids, uint32_t room,
        struct scan_found *found)
{
	for (; at < stop; at++)
		if (at % scan->share.step / SCAN_BLOCK == scan->share.first / SCAN_BLOCK &&
		        !some_take(scan, at, at + 1, ids, room, found))
			return false;
	return true;
}

struct scan_found scan_due_plainly(const struct scan *scan, uint32_t *ids, uint32_t room)
{
	struct scan_found found = found_nothing(scan);

	if (plainly_take(scan, scan->from, scan->share.end, ids, room, &found))
		plainly_take(scan, scan->share.first, scan->from, ids, room, &found);
	return found;
}
