/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a subcommand of xdpark-rig is. One file each: tools/rig/cmd_*.c, and a row of the table in rig.c. */
#ifndef XDPARK_RIG_COMMAND_H
#define XDPARK_RIG_COMMAND_H

#include "tools/rig/options.h"

/* Exit codes; xdpark-rig(8) explains them. */
enum {
	RIG_CLEAN = 0,  /* done, and nothing was lost or wrong */
	RIG_FAILED = 1, /* it couldn't be done */
	RIG_USAGE = 2,  /* wrong usage, or what it needs isn't there (--direct beside a controller) */
	RIG_FAULTS = 3, /* done, and something was lost or wrong: the report says what */
};

struct rig_command {
	const char *name;
	const char *arguments; /* that it must be given */
	const char *help;
	/* Runs it and prints its report. An exit code; whoever fails has said why on stderr. */
	int (*run)(const struct rig_options *options);
};

extern const struct rig_command cmd_hold, cmd_forward, cmd_park, cmd_take, cmd_churn, cmd_flood, cmd_register,
        cmd_compare, cmd_page;

#endif
