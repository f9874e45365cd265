/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports as one HTML page that needs nothing else: its plots are SVG within it. */
#ifndef XDPARK_RIG_PAGE_H
#define XDPARK_RIG_PAGE_H

#include <jansson.h>
#include <stdio.h>

/*
 * Writes a page about the reports of `hold` and `forward` in the list: their figures, packets a second over
 * time, deviations from the grid, and the relay's CPU time over the calls; and the tables of `compare`.
 */
void page_write(FILE *file, const json_t *reports);

#endif
