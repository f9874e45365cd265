/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * churn: calls come, are parked, wait, are taken, talk for a second and are hung up, so many a second for as
 * long as asked. Nothing is new at the end that wasn't there at the beginning, or something leaks.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/rig/command.h"
#include "tools/rig/load.h"

enum { TALK_MS = 1000, QUIET_MS = 500, SPARE_SECONDS = 4, SPARE_CALLS = 16 };

#define NO_CALL UINT32_MAX

enum call_state {
	CALL_PARKING,
	CALL_PARKED,
	CALL_TAKING,
	CALL_TALKING,
	CALL_ENDING, /* what is up hangs up */
};

/* One call at a time, on line 2 n, its taker on 2 n + 1, in an orbit of its own. */
struct call {
	struct churn *churn;
	struct timer timer; /* PARKED: until it is taken; TALKING: until it is hung up */
	uint64_t since_ns;  /* it was due; TAKING: the taker called */
	uint32_t next_free;
	int cause;
	uint8_t state;
	uint8_t busy; /* bit 0: the caller's line is in use, bit 1: the taker's */
};

struct churn {
	struct load load;
	struct call *calls;
	uint32_t first_free;
	struct times takes, gaps;
};

/* The caller's line; the taker's is the next. */
static unsigned line_of(const struct call *call)
{
	return 2 * (unsigned)(call - call->churn->calls);
}

/* False: that line has a call already. */
static bool call_orbit(struct call *call, unsigned side)
{
	const struct load *load = &call->churn->load;
	unsigned line = line_of(call);
	char orbit[LINES_NUMBER];

	call->busy |= (uint8_t)(1U << side);
	snprintf(orbit, sizeof(orbit), "%u", load->options->orbit + line / 2);
	return line_call(load->lines, line + side, orbit, side == 0);
}

/* Both lines hang up; it is over when neither is busy. */
static void call_end(struct call *call, int cause)
{
	const struct load *load = &call->churn->load;
	unsigned line = line_of(call);

	timer_cancel(loop_timers(load->loop), &call->timer);
	if (!call->cause)
		call->cause = cause;
	call->state = CALL_ENDING;
	/* The taker's side first: the other one is then hung up by the relay. */
	line_hang_up(load->lines, line_is_up(load->lines, line + 1) ? line + 1 : line);
}

static void start(struct load *load, unsigned item, uint64_t due_ns)
{
	struct churn *churn = (struct churn *)load;
	struct call *call;

	(void)item;
	if (churn->first_free == NO_CALL) {
		load_settle(load, CAUSE_NO_LINE);
		return;
	}
	call = &churn->calls[churn->first_free];
	churn->first_free = call->next_free;
	*call = (struct call){.churn = churn, .since_ns = due_ns};
	if (!call_orbit(call, 0))
		call_end(call, CAUSE_NO_LINE);
}

static void on_talked(struct timer *timer)
{
	struct call *call = owner_of(timer, struct call, timer);
	struct churn *churn = call->churn;
	const struct cl_hearing *hearing = callers_hearing(churn->load.callers, line_of(call));
	uint64_t gap_ns = hearing->gap_ns, stopped_ns = hearing->last + QUIET_MS * 1000000ULL;
	bool heard = gap_ns && gap_ns < OUTCOME_SILENCE_NS && machine_clock_ns() < stopped_ns;

	if (churn->load.hanging_up)
		return;
	if (gap_ns)
		times_add(&churn->gaps, gap_ns);
	call_end(call, heard ? CAUSE_NONE : CAUSE_NOT_HEARD);
}

static void on_waited(struct timer *timer)
{
	struct call *call = owner_of(timer, struct call, timer);
	struct load *load = &call->churn->load;
	unsigned line = line_of(call);

	if (load->hanging_up)
		return;
	call->state = CALL_TAKING;
	call->since_ns = machine_clock_ns();
	callers_expect(load->callers, line, CL_HOLD_THEN_TALK, line + 1);
	if (!call_orbit(call, 1))
		call_end(call, CAUSE_NO_LINE);
}

