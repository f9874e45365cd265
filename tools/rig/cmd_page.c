/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page: reports of hold and forward, as JSON files, become one HTML page. */
#include <stdio.h>

#include "tools/rig/command.h"
#include "tools/rig/page.h"

static int page_run(const struct rig_options *options)
{
	json_t *reports = json_array();
	json_error_t error;

	for (int i = 0; i < options->file_count; i++) {
		json_t *report = json_load_file(options->files[i], 0, &error);

		if (!report || json_array_append_new(reports, report)) {
			fprintf(stderr, "xdpark-rig: %s:%d: %s\n", options->files[i], error.line, error.text);
			json_decref(reports);
			return RIG_FAILED;
		}
	}
	page_write(stdout, reports);
	json_decref(reports);
	return RIG_CLEAN;
}

const struct rig_command cmd_page = {
        "page", " FILE...", "reports (JSON files) as an HTML page with plots", page_run};
