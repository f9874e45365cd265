/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "tools/rig/command.h"
#include "tools/rig/load_clip.h"
#include "tools/rig/load_report.h"
#include "tools/rig/offer.h"
#include "tools/rig/report.h"

enum {
	BEAT_NS = 250000,
	SECOND_MS = 1000,
	SIP_PORT = 5060,
	ASIDE_RATE = 2000,
	LEAVING_MS = 50,
	DRAIN_MS = 200,
};

#define STUCK_NS 70000000000ULL /* twice as long as anybody waits for an answer */
#define DEAF_NS  1000000000ULL  /* `timeout` and impatient people signal twice */

static int refuse(const char *error)
{
	progress_end();
	fprintf(stderr, "xdpark-rig: %s\n", error);
	return RIG_FAILED;
}

static int open_callers(struct load *load, unsigned count, char *error)
{
	const struct rig_options *options = load->options;
	struct callers_options how = {.interface = options->interface,
	        .addresses = options->addresses,
	        .address_count = options->address_count,
	        .count = count,
	        .ptime_ms = options->ptime_ms,
	        .payload_type = offer_payload_type(options->codec),
	        .relay = options->server.sin_addr,
	        .clip = &load->clip};
	int failed = clip_load(&load->clip, options->clip, options->codec, error);

	return failed ? failed : callers_open(&load->callers, &how, error);
}

int load_open_lines(struct load *load, unsigned count, const struct lines_ops *ops, char *error)
{
	const struct rig_options *options = load->options;
	struct lines_options how = {.loop = load->loop,
	        .count = count,
	        .addresses = options->addresses,
	        .address_count = options->address_count,
	        .port = SIP_PORT,
	        .server = options->server,
	        .domain = options->domain,
	        .ptime_ms = options->ptime_ms,
	        .codec = options->codec,
	        .ops = ops,
	        .context = load};

	return lines_open(&load->lines, &how, error);
}

/* Begins what is due. */
static void on_metronome(evutil_socket_t fd, short what, void *context)
{
	struct load *load = context;
	const struct load_phase *phase = load->phase;
	uint64_t now = machine_clock_ns(), beats;

	(void)what;
	if (read(fd, &beats, sizeof(beats)) < 0 || !phase)
		return;
	while (pace_is_due(&load->pace, now)) {
		unsigned item = load->pace.started++;
		uint64_t due = pace_at(&load->pace, item);

		times_add(&load->outcome.late, now - due);
		phase->start(load, phase->first + item, due);
	}
}

/* The loop's own timers are of whole milliseconds: too coarse to tell what the server's share of one is. */
static int open_metronome(struct load *load)
{
	const struct itimerspec beat = {{0, BEAT_NS}, {0, BEAT_NS}};

	load->metronome_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (load->metronome_fd < 0 || timerfd_settime(load->metronome_fd, 0, &beat, NULL))
		return -errno;
	load->metronome = event_new(
	        loop_base(load->loop), load->metronome_fd, EV_READ | EV_PERSIST, on_metronome, load);
	return load->metronome ? 0 : -ENOMEM;
}

static int load_open(struct load *load, const struct load_work *work)
{
	char error[CALLERS_ERROR + LINES_ERROR] = "out of memory";
	int failed = loop_new(&load->loop);

	load->metronome_fd = -1;
	if (!failed)
		failed = open_metronome(load);
	if (!failed && work->lines)
		failed = open_callers(load, work->lines, error);
	if (!failed && work->lines)
		failed = load_hear_clip(load, work->orbits, error);
	if (!failed && work->lines)
		failed = load_open_lines(load, work->lines, work->ops, error);
	if (!failed && work->open)
		failed = work->open(load, error);
	if (!failed && work->talks) {
		failed = talk_start(
		        &load->talk, load->callers, &load->options->manner, load->options->threads);
		snprintf(error, sizeof(error), "no thread for the talkers");
	}
	return failed ? refuse(failed == -EINTR ? "interrupted" : error) : 0;
}

