/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of `compare` as a table. */
#include <stdio.h>

#include "tools/rig/compare.h"
#include "tools/rig/report.h"
#include "tools/answer.h"
#include "tools/sheet.h"

enum { FIGURE = 64 };

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void figure_cell(struct sheet *sheet, const json_t *object, const char *key)
{
	char text[FIGURE];

	if (!json_object_get(object, key)) {
		sheet_cell(sheet, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.0f", number(object, key));
	sheet_cell(sheet, text);
}

/* A relay's row. `ratio`: the key of what rtpengine takes more than this one; NULL: it is rtpengine. */
static void side_add(
        struct sheet *sheet, const json_t *result, const char *key, const char *name, const char *ratio)
{
	const json_t *side = json_object_get(result, key), *deviation = json_object_get(side, "deviation_us");
	char text[FIGURE];

	if (!side)
		return;
	sheet_cell(sheet, answer_text(result, "work"));
	sheet_cell(sheet, name);
	sheet_count(sheet, answer_count(side, "calls"));
	figure_cell(sheet, side, "relay_cpu_ns_per_packet");
	snprintf(text, sizeof(text), "%.0f to %.0f", number(side, "least"), number(side, "most"));
	sheet_cell(sheet, json_object_get(side, "least") ? text : NULL);
	snprintf(text, sizeof(text), "%.1f", ratio ? number(result, ratio) : 0);
	sheet_cell(sheet, ratio && json_object_get(result, ratio) ? text : NULL);
	sheet_count(sheet, answer_count(side, "expected"));
	sheet_count(sheet, answer_count(side, "lost"));
	sheet_count(sheet, answer_count(side, "wrong"));
	figure_cell(sheet, deviation, "p50");
	figure_cell(sheet, deviation, "p99");
}

void compare_print(const json_t *report)
{
	static const struct sheet_column columns[] = {{"WORK", false}, {"RELAY", false}, {"CALLS", true},
	        {"CPU NS A PACKET", true}, {"FROM TO", true}, {"RTPENGINE TIMES MORE", true},
	        {"PACKETS", true}, {"LOST", true}, {"WRONG", true}, {"OFF GRID US P50", true}, {"P99", true}};
	struct sheet *sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *results = json_object_get(report, "results"),
	             *other = json_object_get(report, "rtpengine"), *result;
	size_t i;

	progress_end();
	json_array_foreach(results, i, result)
	{
		if (!sheet)
			break;
		side_add(sheet, result, "rtpengine", "rtpengine", NULL);
		side_add(sheet, result, "xdpark", "xdpark", "ratio");
		side_add(sheet, result, "xdpark_many", "xdpark", "ratio_many");
	}
	sheet_print(sheet);
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
