/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare: the same work done by xdpark and by rtpengine, in turns, heard by the same callers. rtpengine is
 * started for each of its runs, with the settings that are its best for that work, unless --ng names a
 * running one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/rig/command.h"
#include "tools/rig/compare.h"
#include "tools/rig/machine.h"
#include "tools/rig/measure.h"
#include "tools/rig/report.h"
#include "tools/rig/rtpengine.h"

struct work {
	const char *name, *command;
	enum measure_what what;
	unsigned talking; /* percent */
	const char *settings[RTPENGINE_SETTINGS + 1];
};

static const struct work works[] = {
        {"hold silent", "hold", MEASURE_HOLD, 0, {"--num-threads=2"}},
        {"hold talking", "hold", MEASURE_HOLD, 100, {"--num-threads=2"}},
        {"forward", "forward", MEASURE_FORWARD, 100, {"--num-threads=2", "--poller-per-thread"}},
};

enum { WORKS = sizeof(works) / sizeof(works[0]), TEXT = 256 };

/* Runs with so many calls, and the rig's own share of them. */
struct size {
	unsigned calls;
	unsigned callers; /* of whom the share was measured */
	struct share share;
	json_t *reports; /* of the work under way */
};

/* All of one comparison. */
struct comparison {
	const struct rig_options *options;
	const struct work *work;
	struct size ours, many; /* xdpark's: as many calls as the other one has, and more */
	struct size theirs;     /* its share is that of ours */
	json_t *results, *runs; /* of all works */
	json_t *note;           /* of a run, about the machine; borrowed */
	int code;
};

static int refuse(const char *error, int code)
{
	progress_end();
	fprintf(stderr, "xdpark-rig: %s\n", error);
	return code;
}

/* One run. RIG_CLEAN, RIG_FAULTS, or why there is no report. */
static int run_one(struct comparison *comparison, const struct rig_options *options,
        const struct setup_ops *ops, struct size *size)
{
	struct rig_options own = *options;
	json_t *report = NULL;
	int code;

	own.calls = size->calls;
	own.command = comparison->work->command;
	own.talking = comparison->work->talking;
	code = measure_run_by(&own, comparison->work->what, ops, &size->share, &report);
	if (!report)
		return code ? code : RIG_FAILED;
	json_object_set_new(report, "relay", json_string(ops == &setup_rtpengine ? "rtpengine" : "xdpark"));
	if (json_object_get(report, "note"))
		comparison->note = json_object_get(report, "note");
	json_array_append(comparison->runs, report);
	json_array_append_new(size->reports, report);
	return code;
}

/* What is wrong with xdpark is told by the exit code, and stops nothing. */
static int run_ours(struct comparison *comparison, struct size *size)
{
	const struct rig_options *options = comparison->options;
	int code = run_one(comparison, options, options->direct ? &setup_direct : &setup_sip, size);

	if (code != RIG_FAULTS)
		return code;
	comparison->code = code;
	return RIG_CLEAN;
}

/* A run of rtpengine, which lives as long as it takes unless it is somebody's own. */
static int run_theirs(struct comparison *comparison, struct size *size, bool no_cpu)
{
	struct rig_options options = *comparison->options;
	struct rtpengine rtpengine = {0};
	char error[RTPENGINE_ERROR];
	int code;

	options.no_cpu |= no_cpu;
	if (!options.ng.sin_port) {
		options.ng = options.server;
		options.ng.sin_port = htons(RTPENGINE_NG_PORT);
		if (rtpengine_start(&rtpengine, options.relay_namespace, options.server.sin_addr,
		            comparison->work->settings, error))
			return refuse(error, RIG_FAILED);
	}
	code = run_one(comparison, &options, &setup_rtpengine, size);
	rtpengine_stop(&rtpengine);
	return code == RIG_FAULTS ? RIG_CLEAN : code;
}

/* In turns, so that what else the machine does falls upon both. */
static int rounds_run(struct comparison *comparison)
{
	int code = RIG_CLEAN;

	for (unsigned round = 0; round < comparison->options->rounds && !code; round++) {
		code = run_ours(comparison, &comparison->ours);
		comparison->theirs.share = comparison->ours.share;
		if (!code)
			code = run_theirs(comparison, &comparison->theirs, false);
		if (!code && comparison->many.calls)
			code = run_ours(comparison, &comparison->many);
	}
	return code;
}

