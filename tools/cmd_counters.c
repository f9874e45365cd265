/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark counters: how every packet ended, the pump, and what left the interfaces. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/answer.h"
#include "tools/figure.h"
#include "tools/leg.h"

static const struct sheet_column ending_columns[] = {
        {"PACKETS", true}, {"VERDICT", false}, {"ENDING", false}, {"MEANING", false}};
static const struct sheet_column interface_columns[] = {{"INTERFACE", false}, {"SENT", true},
        {"ERRORS", true}, {"DROPS", true}, {"REDIRECTED", true}, {"LOST IN REDIRECT", true}};

static void print_endings(const json_t *endings)
{
	struct sheet *sheet = sheet_new(ending_columns, sizeof(ending_columns) / sizeof(ending_columns[0]));
	const char *name;
	json_t *ending;

	json_object_foreach((json_t *)endings, name, ending)
	{
		uint64_t packets = answer_count(ending, "packets");

		if (!packets)
			continue;
		sheet_count(sheet, packets);
		sheet_cell(sheet, answer_text(ending, "verdict"));
		sheet_cell(sheet, name);
		sheet_cell(sheet, answer_text(ending, "meaning"));
	}
	sheet_print(sheet);
}

static void note_packets(struct sheet *notes, const json_t *endings)
{
	uint64_t sum = 0, untaken = 0;
	char count[FIGURE_TEXT], ways[FIGURE_TEXT];
	const char *name;
	json_t *ending;

	json_object_foreach((json_t *)endings, name, ending)
	{
		sum += answer_count(ending, "packets");
		untaken += answer_count(ending, "packets") == 0;
	}
	sheet_note(notes, "packets", "%s in all; %s to end, not taken", figure_count(sum, count),
	        figure_things(untaken, "more way", ways));
}

static void note_pump(struct sheet *notes, const json_t *pump)
{
	uint64_t calls = answer_count(pump, "calls");
	char phases[FIGURE_TEXT], missed[FIGURE_TEXT], made[FIGURE_TEXT], failed[FIGURE_TEXT];
	char mean[FIGURE_TEXT], most[FIGURE_TEXT], scan[FIGURE_TEXT], asked[FIGURE_TEXT], late[FIGURE_TEXT];

	if (!answer_flag(pump, "running")) {
		sheet_note(notes, "pump", "doesn't run");
		return;
	}
	sheet_note(notes, "pump", "%s asked for, %s late",
	        figure_things(answer_count(pump, "frames_asked"), "frame", asked),
	        figure_count(answer_count(pump, "frames_late"), late));
	sheet_note(notes, "", "%s of 2 ms, %s missed; a scan took %s at most",
	        figure_things(answer_count(pump, "phases"), "phase", phases),
	        figure_count(answer_count(pump, "phases_missed"), missed),
	        figure_ns(answer_count(pump, "scan_ns_max"), scan));
	if (calls)
		sheet_note(notes, "", "%s of the kernel, %s failed; one took %s, %s at most",
		        figure_things(calls, "call", made),
		        figure_count(answer_count(pump, "calls_failed"), failed),
		        figure_ns(answer_count(pump, "call_ns") / calls, mean),
		        figure_ns(answer_count(pump, "call_ns_max"), most));
}

static void print_interfaces(const json_t *interfaces)
{
	struct sheet *sheet =
	        sheet_new(interface_columns, sizeof(interface_columns) / sizeof(interface_columns[0]));
	json_t *one;
	size_t i;

	json_array_foreach(interfaces, i, one)
	{
		const json_t *traced = json_object_get(one, "traced");

		sheet_cell(sheet, answer_text(one, "interface"));
		sheet_count(sheet, answer_count(one, "sent"));
		sheet_count(sheet, answer_count(one, "errors"));
		sheet_count(sheet, answer_count(one, "drops"));
		if (traced) {
			sheet_count(sheet, answer_count(traced, "redirect_sent"));
			sheet_count(sheet, answer_count(traced, "redirect_drops") +
			                           answer_count(traced, "redirect_errors"));
		} else {
			sheet_cell(sheet, NULL);
			sheet_cell(sheet, NULL);
		}
	}
	sheet_print(sheet);
}

static void print(const json_t *answer)
{
	const json_t *endings = json_object_get(answer, "endings");
	struct sheet *notes = sheet_notes();
	char text[FIGURE_TEXT];

	print_endings(endings);
	putchar('\n');
	note_packets(notes, endings);
	leg_note_hold(notes, answer_count(answer, "hold_ingress"), answer_count(answer, "hold_pump"),
	        answer_count(answer, "hold_skipped"));
	note_pump(notes, json_object_get(answer, "pump"));
	sheet_note(notes, "events", "%s lost", figure_count(answer_count(answer, "events_lost"), text));
	sheet_print(notes);
	putchar('\n');
	print_interfaces(json_object_get(answer, "interfaces"));
}

const struct command cmd_counters = {
        .name = "counters",
        .arguments = "",
        .help = "how packets ended, the pump, the interfaces",
        .target = "/v1/counters",
        .print = print,
};
