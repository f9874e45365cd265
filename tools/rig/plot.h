/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plot of lines, as SVG. */
#ifndef XDPARK_RIG_PLOT_H
#define XDPARK_RIG_PLOT_H

#include <stdbool.h>
#include <stdio.h>

enum { PLOT_LINES = 12, PLOT_POINTS = 1024 };

struct plot_line {
	char name[48];
	unsigned count;
	double x[PLOT_POINTS], y[PLOT_POINTS];
};

struct plot {
	const char *title, *x_name, *y_name;
	bool x_logarithmic; /* x above 0 alone is shown */
	unsigned count;
	struct plot_line lines[PLOT_LINES];
};

/* A new line, NULL: there are PLOT_LINES already. The name is cut. */
struct plot_line *plot_add(struct plot *plot, const char *name);

/* What exceeds PLOT_POINTS is left out. */
void plot_point(struct plot_line *line, double x, double y);

/* Writes an <svg> element; nothing if there is no point. */
void plot_write(FILE *file, const struct plot *plot);

#endif