/* How many calls rtpengine keeps up with, by doubling. The last one that was tried is too many, or failed. */
static int most_find(struct comparison *comparison, unsigned *most)
{
	struct size size = {.calls = comparison->options->calls};
	bool kept = compare_kept_up(comparison->theirs.reports);
	int code = RIG_CLEAN;

	for (*most = 0; kept && !code && !machine_ending();) {
		*most = size.calls;
		size.calls *= 2;
		size.reports = json_array();
		code = run_theirs(comparison, &size, true);
		kept = !code && compare_kept_up(size.reports);
		json_decref(size.reports);
	}
	return machine_ending() ? code : RIG_CLEAN;
}

static json_t *settings_text(const struct comparison *comparison)
{
	char text[TEXT] = "userspace alone (--table=-1)";

	if (comparison->options->ng.sin_port)
		return json_string("as it was running");
	for (const char *const *setting = comparison->work->settings; *setting; setting++) {
		strncat(text, " ", sizeof(text) - strlen(text) - 1);
		strncat(text, *setting, sizeof(text) - strlen(text) - 1);
	}
	return json_string(text);
}

static void size_begin(struct size *size, unsigned calls, bool bridges)
{
	unsigned callers = bridges ? 2 * calls : calls;

	if (size->callers != callers)
		size->share = (struct share){0};
	size->calls = calls;
	size->callers = callers;
	size->reports = json_array();
}

static int work_run(struct comparison *comparison, const struct work *work)
{
	const struct rig_options *options = comparison->options;
	bool bridges = work->what == MEASURE_FORWARD;
	unsigned most = 0;
	json_t *result;
	int code;

	comparison->work = work;
	size_begin(&comparison->ours, options->calls, bridges);
	size_begin(&comparison->theirs, options->calls, bridges);
	size_begin(&comparison->many, bridges ? options->many / 2 : options->many, bridges);
	code = rounds_run(comparison);
	if (!code && options->most)
		code = most_find(comparison, &most);
	if (!code) {
		result = compare_result(work->name, comparison->ours.reports, comparison->theirs.reports,
		        comparison->many.reports);
		json_object_set_new(result, "settings", settings_text(comparison));
		if (options->most)
			json_object_set_new(result, "rtpengine_most", json_integer(most));
		json_array_append_new(comparison->results, result);
	}
	json_decref(comparison->ours.reports);
	json_decref(comparison->theirs.reports);
	json_decref(comparison->many.reports);
	return code;
}

/* Who the other one is. */
static json_t *other_report(const struct rig_options *options, const char *version)
{
	return json_pack("{s:s, s:s, s:b}", "version", version, "kind",
	        "userspace, no kernel module; its player reads linear samples from a Matroska file in blocks "
	        "of one "
	        "frame",
	        "started", !options->ng.sin_port);
}

static int compare_all(struct comparison *comparison, const char *version)
{
	const struct rig_options *options = comparison->options;
	json_t *report;
	int code = RIG_CLEAN;

	for (unsigned i = 0; i < WORKS && !code; i++)
		code = work_run(comparison, &works[i]);
	if (code)
		return code;
	report = json_pack("{s:s, s:i, s:f, s:i, s:o, s:O, s:O}", "work", "compare", "rounds",
	        options->rounds, "seconds", options->seconds, "ptime_ms", options->ptime_ms, "rtpengine",
	        other_report(options, version), "results", comparison->results, "runs", comparison->runs);
	if (!report)
		return refuse("out of memory", RIG_FAILED);
	if (comparison->note)
		json_object_set(report, "note", comparison->note);
	if (options->json)
		report_print(report, true);
	else
		compare_print(report);
	json_decref(report);
	return comparison->code;
}

static int compare_run(const struct rig_options *options)
{
	struct comparison comparison = {.options = options, .results = json_array(), .runs = json_array()};
	char version[RTPENGINE_VERSION] = "of unknown version";
	int code;

	if (!options->ng.sin_port && rtpengine_version(version))
		return refuse("rtpengine isn't there: apt-get install rtpengine-daemon, or --ng IP:PORT of "
		              "one that runs",
		        RIG_USAGE);
	code = compare_all(&comparison, version);
	json_decref(comparison.results);
	json_decref(comparison.runs);
	return code;
}

const struct rig_command cmd_compare = {
        "compare", " rtpengine", "the same work by rtpengine, in turns with xdpark", compare_run};
