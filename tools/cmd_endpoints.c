/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark endpoints: the pairs of local ports in use, with their packets. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/leg.h"

static const struct table_column columns[] = {{"INDEX", true}, {"LOCAL", false}, {"REMOTE", false},
        {"TENANT", false}, {"CALL", false}, {"HEARS", false}, {"RECEIVED", true}, {"REFUSED", true},
        {"SENT", true}, {"FORWARDED", true}, {"INGRESS", true}, {"PUMP", true}, {"SKIPPED", true},
        {"SILENT", true}};

_Static_assert(sizeof(columns) / sizeof(columns[0]) <= TABLE_COLUMNS, "columns of a table");

static void cell_silent(struct table *table, const json_t *leg)
{
	char text[FIGURE_TEXT];

	if (!json_is_integer(json_object_get(leg, "silent_ms"))) {
		table_cell(table, "-");
		return;
	}
	snprintf(text, sizeof(text), "%.1f s", (double)answer_count(leg, "silent_ms") / 1000);
	table_cell(table, text);
}

static void row_print(struct table *table, const json_t *leg)
{
	char text[FIGURE_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, answer_count(leg, "endpoint"));
	table_cell(table, text);
	table_cell(table, answer_text(leg, "local"));
	table_cell(table, answer_text(leg, "remote"));
	table_cell(table, answer_text(leg, "tenant"));
	table_cell(table, answer_text(leg, "call"));
	leg_cell_hears(table, leg);
	table_count(table, answer_count(leg, "received"));
	table_count(table, answer_count(leg, "refused"));
	table_count(table, answer_count(leg, "sent"));
	table_count(table, answer_count(leg, "forwarded"));
	table_count(table, answer_count(leg, "hold_ingress"));
	table_count(table, answer_count(leg, "hold_pump"));
	table_count(table, answer_count(leg, "hold_skipped"));
	cell_silent(table, leg);
}

static void row_sums(struct table *table, const struct leg_sums *sums)
{
	table_cell(table, "");
	table_cell(table, "all of these");
	for (int i = 0; i < 4; i++)
		table_cell(table, "");
	table_count(table, sums->received);
	table_count(table, sums->refused);
	table_count(table, sums->sent);
	table_count(table, sums->forwarded);
	table_count(table, sums->hold_ingress);
	table_count(table, sums->hold_pump);
	table_count(table, sums->hold_skipped);
	table_cell(table, "");
}

static void print(const json_t *answer)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *list = json_object_get(answer, "endpoints");
	char used[FIGURE_TEXT], resting[FIGURE_TEXT], all[FIGURE_TEXT];
	struct leg_sums sums = {0};
	size_t i;
	json_t *leg;

	json_array_foreach(list, i, leg)
	{
		row_print(table, leg);
		leg_add(&sums, leg);
	}
	row_sums(table, &sums);
	table_print(table);
	printf("\n%s in use, %s resting after a call, of %s\n",
	        figure_count(answer_count(answer, "used"), used),
	        figure_count(answer_count(answer, "resting"), resting),
	        figure_count(answer_count(answer, "all"), all));
	left_out_print(answer);
}

const struct command cmd_endpoints = {
        .name = "endpoints",
        .arguments = "",
        .help = "the local ports in use, with the packets of each",
        .target = "/v1/endpoints",
        .list = true,
        .print = print,
};
