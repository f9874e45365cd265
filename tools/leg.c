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

void leg_cell_hold(struct sheet *sheet, const json_t *leg)
{
	uint64_t ingress = answer_count(leg, "hold_ingress"), pump = answer_count(leg, "hold_pump");
	char text[FIGURE_TEXT];

	sheet_count(sheet, ingress + pump);
	sheet_cell(sheet, figure_share(ingress, ingress + pump, text));
	sheet_cell(sheet, figure_share(pump, ingress + pump, text));
}

void leg_cell_media(struct sheet *sheet, const json_t *leg)
{
	const char *why = answer_text(leg, "why");
	char text[256];

	if (answer_flag(leg, "kernel")) {
		sheet_cell(sheet, "kernel");
		return;
	}
	snprintf(text, sizeof(text), "no: %s", why ? why : "no call is up yet");
	sheet_cell(sheet, text);
}

void leg_cell_hears(struct sheet *sheet, const json_t *leg)
{
	const char *hears = answer_text(leg, "hears");

	sheet_cell(sheet, hears && strcmp(hears, "hold_until_heard") == 0 ? "hold until heard" : hears);
}

void leg_sums_print(const struct leg_sums *sums)
{
	uint64_t held = sums->hold_ingress + sums->hold_pump;
	char count[FIGURE_TEXT], ingress[FIGURE_TEXT], pump[FIGURE_TEXT], skipped[FIGURE_TEXT];
	char legs[FIGURE_TEXT], kernel[FIGURE_TEXT];

	if (held)
		printf("%s hold frames: %s on the callers' own packets (ingress), %s by the pump; %s "
		       "skipped\n",
		        figure_count(held, count), figure_share(sums->hold_ingress, held, ingress),
		        figure_share(sums->hold_pump, held, pump), figure_count(sums->hold_skipped, skipped));
	printf("Media in the kernel: %s of %s\n", figure_count(sums->in_kernel, kernel),
	        figure_count(sums->legs, legs));
}

void left_out_print(const json_t *answer)
{
	uint64_t left_out = answer_count(answer, "left_out");
	char text[FIGURE_TEXT];

	if (left_out)
		printf("%s more are left out; --limit N shows more of them\n", figure_count(left_out, text));
}
