/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold: N parked callers, who talk or are silent. */
#include "tools/rig/command.h"
#include "tools/rig/measure.h"
#include "tools/rig/report.h"

static int hold_run(const struct rig_options *options)
{
	json_t *report = NULL;
	int code = measure_run(options, MEASURE_HOLD, &report);

	if (report)
		report_print(report, options->json);
	json_decref(report);
	return code;
}

const struct rig_command cmd_hold = {"hold", "", "N parked callers hear the hold stream", hold_run};
