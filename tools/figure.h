/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures for people: each is written to `text` and returned. */
#ifndef XDPARK_TOOLS_FIGURE_H
#define XDPARK_TOOLS_FIGURE_H

#include <stdint.h>

enum { FIGURE_TEXT = 48 };

/* 1,234,567 */
const char *figure_count(uint64_t number, char text[FIGURE_TEXT]);
/* "1 call", "1,234 calls"; the thing has 16 letters at most, and its plural an s */
const char *figure_things(uint64_t number, const char *thing, char text[FIGURE_TEXT]);
/* 0:09, 1:15, 1:02:03, 3 d 1:02:03 */
const char *figure_seconds(uint64_t seconds, char text[FIGURE_TEXT]);
/* "12.3%", or "-" of nothing */
const char *figure_share(uint64_t part, uint64_t whole, char text[FIGURE_TEXT]);
/* 850 ns, 8.1 us, 12.0 ms, 1.5 s */
const char *figure_ns(uint64_t ns, char text[FIGURE_TEXT]);

#endif
