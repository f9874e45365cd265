/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/sheet.h"

enum { NAME = 96, FIGURE = 64 };

static struct {
	bool shown, terminal, line;
} stage;

/* Where a bucket ends, in ns: no duration in it is longer. */
static uint64_t bucket_end(unsigned bucket)
{
	unsigned octave, step;

	if (bucket < CL_BUCKETS_EXACT)
		return (uint64_t)(bucket + 1) << CL_BUCKET_SHIFT;
	octave = (bucket - CL_BUCKETS_EXACT) / CL_BUCKETS_OCTAVE + 1;
	step = (bucket - CL_BUCKETS_EXACT) % CL_BUCKETS_OCTAVE + CL_BUCKETS_OCTAVE + 1;
	return (uint64_t)step << (octave + CL_BUCKET_SHIFT);
}

double report_percentile(const __u64 buckets[CL_BUCKETS], double share)
{
	uint64_t all = 0, seen = 0;

	for (unsigned i = 0; i < CL_BUCKETS; i++)
		all += buckets[i];
	for (unsigned i = 0; i < CL_BUCKETS; i++) {
		seen += buckets[i];
		if (seen && (double)seen >= share * (double)all)
			return (double)bucket_end(i) / 1000;
	}
	return 0;
}

json_t *report_durations(const __u64 buckets[CL_BUCKETS], uint64_t max_ns)
{
	double max = (double)max_ns / 1000;
	double p50 = report_percentile(buckets, 0.5), p99 = report_percentile(buckets, 0.99);
	double p999 = report_percentile(buckets, 0.999);

	/* The end of the last bucket may lie behind the longest one. */
	return json_pack("{s:f, s:f, s:f, s:f}", "p50", p50 < max ? p50 : max, "p99", p99 < max ? p99 : max,
	        "p999", p999 < max ? p999 : max, "max", max);
}

json_t *report_histogram(const __u64 buckets[CL_BUCKETS])
{
	json_t *list = json_array();

	for (unsigned i = 0; list && i < CL_BUCKETS; i++)
		if (buckets[i])
			json_array_append_new(list,
			        json_pack("[f, I]", (double)bucket_end(i) / 1000, (json_int_t)buckets[i]));
	return list;
}

static void row_add(struct sheet *sheet, const char *name, const json_t *value)
{
	char text[NAME], figure[FIGURE];
	char *at;

	snprintf(text, sizeof(text), "%s", name);
	while ((at = strchr(text, '_')))
		*at = ' ';
	sheet_cell(sheet, text);
	if (json_is_integer(value) && json_integer_value(value) >= 0)
		sheet_count(sheet, (uint64_t)json_integer_value(value));
	else if (json_is_real(value)) {
		double real = json_real_value(value);

		snprintf(figure, sizeof(figure), real < 10 && real > -10 ? "%.3f" : "%.1f", real);
		sheet_cell(sheet, figure);
	} else if (json_is_string(value))
		sheet_cell(sheet, json_string_value(value));
	else if (json_is_boolean(value))
		sheet_cell(sheet, json_is_true(value) ? "yes" : "no");
	else
		sheet_cell(sheet, NULL);
}

/* Lists are for JSON alone: histograms and what happened each second. */
static void rows_add(struct sheet *sheet, const char *prefix, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char name[NAME];

		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? " " : "", key);
		if (json_is_object(value))
			rows_add(sheet, name, value);
		else if (!json_is_array(value))
			row_add(sheet, name, value);
	}
}

void report_print(const json_t *report, bool json)
{
	static const struct sheet_column columns[] = {{"what", false}, {"figure", true}};
	struct sheet *sheet;

	progress_end();
	if (json) {
		json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		putchar('\n');
		return;
	}
	sheet = sheet_new(columns, 2);
	if (sheet)
		rows_add(sheet, "", report);
	sheet_print(sheet);
}

void progress_start(bool json)
{
	stage.terminal = isatty(STDERR_FILENO);
	stage.shown = stage.terminal || !json;
	stage.line = false;
}

void progress(const char *format, ...)
{
	va_list arguments;

	if (!stage.shown)
		return;
	fputs(stage.terminal ? "\r\033[K" : "xdpark-rig: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	if (!stage.terminal)
		fputc('\n', stderr);
	stage.line = stage.terminal;
}

void progress_end(void)
{
	if (stage.line)
		fputs("\r\033[K", stderr);
	stage.line = false;
}
