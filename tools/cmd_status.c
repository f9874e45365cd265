/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark status: both daemons at a glance. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/answer.h"
#include "tools/figure.h"
#include "tools/sheet.h"

static const struct sheet_column kernel_columns[] = {
        {"KERNEL", false}, {"FOUND", false}, {"WHAT FOLLOWS", false}};

/* The thing under this key, counted: "1 leg". */
static const char *things(const json_t *object, const char *key, const char *thing, char text[FIGURE_TEXT])
{
	return figure_things(answer_count(object, key), thing, text);
}

static const char *count(const json_t *object, const char *key, char text[FIGURE_TEXT])
{
	return figure_count(answer_count(object, key), text);
}

static void note_daemon(struct sheet *notes, const json_t *answer)
{
	const char *version = answer_text(answer, "version");
	char up[FIGURE_TEXT], listen[256] = "";
	json_t *address;
	size_t i;

	json_array_foreach(json_object_get(answer, "listen"), i, address)
	{
		size_t used = strlen(listen);

		snprintf(listen + used, sizeof(listen) - used, "%s %s", i ? "," : "",
		        json_string_value(address));
	}
	sheet_note(notes, "xdparkd", "%s, pid %" PRIu64 ", up %s, SIP on%s", version ? version : "?",
	        answer_count(answer, "pid"), figure_seconds(answer_count(answer, "uptime_s"), up), listen);
}

static void note_calls(struct sheet *notes, const json_t *answer)
{
	const json_t *since = json_object_get(answer, "since_start");
	char a[FIGURE_TEXT], b[FIGURE_TEXT], c[FIGURE_TEXT], d[FIGURE_TEXT];

	sheet_note(notes, "now", "%s parked in %s, %s, %s", count(answer, "parked", a),
	        things(answer, "orbits", "orbit", b), things(answer, "bridges", "bridge", c),
	        things(answer, "legs", "leg", d));
	sheet_note(notes, "since start", "%s: %s answered, %s refused", things(since, "calls", "call", a),
	        count(since, "answered", b), count(since, "refused", c));
	sheet_note(notes, "", "%s parked, %s taken, %s abandoned, %s", count(since, "parked", a),
	        count(since, "taken", b), count(since, "abandoned", c),
	        things(since, "recalls", "recall", d));
	sheet_note(notes, "", "%s and %s refused", things(since, "park_refused", "park", a),
	        things(since, "take_refused", "take", b));
}

static void note_people(struct sheet *notes, const json_t *answer)
{
	const json_t *api = json_object_get(answer, "api");
	char a[FIGURE_TEXT], b[FIGURE_TEXT], c[FIGURE_TEXT];

	sheet_note(notes, "users", "%s of %s, %s registered", things(answer, "users", "user", a),
	        things(answer, "tenants", "tenant", b), things(answer, "registered", "phone", c));
	sheet_note(notes, "API", "%s of %s at most, %s since start",
	        things(api, "connections", "connection", a), count(api, "most", b),
	        count(api, "since_start", c));
	if (answer_count(api, "full"))
		sheet_note(notes, "", "ALL of them were in use %s", things(api, "full", "time", a));
}

static void note_media(struct sheet *notes, const json_t *answer)
{
	const json_t *endpoints = json_object_get(answer, "endpoints");
	const json_t *audio = json_object_get(answer, "audio");
	char a[FIGURE_TEXT], b[FIGURE_TEXT], c[FIGURE_TEXT];

	sheet_note(notes, "endpoints", "%s in use, %s resting after a call, of %s",
	        count(endpoints, "used", a), count(endpoints, "resting", b), count(endpoints, "all", c));
	sheet_note(notes, "audio", "%s, %s of the memory in use", things(audio, "clips", "clip", a),
	        figure_share(answer_count(audio, "chunks_used"), answer_count(audio, "chunks"), b));
	if (answer_count(audio, "waiting"))
		sheet_note(notes, "", "%s waiting to be encoded", things(audio, "waiting", "clip", a));
	if (answer_count(audio, "failed"))
		sheet_note(notes, "", "%s COULD NOT be encoded: see the log",
		        things(audio, "failed", "clip", a));
}

static void note_dataplane(struct sheet *notes, const json_t *answer)
{
	const json_t *kernel = json_object_get(answer, "kernel");
	const json_t *settings = json_object_get(answer, "settings");
	const char *error = answer_text(answer, "dataplane_error"), *release = answer_text(kernel, "release");
	char call[FIGURE_TEXT], early[FIGURE_TEXT], grace[FIGURE_TEXT];

	if (error) {
		sheet_note(notes, "dataplane", "%s (calls in progress go on)", error);
		return;
	}
	sheet_note(notes, "dataplane", "kernel %s, early %s, grace %s", release ? release : "?",
	        figure_ns(answer_count(settings, "early_us") * 1000, early),
	        figure_ns(answer_count(settings, "grace_us") * 1000, grace));
	if (answer_flag(kernel, "pump"))
		sheet_note(notes, "", "the pump runs, at %s a call of the kernel",
		        figure_ns(answer_count(kernel, "pump_call_ns"), call));
	else
		sheet_note(notes, "", "NO PUMP: only callers who send hear anything");
}

static void print_kernel(const json_t *kernel)
{
	struct sheet *sheet;
	char follows[256];
	json_t *row;
	size_t i;

	if (!json_is_object(kernel))
		return;
	putchar('\n');
	sheet = sheet_new(kernel_columns, sizeof(kernel_columns) / sizeof(kernel_columns[0]));
	json_array_foreach(json_object_get(kernel, "table"), i, row)
	{
		const char *text = answer_text(row, "follows");

		sheet_cell(sheet, answer_text(row, "what"));
		sheet_cell(sheet, answer_text(row, "found"));
		snprintf(follows, sizeof(follows), "%s%s", answer_flag(row, "alarm") ? "! " : "",
		        text ? text : "");
		sheet_cell(sheet, follows);
	}
	sheet_print(sheet);
}

static void print(const json_t *answer)
{
	struct sheet *notes = sheet_notes();

	note_daemon(notes, answer);
	note_calls(notes, answer);
	note_people(notes, answer);
	note_media(notes, answer);
	note_dataplane(notes, answer);
	sheet_print(notes);
	print_kernel(json_object_get(answer, "kernel"));
}

const struct command cmd_status = {
        .name = "status",
        .arguments = "",
        .help = "both daemons at a glance, and the kernel",
        .target = "/v1/status",
        .print = print,
};
