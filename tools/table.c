/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct table {
	const struct table_column *columns;
	unsigned count;  /* of columns */
	unsigned column; /* of the next cell */
	char **cells;    /* row by row */
	size_t cell_count, size;
	int widths[TABLE_COLUMNS];
};

struct table *table_new(const struct table_column *columns, unsigned count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	table->count = count;
	for (unsigned i = 0; i < count; i++)
		table->widths[i] = (int)strlen(columns[i].heading);
	return table;
}

/* Control bytes, and the second byte of C1 controls in UTF-8: names of callers are theirs to choose. */
static void text_clean(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at; at++)
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			*at = '?';
}

/* Columns that the text takes on a terminal. */
static int text_width(const char *text)
{
	wchar_t wide[256];
	size_t length = mbstowcs(wide, text, sizeof(wide) / sizeof(wide[0]));
	int width = length < sizeof(wide) / sizeof(wide[0]) ? wcswidth(wide, length) : -1;

	return width < 0 ? (int)strlen(text) : width;
}

void table_cell(struct table *table, const char *text)
{
	unsigned column;
	char *copy;
	int width;

	if (!table)
		return;
	if (table->cell_count == table->size) {
		size_t size = table->size ? table->size * 2 : 256;
		char **cells = realloc(table->cells, size * sizeof(*cells));

		if (!cells)
			return;
		table->cells = cells;
		table->size = size;
	}
	copy = strdup(text ? text : "-");
	if (!copy)
		return;
	text_clean(copy);
	column = table->column;
	table->column = column + 1 == table->count ? 0 : column + 1;
	width = text_width(copy);
	if (width > table->widths[column])
		table->widths[column] = width;
	table->cells[table->cell_count++] = copy;
}

void table_count(struct table *table, uint64_t number)
{
	char text[FIGURE_TEXT];

	table_cell(table, figure_count(number, text));
}

/* The last column isn't filled up, so that no line ends in spaces. */
static void cell_print(const struct table *table, unsigned column, const char *text)
{
	int fill = table->widths[column] - text_width(text);
	bool last = column + 1 == table->count;

	if (table->columns[column].right)
		printf("%*s%s%s", fill, "", text, last ? "\n" : "  ");
	else if (last)
		printf("%s\n", text);
	else
		printf("%s%*s  ", text, fill, "");
}

void table_print(struct table *table)
{
	unsigned column = 0;

	if (!table)
		return;
	for (unsigned i = 0; i < table->count; i++)
		cell_print(table, i, table->columns[i].heading);
	for (size_t i = 0; i < table->cell_count; i++) {
		cell_print(table, column, table->cells[i]);
		column = column + 1 == table->count ? 0 : column + 1;
		free(table->cells[i]);
	}
	free(table->cells);
	free(table);
}

const char *figure_count(uint64_t number, char text[FIGURE_TEXT])
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number), used = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	return text;
}

const char *figure_seconds(uint64_t seconds, char text[FIGURE_TEXT])
{
	unsigned s = (unsigned)(seconds % 60), m = (unsigned)(seconds / 60 % 60);
	unsigned h = (unsigned)(seconds / 3600 % 24);
	uint64_t d = seconds / 86400;

	if (d)
		snprintf(text, FIGURE_TEXT, "%" PRIu64 " d %u:%02u:%02u", d, h, m, s);
	else if (h)
		snprintf(text, FIGURE_TEXT, "%u:%02u:%02u", h, m, s);
	else
		snprintf(text, FIGURE_TEXT, "%u:%02u", m, s);
	return text;
}

const char *figure_share(uint64_t part, uint64_t whole, char text[FIGURE_TEXT])
{
	if (whole)
		snprintf(text, FIGURE_TEXT, "%.1f%%", 100.0 * (double)part / (double)whole);
	else
		snprintf(text, FIGURE_TEXT, "-");
	return text;
}

const char *figure_ns(uint64_t ns, char text[FIGURE_TEXT])
{
	if (ns < 1000)
		snprintf(text, FIGURE_TEXT, "%" PRIu64 " ns", ns);
	else if (ns < 1000000)
		snprintf(text, FIGURE_TEXT, "%.1f us", (double)ns / 1e3);
	else
		snprintf(text, FIGURE_TEXT, "%.1f ms", (double)ns / 1e6);
	return text;
}

uint64_t answer_count(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

const char *answer_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool answer_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

void text_print(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	text_clean(copy);
	fputs(copy, stdout);
	free(copy);
}
