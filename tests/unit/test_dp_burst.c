/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many hold frames may fall due at once, by threads and the slowest wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kmod-free/burst.h"

static void bursts_fit_the_wire(void **state)
{
	static const struct {
		unsigned threads, megabits, burst;
	} rows[] = {
	        {1, 0, 1024}, /* unknown */
	        {0, 0, 1024}, /* nobody pumps */
	        {2, 10000, 2048},
	        {8, 100000, 8192},
	        {8, 10000, 2626}, /* of 5,252 a millisecond */
	        {2, 1000, 262},
	        {2, 100, 64},
	        {64, 4000000, 65536},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(burst_for(rows[i].threads, rows[i].megabits), rows[i].burst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bursts_fit_the_wire)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
