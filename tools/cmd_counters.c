/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark counters: how every packet ended, the pump, and what left the interfaces. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/answer.h"
#include "tools/figure.h"
#include "tools/sheet.h"

static const struct sheet_column ending_columns[] = {
        {"PACKETS", true}, {"VERDICT", false}, {"ENDING", false}, {"MEANING", false}};
static const struct sheet_column interface_columns[] = {{"INTERFACE", false}, {"SENT", true},
        {"ERRORS", true}, {"DROPS", true}, {"REDIRECTED", true}, {"LOST IN REDIRECT", true}};

static void print_endings(const json_t *endings)
{
	struct sheet *sheet = sheet_new(ending_columns, sizeof(ending_columns) / sizeof(ending_columns[0]));
	uint64_t sum = 0, zero = 0;
	char text[FIGURE_TEXT];
	const char *name;
	json_t *ending;

	json_object_foreach((json_t *)endings, name, ending)
	{
		uint64_t packets = answer_count(ending, "packets");

		sum += packets;
		zero += !packets;
		if (!packets)
			continue;
		sheet_count(sheet, packets);
		sheet_cell(sheet, answer_text(ending, "verdict"));
		sheet_cell(sheet, name);
		sheet_cell(sheet, answer_text(ending, "meaning"));
	}
	sheet_print(sheet);
	printf("%s packets in all; %" PRIu64 " more ways to end, which none took\n\n",
	        figure_count(sum, text), zero);
}

static void print_hold(const json_t *answer)
{
	uint64_t ingress = answer_count(answer, "hold_ingress"), pump = answer_count(answer, "hold_pump");
	char count[FIGURE_TEXT], a[FIGURE_TEXT], b[FIGURE_TEXT], skipped[FIGURE_TEXT];

	printf("hold frames  %s: %s on the callers' own packets (ingress), %s by the pump; %s skipped, more "
	       "than 100 ms late\n",
	        figure_count(ingress + pump, count), figure_share(ingress, ingress + pump, a),
	        figure_share(pump, ingress + pump, b),
	        figure_count(answer_count(answer, "hold_skipped"), skipped));
}

static void print_pump(const json_t *pump)
{
	uint64_t calls = answer_count(pump, "calls");
	char phases[FIGURE_TEXT], missed[FIGURE_TEXT], made[FIGURE_TEXT], failed[FIGURE_TEXT];
	char mean[FIGURE_TEXT], most[FIGURE_TEXT], scan[FIGURE_TEXT], asked[FIGURE_TEXT], late[FIGURE_TEXT];

	if (!answer_flag(pump, "running")) {
		puts("pump         doesn't run");
		return;
	}
	printf("pump         %s frames asked for, %s of them late; %s phases of 1 ms, %s missed\n",
	        figure_count(answer_count(pump, "frames_asked"), asked),
	        figure_count(answer_count(pump, "frames_late"), late),
	        figure_count(answer_count(pump, "phases"), phases),
	        figure_count(answer_count(pump, "phases_missed"), missed));
	printf("             %s calls of the kernel, %s failed; a call takes %s, %s at most; a scan %s at "
	       "most\n",
	        figure_count(calls, made), figure_count(answer_count(pump, "calls_failed"), failed),
	        figure_ns(calls ? answer_count(pump, "call_ns") / calls : 0, mean),
	        figure_ns(answer_count(pump, "call_ns_max"), most),
	        figure_ns(answer_count(pump, "scan_ns_max"), scan));
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
	char text[FIGURE_TEXT];

	print_endings(json_object_get(answer, "endings"));
	print_hold(answer);
	print_pump(json_object_get(answer, "pump"));
	printf("events       %s lost\n\n", figure_count(answer_count(answer, "events_lost"), text));
	print_interfaces(json_object_get(answer, "interfaces"));
}

const struct command cmd_counters = {
        .name = "counters",
        .arguments = "",
        .help = "how every packet ended, the pump, and what left the interfaces",
        .target = "/v1/counters",
        .print = print,
};
