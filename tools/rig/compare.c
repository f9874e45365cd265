/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/compare.h"

#include "tools/rig/median.h"

enum { RUNS = 64 };

#define LOSS_MOST 0.001 /* of the packets; more is not keeping up */

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* A figure of all reports in ascending order; `within`: of the object of that name, NULL: of the report. */
static unsigned figures_sort(const json_t *reports, const char *within, const char *key, double figures[RUNS])
{
	unsigned count = 0;
	const json_t *report;
	size_t i;

	json_array_foreach(reports, i, report)
	{
		const json_t *value = json_object_get(within ? json_object_get(report, within) : report, key);

		if (value && count < RUNS)
			figures[count++] = json_number_value(value);
	}
	figures_ascend(figures, count);
	return count;
}

static double median(const json_t *reports, const char *within, const char *key)
{
	double figures[RUNS];
	unsigned count = figures_sort(reports, within, key, figures);

	return figures_median(figures, count);
}

static json_int_t total(const json_t *reports, const char *key)
{
	json_int_t sum = 0;
	const json_t *report;
	size_t i;

	json_array_foreach(reports, i, report) sum += json_integer_value(json_object_get(report, key));
	return sum;
}

/* What the runs of a relay amount to: SUM in compare.h. */
static json_t *runs_sum(const json_t *reports)
{
	double ns[RUNS] = {0}, up[RUNS] = {0};
	unsigned count = figures_sort(reports, NULL, "relay_cpu_ns_per_packet", ns);
	json_t *sum;

	figures_sort(reports, NULL, "up", up);
	sum = json_pack("{s:O, s:I, s:I, s:I, s:I, s:f, s:{s:f, s:f}}", "calls",
	        json_object_get(json_array_get(reports, 0), "calls"), "up", (json_int_t)up[0], "lost",
	        total(reports, "lost"), "expected", total(reports, "expected"), "wrong",
	        total(reports, "wrong"), "busy_cores", median(reports, NULL, "busy_cores"), "deviation_us",
	        "p50", median(reports, "deviation_us", "p50"), "p99", median(reports, "deviation_us", "p99"));
	if (sum && count) {
		json_object_set_new(sum, "relay_cpu_ns_per_packet",
		        json_real(median(reports, NULL, "relay_cpu_ns_per_packet")));
		json_object_set_new(sum, "least", json_real(ns[0]));
		json_object_set_new(sum, "most", json_real(ns[count - 1]));
	}
	return sum;
}

static bool kept_up(const json_t *sum)
{
	return number(sum, "up") >= number(sum, "calls") && number(sum, "expected") > 0 &&
	       number(sum, "lost") <= LOSS_MOST * number(sum, "expected");
}

bool compare_kept_up(const json_t *reports)
{
	json_t *sum = runs_sum(reports);
	bool kept = sum && kept_up(sum);

	json_decref(sum);
	return kept;
}

/* Whether a run says that its CPU time is worth nothing. */
static bool was_busy(const json_t *reports)
{
	const json_t *report;
	size_t i;

	json_array_foreach(reports, i, report) if (json_object_get(report, "note")) return true;
	return false;
}

static void ratio_set(json_t *result, const char *key, const json_t *ours, const json_t *theirs)
{
	double our_ns = number(ours, "relay_cpu_ns_per_packet"),
	       their_ns = number(theirs, "relay_cpu_ns_per_packet");

	if (our_ns > 0 && their_ns > 0)
		json_object_set_new(result, key, json_real(their_ns / our_ns));
}

json_t *compare_result(const char *work, const json_t *ours, const json_t *theirs, const json_t *many)
{
	json_t *our_sum = runs_sum(ours), *their_sum = runs_sum(theirs);
	json_t *result =
	        json_pack("{s:s, s:o, s:o}", "work", work, "xdpark", our_sum, "rtpengine", their_sum);
	bool busy = was_busy(ours) || was_busy(theirs), we, they;

	if (!result)
		return NULL;
	if (!busy)
		ratio_set(result, "ratio", our_sum, their_sum);
	we = kept_up(our_sum);
	they = kept_up(their_sum);
	if (json_array_size(many)) {
		json_t *sum = runs_sum(many);

		if (!busy && !was_busy(many))
			ratio_set(result, "ratio_many", sum, their_sum);
		we = we && kept_up(sum);
		json_object_set_new(result, "xdpark_many", sum);
	}
	if (!we || !they)
		json_object_set_new(result, "note",
		        json_string(
		                we     ? "rtpengine didn't keep up: compare fewer calls"
		                : they ? "xdpark didn't keep up"
		                       : "neither kept up: the machine is too busy, or the calls too many"));
	return result;
}
