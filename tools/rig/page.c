/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/figure.h"
#include "tools/rig/page_compare.h"
#include "tools/rig/plot.h"

/* Of the histograms: everything below the first and above the last end is in the first and last bar. */
enum { BARS = 24, BARS_A_DECADE = 6 };

#define BARS_FROM_US 10.0

enum kind { KIND_SILENT, KIND_TALKING, KIND_BRIDGES, KINDS };

static const char *const kinds[KINDS] = {"silent", "talking", "bridges"};

static const char head[] =
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' "
        "content='width=device-width,initial-scale=1'><title>xdpark-rig</title><style>\n"
        ":root{color-scheme:light dark;--grid:#ddd;--faint:#f4f4f4;--bad:#c02020;"
        "--silent:#2070b4;--talking:#c8641e;--bridges:#2e8b57}\n"
        "@media(prefers-color-scheme:dark){:root{--grid:#444;--faint:#242424;--bad:#ff7070;"
        "--silent:#6db3f2;--talking:#f0a060;--bridges:#6fcf97}body{background:#181818;color:#ddd}}\n"
        "body{font:15px/1.45 system-ui,sans-serif;margin:1.5em auto;max-width:75em;padding:0 1.5em}\n"
        "h1{font-size:1.6em}h2{font-size:1.2em;margin:1.8em 0 .3em}p{margin:.3em 0 .8em;max-width:50em}\n"
        "div.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
        "td,th{padding:.3em .7em;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}\n"
        "th{font-weight:600;vertical-align:bottom}tr:nth-child(even) td{background:var(--faint)}\n"
        "td:first-child,th:first-child{text-align:left}td.bad{color:var(--bad);font-weight:bold}\n"
        "div.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21em,100%),1fr));gap:.6em}"
        "\n"
        "div.pair{grid-template-columns:repeat(auto-fill,minmax(min(30em,100%),1fr))}svg{width:100%;height:"
        "auto}\n"
        ".kind0{--line:var(--silent)}.kind1{--line:var(--talking)}.kind2{--line:var(--bridges)}\n"
        "</style></head><body><h1>xdpark-rig</h1>\n";

static double figure(const json_t *report, const char *key)
{
	return json_number_value(json_object_get(report, key));
}

static double deviation(const json_t *report, const char *key)
{
	return figure(json_object_get(report, "deviation_us"), key);
}

static enum kind kind_of(const json_t *report)
{
	const char *work = json_string_value(json_object_get(report, "work"));

	if (work && strcmp(work, "forward") == 0)
		return KIND_BRIDGES;
	return figure(report, "sent") > 0 ? KIND_TALKING : KIND_SILENT;
}

/* 1,234; a figure of a file may be anything. */
static const char *count(double number, char text[FIGURE_TEXT])
{
	return figure_count(number >= 0 && number < 1e15 ? (uint64_t)llround(number) : 0, text);
}

static void name_write(const json_t *report, char name[64])
{
	char text[FIGURE_TEXT];

	snprintf(name, 64, "%s %.40s", count(figure(report, "calls"), text), kinds[kind_of(report)]);
}

/* Not a zero: it stands out. */
static void bad_write(FILE *file, double number)
{
	char text[FIGURE_TEXT];

	fprintf(file, "<td%s>%s", number > 0 ? " class='bad'" : "", count(number, text));
}

