/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What make bench-quick compares with: ratios by kind of CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bench/ratios.h"
#include "tests/unit/scratch.h"

enum { PATHS = 2 };

static char file[SCRATCH_PATH + sizeof("/ratios")];

static int file_write(void **state)
{
	static const char text[] = "# head\n"
	                           "Vendor-6-1 forward 1.500\n"
	                           "Vendor-6-1 hold 2.500\n"
	                           "Vendor-6-2 forward 1.250\n"
	                           "Vendor-6-2 hold 3.000\n";
	char folder[SCRATCH_PATH];
	FILE *stored;

	(void)state;
	scratch_folder(folder, sizeof(folder));
	snprintf(file, sizeof(file), "%s/ratios", folder);
	stored = fopen(file, "w");
	assert_non_null(stored);
	fputs(text, stored);
	return fclose(stored);
}

static void read_of(const char *cpu, bool ours, double forward, double hold)
{
	struct ratio ratios[PATHS] = {{.name = "forward"}, {.name = "hold"}};

	assert_int_equal(ratios_read(file, cpu, ratios, PATHS), ours);
	assert_float_equal(ratios[0].value, forward, 1e-9);
	assert_float_equal(ratios[1].value, hold, 1e-9);
}

static void a_kind_has_its_own(void **state)
{
	(void)state;
	read_of("Vendor-6-1", true, 1.5, 2.5);
	read_of("Vendor-6-2", true, 1.25, 3);
}

static void an_unknown_kind_has_the_largest(void **state)
{
	(void)state;
	read_of("Vendor-6-3", false, 1.5, 3);
	read_of("Vendor-6", false, 1.5, 3);
}

static void those_of_a_kind_are_replaced(void **state)
{
	const struct ratio measured[PATHS] = {{"forward", 1.125}, {"hold", 2}};

	(void)state;
	ratios_write(file, "Vendor-6-1", measured, PATHS);
	read_of("Vendor-6-1", true, 1.125, 2);
	read_of("Vendor-6-2", true, 1.25, 3);
	read_of("Vendor-6-3", false, 1.25, 3);
}

static void this_machine_has_a_kind(void **state)
{
	char cpu[RATIOS_CPU];

	(void)state;
	ratios_cpu(cpu);
	assert_true(strlen(cpu) > 0);
	assert_null(strchr(cpu, ' '));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_kind_has_its_own, file_write),
	        cmocka_unit_test_setup(an_unknown_kind_has_the_largest, file_write),
	        cmocka_unit_test_setup(those_of_a_kind_are_replaced, file_write),
	        cmocka_unit_test(this_machine_has_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
