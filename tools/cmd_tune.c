/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark tune: changes early and grace of the running dataplane. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/client.h"
#include "tools/command.h"
#include "tools/answer.h"
#include "tools/figure.h"

/* "5ms", "500us" or 0, into *us. */
static bool time_read(const char *text, json_int_t *us)
{
	unsigned long number;
	char *unit;

	if (strspn(text, "0123456789") == 0 || strlen(text) > 12)
		return false;
	number = strtoul(text, &unit, 10);
	if (strcmp(unit, "ms") == 0)
		number *= 1000;
	else if (strcmp(unit, "us") != 0 && !(number == 0 && !*unit))
		return false;
	*us = (json_int_t)number;
	return true;
}

/* "early=5ms" into the body. */
static bool setting_read(const char *text, json_t *body)
{
	const char *key = NULL;
	json_int_t us;

	if (strncmp(text, "early=", 6) == 0)
		key = "early_us";
	else if (strncmp(text, "grace=", 6) == 0)
		key = "grace_us";
	if (!key || !time_read(text + 6, &us) || json_object_get(body, key)) {
		fprintf(stderr,
		        "xdpark tune: %s: give early=TIME and grace=TIME once each, such as early=5ms\n",
		        text);
		return false;
	}
	json_object_set_new(body, key, json_integer(us));
	return true;
}

static int ask(const struct invocation *invocation, json_t **answer)
{
	json_t *body = json_object();
	int status = EXIT_USAGE;
	char *text;

	if (invocation->argument_count == 0)
		fputs("xdpark tune: give early=TIME, grace=TIME or both, such as early=5ms\n", stderr);
	for (int i = 0; i < invocation->argument_count; i++)
		if (!setting_read(invocation->arguments[i], body)) {
			json_decref(body);
			return EXIT_USAGE;
		}
	text = json_object_size(body) ? json_dumps(body, JSON_COMPACT) : NULL;
	if (text)
		status = client_ask(invocation->socket, "/v1/tune", text, answer);
	free(text);
	json_decref(body);
	return status;
}

static void print(const json_t *answer)
{
	char early[FIGURE_TEXT], grace[FIGURE_TEXT];

	printf("early %s, grace %s\n", figure_ns(answer_count(answer, "early_us") * 1000, early),
	        figure_ns(answer_count(answer, "grace_us") * 1000, grace));
}

const struct command cmd_tune = {
        .name = "tune",
        .arguments = " [early=TIME] [grace=TIME]",
        .help = "change when hold frames are sent",
        .ask = ask,
        .print = print,
};
