/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/measure.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rig/command.h"
#include "tools/rig/machine.h"
#include "tools/rig/offer.h"
#include "tools/rig/outcome.h"
#include "tools/rig/report.h"
#include "tools/rig/wire.h"

enum { SECONDS_LISTED = 3600, LEAD_MS = 10, DRAIN_MS = 200, SETTLE_MS = 200, SETTLE_MOST_MS = 10000 };

#define SHORT         0.02 /* of what is due */
#define BUSY_ALREADY  0.15 /* cores; an idle machine has less */
#define BELOW_NOTHING 0.05 /* cores; so much less than nothing is no accident */
#define SECOND_NS     1000000000ULL

/* One run. */
struct run {
	const struct rig_options *options;
	enum measure_what what;
	const struct setup_ops *ops;
	struct clip clip;
	struct callers *callers;
	struct setup *setup;
	struct talk *talk;
	int calls; /* that are up */
	uint64_t set_up_ns;
	json_t *each_second; /* packets received in it */
	unsigned talkers;
	struct share share;
	struct machine_time from, to;
	uint64_t tx_dropped; /* what the interface refused in the measured time */
	struct outcome outcome;
};

static int run_refuse(const char *error)
{
	progress_end();
	fprintf(stderr, "xdpark-rig: %s\n", error);
	return RIG_FAILED;
}

/* How many callers so many calls have. */
static unsigned callers_of(const struct run *run, unsigned calls)
{
	return run->what == MEASURE_FORWARD ? 2 * calls : calls;
}

/* The callers' side, and before it what it costs by itself. */
static int run_open_callers(struct run *run, char *error)
{
	const struct rig_options *options = run->options;
	struct callers_options how = {.interface = options->interface,
	        .addresses = options->addresses,
	        .address_count = options->address_count,
	        .count = callers_of(run, options->calls),
	        .ptime_ms = options->ptime_ms,
	        .payload_type = offer_payload_type(options->codec),
	        .relay = options->server.sin_addr,
	        .clip = &run->clip};
	int failed = clip_load(&run->clip, options->clip, options->codec, error);

	if (!failed && run->ops->hears)
		run->ops->hears(&run->clip);
	/* It costs seconds, after which nobody wants to hear that there is no such interface. */
	if (!failed)
		failed = wire_check(options->interface, error);
	if (!failed && !options->no_cpu && run->share.send_ns == 0) {
		progress("measuring the rig's own share");
		failed = share_measure(&run->share, &how, &options->manner, options->threads, error);
	}
	return failed ? failed : callers_open(&run->callers, &how, error);
}

/* The relay isn't there, or isn't free. */
static int run_refuse_relay(int failed, const char *error)
{
	run_refuse(error);
	return failed == -EPERM ? RIG_USAGE : RIG_FAILED;
}

static int run_open(struct run *run)
{
	char error[CALLERS_ERROR];
	int failed = run->ops->check ? run->ops->check(run->options, error) : 0;

	if (failed)
		return run_refuse_relay(failed, error);
	failed = run_open_callers(run, error);
	if (failed)
		return run_refuse(failed == -EINTR ? "interrupted" : error);
	failed = run->ops->open(&run->setup, run->options, run->callers, error);
	return failed ? run_refuse_relay(failed, error) : 0;
}

/* How many calls may be there still. */
static unsigned run_close(struct run *run)
{
	unsigned stayed;

	talk_stop(run->talk);
	stayed = run->ops->close(run->setup);
	callers_close(run->callers);
	clip_clear(&run->clip);
	json_decref(run->each_second);
	machine_time_free(&run->from);
	machine_time_free(&run->to);
	return stayed;
}

static int run_set_up(struct run *run)
{
	unsigned calls = run->options->calls;
	uint64_t start = machine_clock_ns();

	run->calls = run->what == MEASURE_FORWARD ? run->ops->bridge(run->setup, calls)
	                                          : run->ops->park(run->setup, calls);
	run->set_up_ns = machine_clock_ns() - start;
	if (run->calls == -EINTR)
		return run_refuse("interrupted");
	if (run->calls <= 0) {
		char *causes = NULL;
		json_t *failed = run->ops->failed(run->setup);
		char error[300];

		causes = json_dumps(failed, 0);
		snprintf(error, sizeof(error), "no call came to be: %.200s%s", causes ? causes : "",
		        json_object_get(failed, "no_answer")
		                ? ": nobody answers at --server, or we may not call it"
		                : "");
		json_decref(failed);
		free(causes);
		return run_refuse(error);
	}
	return 0;
}

/* Starts those that are to talk: so many in a hundred, evenly among all. */
static int run_talk(struct run *run)
{
	const struct rig_options *options = run->options;
	int failed;

	if (run->what == MEASURE_HOLD && !options->talking)
		return 0;
	failed = talk_start(&run->talk, run->callers, &options->manner, options->threads);
	if (failed)
		return run_refuse("no thread for the talkers");
	for (unsigned i = 0; i < callers_count(run->callers); i++) {
		uint64_t before = (uint64_t)i * options->talking / 100;

		if (callers_hearing(run->callers, i)->expects != CL_NOTHING &&
		        (uint64_t)(i + 1) * options->talking / 100 > before) {
			talk_add(run->talk, i);
			run->talkers++;
		}
	}
	return 0;
}