static void load_close(struct load *load, const struct load_work *work)
{
	if (work->close)
		work->close(load);
	talk_stop(load->talk);
	lines_close(load->lines);
	callers_close(load->callers);
	clip_clear(&load->clip);
	if (load->metronome)
		event_free(load->metronome);
	if (load->metronome_fd >= 0)
		close(load->metronome_fd);
	loop_free(load->loop);
}

/* CPU time of this process. */
static double own_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void stop_if_done(struct load *load)
{
	if (load->phase && load->settled >= load->phase->count)
		loop_stop(load->loop);
}

void load_settle(struct load *load, int cause)
{
	if (!load->phase)
		return;
	load->settled++;
	causes_add(&load->outcome.failed, cause);
	if (cause == CAUSE_NONE) {
		load->outcome.succeeded++;
		load->last_ns = machine_clock_ns();
		if (load->outcome.succeeded == 1)
			load->first_ns = load->last_ns;
	}
	stop_if_done(load);
}

static void on_second(struct timer *timer)
{
	struct load *load = owner_of(timer, struct load, second);
	uint64_t quiet_since = load->last_ns > load->pace_end_ns ? load->last_ns : load->pace_end_ns;

	/* Whatever was to come would have: those that aren't settled never will be. */
	if (machine_clock_ns() > quiet_since + STUCK_NS) {
		loop_stop(load->loop);
		return;
	}
	progress("%s: %u begun, %u done, %llu failed", load->phase->doing, load->pace.started,
	        load->outcome.succeeded, (unsigned long long)causes_sum(&load->outcome.failed));
	timer_set(loop_timers(load->loop), timer, SECOND_MS, on_second);
}

void load_take_back(struct load_outcome *outcome, int cause)
{
	if (!outcome->succeeded)
		return;
	outcome->succeeded--;
	causes_add(&outcome->failed, cause);
}

/* Items that were never settled. */
static void count_unfinished(struct load *load)
{
	for (; load->settled < load->pace.started; load->settled++)
		causes_add(&load->outcome.failed, CAUSE_UNFINISHED);
}

/* Until it is stopped. A signal ends it, and all that would follow. */
static int run_loop(struct load *load)
{
	int signal;

	if (load->ending)
		return -EINTR;
	do
		signal = loop_run(load->loop);
	while (signal && machine_clock_ns() < load->deaf_until);
	if (signal)
		load->ending = true;
	return load->ending ? -EINTR : 0;
}

void load_end(struct load *load)
{
	load->ending = false;
	load->deaf_until = machine_clock_ns() + DEAF_NS;
}

/* By the lines. */
static uint64_t requests_resent(const struct load *load)
{
	struct lines_counters counters = {0};

	if (load->lines)
		lines_count(load->lines, &counters);
	return counters.resent;
}

int load_run(struct load *load, const struct load_phase *phase, struct load_outcome *outcome)
{
	struct timers *timers = loop_timers(load->loop);
	struct machine_time from = {0}, to = {0};
	uint64_t resent = requests_resent(load);
	double own = own_seconds();
	int failed;

	memset(&load->outcome, 0, sizeof(load->outcome));
	load->phase = phase;
	load->settled = 0;
	/* It reads a file a task: the pace begins when that is over. */
	failed = machine_now(&from);
	load->pace = (struct pace){
	        .start_ns = machine_clock_ns() + 1000000, .rate = phase->rate, .count = phase->count};
	load->last_ns = load->pace.start_ns;
	load->pace_end_ns = pace_at(&load->pace, phase->count);
	if (!failed && event_add(load->metronome, NULL))
		failed = -ENOMEM;
	if (!failed)
		failed = timer_set(timers, &load->second, SECOND_MS, on_second);
	if (!failed && phase->count)
		failed = run_loop(load);
	if (!failed)
		failed = machine_now(&to);
	event_del(load->metronome);
	timer_cancel(timers, &load->second);
	load->phase = NULL;
	count_unfinished(load);
	if (failed || !outcome)
		goto out;
	*outcome = load->outcome;
	outcome->attempted = load->pace.started;
	if (outcome->succeeded > 1)
		outcome->rate = (outcome->succeeded - 1) * 1e9 / (double)(load->last_ns - load->first_ns);
	outcome->busy_cores = machine_busy(&from, &to).cores;
	outcome->rig_cores = (own_seconds() - own) * 1e9 / (double)(to.at_ns - from.at_ns);
	outcome->resent = requests_resent(load) - resent;
out:
	machine_time_free(&from);
	machine_time_free(&to);
	return failed;
}

