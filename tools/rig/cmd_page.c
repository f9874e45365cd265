/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page: reports of hold and forward, as JSON files, become one HTML page. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/rig/command.h"
#include "tools/rig/page.h"

/* What is no report of these would show as a row of zeros. */
static bool is_of_media(const json_t *report)
{
	const char *work = json_string_value(json_object_get(report, "work"));

	return json_object_get(report, "results") ||
	       (work && (!strcmp(work, "hold") || !strcmp(work, "forward")));
}

static int refuse(json_t *reports, const char *file, int line, const char *why)
{
	if (line > 0)
		fprintf(stderr, "xdpark-rig: %s:%d: %s\n", file, line, why);
	else
		fprintf(stderr, "xdpark-rig: %s: %s\n", file, why);
	json_decref(reports);
	return RIG_FAILED;
}

static int page_run(const struct rig_options *options)
{
	json_t *reports = json_array();
	json_error_t error;

	for (int i = 0; i < options->file_count; i++) {
		json_t *report = json_load_file(options->files[i], 0, &error);

		if (!report || json_array_append_new(reports, report))
			return refuse(reports, options->files[i], error.line, error.text);
		if (!is_of_media(report))
			return refuse(reports, options->files[i], 0, "no report of hold, forward or compare");
	}
	page_write(stdout, reports);
	json_decref(reports);
	return RIG_CLEAN;
}

const struct rig_command cmd_page = {
        "page", " FILE...", "reports (JSON files) as an HTML page with plots", page_run};