/* The next step comes in so many ms. */
static void call_wait(struct call *call, enum call_state state, unsigned ms, void (*next)(struct timer *))
{
	call->state = (uint8_t)state;
	if (timer_set(loop_timers(call->churn->load.loop), &call->timer, ms, next))
		call_end(call, CAUSE_UNFINISHED);
}

static void on_answered(void *context, unsigned line, const struct sockaddr_in *relay)
{
	struct churn *churn = context;
	struct load *load = &churn->load;
	struct call *call = &churn->calls[line / 2];
	uint64_t took_ns = machine_clock_ns() - call->since_ns;

	if (call->state == CALL_ENDING) {
		call_end(call, CAUSE_NONE);
	} else if (line & 1U) {
		times_add(&churn->takes, took_ns);
		callers_connect(load->callers, line, relay, CL_TALK, line - 1);
		talk_add(load->talk, line);
		call_wait(call, CALL_TALKING, TALK_MS, on_talked);
	} else {
		times_add(&load->setup, took_ns);
		callers_connect(load->callers, line, relay, CL_HOLD, line + 1);
		call_wait(call, CALL_PARKED, (unsigned)(load->options->wait * 1000), on_waited);
	}
}

static void on_over(void *context, unsigned line, int cause)
{
	struct churn *churn = context;
	struct call *call = &churn->calls[line / 2];

	if (line & 1U)
		talk_remove(churn->load.talk, line);
	if (load_heed_over(&churn->load, line, cause))
		return;
	call->busy &= (uint8_t) ~(1U << (line & 1U));
	/* In the end one side hangs up, and is answered; the other is hung up. */
	if (call->state != CALL_ENDING)
		call_end(call, cause);
	else if (cause == CAUSE_NO_ANSWER && !call->cause)
		call->cause = cause;
	if (call->busy)
		return;
	call->next_free = churn->first_free;
	churn->first_free = (uint32_t)(call - churn->calls);
	load_settle(&churn->load, call->cause);
}

static const struct lines_ops churn_lines = {.media = load_media, .answered = on_answered, .over = on_over};

static int churn_measure(struct load *load, struct load_outcome *outcome)
{
	const struct load_phase phase = {.doing = "churning",
	        .rate = load->options->rate,
	        .count = (unsigned)ceil(load->options->rate * load->options->seconds),
	        .start = start};

	load_listen(load);
	return load_run(load, &phase, outcome);
}

static int churn_report(const struct load *load, json_t *report)
{
	const struct churn *churn = (const struct churn *)load;
	int failed = json_object_set_new(report, "take_us", times_report(&churn->takes, 1e3));

	if (!failed)
		failed = json_object_set_new(report, "gap_ms", times_report(&churn->gaps, 1e6));
	return failed ? -ENOMEM : 0;
}

static int churn_run(const struct rig_options *options)
{
	static struct churn churn;
	double life = options->wait + TALK_MS / 1000.0 + SPARE_SECONDS;
	unsigned count = (unsigned)ceil(options->rate * life) + SPARE_CALLS;
	const struct load_work work = {.name = "churn",
	        .lines = 2 * count,
	        .orbits = true,
	        .talks = true,
	        .ops = &churn_lines,
	        .measure = churn_measure,
	        .report = churn_report};
	int code;

	churn.calls = calloc(count, sizeof(*churn.calls));
	if (!churn.calls)
		return RIG_FAILED;
	for (unsigned i = 0; i < count; i++)
		churn.calls[i].next_free = i + 1 < count ? i + 1 : NO_CALL;
	code = load_do(&churn.load, options, &work);
	free(churn.calls);
	return code;
}

const struct rig_command cmd_churn = {
        "churn", "", "calls are parked, taken and hung up at a rate, on and on", churn_run};
