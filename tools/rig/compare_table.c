/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of `compare` as a table. */
#include <stdio.h>

#include "tools/rig/compare.h"
#include "tools/rig/report.h"
#include "tools/table.h"

enum { FIGURE = 64 };

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void figure_cell(struct table *table, const json_t *object, const char *key)
{
	char text[FIGURE];

	if (!json_object_get(object, key)) {
		table_cell(table, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.0f", number(object, key));
	table_cell(table, text);
}

/* A relay's row. `ratio`: the key of what rtpengine takes more than this one; NULL: it is rtpengine. */
static void side_add(
        struct table *table, const json_t *result, const char *key, const char *name, const char *ratio)
{
	const json_t *side = json_object_get(result, key), *deviation = json_object_get(side, "deviation_us");
	char text[FIGURE];

	if (!side)
		return;
	table_cell(table, answer_text(result, "work"));
	table_cell(table, name);
	table_count(table, answer_count(side, "calls"));
	figure_cell(table, side, "relay_cpu_ns_per_packet");
	snprintf(text, sizeof(text), "%.0f to %.0f", number(side, "least"), number(side, "most"));
	table_cell(table, json_object_get(side, "least") ? text : NULL);
	snprintf(text, sizeof(text), "%.1f", ratio ? number(result, ratio) : 0);
	table_cell(table, ratio && json_object_get(result, ratio) ? text : NULL);
	table_count(table, answer_count(side, "expected"));
	table_count(table, answer_count(side, "lost"));
	table_count(table, answer_count(side, "wrong"));
	figure_cell(table, deviation, "p50");
	figure_cell(table, deviation, "p99");
}

void compare_print(const json_t *report)
{
	static const struct table_column columns[] = {{"WORK", false}, {"RELAY", false}, {"CALLS", true},
	        {"CPU NS A PACKET", true}, {"FROM TO", true}, {"RTPENGINE TIMES MORE", true},
	        {"PACKETS", true}, {"LOST", true}, {"WRONG", true}, {"OFF GRID US P50", true}, {"P99", true}};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *results = json_object_get(report, "results"),
	             *other = json_object_get(report, "rtpengine"), *result;
	size_t i;

	progress_end();
	json_array_foreach(results, i, result)
	{
		if (!table)
			break;
		side_add(table, result, "rtpengine", "rtpengine", NULL);
		side_add(table, result, "xdpark", "xdpark", "ratio");
		side_add(table, result, "xdpark_many", "xdpark", "ratio_many");
	}
	table_print(table);
	printf("rtpengine %s: %s\n", answer_text(other, "version"), answer_text(other, "kind"));
	json_array_foreach(results, i, result)
	{
		printf("%s: %s\n", answer_text(result, "work"), answer_text(result, "settings"));
		if (json_object_get(result, "rtpengine_most"))
			printf("%s: rtpengine kept up with %.0f calls, and not with twice as many\n",
			        answer_text(result, "work"), number(result, "rtpengine_most"));
		if (json_object_get(result, "note"))
			printf("%s: %s\n", answer_text(result, "work"), answer_text(result, "note"));
	}
	if (json_object_get(report, "note"))
		printf("%s\n", answer_text(report, "note"));
}
