/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark endpoints: the pairs of local ports in use, with their packets. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/leg.h"

static const struct sheet_column columns[] = {{"INDEX", true}, {"LOCAL", false}, {"REMOTE", false},
        {"TENANT", false}, {"CALL", false}, {"HEARS", false}, {"RECEIVED", true}, {"REFUSED", true},
        {"SENT", true}, {"FORWARDED", true}, {"INGRESS", true}, {"PUMP", true}, {"SKIPPED", true},
        {"SILENT", true}};

_Static_assert(sizeof(columns) / sizeof(columns[0]) <= SHEET_COLUMNS, "columns of a sheet");

static void cell_silent(struct sheet *sheet, const json_t *leg)
{
	char text[FIGURE_TEXT];

	if (!json_is_integer(json_object_get(leg, "silent_ms"))) {
		sheet_cell(sheet, "-");
		return;
	}
	snprintf(text, sizeof(text), "%.1f s", (double)answer_count(leg, "silent_ms") / 1000);
	sheet_cell(sheet, text);
}

static void row_print(struct sheet *sheet, const json_t *leg)
{
	char text[FIGURE_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, answer_count(leg, "endpoint"));
	sheet_cell(sheet, text);
	sheet_cell(sheet, answer_text(leg, "local"));
	sheet_cell(sheet, answer_text(leg, "remote"));
	sheet_cell(sheet, answer_text(leg, "tenant"));
	sheet_cell(sheet, answer_text(leg, "call"));
	leg_cell_hears(sheet, leg);
	sheet_count(sheet, answer_count(leg, "received"));
	sheet_count(sheet, answer_count(leg, "refused"));
	sheet_count(sheet, answer_count(leg, "sent"));
	sheet_count(sheet, answer_count(leg, "forwarded"));
	sheet_count(sheet, answer_count(leg, "hold_ingress"));
	sheet_count(sheet, answer_count(leg, "hold_pump"));
	sheet_count(sheet, answer_count(leg, "hold_skipped"));
	cell_silent(sheet, leg);
}

static void row_sums(struct sheet *sheet, const struct leg_sums *sums)
{
	sheet_cell(sheet, "");
	sheet_cell(sheet, "all of these");
	for (int i = 0; i < 4; i++)
		sheet_cell(sheet, "");
	sheet_count(sheet, sums->received);
	sheet_count(sheet, sums->refused);
	sheet_count(sheet, sums->sent);
	sheet_count(sheet, sums->forwarded);
	sheet_count(sheet, sums->hold_ingress);
	sheet_count(sheet, sums->hold_pump);
	sheet_count(sheet, sums->hold_skipped);
	sheet_cell(sheet, "");
}

static void print_legs(const json_t *list)
{
	struct sheet *sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct leg_sums sums = {0};
	size_t i;
	json_t *leg;

	json_array_foreach(list, i, leg)
	{
		row_print(sheet, leg);
		leg_add(&sums, leg);
	}
	if (i > 1)
		row_sums(sheet, &sums);
	sheet_print(sheet);
	putchar('\n');
}

static void print(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "endpoints");
	char used[FIGURE_TEXT], resting[FIGURE_TEXT], all[FIGURE_TEXT];
	struct sheet *notes = sheet_notes();

	if (json_array_size(list))
		print_legs(list);
	sheet_note(notes, "endpoints", "%s in use, %s resting after a call, of %s",
	        figure_count(answer_count(answer, "used"), used),
	        figure_count(answer_count(answer, "resting"), resting),
	        figure_count(answer_count(answer, "all"), all));
	leg_note_left_out(notes, answer);
	sheet_print(notes);
}

const struct command cmd_endpoints = {
        .name = "endpoints",
        .arguments = "",
        .help = "the local ports in use, with their packets",
        .target = "/v1/endpoints",
        .list = true,
        .print = print,
};
