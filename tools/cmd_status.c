/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark status: both daemons at a glance. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/answer.h"
#include "tools/figure.h"
#include "tools/sheet.h"

static const struct sheet_column kernel_columns[] = {
        {"KERNEL", false}, {"FOUND", false}, {"WHAT FOLLOWS", false}};

static void line(const char *name)
{
	printf("%-12s", name);
}

/* "504 calls, " */
static void count(const json_t *object, const char *key, const char *behind)
{
	char text[FIGURE_TEXT];

	printf("%s%s", figure_count(answer_count(object, key), text), behind);
}

static void print_daemon(const json_t *answer)
{
	const char *version = answer_text(answer, "version");
	char up[FIGURE_TEXT];
	json_t *address;
	size_t i;

	line("xdparkd");
	printf("%s, pid %" PRIu64 ", up %s, SIP on", version ? version : "?", answer_count(answer, "pid"),
	        figure_seconds(answer_count(answer, "uptime_s"), up));
	json_array_foreach(json_object_get(answer, "listen"), i, address)
	        printf("%s %s", i ? "," : "", json_string_value(address));
	putchar('\n');
}

static void print_calls(const json_t *answer)
{
	const json_t *since = json_object_get(answer, "since_start");

	line("now");
	count(answer, "parked", " parked in ");
	count(answer, "orbits", " orbits, ");
	count(answer, "bridges", " bridges, ");
	count(answer, "legs", " legs\n");
	line("since start");
	count(since, "calls", " calls, ");
	count(since, "answered", " answered, ");
	count(since, "refused", " refused; ");
	count(since, "parked", " parked, ");
	count(since, "taken", " taken, ");
	count(since, "abandoned", " abandoned, ");
	count(since, "recalls", " recalls\n");
	line("");
	count(since, "park_refused", " parks refused, ");
	count(since, "take_refused", " takes refused\n");
	line("users");
	count(answer, "users", " in ");
	count(answer, "tenants", " tenants, ");
	count(answer, "registered", " phones registered\n");
}

static void print_media(const json_t *answer)
{
	const json_t *endpoints = json_object_get(answer, "endpoints");
	const json_t *audio = json_object_get(answer, "audio");
	char share[FIGURE_TEXT];

	line("endpoints");
	count(endpoints, "used", " in use, ");
	count(endpoints, "resting", " resting, of ");
	count(endpoints, "all", "\n");
	line("audio");
	count(audio, "clips", " clips, ");
	printf("%s of the memory in use",
	        figure_share(answer_count(audio, "chunks_used"), answer_count(audio, "chunks"), share));
	if (answer_count(audio, "waiting")) {
		printf(", ");
		count(audio, "waiting", " waiting to be encoded");
	}
	if (answer_count(audio, "failed")) {
		printf(", ");
		count(audio, "failed", " COULD NOT be encoded: see the log");
	}
	putchar('\n');
}

static void print_dataplane(const json_t *answer)
{
	const json_t *kernel = json_object_get(answer, "kernel");
	const json_t *settings = json_object_get(answer, "settings");
	const char *error = answer_text(answer, "dataplane_error"), *release = answer_text(kernel, "release");
	char call[FIGURE_TEXT], early[FIGURE_TEXT], grace[FIGURE_TEXT];

	line("dataplane");
	if (error) {
		printf("%s (calls in progress go on)\n", error);
		return;
	}
	printf("kernel %s, ", release ? release : "?");
	if (answer_flag(kernel, "pump"))
		printf("the pump runs at %s a call", figure_ns(answer_count(kernel, "pump_call_ns"), call));
	else
		printf("NO PUMP: only callers who send hear anything");
	printf(", early %s, grace %s\n", figure_ns(answer_count(settings, "early_us") * 1000, early),
	        figure_ns(answer_count(settings, "grace_us") * 1000, grace));
}

static void print_kernel(const json_t *kernel)
{
	struct sheet *sheet;
	char follows[256];
	json_t *row;
	size_t i;

	if (!json_is_object(kernel))
		return;
	putchar('\n');
	sheet = sheet_new(kernel_columns, sizeof(kernel_columns) / sizeof(kernel_columns[0]));
	json_array_foreach(json_object_get(kernel, "table"), i, row)
	{
		const char *text = answer_text(row, "follows");

		sheet_cell(sheet, answer_text(row, "what"));
		sheet_cell(sheet, answer_text(row, "found"));
		snprintf(follows, sizeof(follows), "%s%s", answer_flag(row, "alarm") ? "! " : "",
		        text ? text : "");
		sheet_cell(sheet, follows);
	}
	sheet_print(sheet);
}

static void print(const json_t *answer)
{
	print_daemon(answer);
	print_calls(answer);
	print_media(answer);
	print_dataplane(answer);
	print_kernel(json_object_get(answer, "kernel"));
}

const struct command cmd_status = {
        .name = "status",
        .arguments = "",
        .help = "both daemons at a glance, and what the kernel can do",
        .target = "/v1/status",
        .print = print,
};
