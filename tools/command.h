/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A subcommand of `xdpark`. Each lives in a file of its own, cmd_NAME.c. */
#ifndef XDPARK_TOOLS_COMMAND_H
#define XDPARK_TOOLS_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

/* Exit codes; xdpark(8) explains them. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What the user asked for. */
struct invocation {
	const char *socket;
	bool json;
	const char *tenant, *limit; /* NULL: not given */
	char **arguments;           /* behind the subcommand */
	int argument_count;
};

struct command {
	const char *name;
	const char *arguments; /* for --help; "" if none */
	const char *help;
	const char *target; /* of the GET; NULL: `ask` asks */
	bool list;          /* takes --tenant and --limit */
	/* Asks xdparkd; *answer to be decref'ed. An exit code; whoever fails has said why. */
	int (*ask)(const struct invocation *invocation, json_t **answer);
	/* Prints an answer for people. */
	void (*print)(const json_t *answer);
};

extern const struct command cmd_parked, cmd_status, cmd_calls, cmd_endpoints, cmd_counters, cmd_tenants,
        cmd_tune;

#endif
