/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood: garbage at the SIP port and at the RTP ports of calls that are up, while calls are parked at a rate
 * and those that were parked before hear on. What they get is what a relay under attack leaves of its work.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rig/command.h"
#include "tools/rig/garbage.h"
#include "tools/rig/load.h"

/* Lines 0 up to `parked` hold calls that were parked before. */
struct flood {
	struct load load;
	struct garbage *garbage;
	struct garbage_counters sent;
	uint64_t *due_ns; /* of lines; 0: up */
	bool measuring;
};

static void start(struct load *load, unsigned line, uint64_t due_ns)
{
	((struct flood *)load)->due_ns[line] = due_ns;
	if (!line_call(load->lines, line, load->options->number, false))
		load_settle(load, CAUSE_NO_LINE);
}

static void on_answered(void *context, unsigned line, const struct sockaddr_in *relay)
{
	struct flood *flood = context;

	callers_connect(flood->load.callers, line, relay, CL_HOLD, line);
	garbage_aim(flood->garbage, relay);
	if (flood->measuring)
		times_add(&flood->load.setup, machine_clock_ns() - flood->due_ns[line]);
	flood->due_ns[line] = 0;
	load_settle(&flood->load, CAUSE_NONE);
}

static void on_over(void *context, unsigned line, int cause)
{
	struct flood *flood = context;

	if (load_heed_over(&flood->load, line, cause))
		return;
	if (flood->due_ns[line])
		load_settle(&flood->load, cause);
	else
		causes_add(&flood->load.lost, cause);
}

static const struct lines_ops flood_lines = {.media = load_media, .answered = on_answered, .over = on_over};

static unsigned calls_of(const struct rig_options *options)
{
	return (unsigned)ceil(options->rate * options->seconds);
}

static int flood_measure(struct load *load, struct load_outcome *outcome)
{
	struct flood *flood = (struct flood *)load;
	const struct rig_options *options = load->options;
	const struct load_phase before = {.doing = "parking those before",
	        .rate = load_aside_rate(load),
	        .count = options->parked,
	        .start = start};
	const struct load_phase measured = {.doing = "flooding",
	        .rate = options->rate,
	        .first = options->parked,
	        .count = calls_of(options),
	        .start = start};
	int failed = load_run(load, &before, NULL);

	if (!failed)
		failed = load_wait(load, (unsigned)(options->warmup * 1000));
	if (!failed)
		failed = garbage_start(flood->garbage, options->packets);
	flood->measuring = true;
	load_listen(load);
	if (!failed)
		failed = load_run(load, &measured, outcome);
	garbage_stop(flood->garbage, &flood->sent);
	return failed;
}

static int flood_report(const struct load *load, json_t *report)
{
	const struct flood *flood = (const struct flood *)load;
	const struct garbage_counters *sent = &flood->sent;
	json_t *part = json_pack("{s:I, s:I, s:I}", "sip", (json_int_t)sent->sip, "rtp",
	        (json_int_t)sent->rtp, "failed", (json_int_t)sent->failed);

	return json_object_set_new(report, "garbage", part) || json_object_set_new(report, "parked_before",
	                                                               json_integer(load->options->parked))
	               ? -ENOMEM
	               : 0;
}

static int flood_run(const struct rig_options *options)
{
	static struct flood flood;
	const struct load_work work = {.name = "flood",
	        .lines = options->parked + calls_of(options),
	        .ops = &flood_lines,
	        .measure = flood_measure,
	        .report = flood_report};
	int code = garbage_new(&flood.garbage, &options->server);

	if (code) {
		fprintf(stderr, "xdpark-rig: no sockets for garbage (%s)\n", strerror(-code));
		return RIG_FAILED;
	}
	flood.due_ns = calloc(work.lines, sizeof(*flood.due_ns));
	code = flood.due_ns ? load_do(&flood.load, options, &work) : RIG_FAILED;
	free(flood.due_ns);
	garbage_free(flood.garbage);
	return code;
}

const struct rig_command cmd_flood = {"flood", "", "calls are parked under a flood of garbage", flood_run};
