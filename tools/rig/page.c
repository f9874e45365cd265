/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/page.h"

#include <stdlib.h>
#include <string.h>

#include "tools/rig/page_compare.h"
#include "tools/rig/plot.h"

static double figure(const json_t *report, const char *key)
{
	return json_number_value(json_object_get(report, key));
}

static double deviation(const json_t *report, const char *key)
{
	return figure(json_object_get(report, "deviation_us"), key);
}

/* "silent", "talking", "bridges". */
static const char *kind_of(const json_t *report)
{
	const char *work = json_string_value(json_object_get(report, "work"));

	if (work && strcmp(work, "forward") == 0)
		return "bridges";
	return figure(report, "sent") > 0 ? "talking" : "silent";
}

static void name_write(const json_t *report, char *name, size_t size)
{
	snprintf(name, size, "%s, %.0f", kind_of(report), figure(report, "calls"));
}

static void table_write(FILE *file, const json_t *reports)
{
	const json_t *report;
	size_t i;

	fputs("<table><tr><th>work, calls<th>packets/s<th>lost<th>faulty callers<th>relay ns a "
	      "packet<th>busy cores"
	      "<th>off the grid, us: p50<th>p99<th>p99.9<th>max</tr>\n",
	        file);
	json_array_foreach(reports, i, report)
	{
		double seconds = figure(report, "seconds");
		char name[48];

		name_write(report, name, sizeof(name));
		fprintf(file, "<tr><td>%s<td>%.0f<td>%.0f<td>%.0f<td>", name,
		        seconds > 0 ? figure(report, "received") / seconds : 0, figure(report, "lost"),
		        figure(report, "faulty_callers"));
		if (json_object_get(report, "note"))
			fputs("machine busy", file);
		else
			fprintf(file, "%.0f", figure(report, "relay_cpu_ns_per_packet"));
		fprintf(file, "<td>%.2f<td>%.0f<td>%.0f<td>%.0f<td>%.0f</tr>\n", figure(report, "busy_cores"),
		        deviation(report, "p50"), deviation(report, "p99"), deviation(report, "p999"),
		        deviation(report, "max"));
	}
	fputs("</table>\n", file);
}

/* A line for each report that has the list, of its pairs, or of its values and their places. */
static void lists_plot(FILE *file, struct plot *plot, const json_t *reports, const char *key)
{
	const json_t *report, *value;
	size_t i, n;

	plot->count = 0;
	json_array_foreach(reports, i, report)
	{
		const json_t *list = json_object_get(report, key);
		struct plot_line *line;
		char name[48];

		name_write(report, name, sizeof(name));
		line = json_array_size(list) ? plot_add(plot, name) : NULL;
		json_array_foreach(list, n, value)
		{
			if (json_is_array(value))
				plot_point(line, json_number_value(json_array_get(value, 0)),
				        json_number_value(json_array_get(value, 1)));
			else
				plot_point(line, (double)n + 1, json_number_value(value));
		}
	}
	plot_write(file, plot);
}

/* The relay's cores over the calls, a line for each kind of work. */
static void cpu_plot(FILE *file, struct plot *plot, const json_t *reports)
{
	static const char *const kinds[] = {"silent", "talking", "bridges"};
	const json_t *report;
	size_t i;

	plot->count = 0;
	for (unsigned kind = 0; kind < 3; kind++) {
		struct plot_line *line = plot_add(plot, kinds[kind]);

		json_array_foreach(reports, i, report)
		{
			const json_t *cpu = json_object_get(report, "cpu");

			if (cpu && strcmp(kind_of(report), kinds[kind]) == 0)
				plot_point(line, figure(report, "calls"), figure(cpu, "relay_cores"));
		}
	}
	plot_write(file, plot);
}

/* Those of `compare` have results of several works; new reference. */
static json_t *media_reports(const json_t *reports)
{
	json_t *media = json_array(), *report;
	size_t i;

	json_array_foreach(reports, i, report) if (!json_object_get(report, "results"))
	        json_array_append(media, report);
	return media;
}

void page_write(FILE *file, const json_t *all)
{
	struct plot *plot = calloc(1, sizeof(*plot));
	json_t *reports = media_reports(all);
	const json_t *report;
	size_t i;

	fputs("<!DOCTYPE html>\n<html lang='en'><head><meta "
	      "charset='utf-8'><title>xdpark-rig</title><style>\n"
	      "body{font-family:sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}\n"
	      "td,th{border:1px solid #ccc;padding:.3em "
	      ".6em;text-align:right}td:first-child{text-align:left}\n"
	      "</style></head><body><h1>xdpark-rig</h1>\n",
	        file);
	table_write(file, reports);
	json_array_foreach(all, i, report) if (json_object_get(report, "results"))
	        page_compare_write(file, report);
	if (plot) {
		*plot = (struct plot){
		        .title = "Packets that callers heard", .x_name = "second", .y_name = "packets/s"};
		lists_plot(file, plot, reports, "received_each_second");
		plot->title = "Off the stream's own grid";
		plot->x_name = "us";
		plot->y_name = "packets";
		plot->x_logarithmic = true;
		lists_plot(file, plot, reports, "deviation_histogram");
		plot->title = "CPU time of the relay";
		plot->x_name = "calls";
		plot->y_name = "cores";
		plot->x_logarithmic = false;
		cpu_plot(file, plot, reports);
	}
	free(plot);
	json_decref(reports);
	fputs("</body></html>\n", file);
}
