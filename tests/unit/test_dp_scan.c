/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan over due[] against a plain loop, and how long it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kmod-free/scan.h"

enum { WORDS = 131072, ROUNDS = 2000, MOST = 1000, PHASE = 1000000, PTIME = 20 * PHASE };

static uint64_t random_state = 88172645463325252ULL;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void fill(uint64_t *due, uint32_t count, uint64_t now, unsigned one_in)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t pick = random_next();

		due[i] = pick % one_in ? (pick >> 40) % 2 ? 0 : now + 1 + (pick >> 44) : now - (pick >> 48);
	}
}

static void compare(struct scan *scan, uint32_t room)
{
	static uint32_t fast[WORDS], plain[WORDS];
	struct scan_block blocks[MOST / SCAN_BLOCK + 1] = {0};
	uint64_t starts[MOST / SCAN_BLOCK + 1] = {0};
	struct scan_found a, b;

	scan->blocks = blocks;
	scan->starts = starts;

	memset(fast, 0xff, sizeof(fast));
	memset(plain, 0xff, sizeof(plain));
	a = scan_due(scan, fast, room);
	b = scan_due_plainly(scan, plain, room);
	scan->blocks = NULL;
	scan->starts = NULL;
	assert_int_equal(a.count, b.count);
	assert_int_equal(a.next, b.next);
	assert_int_equal(a.late, b.late);
	assert_int_equal(a.skipped, b.skipped);
	assert_int_equal(a.more, b.more);
	assert_true(a.more || a.again == b.again);
	assert_memory_equal(fast, plain, sizeof(fast));
}

/* Anywhere within the share. */
static uint32_t from_random(const struct scan_share *share)
{
	uint32_t blocks = (share->end + share->step - 1) / share->step, from;

	from = share->first + (uint32_t)(random_next() % (blocks + 1)) * share->step +
	       (uint32_t)(random_next() % SCAN_BLOCK);
	return from < share->end ? from : share->first;
}

static void test_against_plain(void **state)
{
	static uint64_t due[MOST];
	const uint64_t now = 1000000000000ULL;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t end = (uint32_t)(random_next() % (MOST + 1));
		unsigned threads = 1 + (unsigned)(random_next() % 5);
		struct scan scan = {.due = due,
		        .share = scan_share(end, (unsigned)(random_next() % threads), threads),
		        .limit = now};

		scan.from = from_random(&scan.share);
		scan.late_before = now - 10000;
		scan.skip_before = now - 50000;
		fill(due, MOST, now, 1 + (unsigned)(random_next() % 200));
		compare(&scan, (uint32_t)(random_next() % MOST));
	}
}

static void test_edges(void **state)
{
	uint64_t due[] = {0, 1, 99, 100, 101, UINT64_MAX};
	struct scan scan = {
	        .due = due, .share = {0, SCAN_BLOCK, 6}, .limit = 100, .late_before = 100, .skip_before = 2};
	uint32_t ids[6];
	struct scan_found found = scan_due(&scan, ids, 6);

	(void)state;
	assert_int_equal(found.count, 3);
	assert_int_equal(ids[0], 1);
	assert_int_equal(ids[1], 2);
	assert_int_equal(ids[2], 3);
	assert_int_equal(found.late, 2);
	assert_int_equal(found.skipped, 1);
	assert_false(found.more);
}

/* What one phase has no room for is first in the next: nobody starves. */
static void test_turns(void **state)
{
	static uint64_t due[MOST];
	static uint8_t seen[MOST];
	static struct scan_block blocks[MOST / SCAN_BLOCK + 1];
	static const uint64_t starts[MOST / SCAN_BLOCK + 1];
	enum { ROOM = 60 }; /* so that scans end within blocks */
	uint32_t ids[ROOM], from = 0;

	(void)state;
	for (uint32_t i = 0; i < MOST; i++)
		due[i] = 1;
	for (unsigned phase = 0; phase * ROOM < MOST; phase++) {
		struct scan scan = {.due = due,
		        .starts = starts,
		        .blocks = blocks,
		        .share = {0, SCAN_BLOCK, MOST},
		        .from = from,
		        .limit = 2};
		struct scan_found found = scan_due(&scan, ids, ROOM);

		assert_int_equal(found.count, ROOM);
		assert_true(found.more);
		for (uint32_t i = 0; i < found.count; i++)
			seen[ids[i]] = 1;
		from = found.next;
	}
	for (uint32_t i = 0; i < MOST; i++)
		assert_true(seen[i]);
}

/* A relay whose streams start, stop and move on as the program moves them. */
struct streams {
	uint64_t due[MOST], starts[MOST / SCAN_BLOCK + 1];
	struct scan_block blocks[MOST / SCAN_BLOCK + 1]; /* an entry a block, whosever it is */
	unsigned threads, found;
};

