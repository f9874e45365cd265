/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/outcome.h"

#include <errno.h>

#include "tools/rig/report.h"

static const char *const count_names[CL_COUNTS] = {
#define COUNT(name, meaning) [CL_##name] = #name,
#include "bpf/caller_counts.def"
#undef COUNT
};

/* What a connected caller didn't get of what it was to hear. */
static uint32_t caller_lost(const struct callers *callers, unsigned caller, uint32_t frames)
{
	const struct cl_hearing *hearing = callers_hearing(callers, caller);
	uint32_t lost = hearing->lost, least = frames ? frames - 1 : 0;

	if (hearing->expects != CL_HOLD) {
		uint32_t sent = callers_talking(callers, hearing->peer)->sent;

		return sent > hearing->received ? sent - hearing->received : 0;
	}
	if (hearing->received + lost < least)
		lost = least - hearing->received;
	return lost;
}

int outcome_read(const struct callers *callers, double seconds, struct outcome *outcome)
{
	uint32_t frames = (uint32_t)(seconds * 1000 / callers_ptime_ms(callers));
	int failed = callers_totals(callers, &outcome->totals);

	outcome->expected = outcome->lost = outcome->faulty = outcome->heard = 0;
	for (unsigned caller = 0; !failed && caller < callers_count(callers); caller++) {
		const struct cl_hearing *hearing = callers_hearing(callers, caller);
		uint32_t lost;

		if (hearing->expects == CL_NOTHING)
			continue;
		lost = caller_lost(callers, caller, frames);
		outcome->expected += hearing->received + lost;
		outcome->lost += lost;
		outcome->faulty += lost || hearing->errors;
		outcome->heard += hearing->received > 0;
	}
	return failed;
}

bool outcome_clean(const struct outcome *outcome)
{
	const __u64 *count = outcome->totals.count;
	uint64_t errors = outcome->lost;

	for (unsigned i = CL_duplicated; i <= CL_type_errors; i++)
		errors += count[i];
	return !errors && count[CL_received];
}

int outcome_report(const struct outcome *outcome, bool talk, json_t *report)
{
	const struct cl_totals *totals = &outcome->totals;
	int failed = 0;

	failed |= json_object_set_new(report, "sent", json_integer((json_int_t)totals->count[CL_sent]));
	failed |=
	        json_object_set_new(report, "received", json_integer((json_int_t)totals->count[CL_received]));
	failed |= json_object_set_new(report, "expected", json_integer((json_int_t)outcome->expected));
	failed |= json_object_set_new(report, "lost", json_integer((json_int_t)outcome->lost));
	for (unsigned i = CL_duplicated; i < CL_COUNTS; i++)
		failed |= json_object_set_new(
		        report, count_names[i], json_integer((json_int_t)totals->count[i]));
	failed |= json_object_set_new(report, "faulty_callers", json_integer((json_int_t)outcome->faulty));
	failed |= json_object_set_new(
	        report, "deviation_us", report_durations(totals->deviation, totals->deviation_max));
	failed |= json_object_set_new(report, "deviation_histogram", report_histogram(totals->deviation));
	if (talk)
		failed |= json_object_set_new(
		        report, "latency_us", report_durations(totals->latency, totals->latency_max));
	return failed ? -ENOMEM : 0;
}
