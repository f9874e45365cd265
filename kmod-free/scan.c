/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/scan.h"

#include <stddef.h>

static uint32_t share_border(uint32_t endpoints, unsigned n, unsigned threads)
{
	return n == threads ? endpoints
	                    : (uint32_t)((uint64_t)endpoints * n / threads) / SCAN_BLOCK * SCAN_BLOCK;
}

struct scan_share scan_share(uint32_t endpoints, unsigned n, unsigned threads)
{
	return (struct scan_share){
	        share_border(endpoints, n, threads), share_border(endpoints, n + 1, threads)};
}

/* due - 1 < limit: so that 0, which wraps, isn't due. */
static inline bool is_due(uint64_t due, uint64_t limit)
{
	return due - 1 < limit;
}

/*
 * Whether any word of a block is due. No early exit, so that the compiler vectorises it; most blocks have
 * none. Words change while we read: whoever is missed is found a millisecond later.
 */
static inline __attribute__((always_inline)) bool block_any(const uint64_t *due, uint64_t limit)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < SCAN_BLOCK; i++)
		any |= is_due(due[i], limit) ? UINT64_MAX : 0;
	return any;
}

#if defined(__x86_64__)
/* Compares of 64-bit words want AVX2, which x86-64 alone doesn't promise. */
__attribute__((target("avx2"))) static bool block_any_wide(const uint64_t *due, uint64_t limit)
{
	return block_any(due, limit);
}
#endif

static bool block_any_plain(const uint64_t *due, uint64_t limit)
{
	return block_any(due, limit);
}

typedef bool (*block_test)(const uint64_t *due, uint64_t limit);

static block_test block_test_choose(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return block_any_wide;
#endif
	return block_any_plain;
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

/* The same of a whole block, unless it was seen a moment ago that nobody there would be due by now. */
static bool block_take(const struct scan *scan, uint32_t at, uint32_t *ids, uint32_t room,
        struct scan_found *found, block_test any)
{
	uint64_t *again = scan->again ? &scan->again[at / SCAN_BLOCK] : NULL;

	if (again && scan->limit < *again)
		return true;
	if (any(scan->due + at, scan->limit))
		return words_take(scan, at, at + SCAN_BLOCK, ids, room, found);
	if (again && scan->look_ns && !any(scan->due + at, scan->limit + scan->look_ns))
		*again = scan->limit + scan->look_ns;
	return true;
}

static bool range_take(const struct scan *scan, uint32_t at, uint32_t end, uint32_t *ids, uint32_t room,
        struct scan_found *found, block_test any)
{
	uint32_t first_block = (at + SCAN_BLOCK - 1) / SCAN_BLOCK * SCAN_BLOCK;

	if (first_block >= end)
		return words_take(scan, at, end, ids, room, found);
	if (!words_take(scan, at, first_block, ids, room, found))
		return false;
	for (at = first_block; at + SCAN_BLOCK <= end; at += SCAN_BLOCK)
		if (!block_take(scan, at, ids, room, found, any))
			return false;
	return words_take(scan, at, end, ids, room, found);
}

struct scan_found scan_due(const struct scan *scan, uint32_t *ids, uint32_t room)
{
	struct scan_found found = {.next = scan->first};
	block_test any = block_test_choose();

	if (range_take(scan, scan->from, scan->end, ids, room, &found, any))
		range_take(scan, scan->first, scan->from, ids, room, &found, any);
	return found;
}

struct scan_found scan_due_plainly(const struct scan *scan, uint32_t *ids, uint32_t room)
{
	struct scan_found found = {.next = scan->first};

	if (words_take(scan, scan->from, scan->end, ids, room, &found))
		words_take(scan, scan->first, scan->from, ids, room, &found);
	return found;
}
