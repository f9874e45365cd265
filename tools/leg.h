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

/* Cells "INGRESS", "PUMP": hold frames, by the two ways that carried them. */
void leg_cells_hold(struct sheet *sheet, const json_t *leg);

/* Cell "MEDIA": "kernel", or why it isn't there. */
void leg_cell_media(struct sheet *sheet, const json_t *leg);

/* Cell: what the phone hears, in words. */
void leg_cell_hears(struct sheet *sheet, const json_t *leg);

/* "hold frames  1,000: 900 (90.0%) on the callers' own packets (ingress), 100 (10.0%) by the pump; 0 skipped"
 */
void leg_note_hold(struct sheet *notes, uint64_t ingress, uint64_t pump, uint64_t skipped);

/* Hold frames, if there are any, and how many legs have their media in the kernel. */
void leg_note_sums(struct sheet *notes, const struct leg_sums *sums);

/* Rows of an answer that were left out; nothing if there are none. */
void leg_note_left_out(struct sheet *notes, const json_t *answer);

#endif
