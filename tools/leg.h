/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Legs as tables show them: the columns that calls, parked calls and endpoints have in common. */
#ifndef XDPARK_TOOLS_LEG_H
#define XDPARK_TOOLS_LEG_H

#include "tools/answer.h"
#include "tools/figure.h"
#include "tools/sheet.h"

/* Sums over the legs of an answer. */
struct leg_sums {
	uint64_t legs, in_kernel;
	uint64_t received, refused, sent, forwarded, hold_ingress, hold_pump, hold_skipped;
};

void leg_add(struct leg_sums *sums, const json_t *leg);

/* Cells "HELD", "INGRESS", "PUMP": hold frames, and the shares of the two ways that carried them. */
void leg_cell_hold(struct sheet *sheet, const json_t *leg);

/* Cell "MEDIA": "kernel", or why it isn't there. */
void leg_cell_media(struct sheet *sheet, const json_t *leg);

/* Cell: what the phone hears, in words. */
void leg_cell_hears(struct sheet *sheet, const json_t *leg);

/* "1,000 hold frames: 90.0% on the callers' own packets (ingress), 10.0% by the pump; media in the kernel: 2
 * of 2", and a line about rows that were left out. */
void leg_sums_print(const struct leg_sums *sums);
void left_out_print(const json_t *answer);

#endif