static void row_write(FILE *file, const json_t *report)
{
	static const char *const percentiles[] = {"p50", "p99", "p999", "max"};
	double seconds = figure(report, "seconds");
	char text[FIGURE_TEXT], us[32];

	fprintf(file, "<tr><td>%s<td>%s", kinds[kind_of(report)], count(figure(report, "calls"), text));
	fprintf(file, "<td>%s", count(seconds > 0 ? figure(report, "received") / seconds : 0, text));
	bad_write(file, figure(report, "lost"));
	bad_write(file, figure(report, "faulty_callers"));
	if (json_object_get(report, "note"))
		fputs("<td>?", file);
	else
		fprintf(file, "<td>%s ns", count(figure(report, "relay_cpu_ns_per_packet"), text));
	fprintf(file, "<td>%.2f", figure(report, "busy_cores"));
	for (unsigned i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
		fprintf(file, "<td>%s", plot_figure(deviation(report, percentiles[i]), PLOT_US, us));
	fputs("</tr>\n", file);
}

static void table_write(FILE *file, const json_t *reports)
{
	const json_t *report;
	bool busy = false;
	size_t i;

	fputs("<div class='wide'><table><tr><th>work<th>calls<th>packets/s<th>lost<th>faulty<br>callers"
	      "<th>relay CPU<br>a packet<th>busy<br>cores<th>off the "
	      "grid<br>p50<th>p99<th>p99.9<th>max</tr>\n",
	        file);
	json_array_foreach(reports, i, report)
	{
		row_write(file, report);
		busy = busy || json_object_get(report, "note");
	}
	fputs("</table></div>\n<p>Packets are those that callers heard. Busy cores are the whole machine's: "
	      "relay, rig and all else.",
	        file);
	if (busy)
		fputs(" ?: the machine was busy with other things, so nothing can be said of the relay's CPU "
		      "time.",
		        file);
	fputs("</p>\n", file);
}

/* A small plot for each report, so that none is dwarfed by another. */
static void rates_write(FILE *file, struct plot *plot, const json_t *reports)
{
	const json_t *report, *packets;
	char name[64];
	size_t i, n;

	fputs("<h2>Packets a second that callers heard</h2><div class='plots'>\n", file);
	json_array_foreach(reports, i, report)
	{
		struct plot_line *line;

		name_write(report, name);
		*plot = (struct plot){.title = name,
		        .x_name = "second",
		        .y_name = "packets/s",
		        .width = 360,
		        .height = 210};
		line = plot_add(plot, "", kind_of(report));
		json_array_foreach(json_object_get(report, "received_each_second"), n, packets)
		        plot_point(line, (double)n + 1, json_number_value(packets));
		plot_write(file, plot);
	}
	fputs("</div>\n", file);
}

/* Buckets ([end in us, packets], ...) into shares of bars that are equally wide on the logarithmic axis. */
static void bars_add(struct plot_line *line, const json_t *buckets)
{
	double packets[BARS] = {0}, sum = 0;
	const json_t *bucket;
	size_t n;

	json_array_foreach(buckets, n, bucket)
	{
		double end = json_number_value(json_array_get(bucket, 0));
		double number = json_number_value(json_array_get(bucket, 1));
		double bar = end > BARS_FROM_US ? ceil(log10(end / BARS_FROM_US) * BARS_A_DECADE - 1e-6) : 0;

		if (!(number > 0))
			continue;
		packets[bar < BARS ? (unsigned)bar : BARS - 1] += number;
		sum += number;
	}
	for (unsigned i = 0; i < BARS && sum > 0; i++)
		plot_point(line, BARS_FROM_US * pow(10, ((double)i - 1) / BARS_A_DECADE),
		        100 * packets[i] / sum);
}

static void histograms_write(FILE *file, struct plot *plot, const json_t *reports)
{
	const json_t *report;
	char name[64], note[96], p99[32], p999[32];
	size_t i;

	fputs("<h2>Off the grid</h2><p>How far packets were from their own stream's best-fitting grid of one "
	      "packet "
	      "every frame time. The first bar is all below 10 \302\265s.</p><div class='plots'>\n",
	        file);
	json_array_foreach(reports, i, report)
	{
		name_write(report, name);
		snprintf(note, sizeof(note), "p99 %s, p99.9 %s",
		        plot_figure(deviation(report, "p99"), PLOT_US, p99),
		        plot_figure(deviation(report, "p999"), PLOT_US, p999));
		*plot = (struct plot){.title = name,
		        .note = note,
		        .x_name = "off by",
		        .y_name = "packets",
		        .x_unit = PLOT_US,
		        .y_unit = PLOT_PERCENT,
		        .x_logarithmic = true,
		        .bars = pow(10, 1.0 / BARS_A_DECADE),
		        .width = 360,
		        .height = 210};
		bars_add(plot_add(plot, "", kind_of(report)), json_object_get(report, "deviation_histogram"));
		plot_write(file, plot);
	}
	fputs("</div>\n", file);
}

/* A line for each kind of work, over the calls, of what `value` says. False: there is nothing to say. */
static bool growth_add(struct plot *plot, const json_t *reports, double (*value)(const json_t *report))
{
	const json_t *report;
	bool any = false;
	size_t i;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct plot_line *line = plot_add(plot, kinds[kind], kind);

		json_array_foreach(reports, i, report)
		{
			if (kind_of(report) != kind || !json_object_get(report, "cpu") ||
			        json_object_get(report, "note"))
				continue;
			plot_point(line, figure(report, "calls"), value(report));
			any = true;
		}
	}
	return any;
}

