/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/outcome.h"

#include <errno.h>
#include <stdio.h>

#include "tools/rig/report.h"

static const char *const count_names[CL_COUNTS] = {
#define COUNT(name, meaning) [CL_##name] = #name,
#include "bpf/caller_counts.def"
#undef COUNT
};

/* So many frames may be late: to before the measured time, and so be in it, or in it, and so come after it.
 */
enum { LATE = 3 };

#define MS 1000000ULL

/* What one caller was to hear, and what it didn't get of it, or got beyond it. */
struct due {
	uint64_t expected, lost, surplus;
};

/* Frames that didn't come in a time in which nothing came. */
static uint64_t missing_in(const struct callers *callers, uint64_t ns)
{
	return ns < OUTCOME_SILENCE_NS ? 0 : ns / (callers_ptime_ms(callers) * MS);
}

static struct due talk_due(const struct callers *callers, const struct cl_hearing *hearing, uint64_t missing)
{
	uint64_t sent = callers_talking(callers, hearing->peer)->sent, heard = hearing->talk;

	return (struct due){.expected = sent + missing,
	        .lost = missing + (heard < sent ? sent - heard : 0),
	        .surplus = heard > sent ? heard - sent : 0};
}

/* What is numbered, and what is missing behind it if the stream has stopped. */
static struct due stream_due(const struct callers *callers, const struct cl_hearing *hearing, uint64_t end)
{
	uint64_t missing = hearing->last < end ? missing_in(callers, end - hearing->last) : 0;

	return (struct due){.expected = (uint64_t)hearing->received + hearing->lost + missing,
	        .lost = hearing->lost + missing};
}

/* The same within so many frame times, of which `end` is the end. */
static struct due hold_due(const struct cl_hearing *hearing, uint32_t frames, uint64_t end)
{
	bool went_on = hearing->last >= end;
	uint64_t numbered = (uint64_t)hearing->received + hearing->lost;
	struct due due = {.expected = numbered, .lost = hearing->lost};

	/* Of a stream that went on, the last ones are late: gaps tell what it lost. */
	if (numbered + 1 < frames && !(went_on && numbered + 1 + LATE >= frames)) {
		due.expected = frames - 1;
		due.lost = frames - 1 - hearing->received;
	} else if (numbered > frames + LATE) {
		due.expected = frames;
		due.surplus = numbered - frames;
	}
	return due;
}

/* `frames`: in the measured time; 0: it wasn't set. */
static struct due caller_due(const struct callers *callers, const struct cl_hearing *hearing, uint32_t frames)
{
	uint64_t end = callers_window_end(callers);
	bool parked = hearing->expects == CL_HOLD;

	/* Nobody has taken it yet. */
	if (hearing->expects == CL_HOLD_THEN_TALK && !frames &&
	        !callers_talking(callers, hearing->peer)->sent)
		parked = true;
	if (!parked)
		return talk_due(callers, hearing, frames ? 0 : missing_in(callers, hearing->gap_ns));
	return frames ? hold_due(hearing, frames, end) : stream_due(callers, hearing, end);
}

int outcome_read(const struct callers *callers, unsigned up, double seconds, struct outcome *outcome)
{
	uint32_t frames = (uint32_t)(seconds * 1000 / callers_ptime_ms(callers));
	unsigned connected = 0;
	int failed = callers_totals(callers, &outcome->totals);

	outcome->expected = outcome->lost = outcome->surplus = outcome->faulty = 0;
	for (unsigned caller = 0; !failed && caller < callers_count(callers); caller++) {
		const struct cl_hearing *hearing = callers_hearing(callers, caller);
		struct due due;

		if (hearing->expects == CL_NOTHING)
			continue;
		connected++;
		due = caller_due(callers, hearing, frames);
		outcome->expected += due.expected;
		outcome->lost += due.lost;
		outcome->surplus += due.surplus;
		outcome->faulty += due.lost || due.surplus || hearing->errors;
	}
	if (up > connected) {
		outcome->expected += (uint64_t)(up - connected) * frames;
		outcome->lost += (uint64_t)(up - connected) * frames;
		outcome->faulty += up - connected;
	}
	return failed;
}

uint64_t outcome_wrong(const struct outcome *outcome)
{
	uint64_t wrong = outcome->surplus;

	for (unsigned i = CL_duplicated; i <= CL_type_errors; i++)
		wrong += outcome->totals.count[i];
	return wrong;
}

bool outcome_clean(const struct outcome *outcome)
{
	const __u64 *count = outcome->totals.count;

	return !outcome->lost && !outcome_wrong(outcome) && !count[CL_strays] && count[CL_received];
}

void outcome_tell_strangers(const struct outcome *outcome)
{
	const __u64 *count = outcome->totals.count;

	if (count[CL_source_errors] || count[CL_strays])
		fputs("xdpark-rig: packets came from other ports than the calls were given (source errors), "
		      "or to callers without a call (strays): an earlier run that was killed may have left "
		      "calls; see 'xdpark calls'\n",
		        stderr);
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
	failed |= json_object_set_new(report, "surplus", json_integer((json_int_t)outcome->surplus));
	for (unsigned i = CL_duplicated; i < CL_COUNTS; i++)
		failed |= json_object_set_new(
		        report, count_names[i], json_integer((json_int_t)totals->count[i]));
	failed |= json_object_set_new(report, "wrong", json_integer((json_int_t)outcome_wrong(outcome)));
	failed |= json_object_set_new(report, "faulty_callers", json_integer((json_int_t)outcome->faulty));
	failed |= json_object_set_new(
	        report, "deviation_us", report_durations(totals->deviation, totals->deviation_max));
	failed |= json_object_set_new(report, "deviation_histogram", report_histogram(totals->deviation));
	if (talk)
		failed |= json_object_set_new(
		        report, "latency_us", report_durations(totals->latency, totals->latency_max));
	return failed ? -ENOMEM : 0;
}
