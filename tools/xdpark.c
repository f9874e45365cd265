/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark: the operator's command. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod-free/version.h"
#include "tools/client.h"
#include "tools/command.h"

#define DEFAULT_SOCKET "/run/xdpark/control.sock"

/* The first is the one without a subcommand. */
static const struct command *const commands[] = {
        &cmd_parked, &cmd_status, &cmd_calls, &cmd_endpoints, &cmd_counters, &cmd_tenants, &cmd_tune};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct {
	struct option option;
	const char *argument, *help;
} option_table[] = {
        {{"json", no_argument, NULL, 'j'}, "", "print xdparkd's answer as it is"},
        {{"tenant", required_argument, NULL, 't'}, " DOMAIN", "of lists: this tenant alone"},
        {{"limit", required_argument, NULL, 'n'}, " N", "of lists: at most N rows (default 1000)"},
        {{"socket", required_argument, NULL, 's'}, " PATH", "xdparkd's (default " DEFAULT_SOCKET ")"},
        {{"version", no_argument, NULL, 'v'}, "", "print the version and exit"},
        {{"help", no_argument, NULL, 'h'}, "", "print this and exit"},
};

enum { OPTIONS = sizeof(option_table) / sizeof(option_table[0]) };

static void print_help(void)
{
	char text[64];

	puts("Usage: xdpark [SUBCOMMAND] [OPTION]...\n"
	     "Asks the running xdparkd. Without a subcommand: who is parked.\n");
	for (int i = 0; i < COMMANDS; i++) {
		snprintf(text, sizeof(text), "%s%s", commands[i]->name, commands[i]->arguments);
		printf("  %-31s %s\n", text, commands[i]->help);
	}
	putchar('\n');
	for (int i = 0; i < OPTIONS; i++) {
		snprintf(text, sizeof(text), "--%s%s", option_table[i].option.name, option_table[i].argument);
		printf("  %-31s %s\n", text, option_table[i].help);
	}
	puts("\nExit status: 0 done; 1 xdparkd doesn't answer, or refuses; 2 wrong usage.\n"
	     "See xdpark(8).");
}

/* An exit code + 1, or 0 to go on. */
static int parse_options(int argc, char **argv, struct invocation *invocation)
{
	struct option table[OPTIONS + 1] = {0};
	int chosen;

	for (int i = 0; i < OPTIONS; i++)
		table[i] = option_table[i].option;
	while ((chosen = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (chosen) {
		case 'j':
			invocation->json = true;
			break;
		case 't':
			invocation->tenant = optarg;
			break;
		case 'n':
			invocation->limit = optarg;
			break;
		case 's':
			invocation->socket = optarg;
			break;
		case 'v':
			puts("xdpark " XDPARK_VERSION);
			return EXIT_DONE + 1;
		case 'h':
			print_help();
			return EXIT_DONE + 1;
		default:
			fputs("Try 'xdpark --help'.\n", stderr);
			return EXIT_USAGE + 1;
		}
	}
	return 0;
}

static const struct command *command_find(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* Whether the options and arguments go with the subcommand. */
static bool invocation_check(const struct invocation *invocation, const struct command *command)
{
	if (!command->list && (invocation->tenant || invocation->limit))
		fprintf(stderr, "xdpark: --tenant and --limit are of lists, not of %s\n", command->name);
	else if (invocation->tenant && strspn(invocation->tenant, "abcdefghijklmnopqrstuvwxyz"
	                                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") !=
	                                       strlen(invocation->tenant))
		fprintf(stderr, "xdpark: --tenant takes a domain\n");
	else if (invocation->limit && (!*invocation->limit || strspn(invocation->limit, "0123456789") !=
	                                                              strlen(invocation->limit)))
		fprintf(stderr, "xdpark: --limit takes a number\n");
	else if (!command->ask && invocation->argument_count)
		fprintf(stderr, "xdpark %s: %s: no arguments are taken\n", command->name,
		        invocation->arguments[0]);
	else
		return true;
	return false;
}

static int command_get(const struct command *command, const struct invocation *invocation, json_t **answer)
{
	char *target;
	int status;

	if (asprintf(&target, "%s?%s%s%s%s%s", command->target, invocation->tenant ? "tenant=" : "",
	            invocation->tenant ? invocation->tenant : "",
	            invocation->tenant && invocation->limit ? "&" : "", invocation->limit ? "limit=" : "",
	            invocation->limit ? invocation->limit : "") < 0)
		return EXIT_FAILED;
	status = client_ask(invocation->socket, target, NULL, answer);
	free(target);
	return status;
}

static int command_run(const struct command *command, const struct invocation *invocation)
{
	json_t *answer = NULL;
	int status =
	        command->ask ? command->ask(invocation, &answer) : command_get(command, invocation, &answer);

	if (status != EXIT_DONE)
		return status;
	if (invocation->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		command->print(answer);
	}
	json_decref(answer);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	perror("xdpark: standard output");
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct invocation invocation = {.socket = DEFAULT_SOCKET};
	const struct command *command = commands[0];
	int status;

	setlocale(LC_CTYPE, "");
	status = parse_options(argc, argv, &invocation);
	if (status)
		return status - 1;
	if (optind < argc) {
		command = command_find(argv[optind]);
		if (!command) {
			fprintf(stderr, "xdpark: there is no subcommand %s; try 'xdpark --help'\n",
			        argv[optind]);
			return EXIT_USAGE;
		}
		optind++;
	}
	invocation.arguments = argv + optind;
	invocation.argument_count = argc - optind;
	if (!invocation_check(&invocation, command))
		return EXIT_USAGE;
	return command_run(command, &invocation);
}