static double relay_cores(const json_t *report)
{
	return figure(json_object_get(report, "cpu"), "relay_cores");
}

static double relay_ns(const json_t *report)
{
	return figure(report, "relay_cpu_ns_per_packet");
}

static void cpu_write(FILE *file, struct plot *plot, const json_t *reports)
{
	static const struct {
		const char *title, *y_name;
		bool logarithmic; /* where it should be flat, all sizes get the same room */
		double (*value)(const json_t *report);
	} rows[] = {{"Cores", "cores", false, relay_cores}, {"Nanoseconds a packet", "ns", true, relay_ns}};
	bool any = false;

	fputs("<h2>CPU time of the relay, over the calls</h2>\n<div class='plots pair'>\n", file);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*plot = (struct plot){.title = rows[i].title,
		        .x_name = "calls",
		        .y_name = rows[i].y_name,
		        .x_logarithmic = rows[i].logarithmic,
		        .names = true,
		        .width = 560,
		        .height = 280};
		any = growth_add(plot, reports, rows[i].value) || any;
		plot_write(file, plot);
	}
	fputs("</div>\n", file);
	if (!any)
		fputs("<p>Nothing can be said of it: it wasn't measured, or the machine was busy with other "
		      "things in every run.</p>\n",
		        file);
}

static int report_order(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
	double more = figure(x, "calls") - figure(y, "calls");

	if (kind_of(x) != kind_of(y))
		return (int)kind_of(x) - (int)kind_of(y);
	return more < 0 ? -1 : more > 0;
}

/* The reports by kind of work, and by calls; a new reference. NULL: no memory. */
static json_t *reports_sort(const json_t *reports)
{
	size_t count_all = json_array_size(reports);
	json_t **order = calloc(count_all + 1, sizeof(json_t *)), *sorted = json_array();

	for (size_t i = 0; order && i < count_all; i++)
		order[i] = json_array_get(reports, i);
	if (order)
		qsort(order, count_all, sizeof(json_t *), report_order);
	for (size_t i = 0; order && i < count_all; i++)
		json_array_append(sorted, order[i]);
	free(order);
	return sorted;
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
	json_t *reports = media_reports(all), *sorted = reports_sort(reports);
	const json_t *report;
	size_t i;

	fputs(head, file);
	table_write(file, sorted);
	json_array_foreach(all, i, report) if (json_object_get(report, "results"))
	        page_compare_write(file, report);
	if (plot) {
		cpu_write(file, plot, sorted);
		rates_write(file, plot, sorted);
		histograms_write(file, plot, sorted);
	}
	free(plot);
	json_decref(sorted);
	json_decref(reports);
	fputs("</body></html>\n", file);
}
