/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which plans are written, against readers that do what the program does: due, generation, plan,
 * generation again, claim. No reader may act on a plan mixed of two generations, nor claim a frame of
 * another.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/call/plan.h"
#include "ctl/timer.h"

/* Frames of different generations are so far apart that a frame tells its generation. */
#define PTIME 10U
#define APART (1ULL << 40)

enum { RUN_MS = 400, READERS = 2 };

struct race {
	struct xd_endpoint entry;
	struct xd_rest rest;
	uint64_t due, starts;
	_Atomic bool over;
	bool apart;        /* every generation has a t0 of its own; else all have the same */
	bool always_holds; /* else every third generation forwards */
};

struct seen {
	struct race *race;
	uint64_t plans, changed, claims, mixed, foreign;
};

/* A plan in which every part tells its generation. */
static struct xd_plan plan_make(const struct race *race, uint64_t generation)
{
	struct xd_plan plan;

	memset(&plan, (int)(generation & 0xff), sizeof(plan));
	plan.ssrc = (uint32_t)generation;
	plan.t0 = race->apart ? generation * APART : APART;
	plan.ptime_ns = PTIME;
	plan.action = race->always_holds || generation % 3 ? XD_HOLD : XD_FORWARD;
	return plan;
}

static void copy_words(void *to, const void *from, size_t bytes)
{
	typedef uint64_t __attribute__((may_alias)) word;

	for (size_t i = 0; i < bytes / sizeof(word); i++)
		((word *)to)[i] = __atomic_load_n((const word *)from + i, __ATOMIC_RELAXED);
}

static void read_once(struct seen *seen)
{
	struct race *race = seen->race;
	uint64_t due = __atomic_load_n(&race->due, __ATOMIC_ACQUIRE);
	uint64_t generation = __atomic_load_n(&race->entry.generation, __ATOMIC_ACQUIRE);
	struct xd_plan plan, whole;

	memset(&plan, 0, sizeof(plan));
	copy_words(&plan.line, &race->entry.plan[generation & 1], sizeof(struct xd_plan_line));
	copy_words(&plan.rest, &race->rest.plan[generation & 1], sizeof(struct xd_plan_rest));
	atomic_thread_fence(memory_order_acquire);
	if (__atomic_load_n(&race->entry.generation, __ATOMIC_RELAXED) != generation) {
		seen->changed++;
		return;
	}
	seen->plans++;
	whole = plan_make(race, generation);
	seen->mixed += memcmp(&plan, &whole, sizeof(plan)) != 0;
	if (!due || plan.action != XD_HOLD || due < plan.t0)
		return;
	if (!__atomic_compare_exchange_n(
	            &race->due, &due, due + PTIME, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	seen->claims++;
	seen->foreign += race->apart && due / APART != generation;
}

static void *reader(void *context)
{
	struct seen *seen = context;

	while (!atomic_load(&seen->race->over))
		read_once(seen);
	return NULL;
}

/* Writes plans as fast as it goes while readers claim; returns what they saw together. */
static struct seen race_run(struct race *race)
{
	uint64_t end = clock_monotonic_ms(NULL) + RUN_MS;
	struct plan_place place = {&race->entry, &race->rest, &race->due, &race->starts};
	struct xd_plan was = plan_make(race, 0), next;
	struct seen seen[READERS] = {{.race = race}, {.race = race}};
	pthread_t threads[READERS];

	race->entry.plan[0] = was.line;
	race->rest.plan[0] = was.rest;
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, &seen[i]), 0);
	for (uint64_t generation = 1; clock_monotonic_ms(NULL) < end; generation++) {
		next = plan_make(race, generation);
		assert_int_equal(plan_publish(&place, &was, &next, next.t0), generation);
		was = next;
	}
	atomic_store(&race->over, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 1; i < READERS; i++) {
		seen[0].plans += seen[i].plans;
		seen[0].changed += seen[i].changed;
		seen[0].claims += seen[i].claims;
		seen[0].mixed += seen[i].mixed;
		seen[0].foreign += seen[i].foreign;
	}
	print_message("%llu generations, %llu plans read, %llu dropped, %llu frames claimed\n",
	        (unsigned long long)race->entry.generation, (unsigned long long)seen[0].plans,
	        (unsigned long long)seen[0].changed, (unsigned long long)seen[0].claims);
	return seen[0];
}

static void no_plan_is_mixed_no_claim_is_foreign(void **state)
{
	struct race race = {.apart = true};
	struct seen seen = race_run(&race);

	(void)state;
	assert_int_equal(seen.mixed, 0);
	assert_int_equal(seen.foreign, 0);
	assert_true(seen.plans > 1000);
	assert_true(seen.claims > 1000);
	assert_true(seen.changed > 0);
}

/* Every claim moved `due` by one frame, and no change of plan took a frame away or gave one twice. */
static void frames_of_one_stream_are_claimed_once(void **state)
{
	struct race race = {.always_holds = true};
	struct seen seen = race_run(&race);

	(void)state;
	assert_int_equal(seen.mixed, 0);
	assert_true(seen.claims > 1000);
	assert_int_equal(race.due, APART + seen.claims * PTIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(no_plan_is_mixed_no_claim_is_foreign),
	        cmocka_unit_test(frames_of_one_stream_are_claimed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