/* Scans as the pump's thread does; whoever was found moves on. Returns before which limit nobody is due. */
static uint64_t share_serve(struct streams *streams, unsigned thread, uint64_t limit)
{
	static uint32_t ids[MOST];
	struct scan scan = {.due = streams->due,
	        .starts = streams->starts,
	        .blocks = streams->blocks,
	        .share = scan_share(MOST, thread, streams->threads),
	        .limit = limit};
	struct scan_found found;

	scan.from = scan.share.first;
	found = scan_due(&scan, ids, MOST);
	for (uint32_t n = 0; n < found.count; n++) {
		assert_in_range(streams->due[ids[n]], 1, limit);
		streams->due[ids[n]] += PTIME;
	}
	streams->found += found.count;
	return found.again;
}

/* The same of all shares. */
static uint64_t streams_serve(struct streams *streams, uint64_t limit)
{
	uint64_t least = UINT64_MAX;

	for (unsigned n = 0; n < streams->threads; n++) {
		uint64_t again = share_serve(streams, n, limit);

		least = again < least ? again : least;
	}
	return least;
}

static void streams_change(struct streams *streams, uint64_t limit)
{
	uint32_t i = (uint32_t)(random_next() % MOST);

	if (streams->due[i] && random_next() % 2) {
		streams->due[i] = 0;
	} else if (!streams->due[i]) {
		streams->due[i] = limit + random_next() % PTIME;
		streams->starts[i / SCAN_BLOCK]++;
	}
}

/*
 * Blocks that needn't be looked at are left out, and nobody is overlooked by it: after each scan nobody is
 * due, those that were started since the last one included, and nobody falls due before the scan said.
 */
static void blocks_left_out(struct streams *streams)
{
	uint64_t limit = 1000 * PHASE;

	for (unsigned phase = 0; phase < 3000; phase++) {
		uint64_t again = streams_serve(streams, limit), least = UINT64_MAX;

		for (uint32_t i = 0; i < MOST; i++)
			if (streams->due[i] && streams->due[i] < least)
				least = streams->due[i];
		if (least <= limit)
			fail_msg("somebody was due %llu ago", (unsigned long long)(limit - least));
		assert_true(again > limit && again <= least);
		/* Now and then as late as the scan allows. */
		limit = random_next() % 2 ? limit + PHASE : again;
		for (unsigned n = 0; n < 3; n++)
			streams_change(streams, limit);
	}
	assert_true(streams->found > 3000);
}

static void test_blocks_left_out(void **state)
{
	static struct streams streams = {.threads = 1};

	(void)state;
	blocks_left_out(&streams);
}

static void test_blocks_left_out_by_three(void **state)
{
	static struct streams streams = {.threads = 3};

	(void)state;
	blocks_left_out(&streams);
}

/* Alone in its block, of the shortest frames: found at each of its times, and nobody is looked for before. */
static void test_a_stream_alone(void **state)
{
	static struct streams streams = {.threads = 1};
	uint64_t due = 1000 * PHASE;

	(void)state;
	streams.due[70] = due;
	for (unsigned frame = 0; frame < 5; frame++) {
		assert_int_equal(streams_serve(&streams, due - 1), due);
		assert_int_equal(streams.found, frame);
		assert_int_equal(streams_serve(&streams, due), due + 10 * PHASE);
		assert_int_equal(streams.found, frame + 1);
		due += 10 * PHASE;
		streams.due[70] = due;
	}
}

/* As many as there is room for, of a block with more: those left are found at once, whatever was known. */
static void test_a_block_half_taken(void **state)
{
	static struct streams streams;
	static uint32_t ids[MOST];
	struct scan scan = {.due = streams.due,
	        .starts = streams.starts,
	        .blocks = streams.blocks,
	        .share = {0, SCAN_BLOCK, MOST},
	        .limit = 1000 * PHASE};
	struct scan_found found;

	(void)state;
	for (uint32_t i = SCAN_BLOCK; i < 2 * SCAN_BLOCK; i++)
		streams.due[i] = 1000 * PHASE;
	found = scan_due(&scan, ids, SCAN_BLOCK / 2);
	assert_true(found.more);
	for (uint32_t n = 0; n < found.count; n++)
		streams.due[ids[n]] += PTIME;
	scan.from = found.next;
	assert_int_equal(scan_due(&scan, ids, MOST).count, SCAN_BLOCK / 2);
}

/* A block in which nobody is due isn't read: what is put there without telling is found a second later. */
static void test_a_start_untold(void **state)
{
	static struct streams streams = {.threads = 1};
	uint64_t start = 1000 * PHASE, limit = start;

	(void)state;
	streams_serve(&streams, limit);
	streams.due[70] = start;
	while (!streams.found)
		streams_serve(&streams, limit += PHASE);
	assert_int_equal(limit, start + 1000 * PHASE);
}

static double microseconds(struct scan_found (*one)(const struct scan *, uint32_t *, uint32_t),
        const struct scan *scan, uint32_t *ids, struct scan_block *forgotten)
{
	struct timespec start, end;
	double best = 1e9;

	for (unsigned i = 0; i < 30; i++) {
		double took;

		if (forgotten)
			memset(forgotten, 0, XD_STARTS(WORDS) * sizeof(*forgotten));
		clock_gettime(CLOCK_MONOTONIC, &start);
		one(scan, ids, 16384);
		clock_gettime(CLOCK_MONOTONIC, &end);
		took = (double)(end.tv_sec - start.tv_sec) * 1e6 +
		       (double)(end.tv_nsec - start.tv_nsec) / 1e3;
		best = took < best ? took : best;
	}
	return best;
}

