/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that runs out: every allocation of reading a configuration, and of a parked call's life, fails once.
 * Nothing may crash or leak, and nothing half-made may be handed out. This program's allocator stands before
 * the library's; with a sanitizer, which brings its own, no allocation fails and the tests only run through.
 */
#include "config_stage.h"

#include <dlfcn.h>
#include <errno.h>

#include "ctl/park/parking.h"

static long fail_at = -1; /* allocations until one fails; negative: none does */
static long made, live;   /* while counting */
static bool counting, failed;
static bool failed_in_yaml; /* libyaml itself leaks at some of its own failures */

#ifndef __SANITIZE_ADDRESS__

static char early[65536]; /* dlsym() itself allocates */
static size_t early_used;

static bool allocation_fails(const void *caller)
{
	Dl_info library;

	bool known;

	if (!counting)
		return false;
	counting = false;
	known = dladdr(caller, &library);
	counting = true;
	/* What reads audio for libsndfile may crash without memory: its allocations are let be. */
	if (known && !strstr(library.dli_fname, "libyaml") &&
	        !strstr(library.dli_fname, "test_config_memory") && !strstr(library.dli_fname, "libc.so"))
		return false;
	made++;
	if (fail_at < 0 || fail_at-- != 0)
		return false;
	failed = true;
	failed_in_yaml = known && strstr(library.dli_fname, "libyaml");
	errno = ENOMEM;
	return true;
}

static void *counted(void *memory)
{
	live += counting && memory;
	return memory;
}

static bool is_early(const void *memory)
{
	return (const char *)memory >= early && (const char *)memory < early + sizeof(early);
}

void *calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);
	static bool looking;

	if (!next) {
		if (looking) {
			void *memory = early + early_used;

			early_used += (count * size + 15) / 16 * 16;
			return early_used <= sizeof(early) ? memory : NULL;
		}
		looking = true;
		next = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	}
	return allocation_fails(__builtin_return_address(0)) ? NULL : counted(next(count, size));
}

void *malloc(size_t size)
{
	static void *(*next)(size_t);

	if (!next)
		next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	return allocation_fails(__builtin_return_address(0)) ? NULL : counted(next(size));
}

void *realloc(void *memory, size_t size)
{
	static void *(*next)(void *, size_t);

	if (!next)
		next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	if (allocation_fails(__builtin_return_address(0)))
		return NULL;
	return memory ? next(memory, size) : counted(next(memory, size));
}

void free(void *memory)
{
	static void (*next)(void *);

	if (!next)
		next = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	if (!memory || is_early(memory))
		return;
	live -= counting;
	next(memory);
}

#endif

static void count_begin(long fail)
{
	made = live = 0;
	failed = failed_in_yaml = false;
	fail_at = fail;
	counting = true;
}

/* Whether an allocation failed; nothing of what was counted may be left, unless libyaml is to blame. */
static bool count_end(void)
{
	counting = false;
	fail_at = -1;
	if (!failed_in_yaml)
		assert_int_equal(live, 0);
	return failed;
}

static void silent_report(void *context, const char *file, unsigned line, const char *key, const char *text)
{
	(void)file;
	(void)line;
	(void)key;
	(void)text;
	++*(unsigned *)context;
}

static void write_file(const char *text)
{
	FILE *file = fopen(stage.file, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Reads the file until no allocation fails any more, and returns how often one did. */
static long read_until_enough(int wanted)
{
	struct config *first = NULL;
	long round = 0;
	bool again;

	/* What C libraries keep for good isn't a leak. */
	config_read(&first, stage.file, silent_report, &stage.count);
	config_free(first);
	do {
		struct config *config = NULL;
		int error;

		stage.count = 0;
		count_begin(round++);
		error = config_read(&config, stage.file, silent_report, &stage.count);
		assert_int_equal(error == 0, config != NULL);
		config_free(config);
		again = count_end();
		if (!again)
			assert_int_equal(error, wanted);
		else if (error != wanted)
			assert_int_equal(error, -ENOMEM);
	} while (again);
	return round - 1;
}

static void a_good_configuration(void **state)
{
	long failures;

	(void)state;
	write_file("sip: {listen: [10.0.0.1], agent: x}\nmedia: [10.0.0.1-10.0.0.9]\nsounds: .\n"
	           "tenants:\n- domain: a.example\n  users:\n  - {name: 101, password: x, display: A}\n"
	           "  - {names: 20-29, contacts: ['sip:{name}@10.0.0.{name}']}\n  numbers: {12: 101}\n"
	           "  park: {number: 700, orbits: [701-720], hold: {music: music.flac}}\n"
	           "trunks: [{name: t, addresses: [10.1.0.1-10.1.0.9], tenants: [a.example]}]\n");
	failures = read_until_enough(0);
	print_message("%ld allocations, each failed once\n", failures);
}

static void a_wrong_configuration(void **state)
{
	long failures;

	(void)state;
	write_file("sip: {listen: [x], agnt: x}\nmedia: []\n"
	           "tenants:\n- domain: a.example\n  users:\n  - {name: 101, password: x}\n  - {name: 101}\n"
	           "  park: {number: 710, orbits: [701-720, 705]}\n- domain: A.example\n"
	           "trunks: [{name: t, addresses: [10.1.0.1-10.1.0.9, 10.1.0.2], tenants: [b]}]\n");
	failures = read_until_enough(-EINVAL);
	print_message("%ld allocations, each failed once\n", failures);
}

static uint64_t now = 1000;

static uint64_t fake_clock(void *context)
{
	(void)context;
	return now;
}

static void ignore(void *context, struct parked_call *parked)
{
	(void)context;
	(void)parked;
}

/* Reserve, park, take, return, take, taken: -ENOMEM anywhere leaves everybody where they were. */
static void live_once(struct parking *parking, int *caller)
{
	struct parked_call *parked, *taken;

	if (parking_reserve(parking, NULL, "102", caller, &parked) < 0) {
		assert_int_equal(parking_used(parking), 0);
		return;
	}
	parking_park(parked);
	for (int i = 0; i < 2; i++) {
		if (parking_take(parking, "701", "103", false, &taken) < 0) {
			assert_int_equal(parked->state, PARKED_PARKED);
			assert_ptr_equal(parking_at(parking, "701"), parked);
			continue;
		}
		if (i == 0)
			parking_return(taken);
		else
			parking_taken(taken);
	}
	if (parking_used(parking))
		parking_leave(parked);
}

static void a_parked_calls_life(void **state)
{
	static const struct parking_ops ops = {.recall = ignore, .recall_stop = ignore};
	static const struct orbit_range range = {.first = 701, .last = 720, .digits = 3};
	long round = 0;
	bool again;
	int caller;

	(void)state;
	do {
		struct parking_options options = {
		        .ops = &ops, .ranges = &range, .range_count = 1, .recall_after_ms = 60000};
		struct parking *parking = NULL;

		count_begin(round++);
		options.timers = timers_new(fake_clock, NULL);
		if (options.timers && parking_new(&parking, &options) == 0)
			live_once(parking, &caller);
		parking_free(parking);
		timers_free(options.timers);
		again = count_end();
	} while (again);
	print_message("%ld allocations, each failed once\n", round - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_good_configuration),
	        cmocka_unit_test(a_wrong_configuration),
	        cmocka_unit_test(a_parked_calls_life),
	};

	return cmocka_run_group_tests(tests, stage_open, stage_close);
}
