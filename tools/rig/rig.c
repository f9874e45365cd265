/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark-rig: thousands of simulated callers, and what they heard. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kmod-free/version.h"
#include "tools/rig/command.h"
#include "tools/rig/machine.h"

static const struct rig_command *const commands[] = {&cmd_hold, &cmd_forward, &cmd_park, &cmd_take,
        &cmd_churn, &cmd_flood, &cmd_register, &cmd_compare, &cmd_page};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct rig_command *command_find(const char *name)
{
	for (int i = 0; name && i < COMMANDS; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

/* `command`: of it alone; NULL: of all. */
static int print_help(const struct rig_command *command)
{
	if (command) {
		printf("Usage: xdpark-rig %s%s [OPTION]...\n%s.\n\n", command->name, command->arguments,
		        command->help);
		rig_options_help(command->name);
	} else {
		puts("Usage: xdpark-rig SUBCOMMAND [OPTION]...\n"
		     "Simulates callers in XDP and checks every packet that they get. In the lab:\n"
		     "tools/lab exec phones build/xdpark-rig hold --calls 1000 --seconds 10\n");
		for (int i = 0; i < COMMANDS; i++)
			printf("  %-22s %s\n", commands[i]->name, commands[i]->help);
		putchar('\n');
		rig_options_help(NULL);
	}
	puts("\nExit status: 0 nothing was lost or wrong; 1 it couldn't be done; 2 wrong usage; 3 something "
	     "was\n"
	     "lost or wrong. See xdpark-rig(8).");
	return RIG_CLEAN;
}

static bool asked(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], option) == 0)
			return true;
	return false;
}

/* What nobody could read wasn't done. */
static int output_end(int code)
{
	bool written = !fflush(stdout) && !ferror(stdout);

	if (written || code == RIG_USAGE)
		return code;
	fprintf(stderr, "xdpark-rig: standard output can't be written (%s)\n", strerror(errno));
	return RIG_FAILED;
}

static int run(int argc, char **argv)
{
	const struct rig_command *command = command_find(argv[1]);
	struct rig_options options;
	int done;

	if (asked(argc, argv, "--help"))
		return print_help(command);
	if (asked(argc, argv, "--version")) {
		puts("xdpark-rig " XDPARK_VERSION);
		return RIG_CLEAN;
	}
	if (command) {
		done = rig_options_read(&options, argc - 1, argv + 1);
		if (done)
			return done - 1;
		machine_heed_signals();
		return command->run(&options);
	}
	if (argc > 1)
		fprintf(stderr, "xdpark-rig: %s: no such subcommand\n", argv[1]);
	else
		fputs("xdpark-rig: a subcommand is missing\n", stderr);
	fputs("Try 'xdpark-rig --help'.\n", stderr);
	return RIG_USAGE;
}

int main(int argc, char **argv)
{
	return output_end(run(argc, argv));
}
