/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark parked: who is parked, where, and what they have heard. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/leg.h"

static const struct sheet_column columns[] = {{"ORBIT", false}, {"TENANT", false}, {"CALLER", false},
        {"PARKED BY", false}, {"FOR", true}, {"STATE", false}, {"CALL", false}, {"INGRESS", true},
        {"PUMP", true}, {"MEDIA", false}};

static void cell_state(struct sheet *sheet, const json_t *parked)
{
	const char *state = answer_text(parked, "state"), *taker = answer_text(parked, "taker");
	char text[128];

	if (state && strcmp(state, "taking") == 0 && taker)
		snprintf(text, sizeof(text), "%.60s takes it", taker);
	else if (answer_flag(parked, "recalling"))
		snprintf(text, sizeof(text), "recall %" PRIu64, answer_count(parked, "recalls"));
	else
		snprintf(text, sizeof(text), "%.60s", state ? state : "-");
	sheet_cell(sheet, text);
}

static void row_print(struct sheet *sheet, const json_t *parked)
{
	const json_t *leg = json_object_get(parked, "leg");
	char text[FIGURE_TEXT];

	sheet_cell(sheet, answer_text(parked, "orbit"));
	sheet_cell(sheet, answer_text(parked, "tenant"));
	sheet_cell(sheet, answer_text(parked, "caller"));
	sheet_cell(sheet, answer_text(parked, "parker"));
	sheet_cell(sheet, figure_seconds(answer_count(parked, "since_s"), text));
	cell_state(sheet, parked);
	sheet_cell(sheet, answer_text(parked, "call"));
	leg_cells_hold(sheet, leg);
	leg_cell_media(sheet, leg);
}

static void print(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "parked");
	uint64_t all = json_array_size(list) + answer_count(answer, "left_out");
	struct leg_sums sums = {0};
	struct sheet *sheet;
	char text[FIGURE_TEXT];
	size_t i;
	json_t *parked;

	if (all == 0) {
		puts("Nobody is parked.");
		return;
	}
	sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(list, i, parked)
	{
		row_print(sheet, parked);
		leg_add(&sums, json_object_get(parked, "leg"));
	}
	sheet_print(sheet);
	putchar('\n');
	sheet = sheet_notes();
	sheet_note(sheet, "parked", "%s", figure_count(all, text));
	leg_note_sums(sheet, &sums);
	leg_note_left_out(sheet, answer);
	sheet_print(sheet);
}

const struct command cmd_parked = {
        .name = "parked",
        .arguments = "",
        .help = "who is parked where; the default",
        .target = "/v1/parked",
        .list = true,
        .print = print,
};
