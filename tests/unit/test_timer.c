/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/timer.h"

enum { MANY = 5000, NOTES = 2 * MANY };

/* Somebody who owns a timer; what it does when the timer fires. */
struct owner {
	int name;
	struct timer timer;
	struct owner *sets, *cancels; /* other owners */
	uint64_t after_ms;            /* for `sets` */
	bool frees;
};

static uint64_t now;
static struct timers *timers;
static int notes[NOTES]; /* names, in the order in which they fired */
static uint64_t noted_at[NOTES];
static int noted;

static uint64_t fake_clock(void *context)
{
	return *(uint64_t *)context;
}

static void on_fire(struct timer *timer)
{
	struct owner *owner = owner_of(timer, struct owner, timer);

	assert_true(noted < NOTES);
	assert_false(timer_is_set(timer));
	noted_at[noted] = timer->at;
	notes[noted++] = owner->name;
	if (owner->cancels)
		timer_cancel(timers, &owner->cancels->timer);
	if (owner->sets)
		assert_int_equal(timer_set(timers, &owner->sets->timer, owner->after_ms, on_fire), 0);
	if (owner->frees)
		free(owner);
}

static int setup(void **state)
{
	(void)state;
	now = 1000;
	noted = 0;
	timers = timers_new(fake_clock, &now);
	return timers ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	timers_free(timers);
	return 0;
}

static void set(struct owner *owner, uint64_t after_ms)
{
	assert_int_equal(timer_set(timers, &owner->timer, after_ms, on_fire), 0);
}

static void run_at(uint64_t time)
{
	now = time;
	timers_run(timers);
}

static void fires_in_order_of_time_then_of_setting(void **state)
{
	struct owner a = {.name = 1}, b = {.name = 2}, c = {.name = 3}, d = {.name = 4};

	(void)state;
	assert_int_equal(timers_next(timers), -1);
	set(&a, 30);
	set(&b, 10);
	set(&c, 10);
	set(&d, 40);
	assert_int_equal(timers_next(timers), 10);
	run_at(1009);
	assert_int_equal(noted, 0);
	run_at(1030);
	assert_int_equal(noted, 3);
	assert_int_equal(notes[0], 2);
	assert_int_equal(notes[1], 3);
	assert_int_equal(notes[2], 1);
	assert_int_equal(timers_next(timers), 10);
	now = 5000;
	assert_int_equal(timers_next(timers), 0);
	timers_run(timers);
	assert_int_equal(notes[3], 4);
	assert_int_equal(timers_next(timers), -1);
}

static void set_anew_moves_and_cancel_removes(void **state)
{
	struct owner a = {.name = 1}, b = {.name = 2}, c = {.name = 3};

	(void)state;
	set(&a, 10);
	set(&b, 20);
	set(&c, 30);
	set(&a, 25); /* later */
	set(&c, 5);  /* sooner */
	timer_cancel(timers, &b.timer);
	timer_cancel(timers, &b.timer);
	assert_false(timer_is_set(&b.timer));
	assert_true(timer_is_set(&a.timer));
	run_at(1100);
	assert_int_equal(noted, 2);
	assert_int_equal(notes[0], 3);
	assert_int_equal(notes[1], 1);
}

static void firing_may_set_cancel_and_free(void **state)
{
	struct owner again = {.name = 1, .after_ms = 0}, never = {.name = 2};
	struct owner *gone = calloc(1, sizeof(*gone));

	(void)state;
	assert_non_null(gone);
	*gone = (struct owner){.name = 3, .frees = true, .cancels = &never};
	again.sets = &again;
	set(gone, 5);
	set(&never, 5);
	set(&again, 5);
	run_at(1005);
	/* `again` was set to now: it waits for the next run instead of keeping this one busy. */
	assert_int_equal(noted, 2);
	assert_int_equal(notes[0], 3);
	assert_int_equal(notes[1], 1);
	assert_int_equal(timers_next(timers), 0);
	timers_run(timers);
	assert_int_equal(noted, 3);
	timer_cancel(timers, &again.timer);
}

static void times_beyond_the_end_saturate(void **state)
{
	struct owner a = {.name = 1};

	(void)state;
	set(&a, UINT64_MAX);
	run_at(UINT64_MAX - 1);
	assert_int_equal(noted, 0);
	now = 0;
	assert_true(timers_next(timers) == INT64_MAX);
	timer_cancel(timers, &a.timer);
}

static void many_at_random_fire_in_order(void **state)
{
	struct owner *owners = calloc(MANY, sizeof(*owners));
	int live = 0, fired;

	(void)state;
	assert_non_null(owners);
	srandom(7);
	for (int step = 0; step < 4 * MANY; step++) {
		struct owner *owner = &owners[random() % MANY];

		if (random() % 4 == 0) {
			timer_cancel(timers, &owner->timer);
		} else {
			set(owner, (uint64_t)(random() % 100000));
		}
	}
	for (int i = 0; i < MANY; i++)
		live += timer_is_set(&owners[i].timer);
	assert_true(live > MANY / 2);
	run_at(50000);
	fired = noted;
	assert_true(fired > 0 && fired < live);
	run_at(200000);
	assert_int_equal(noted, live);
	for (int i = 1; i < noted; i++)
		assert_true(noted_at[i - 1] <= noted_at[i]);
	assert_true(noted_at[fired - 1] <= 50000 && noted_at[fired] > 50000);
	free(owners);
}

static void freeing_forgets_what_is_set(void **state)
{
	struct owner a = {.name = 1};
	struct timers *others = timers_new(fake_clock, &now);

	(void)state;
	assert_non_null(others);
	assert_int_equal(timer_set(others, &a.timer, 1, on_fire), 0);
	timers_free(others);
	assert_false(timer_is_set(&a.timer));
	timers_free(NULL);
}

static void the_daemons_clock_goes_on(void **state)
{
	uint64_t ms = clock_monotonic_ms(NULL), ns = clock_monotonic_ns();

	(void)state;
	assert_true(ns / 1000000U >= ms && ns / 1000000U - ms < 5000);
	assert_true(clock_monotonic_ns() >= ns);
}

#define timer_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        timer_test(fires_in_order_of_time_then_of_setting),
	        timer_test(set_anew_moves_and_cancel_removes),
	        timer_test(firing_may_set_cancel_and_free),
	        timer_test(times_beyond_the_end_saturate),
	        timer_test(many_at_random_fire_in_order),
	        timer_test(freeing_forgets_what_is_set),
	        timer_test(the_daemons_clock_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