/* Tells and notes what a second brought. */
static void second_note(struct run *run, unsigned second, uint64_t *before)
{
	struct cl_totals totals;

	if (callers_totals(run->callers, &totals))
		return;
	progress("%u of %.0f s: %llu packets/s heard", second, run->options->seconds,
	        (unsigned long long)(totals.count[CL_received] - *before));
	if (second <= SECONDS_LISTED)
		json_array_append_new(
		        run->each_second, json_integer((json_int_t)(totals.count[CL_received] - *before)));
	*before = totals.count[CL_received];
}

/*
 * When the measured time begins: all callers must know of it before, or some count what they said in it and
 * others don't. To tell them takes longer the more they are, and the machine may stand still.
 */
static uint64_t window_begin(struct run *run, uint64_t duration_ns)
{
	uint64_t start, lead_ns = LEAD_MS * 1000000ULL;

	do {
		start = machine_clock_ns() + lead_ns;
		callers_window(run->callers, start, start + duration_ns);
		lead_ns *= 2;
	} while (machine_clock_ns() >= start);
	return start;
}

/* The measured time itself. */
static int run_window(struct run *run)
{
	uint64_t duration_ns = (uint64_t)(run->options->seconds * 1e9);
	uint64_t start = window_begin(run, duration_ns), end = start + duration_ns, before = 0;
	uint64_t dropped = callers_dropped(run->callers);
	int failed;

	failed = run->ops->serve(run->setup, start);
	if (!failed)
		failed = machine_now(&run->from);
	for (unsigned second = 1; !failed && start + second * SECOND_NS < end; second++) {
		failed = run->ops->serve(run->setup, start + second * SECOND_NS);
		if (!failed)
			second_note(run, second, &before);
	}
	if (!failed)
		failed = run->ops->serve(run->setup, end);
	if (!failed)
		failed = machine_now(&run->to);
	if (!failed)
		failed = run->ops->serve(run->setup, end + DRAIN_MS * 1000000ULL);
	run->tx_dropped = callers_dropped(run->callers) - dropped;
	if (!failed)
		second_note(run, (unsigned)run->options->seconds, &before);
	if (!failed)
		failed = outcome_read(run->callers, callers_of(run, (unsigned)run->calls),
		        run->options->seconds, &run->outcome);
	return failed ? run_refuse("interrupted") : 0;
}

/* What all callers together have heard wrong so far, outside of the measured time. */
static uint64_t wrong_so_far(const struct run *run)
{
	uint64_t wrong = 0;

	for (unsigned i = 0; i < callers_count(run->callers); i++)
		wrong += callers_hearing(run->callers, i)->unmeasured;
	return wrong;
}

/*
 * Runs warm, and then until nobody has heard anything wrong for a while: a server that has just been started
 * may play something else until the clip is encoded.
 */
static int run_warm(struct run *run)
{
	uint64_t now = machine_clock_ns(), wrong, before;
	uint64_t end = now + (uint64_t)(run->options->warmup * 1e9),
	         latest = end + SETTLE_MOST_MS * 1000000ULL;

	progress("warming up");
	if (run->ops->serve(run->setup, end))
		return run_refuse("interrupted");
	wrong = wrong_so_far(run);
	do {
		before = wrong;
		now = machine_clock_ns();
		if (run->ops->serve(run->setup, now + SETTLE_MS * 1000000ULL))
			return run_refuse("interrupted");
		wrong = wrong_so_far(run);
	} while (wrong != before && now < latest);
	return 0;
}

static int run_measure(struct run *run)
{
	int code = run_open(run);

	if (!code)
		code = run_set_up(run);
	if (!code)
		code = run_talk(run);
	if (!code)
		code = run_warm(run);
	return code ? code : run_window(run);
}

/* Why what is said of CPU time is worth nothing; NULL: it may be right. */
static const char *cpu_doubt(const struct machine_busy *busy, double idle_cores, double relay_cores)
{
	if (idle_cores > BUSY_ALREADY)
		return "the machine was busy already: what is said of CPU time is worth nothing";
	if (relay_cores < -BELOW_NOTHING)
		return "less time was spent than the rig needs by itself: somebody else worked before, "
		       "and what is said of CPU time is worth nothing";
	/* Both may miss a little, but whoever ends within the time is in one of them only. */
	if (busy->cores == busy->by_tasks && busy->by_idle > 1.25 * busy->by_tasks + 0.1)
		return "programs ended meanwhile, which tasks don't account for: "
		       "what is said of CPU time is too little";
	return NULL;
}

