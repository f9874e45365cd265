/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plot of lines or bars, as an SVG element within an HTML page. Its colours are the page's: text has the
 * colour of what is around, `--grid` that of grid lines, and the class "kindN" of a line sets `--line`.
 */
#ifndef XDPARK_RIG_PLOT_H
#define XDPARK_RIG_PLOT_H

#include <stdbool.h>
#include <stdio.h>

enum { PLOT_LINES = 12, PLOT_POINTS = 1024 };

enum plot_unit { PLOT_NUMBER, PLOT_US, PLOT_PERCENT };

struct plot_line {
	char name[48];
	unsigned kind; /* of its colour */
	unsigned count;
	double x[PLOT_POINTS], y[PLOT_POINTS];
};

struct plot {
	const char *title, *note; /* at the left and the right of the head; NULL: none */
	const char *x_name, *y_name;
	enum plot_unit x_unit, y_unit;
	bool x_logarithmic; /* x above 0 alone is shown */
	bool names;         /* of lines, at their right */
	double bars;        /* 0: lines. From each x to x + bars, or x * bars if logarithmic */
	unsigned width, height;
	unsigned count;
	struct plot_line lines[PLOT_LINES];
};

/* A new line, NULL: there are PLOT_LINES already. The name is cut. */
struct plot_line *plot_add(struct plot *plot, const char *name, unsigned kind);

/* What exceeds PLOT_POINTS, and what no measurement can have been (1e15 and more), is left out. */
void plot_point(struct plot_line *line, double x, double y);

/* Writes an <svg> element; nothing if there is no point. */
void plot_write(FILE *file, const struct plot *plot);

/* "1.5 M", "20 k", "0.3"; "20 us" and "1.5 ms", with a proper mu; "12%". */
const char *plot_figure(double value, enum plot_unit unit, char text[32]);

/* Text of a file, of which nothing is taken for markup. */
void plot_text(FILE *file, const char *text);

#endif
