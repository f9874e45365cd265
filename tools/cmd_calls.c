/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark calls: every call with its legs. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/leg.h"

static const struct sheet_column columns[] = {{"CALL", false}, {"TENANT", false}, {"STATE", false},
        {"FOR", true}, {"PHONE", false}, {"LEG", false}, {"CODEC", false}, {"REMOTE", false},
        {"HEARS", false}, {"RECEIVED", true}, {"SENT", true}, {"INGRESS", true}, {"PUMP", true},
        {"MEDIA", false}};

_Static_assert(sizeof(columns) / sizeof(columns[0]) <= SHEET_COLUMNS, "columns of a sheet");

/* The phone's or trunk's name, and who is there if that is somebody else. */
static void cell_phone(struct sheet *sheet, const json_t *leg)
{
	const char *user = answer_text(leg, "user"), *trunk = answer_text(leg, "trunk");
	const char *number = answer_text(leg, "number");
	char text[192];

	if (trunk)
		snprintf(text, sizeof(text), "%.80s by trunk %.64s", number ? number : "?", trunk);
	else
		snprintf(text, sizeof(text), "%.80s", user ? user : number ? number : "-");
	sheet_cell(sheet, text);
}

/* What is of the call stands in the row of its first leg alone. */
static void row_begin(struct sheet *sheet, const json_t *call, bool first)
{
	char text[FIGURE_TEXT];

	sheet_cell(sheet, first ? answer_text(call, "call") : "");
	sheet_cell(sheet, first ? answer_text(call, "tenant") : "");
	sheet_cell(sheet, first ? answer_text(call, "state") : "");
	sheet_cell(sheet, first ? figure_seconds(answer_count(call, "since_s"), text) : "");
}

static void row_leg(struct sheet *sheet, const json_t *leg)
{
	cell_phone(sheet, leg);
	sheet_cell(sheet, answer_text(leg, "state"));
	sheet_cell(sheet, answer_text(leg, "codec"));
	sheet_cell(sheet, answer_text(leg, "remote"));
	leg_cell_hears(sheet, leg);
	sheet_count(sheet, answer_count(leg, "received"));
	sheet_count(sheet, answer_count(leg, "sent"));
	leg_cells_hold(sheet, leg);
	leg_cell_media(sheet, leg);
}

static void print(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "calls");
	uint64_t calls = json_array_size(list) + answer_count(answer, "left_out");
	struct leg_sums sums = {0};
	struct sheet *sheet;
	char text[FIGURE_TEXT];
	size_t i, k;
	json_t *call, *leg;

	if (calls == 0) {
		puts("No calls.");
		return;
	}
	sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, call) json_array_foreach(json_object_get(call, "legs"), k, leg)
	{
		row_begin(sheet, call, k == 0);
		row_leg(sheet, leg);
		leg_add(&sums, leg);
	}
	sheet_print(sheet);
	putchar('\n');
	sheet = sheet_notes();
	sheet_note(sheet, "calls", "%s", figure_count(calls, text));
	leg_note_sums(sheet, &sums);
	leg_note_left_out(sheet, answer);
	sheet_print(sheet);
}

const struct command cmd_calls = {
        .name = "calls",
        .arguments = "",
        .help = "every call, a line for each of its legs",
        .target = "/v1/calls",
        .list = true,
        .print = print,
};
