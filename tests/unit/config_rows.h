/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of wrong configurations, and what is said about each. */
#ifndef XDPARK_TEST_CONFIG_ROWS_H
#define XDPARK_TEST_CONFIG_ROWS_H

#include "config_stage.h"

#include <errno.h>

/* A good file up to its tenants, two lines; rows about tenants begin on line 3. */
#define SERVER   "sip: {listen: [10.0.0.1]}\nmedia: [10.0.0.1]\n"
#define TENANT   SERVER "tenants:\n- domain: a\n  "
#define USER(x)  SERVER "tenants: [{domain: a, users: [{" x "}]}]\n"
#define PARK(x)  SERVER "tenants: [{domain: a, park: {orbits: [701-720], announce: no, " x "}}]\n"
#define TRUNK(x) SERVER "tenants: [{domain: a}]\ntrunks:\n- {name: t, addresses: [10.1.0.1], " x "}\n"

/* `wanted`: what the one report must begin with, and hold after a "..." */
struct row {
	const char *yaml, *wanted;
};

static inline bool report_is(const char *report, const char *wanted)
{
	const char *dots = strstr(wanted, "...");

	if (!dots)
		return strncmp(report, wanted, strlen(wanted)) == 0;
	return strncmp(report, wanted, (size_t)(dots - wanted)) == 0 && strstr(report, dots + 3);
}

static inline void rows_check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = stage_read(rows[i].yaml);

		if (error == -EINVAL && stage.count == 1 && report_is(stage.reports[0], rows[i].wanted))
			continue;
		stage_print();
		fail_msg("row %zu: %d, %u reports, wanted one: %s\n%s", i, error, stage.count, rows[i].wanted,
		        rows[i].yaml);
	}
}

#define check(rows) rows_check(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
