/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/load_report.h"

#include <errno.h>

#include "tools/rig/report.h"

/* What was heard. Lost is what calls that are up missed; gaps are left out of the streams of all. */
static json_t *heard_report(struct load *load)
{
	json_t *report = json_object();
	struct outcome *heard = &load->heard;

	if (report && !outcome_read(load->callers, 0, 0, heard) && !outcome_report(heard, false, report) &&
	        !json_object_set_new(report, "gaps", json_integer((json_int_t)heard->totals.count[CL_gaps])))
		return report;
	json_decref(report);
	return NULL;
}

/* What came of calls. 0 or -ENOMEM. */
static int calls_report(struct load *load, json_t *report)
{
	if (json_object_set_new(report, "codec", json_string(codec_name(load->options->codec))) ||
	        json_object_set_new(report, "lost_calls", causes_report(&load->lost)) ||
	        json_object_set_new(report, "heard", heard_report(load)))
		return -ENOMEM;
	return 0;
}

json_t *load_report(struct load *load, const struct load_work *work, const struct load_outcome *outcome)
{
	json_t *report = json_pack("{s:s, s:f, s:i, s:i, s:o, s:f, s:o, s:o, s:I, s:f, s:f}", "work",
	        work->name, "asked_rate", load->options->rate, "attempted", outcome->attempted, "succeeded",
	        outcome->succeeded, "failed", causes_report(&outcome->failed), "rate", outcome->rate,
	        "setup_us", times_report(&load->setup, 1e3), "late_us", times_report(&outcome->late, 1e3),
	        "resent", (json_int_t)outcome->resent, "busy_cores", outcome->busy_cores, "rig_cores",
	        outcome->rig_cores);
	bool failed = report && load->callers && calls_report(load, report);

	if (report && (failed || (work->report && work->report(load, report)))) {
		json_decref(report);
		return NULL;
	}
	return report;
}

bool load_is_clean(const struct load *load, const struct load_outcome *outcome)
{
	const struct outcome *heard = &load->heard;

	return outcome->succeeded == outcome->attempted && !causes_sum(&load->lost) && !heard->lost &&
	       !heard->totals.count[CL_gaps] && !outcome_wrong(heard);
}
