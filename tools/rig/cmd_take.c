/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * take: calls are parked, each in an orbit of its own, and then so many a second are taken by the trunk.
 * Takers talk from the 200 on. The parked callers are silent, and tell how long they heard nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/rig/command.h"
#include "tools/rig/load.h"

enum { HEAR_MS = 1000 };

/* Line 2 k is the caller of call k, 2 k + 1 its taker. */
struct take {
	struct load load;
	uint64_t *due_ns; /* of the takes */
	struct times gaps;
};

static void call_orbit(struct load *load, unsigned line, bool parks)
{
	char orbit[LINES_NUMBER];

	snprintf(orbit, sizeof(orbit), "%u", load->options->orbit + line / 2);
	if (!line_call(load->lines, line, orbit, parks))
		load_settle(load, CAUSE_NO_LINE);
}

static void start_park(struct load *load, unsigned call, uint64_t due_ns)
{
	(void)due_ns;
	call_orbit(load, 2 * call, true);
}

static void start_take(struct load *load, unsigned call, uint64_t due_ns)
{
	((struct take *)load)->due_ns[call] = due_ns;
	callers_expect(load->callers, 2 * call, CL_HOLD_THEN_TALK, 2 * call + 1);
	call_orbit(load, 2 * call + 1, false);
}

static void on_answered(void *context, unsigned line, const struct sockaddr_in *relay)
{
	struct take *take = context;
	struct load *load = &take->load;

	if (line & 1) {
		times_add(&load->setup, machine_clock_ns() - take->due_ns[line / 2]);
		callers_connect(load->callers, line, relay, CL_TALK, line - 1);
		talk_add(take->load.talk, line);
	} else {
		callers_connect(load->callers, line, relay, CL_HOLD, line + 1);
	}
	load_settle(load, CAUSE_NONE);
}

static void on_over(void *context, unsigned line, int cause)
{
	struct take *take = context;
	bool up = callers_hearing(take->load.callers, line)->expects != CL_NOTHING;

	if (line & 1)
		talk_remove(take->load.talk, line);
	if (load_heed_over(&take->load, line, cause))
		return;
	if (up)
		causes_add(&take->load.lost, cause);
	else
		load_settle(&take->load, cause);
}

static const struct lines_ops take_lines = {.media = load_media, .answered = on_answered, .over = on_over};

/* Who was taken and heard nobody wasn't taken, whatever SIP says. */
static void heed_gaps(struct take *take, struct load_outcome *outcome)
{
	for (unsigned line = 0; line < callers_count(take->load.callers); line += 2) {
		uint64_t gap_ns = callers_hearing(take->load.callers, line)->gap_ns;

		if (gap_ns) {
			times_add(&take->gaps, gap_ns);
		} else if (line_is_up(take->load.lines, line + 1)) {
			load_take_back(outcome, CAUSE_NOT_HEARD);
		}
	}
}

static int take_measure(struct load *load, struct load_outcome *outcome)
{
	const struct load_phase park = {.doing = "parking",
	        .rate = load_aside_rate(load),
	        .count = load->options->calls,
	        .start = start_park};
	const struct load_phase taking = {.doing = "taking",
	        .rate = load->options->rate,
	        .count = load->options->calls,
	        .start = start_take};
	int failed = load_run(load, &park, NULL);

	if (!failed)
		failed = load_wait(load, (unsigned)(load->options->warmup * 1000));
	load_listen(load);
	if (!failed)
		failed = load_run(load, &taking, outcome);
	if (!failed)
		failed = load_wait(load, HEAR_MS);
	if (!failed)
		heed_gaps((struct take *)load, outcome);
	return failed;
}

static int take_report(const struct load *load, json_t *report)
{
	const struct take *take = (const struct take *)load;

	return json_object_set_new(report, "gap_ms", times_report(&take->gaps, 1e6)) ? -ENOMEM : 0;
}

static int take_run(const struct rig_options *options)
{
	static struct take take;
	const struct load_work work = {.name = "take",
	        .lines = 2 * options->calls,
	        .orbits = true,
	        .talks = true,
	        .ops = &take_lines,
	        .measure = take_measure,
	        .report = take_report};
	int code;

	take.due_ns = calloc(options->calls, sizeof(*take.due_ns));
	if (!take.due_ns)
		return RIG_FAILED;
	code = load_do(&take.load, options, &work);
	free(take.due_ns);
	return code;
}

const struct rig_command cmd_take = {"take", "", "parked calls are taken at a rate", take_run};
