/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark calls: every call with its legs. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/leg.h"

static const struct table_column columns[] = {{"CALL", false}, {"TENANT", false}, {"STATE", false},
        {"FOR", true}, {"PHONE", false}, {"CODEC", false}, {"REMOTE", false}, {"HEARS", false},
        {"RECEIVED", true}, {"SENT", true}, {"HELD", true}, {"INGRESS", true}, {"PUMP", true},
        {"MEDIA", false}};

_Static_assert(sizeof(columns) / sizeof(columns[0]) <= TABLE_COLUMNS, "columns of a table");

/* The phone's or trunk's name, and who is there if that is somebody else. */
static void cell_phone(struct table *table, const json_t *leg)
{
	const char *user = answer_text(leg, "user"), *trunk = answer_text(leg, "trunk");
	const char *number = answer_text(leg, "number");
	char text[192];

	if (trunk)
		snprintf(text, sizeof(text), "%.80s by trunk %.64s", number ? number : "?", trunk);
	else
		snprintf(text, sizeof(text), "%.80s", user ? user : number ? number : "-");
	table_cell(table, text);
}

/* What is of the call stands in the row of its first leg alone. */
static void row_begin(struct table *table, const json_t *call, bool first)
{
	char text[FIGURE_TEXT];

	table_cell(table, first ? answer_text(call, "call") : "");
	table_cell(table, first ? answer_text(call, "tenant") : "");
	table_cell(table, first ? answer_text(call, "state") : "");
	table_cell(table, first ? figure_seconds(answer_count(call, "since_s"), text) : "");
}

static void row_leg(struct table *table, const json_t *leg)
{
	cell_phone(table, leg);
	table_cell(table, answer_text(leg, "codec"));
	table_cell(table, answer_text(leg, "remote"));
	leg_cell_hears(table, leg);
	table_count(table, answer_count(leg, "received"));
	table_count(table, answer_count(leg, "sent"));
	leg_cell_hold(table, leg);
	leg_cell_media(table, leg);
}

static void print(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "calls");
	struct leg_sums sums = {0};
	struct table *table;
	char text[FIGURE_TEXT];
	size_t i, k;
	json_t *call, *leg;

	if (json_array_size(list) == 0 && answer_count(answer, "left_out") == 0) {
		puts("No calls.");
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, call) json_array_foreach(json_object_get(call, "legs"), k, leg)
	{
		row_begin(table, call, k == 0);
		row_leg(table, leg);
		leg_add(&sums, leg);
	}
	table_print(table);
	printf("\nCalls: %s\n", figure_count(json_array_size(list) + answer_count(answer, "left_out"), text));
	leg_sums_print(&sums);
	left_out_print(answer);
}

const struct command cmd_calls = {
        .name = "calls",
        .arguments = "",
        .help = "every call, a line a leg: what it hears, and whether its media is in the kernel",
        .target = "/v1/calls",
        .list = true,
        .print = print,
};
