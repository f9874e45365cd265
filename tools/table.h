/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and figures for people. */
#ifndef XDPARK_TOOLS_TABLE_H
#define XDPARK_TOOLS_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { TABLE_COLUMNS = 14, FIGURE_TEXT = 48 };

struct table_column {
	const char *heading;
	bool right; /* aligned to the right: figures */
};

struct table;

/* NULL: no memory. `columns` must last. */
struct table *table_new(const struct table_column *columns, unsigned count);

/* A cell of the row under way, from left to right; after the last one the row is complete. Text is copied,
 * and what would disturb a terminal is replaced. NULL: "-". */
void table_cell(struct table *table, const char *text);
void table_count(struct table *table, uint64_t number); /* 1,234,567 */

/* Prints headings and rows, and frees the table. NULL is legal. */
void table_print(struct table *table);

/* 1,234,567 */
const char *figure_count(uint64_t number, char text[FIGURE_TEXT]);
/* 0:09, 1:15, 1:02:03, 3 d 1:02:03 */
const char *figure_seconds(uint64_t seconds, char text[FIGURE_TEXT]);
/* "12.3%", or "-" of nothing */
const char *figure_share(uint64_t part, uint64_t whole, char text[FIGURE_TEXT]);
/* 850 ns, 8.1 us, 12.0 ms */
const char *figure_ns(uint64_t ns, char text[FIGURE_TEXT]);

/* What an answer says; 0, NULL or false if it doesn't. */
uint64_t answer_count(const json_t *object, const char *key);
const char *answer_text(const json_t *object, const char *key);
bool answer_flag(const json_t *object, const char *key);

/* Prints a text, what would disturb a terminal replaced. */
void text_print(const char *text);

#endif