static void on_waited(struct timer *timer)
{
	loop_stop(owner_of(timer, struct load, second)->loop);
}

int load_wait(struct load *load, unsigned ms)
{
	int failed = timer_set(loop_timers(load->loop), &load->second, ms, on_waited);

	if (!failed)
		failed = run_loop(load);
	timer_cancel(loop_timers(load->loop), &load->second);
	return failed;
}

void load_listen(struct load *load)
{
	callers_window(load->callers, machine_clock_ns(), UINT64_MAX);
}

struct sockaddr_in load_media(void *load, unsigned line)
{
	return callers_address(((const struct load *)load)->callers, line);
}

double load_aside_rate(const struct load *load)
{
	return load->options->rate > ASIDE_RATE ? load->options->rate : ASIDE_RATE;
}

static void hang_up(struct load *load, unsigned line, uint64_t due_ns)
{
	(void)due_ns;
	if (line_is_up(load->lines, line)) {
		callers_disconnect(load->callers, line);
		line_hang_up(load->lines, line);
	} else {
		load_settle(load, CAUSE_NONE);
	}
}

bool load_heed_over(struct load *load, unsigned line, int cause)
{
	callers_disconnect(load->callers, line);
	if (!load->hanging_up)
		return false;
	/* Whom the other side hung up before his turn is settled when that comes. */
	if (cause == CAUSE_NONE || cause == CAUSE_NO_ANSWER)
		load_settle(load, cause);
	return true;
}

/* First those that are calling: their calls may come up yet, and would stay. */
static int load_hang_up(struct load *load)
{
	const struct load_phase phase = {.doing = "hanging up",
	        .rate = load_aside_rate(load),
	        .count = callers_count(load->callers),
	        .start = hang_up};
	int failed = 0;

	load_end(load);
	load->hanging_up = true;
	while (!failed && lines_leave(load->lines))
		failed = load_wait(load, LEAVING_MS);
	if (!failed)
		failed = load_run(load, &phase, NULL);
	load->hanging_up = false;
	return failed;
}

/* Ends the measured time, and lets come what is under way. 0 or -EINTR. */
static int load_drain(struct load *load)
{
	callers_window_close(load->callers);
	return load_wait(load, DRAIN_MS);
}

void load_tell_left(void)
{
	fputs("xdpark-rig: interrupted while hanging up: calls are left, and the next run will meet them\n",
	        stderr);
}

int load_do(struct load *load, const struct rig_options *options, const struct load_work *work)
{
	struct load_outcome outcome;
	json_t *report = NULL;
	int code;

	load->options = options;
	progress_start(options->json);
	code = load_open(load, work);
	if (!code) {
		int failed = work->measure(load, &outcome);

		if (!failed && load->callers)
			failed = load_drain(load);
		if (failed)
			code = refuse("interrupted");
		else if (!(report = load_report(load, work, &outcome)))
			code = refuse("out of memory");
		if (load->callers && load_hang_up(load))
			load_tell_left();
	}
	if (!code) {
		report_print(report, options->json);
		if (load->heard.totals.count[CL_source_errors])
			outcome_tell_strangers(&load->heard);
		if (!load_is_clean(load, &outcome))
			code = RIG_FAULTS;
	}
	json_decref(report);
	load_close(load, work);
	return code;
}