/* What is the relay's of the time that the machine was busy; the raw figures beside it. */
static void cpu_report(const struct run *run, json_t *report)
{
	const __u64 *count = run->outcome.totals.count;
	const struct share *share = &run->share;
	struct machine_busy busy = machine_busy(&run->from, &run->to);
	double seconds = run->options->seconds;
	double sent = (double)count[CL_sent] / seconds, received = (double)count[CL_received] / seconds;
	double own = (sent * share->send_ns + received * share->check_ns) / 1e9;
	double relay = busy.cores - share->idle_cores - own;
	const char *note = cpu_doubt(&busy, share->idle_cores, relay);

	json_object_set_new(report, "busy_cores", json_real(busy.cores));
	if (run->options->no_cpu)
		return;
	json_object_set_new(
	        report, "relay_cpu_ns_per_packet", json_real(received > 0 ? relay / received * 1e9 : 0));
	if (note)
		json_object_set_new(report, "note", json_string(note));
	json_object_set_new(report, "cpu",
	        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "busy_by_tasks", busy.by_tasks,
	                "busy_by_idle", busy.by_idle, "idle_cores", share->idle_cores, "rig_cores", own,
	                "relay_cores", relay, "rig_send_ns", share->send_ns, "rig_check_ns",
	                share->check_ns));
}

/* What talkers were to send in the measured time; 0: with pauses nobody knows. */
static double talkers_due(const struct run *run)
{
	const struct rig_options *options = run->options;

	if (options->manner.vad)
		return 0;
	return run->talkers * options->seconds * 1000 / options->ptime_ms * (1 - options->manner.loss);
}

static json_t *run_report(const struct run *run)
{
	const struct rig_options *options = run->options;
	struct talk_counters talk = talk_count(run->talk);
	double due = talkers_due(run);
	json_t *report = json_pack("{s:s, s:i, s:f, s:i, s:s, s:s, s:i, s:f, s:o}", "work", options->command,
	        "calls", options->calls, "seconds", options->seconds, "ptime_ms", options->ptime_ms, "codec",
	        codec_name(options->codec), "set_up_by", run->ops->name, "up", run->calls, "set_up_seconds",
	        (double)run->set_up_ns / 1e9, "failed", run->ops->failed(run->setup));

	if (!report || outcome_report(&run->outcome, run->what == MEASURE_FORWARD, report)) {
		json_decref(report);
		return NULL;
	}
	cpu_report(run, report);
	if (due > 0)
		json_object_set_new(report, "sent_due", json_integer((json_int_t)(due + 0.5)));
	if (run->talk)
		json_object_set_new(report, "rig",
		        json_pack("{s:I, s:I, s:I, s:I}", "turns", (json_int_t)talk.turns, "late_ms",
		                (json_int_t)talk.late, "failed_calls", (json_int_t)talk.failed, "tx_dropped",
		                (json_int_t)run->tx_dropped));
	json_object_set(report, "received_each_second", run->each_second);
	return report;
}

/* Packets that talkers may be short of what is due: where they began, jitter and loss by chance, and a
 * little. */
static double talkers_spare(const struct run *run, double due)
{
	const struct rig_options *options = run->options;

	return run->talkers * (1 + options->manner.jitter_ms / options->ptime_ms) + 5 * sqrt(due) +
	       SHORT * due;
}

/* What looks like the relay's fault, or its merit, and is neither. */
static void strangers_tell(const struct run *run)
{
	double sent = (double)run->outcome.totals.count[CL_sent], due = talkers_due(run);

	if (sent < due - talkers_spare(run, due))
		fprintf(stderr,
		        "xdpark-rig: talkers sent %.0f%% of what they were to send: they and the relay are "
		        "more than this machine can do\n",
		        100 * sent / due);
	if (run->tx_dropped)
		fprintf(stderr,
		        "xdpark-rig: %s refused %llu packets of the talkers: they never reached the relay\n",
		        run->options->interface, (unsigned long long)run->tx_dropped);
	outcome_tell_strangers(&run->outcome);
}

/* Calls that didn't come to be, or ended. */
static bool has_failed(const json_t *report)
{
	return json_object_size(json_object_get(report, "failed")) > 0;
}

int measure_run_by(const struct rig_options *options, enum measure_what what, const struct setup_ops *ops,
        struct share *share, json_t **report)
{
	struct run run = {
	        .options = options, .what = what, .ops = ops, .share = *share, .each_second = json_array()};
	unsigned stayed;
	int code;

	progress_start(options->json);
	code = run_measure(&run);
	if (!code) {
		*report = run_report(&run);
		code = *report ? RIG_CLEAN : run_refuse("out of memory");
	}
	if (!code)
		strangers_tell(&run);
	if (!code &&
	        (!outcome_clean(&run.outcome) || (unsigned)run.calls < options->calls || has_failed(*report)))
		code = RIG_FAULTS;
	*share = run.share;
	stayed = run_close(&run);
	if (*report)
		json_object_set_new(*report, "not_hung_up", json_integer(stayed));
	if (stayed) {
		progress_end();
		fprintf(stderr,
		        "xdpark-rig: %u calls may be up still: who had them doesn't answer any more\n",
		        stayed);
	}
	return stayed && code == RIG_CLEAN ? RIG_FAULTS : code;
}

int measure_run(const struct rig_options *options, enum measure_what what, json_t **report)
{
	struct share share = {0};

	return measure_run_by(options, what, options->direct ? &setup_direct : &setup_sip, &share, report);
}
