/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows and columns for people. As wide as the terminal: where a row has no room, its last column is broken
 * into lines, and if that isn't enough, the columns behind are folded below, indented.
 */
#ifndef XDPARK_TOOLS_SHEET_H
#define XDPARK_TOOLS_SHEET_H

#include <stdbool.h>
#include <stdint.h>

enum { SHEET_COLUMNS = 16 };

struct sheet_column {
	const char *heading;
	bool right; /* aligned to the right: figures */
};

struct sheet;

/* NULL: no memory. `columns` must last; SHEET_COLUMNS at most. */
struct sheet *sheet_new(const struct sheet_column *columns, unsigned count);

/* A cell of the row under way, from left to right; after the last one the row is complete. Text is copied,
 * and what would disturb a terminal is replaced. NULL: "-". */
void sheet_cell(struct sheet *sheet, const char *text);
void sheet_count(struct sheet *sheet, uint64_t number); /* 1,234,567 */

/* A sheet of notes: two columns without headings, a name and what there is to say. */
struct sheet *sheet_notes(void);
void sheet_note(struct sheet *sheet, const char *name, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/*
 * Prints headings and rows, and frees the sheet. NULL is legal. COLUMNS of the environment says how wide; if
 * it isn't set, the terminal; if there is none, every row is one line.
 */
void sheet_print(struct sheet *sheet);

#endif
