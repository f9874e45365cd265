/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/leg.h"

#include <stdio.h>
#include <string.h>

void leg_add(struct leg_sums *sums, const json_t *leg)
{
	sums->legs++;
	sums->in_kernel += answer_flag(leg, "kernel");
	sums->received += answer_count(leg, "received");
	sums->refused += answer_count(leg, "refused");
	sums->sent += answer_count(leg, "sent");
	sums->forwarded += answer_count(leg, "forwarded");
	sums->hold_ingress += answer_count(leg, "hold_ingress");
	sums->hold_pump += answer_count(leg, "hold_pump");
	sums->hold_skipped += answer_count(leg, "hold_skipped");
}

void leg_cells_hold(struct sheet *sheet, const json_t *leg)
{
	sheet_count(sheet, answer_count(leg, "hold_ingress"));
	sheet_count(sheet, answer_count(leg, "hold_pump"));
}

void leg_cell_media(struct sheet *sheet, const json_t *leg)
{
	const char *why = answer_text(leg, "why");
	char text[256];

	if (answer_flag(leg, "kernel")) {
		sheet_cell(sheet, "kernel");
		return;
	}
	snprintf(text, sizeof(text), "no: %s", why ? why : "xdparkd does not say why");
	sheet_cell(sheet, text);
}

void leg_cell_hears(struct sheet *sheet, const json_t *leg)
{
	const char *hears = answer_text(leg, "hears");

	sheet_cell(sheet, hears && strcmp(hears, "hold_until_heard") == 0 ? "hold until heard" : hears);
}

void leg_note_hold(struct sheet *notes, uint64_t ingress, uint64_t pump, uint64_t skipped)
{
	uint64_t all = ingress + pump;
	char count[FIGURE_TEXT], own[FIGURE_TEXT], own_share[FIGURE_TEXT];
	char pumped[FIGURE_TEXT], pump_share[FIGURE_TEXT], left_out[FIGURE_TEXT];

	if (!all && !skipped) {
		sheet_note(notes, "hold frames", "none yet");
		return;
	}
	sheet_note(notes, "hold frames",
	        "%s: %s (%s) on the callers' own packets (ingress), %s (%s) by the pump; %s skipped",
	        figure_count(all, count), figure_count(ingress, own), figure_share(ingress, all, own_share),
	        figure_count(pump, pumped), figure_share(pump, all, pump_share),
	        figure_count(skipped, left_out));
}

void leg_note_sums(struct sheet *notes, const struct leg_sums *sums)
{
	char legs[FIGURE_TEXT], kernel[FIGURE_TEXT];

	if (sums->hold_ingress + sums->hold_pump)
		leg_note_hold(notes, sums->hold_ingress, sums->hold_pump, sums->hold_skipped);
	sheet_note(notes, "media", "%s of %s in the kernel", figure_count(sums->in_kernel, kernel),
	        figure_things(sums->legs, "leg", legs));
}

void leg_note_left_out(struct sheet *notes, const json_t *answer)
{
	uint64_t left_out = answer_count(answer, "left_out");
	char text[FIGURE_TEXT];

	if (left_out)
		sheet_note(
		        notes, "left out", "%s more; --limit N shows up to N", figure_count(left_out, text));
}
