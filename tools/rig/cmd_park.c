/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * park: so many calls a second are parked. By INVITE the trunk calls the park number. By REFER the trunk
 * calls a user, whose phone answers, transfers the call to the park number, is told how that went, and hangs
 * up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/rig/command.h"
#include "tools/rig/load.h"

enum { PHONES = 9, HEAR_MS = 500 };

/* How far a call is. */
struct step {
	uint64_t since_ns; /* it was due; by REFER: that went out */
	bool answered, acknowledged, settled, parked;
};

/*
 * Lines 0 up to `first` hold the calls that were parked before; behind them is a line for each measured call,
 * by REFER two: the trunk's, even, and the phone's.
 */
struct park {
	struct load load;
	unsigned first;
	bool measuring;
	struct step *steps; /* of lines; by REFER the trunk's */
};

static bool line_has_phone(const struct park *park, unsigned line)
{
	return line >= park->first && park->load.options->by_refer;
}

static struct step *step_of(const struct park *park, unsigned line)
{
	return &park->steps[line_has_phone(park, line) ? line & ~1U : line];
}

static void settle(struct park *park, unsigned line, int cause)
{
	struct step *step = step_of(park, line);

	if (step->settled) {
		causes_add(&park->load.lost, cause);
		return;
	}
	step->settled = true;
	step->parked = cause == CAUSE_NONE;
	load_settle(&park->load, cause);
}

static void note_setup(struct park *park, const struct step *step)
{
	if (park->measuring)
		times_add(&park->load.setup, machine_clock_ns() - step->since_ns);
}

static void start_invite(struct load *load, unsigned line, uint64_t due_ns)
{
	struct park *park = (struct park *)load;

	park->steps[line] = (struct step){.since_ns = due_ns};
	if (!line_call(load->lines, line, load->options->number, false))
		settle(park, line, CAUSE_NO_LINE);
}

static void start_refer(struct load *load, unsigned call, uint64_t due_ns)
{
	struct park *park = (struct park *)load;
	unsigned phones = load->options->address_count < PHONES ? load->options->address_count : PHONES;
	unsigned line = park->first + 2 * call;
	char user[LINES_NUMBER];

	park->steps[line] = (struct step){.since_ns = due_ns};
	snprintf(user, sizeof(user), "%u", call % phones + 1);
	if (!line_call(load->lines, line, user, false))
		settle(park, line, CAUSE_NO_LINE);
}

/* Both the trunk and the phone know that the call is up: the phone parks it. */
static void refer_when_up(struct park *park, unsigned line)
{
	struct step *step = step_of(park, line);

	if (!step->answered || !step->acknowledged)
		return;
	step->since_ns = machine_clock_ns();
	line_refer(park->load.lines, line | 1U, park->load.options->number);
}

static void on_answered(void *context, unsigned line, const struct sockaddr_in *relay)
{
	struct park *park = context;
	bool phone = line_has_phone(park, line);
	struct step *step = step_of(park, line);

	/* Nobody talks before it is parked, and then its hold stream is there before anybody is told. */
	callers_connect(park->load.callers, line, relay, CL_HOLD, line ^ 1U);
	if (phone) {
		step->answered = true;
		refer_when_up(park, line);
	} else {
		note_setup(park, step);
		settle(park, line, CAUSE_NONE);
	}
}

static void on_rung(void *context, unsigned line, const struct sockaddr_in *relay)
{
	const struct park *park = context;

	callers_connect(park->load.callers, line, relay, CL_TALK, line ^ 1U);
}

static void on_acknowledged(void *context, unsigned line)
{
	struct park *park = context;

	step_of(park, line)->acknowledged = true;
	refer_when_up(park, line);
}

static void on_referred(void *context, unsigned line, int status)
{
	struct park *park = context;

	if (status == 202) {
		note_setup(park, step_of(park, line));
		return;
	}
	settle(park, line, status);
	line_hang_up(park->load.lines, line);
}

static void on_notified(void *context, unsigned line, int status, bool final)
{
	struct park *park = context;

	if (!final)
		return;
	settle(park, line, status == 200 ? CAUSE_NONE : CAUSE_NOT_TOLD);
	line_hang_up(park->load.lines, line);
}

static void on_over(void *context, unsigned line, int cause)
{
	struct park *park = context;
	bool phone = line_has_phone(park, line) && (line & 1U);

	if (load_heed_over(&park->load, line, cause) || (phone && cause == CAUSE_NONE))
		return;
	settle(park, line, cause);
}

/* By INVITE nobody's phone is called. */
static const struct lines_ops invite_lines = {.media = load_media, .answered = on_answered, .over = on_over};

static const struct lines_ops refer_lines = {
        .media = load_media,
        .answered = on_answered,
        .rung = on_rung,
        .acknowledged = on_acknowledged,
        .referred = on_referred,
        .notified = on_notified,
        .over = on_over,
};

/* Measured calls whose audio never came have failed, whatever SIP says. */
static void heed_silence(const struct park *park, struct load_outcome *outcome)
{
	unsigned step = park->load.options->by_refer ? 2 : 1;

	for (unsigned line = park->first; line < callers_count(park->load.callers); line += step) {
		const struct cl_hearing *hearing = callers_hearing(park->load.callers, line);

		if (park->steps[line].parked && hearing->expects != CL_NOTHING && !hearing->started)
			load_take_back(outcome, CAUSE_NOT_HEARD);
	}
}

static int park_measure(struct load *load, struct load_outcome *outcome)
{
	struct park *park = (struct park *)load;
	bool refer = load->options->by_refer;
	const struct load_phase before = {.doing = "parking those before",
	        .rate = load_aside_rate(load),
	        .count = load->options->parked,
	        .start = start_invite};
	const struct load_phase measured = {.doing = "parking",
	        .rate = load->options->rate,
	        .first = refer ? 0 : park->first,
	        .count = load->options->calls,
	        .start = refer ? start_refer : start_invite};
	int failed = load_run(load, &before, NULL);

	if (!failed)
		failed = load_wait(load, (unsigned)(load->options->warmup * 1000));
	park->measuring = true;
	load_listen(load);
	if (!failed)
		failed = load_run(load, &measured, outcome);
	if (!failed)
		failed = load_wait(load, HEAR_MS);
	if (!failed)
		heed_silence(park, outcome);
	return failed;
}

static int park_report(const struct load *load, json_t *report)
{
	const struct rig_options *options = load->options;
	json_t *part = json_pack(
	        "{s:s, s:i}", "by", options->by_refer ? "refer" : "invite", "parked_before", options->parked);
	int failed = part ? json_object_update(report, part) : -1;

	json_decref(part);
	return failed ? -ENOMEM : 0;
}

static int park_run(const struct rig_options *options)
{
	static struct park park;
	struct load_work work = {.name = "park",
	        .ops = options->by_refer ? &refer_lines : &invite_lines,
	        .measure = park_measure,
	        .report = park_report};
	int code;

	park.first = (options->parked + 1) & ~1U;
	work.lines = park.first + (options->by_refer ? 2 : 1) * options->calls;
	park.steps = calloc(work.lines, sizeof(*park.steps));
	if (!park.steps)
		return RIG_FAILED;
	code = load_do(&park.load, options, &work);
	free(park.steps);
	return code;
}

const struct rig_command cmd_park = {"park", "", "calls are parked at a rate, by INVITE or REFER", park_run};