/* Every endpoint has one thread, a block at a time, and no thread has more than a block more than another. */
static void test_shares(void **state)
{
	static const uint32_t counts[] = {
	        0, 1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 498, 5500, 5503, 125224, 1U << 20};

	(void)state;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (unsigned threads = 1; threads <= 64; threads++) {
			uint32_t all = 0;

			for (unsigned n = 0; n < threads; n++) {
				struct scan_share share = scan_share(counts[i], n, threads);
				uint32_t count = scan_share_count(&share);

				assert_int_equal(share.first, n * SCAN_BLOCK);
				assert_int_equal(share.step, threads * SCAN_BLOCK);
				assert_int_equal(share.end, counts[i]);
				assert_in_range(count + SCAN_BLOCK, counts[i] / threads,
				        counts[i] / threads + 2 * SCAN_BLOCK);
				all += count;
			}
			assert_int_equal(all, counts[i]);
		}
	}
}

/* What thread `n` finds due at 1 in all of `due`, into ids. Returns how many. */
static uint32_t thread_finds(const uint64_t *due, unsigned n, unsigned threads, uint32_t *ids)
{
	struct scan scan = {.due = due, .share = scan_share(MOST, n, threads), .limit = 1};

	scan.from = scan.share.first;
	return scan_due(&scan, ids, MOST).count;
}

/* What the threads find together is all that is due, each once. */
static void test_threads_find_each_once(void **state)
{
	static uint64_t due[MOST];
	static uint32_t ids[MOST], times[MOST];
	enum { THREADS = 3 };

	(void)state;
	for (uint32_t i = 0; i < MOST; i++)
		due[i] = 1 + i % 2;
	for (unsigned n = 0; n < THREADS; n++) {
		uint32_t count = thread_finds(due, n, THREADS, ids);

		for (uint32_t k = 0; k < count; k++)
			times[ids[k]]++;
	}
	for (uint32_t i = 0; i < MOST; i++)
		assert_int_equal(times[i], due[i] == 1);
}

/* Of endpoints beside each other, wherever they begin and end, no thread has over a block more than another.
 */
static void test_neighbours_spread(void **state)
{
	enum { THREADS = 3 };
	static unsigned thread_of[MOST];
	static uint64_t due[MOST];
	static uint32_t ids[MOST];

	(void)state;
	for (uint32_t i = 0; i < MOST; i++)
		due[i] = 1;
	for (unsigned n = 0; n < THREADS; n++) {
		uint32_t count = thread_finds(due, n, THREADS, ids);

		for (uint32_t k = 0; k < count; k++)
			thread_of[ids[k]] = n;
	}
	for (uint32_t from = 0; from < MOST; from++) {
		uint32_t counts[THREADS] = {0};

		for (uint32_t at = from; at < MOST; at++) {
			counts[thread_of[at]]++;
			for (unsigned n = 0; n < THREADS; n++)
				assert_true(counts[thread_of[at]] <= counts[n] + SCAN_BLOCK);
		}
	}
}

static void test_speed(void **state)
{
	uint64_t *due = malloc(WORDS * sizeof(*due));
	uint32_t *ids = malloc(16384 * sizeof(*ids));
	struct scan scan = {.due = due, .share = {0, SCAN_BLOCK, WORDS}, .limit = 1000000000000ULL};
	struct scan_block *blocks = calloc(XD_STARTS(WORDS), sizeof(*blocks));
	uint64_t *starts = calloc(XD_STARTS(WORDS), sizeof(*starts));
	double none, known, some, plain;

	(void)state;
	fill(due, WORDS, 1ULL << 62, 1U << 31);
	plain = microseconds(scan_due_plainly, &scan, ids, NULL);
	scan.blocks = blocks;
	scan.starts = starts;
	none = microseconds(scan_due, &scan, ids, blocks);
	known = microseconds(scan_due, &scan, ids, NULL);
	fill(due, WORDS, 1000000000000ULL, 50);
	some = microseconds(scan_due, &scan, ids, blocks);
	printf("RESULT: %d words: nobody due %.0f us (plain loop %.0f, known %.1f), one in 50 %.0f us\n",
	        WORDS, none, plain, known, some);
#if !defined(__SANITIZE_ADDRESS__)
	/* A phase is 2000 us. */
	assert_true(none < 500);
#endif
	free(starts);
	free(blocks);
	free(ids);
	free(due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_against_plain),
	        cmocka_unit_test(test_edges),
	        cmocka_unit_test(test_turns),
	        cmocka_unit_test(test_blocks_left_out),
	        cmocka_unit_test(test_blocks_left_out_by_three),
	        cmocka_unit_test(test_a_stream_alone),
	        cmocka_unit_test(test_a_block_half_taken),
	        cmocka_unit_test(test_a_start_untold),
	        cmocka_unit_test(test_shares),
	        cmocka_unit_test(test_threads_find_each_once),
	        cmocka_unit_test(test_neighbours_spread),
	        cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
