/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tasks have run, against what this one knows of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>
#include <unistd.h>

#include "tools/rig/machine.h"
#include "tools/rig/tasks.h"

#define MS 1000000ULL

static uint64_t own_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void own_time_is_in_it(void **state)
{
	uint64_t start = own_ns(), ran, began;
	struct tasks *from = tasks_now(), *to;

	(void)state;
	if (!from)
		skip();
	began = machine_clock_ns();
	while (own_ns() - start < 100 * MS)
		;
	to = tasks_now();
	assert_non_null(to);
	ran = tasks_ran(from, to);
	/* No less than we have, but for the tick by which ours is brought up to date; no more than there is.
	 */
	assert_true(ran >= 80 * MS);
	assert_true(ran <= 2 * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) * (machine_clock_ns() - began));
	assert_int_equal(tasks_ran(from, from), 0);
	tasks_free(from);
	tasks_free(to);
	tasks_free(NULL);
}

static void busy_by_both_accounts(void **state)
{
	struct machine_time from, to;
	struct machine_busy busy;

	(void)state;
	assert_int_equal(machine_now(&from), 0);
	usleep(50000);
	assert_int_equal(machine_now(&to), 0);
	busy = machine_busy(&from, &to);
	assert_true(busy.cores == busy.by_tasks || busy.cores == busy.by_idle);
	assert_true(busy.cores >= 0 && busy.cores <= 2.0 * to.cpus);
	/* Nothing passes between a moment and itself. */
	assert_true(machine_busy(&from, &from).cores == 0);
	machine_time_free(&from);
	machine_time_free(&to);
	machine_time_free(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(own_time_is_in_it),
	        cmocka_unit_test(busy_by_both_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
