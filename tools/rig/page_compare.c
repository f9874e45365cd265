/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/page_compare.h"

#include <stdbool.h>

static double figure(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* A text of the report; what HTML would take for its own is left out. */
static void text_write(FILE *file, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	for (; text && *text; text++)
		if (*text != '<' && *text != '&')
			putc(*text, file);
}

/* A relay's row; `ratio` is the key of what rtpengine takes more, NULL: it is rtpengine. */
static void row_write(
        FILE *file, const json_t *result, const char *key, const char *name, const char *ratio, bool busy)
{
	const json_t *side = json_object_get(result, key), *deviation = json_object_get(side, "deviation_us");

	if (!side)
		return;
	fputs("<tr><td>", file);
	text_write(file, result, "work");
	fprintf(file, "<td>%s<td>%.0f<td>", name, figure(side, "calls"));
	if (busy)
		fputs("machine busy", file);
	else if (json_object_get(side, "least"))
		fprintf(file, "%.0f (%.0f to %.0f)", figure(side, "relay_cpu_ns_per_packet"),
		        figure(side, "least"), figure(side, "most"));
	fputs("<td>", file);
	if (ratio && json_object_get(result, ratio))
		fprintf(file, "%.0f times as much", figure(result, ratio));
	fprintf(file, "<td>%.0f<td>%.0f<td>%.0f<td>%.0f<td>%.0f</tr>\n", figure(side, "expected"),
	        figure(side, "lost"), figure(side, "wrong"), figure(deviation, "p50"),
	        figure(deviation, "p99"));
}

void page_compare_write(FILE *file, const json_t *report)
{
	const json_t *results = json_object_get(report, "results"),
	             *other = json_object_get(report, "rtpengine");
	bool busy = json_object_get(report, "note") != NULL;
	const json_t *result;
	size_t i;

	fputs("<h2>The same work by rtpengine</h2>\n<table><tr><th>work<th>relay<th>calls<th>CPU ns a "
	      "packet<th>rtpengine "
	      "takes<th>packets<th>lost<th>wrong<th>off the grid, us: p50<th>p99</tr>\n",
	        file);
	json_array_foreach(results, i, result)
	{
		row_write(file, result, "rtpengine", "rtpengine", NULL, busy);
		row_write(file, result, "xdpark", "xdpark", "ratio", busy);
		row_write(file, result, "xdpark_many", "xdpark", "ratio_many", busy);
	}
	fputs("</table>\n<p>rtpengine ", file);
	text_write(file, other, "version");
	fputs(": ", file);
	text_write(file, other, "kind");
	fputs(".\n", file);
	json_array_foreach(results, i, result)
	{
		fputs("<br>", file);
		text_write(file, result, "work");
		fputs(": ", file);
		text_write(file, result, "settings");
		if (json_object_get(result, "note"))
			fputs("; ", file);
		text_write(file, result, "note");
		putc('\n', file);
	}
	fputs("</p>\n", file);
}
