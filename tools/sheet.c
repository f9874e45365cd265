/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "tools/figure.h"

enum {
	GAP = 2,        /* between columns */
	INDENT = 4,     /* of folded columns */
	BROKEN = 18,    /* the least that a broken column gets, unless it is narrower */
	NARROWEST = 40, /* what says that it is narrower isn't believed */
};

struct sheet {
	const struct sheet_column *columns;
	unsigned count;  /* of columns */
	unsigned column; /* of the next cell */
	char **cells;    /* row by row */
	size_t cell_count, size;
	int widths[SHEET_COLUMNS];
	/* where columns are put: */
	int limit; /* 0: as wide as it gets */
	int places[SHEET_COLUMNS];
	bool folds[SHEET_COLUMNS]; /* begins a line */
};

struct sheet *sheet_new(const struct sheet_column *columns, unsigned count)
{
	struct sheet *sheet = calloc(1, sizeof(*sheet));

	if (!sheet)
		return NULL;
	sheet->columns = columns;
	sheet->count = count;
	for (unsigned i = 0; i < count; i++)
		sheet->widths[i] = (int)strlen(columns[i].heading);
	return sheet;
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

void sheet_cell(struct sheet *sheet, const char *text)
{
	unsigned column;
	char *copy;
	int width;

	if (!sheet)
		return;
	if (sheet->cell_count == sheet->size) {
		size_t size = sheet->size ? sheet->size * 2 : 256;
		char **cells = realloc(sheet->cells, size * sizeof(*cells));

		if (!cells)
			return;
		sheet->cells = cells;
		sheet->size = size;
	}
	copy = strdup(text ? text : "-");
	if (!copy)
		return;
	text_clean(copy);
	column = sheet->column;
	sheet->column = column + 1 == sheet->count ? 0 : column + 1;
	width = text_width(copy);
	if (width > sheet->widths[column])
		sheet->widths[column] = width;
	sheet->cells[sheet->cell_count++] = copy;
}

void sheet_count(struct sheet *sheet, uint64_t number)
{
	char text[FIGURE_TEXT];

	sheet_cell(sheet, figure_count(number, text));
}

struct sheet *sheet_notes(void)
{
	static const struct sheet_column columns[] = {{"", false}, {"", false}};

	return sheet_new(columns, 2);
}

void sheet_note(struct sheet *sheet, const char *name, const char *format, ...)
{
	va_list arguments;
	char text[512];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sheet_cell(sheet, name);
	sheet_cell(sheet, text);
}

/* Columns of the terminal; 0: there is none. */
static int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int width = 0;

	if (columns)
		width = (int)strtoul(columns, NULL, 10);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	return width >= NARROWEST ? width : 0;
}

/* Puts the columns one behind the other, and folds before each that the line has no room for. */
static void sheet_arrange(struct sheet *sheet)
{
	int place = 0;

	sheet->limit = terminal_width();
	for (unsigned i = 0; i < sheet->count; i++) {
		bool broken = i + 1 == sheet->count && !sheet->columns[i].right;
		int need = broken && sheet->widths[i] > BROKEN ? BROKEN : sheet->widths[i];

		sheet->folds[i] = i && sheet->limit && place + need > sheet->limit;
		if (sheet->folds[i])
			place = INDENT;
		sheet->places[i] = place;
		place += sheet->widths[i] + GAP;
	}
}

/* The bytes of whole words that fit into `room`; one word at least. */
static int words_fit(const char *text, int room)
{
	char part[1024];
	int fit = 0;

	for (const char *at = text; *at;) {
		at += strspn(at, " ");
		at += strcspn(at, " ");
		snprintf(part, sizeof(part), "%.*s", (int)(at - text), text);
		if (fit && text_width(part) > room)
			break;
		fit = (int)(at - text);
	}
	return fit;
}

/* A text from `place` on, when the line has got to `at`; broken where the terminal ends. Returns its end. */
static int text_put(const struct sheet *sheet, const char *text, int at, int place)
{
	int width = text_width(text);

	while (sheet->limit && place + width > sheet->limit) {
		int fit = words_fit(text, sheet->limit - place);

		if (!text[fit])
			break;
		printf("%*s%.*s\n", place - at, "", fit, text);
		text += fit + strspn(text + fit, " ");
		width = text_width(text);
		at = 0;
	}
	printf("%*s%s", place - at, "", text);
	return place + width;
}

/* What is left empty isn't filled up, so that no line ends in spaces. */
static void row_print(const struct sheet *sheet, const char *const *cells)
{
	bool folded = false;
	int at = 0;

	for (unsigned i = 0; i < sheet->count; i++) {
		int place = sheet->places[i];

		folded = folded || (sheet->folds[i] && at);
		if (!*cells[i])
			continue;
		if (folded) {
			putchar('\n');
			at = 0;
			folded = false;
		}
		if (sheet->columns[i].right)
			place += sheet->widths[i] - text_width(cells[i]);
		at = text_put(sheet, cells[i], at, place);
	}
	putchar('\n');
}

void sheet_print(struct sheet *sheet)
{
	const char *headings[SHEET_COLUMNS] = {""};

	if (!sheet)
		return;
	sheet_arrange(sheet);
	for (unsigned i = 0; i < sheet->count; i++)
		headings[i] = sheet->columns[i].heading;
	if (*headings[0])
		row_print(sheet, headings);
	for (size_t i = 0; i + sheet->count <= sheet->cell_count; i += sheet->count)
		row_print(sheet, (const char *const *)sheet->cells + i);
	for (size_t i = 0; i < sheet->cell_count; i++)
		free(sheet->cells[i]);
	free(sheet->cells);
	free(sheet);
}
