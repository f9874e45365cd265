/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward: N bridges, both sides talk. */
#include "tools/rig/command.h"
#include "tools/rig/measure.h"
#include "tools/rig/report.h"

static int forward_run(const struct rig_options *options)
{
	json_t *report = NULL;
	int code = measure_run(options, MEASURE_FORWARD, &report);

	if (report)
		report_print(report, options->json);
	json_decref(report);
	return code;
}

const struct rig_command cmd_forward = {"forward", "", "N bridges: 2 N callers hear each other", forward_run};
