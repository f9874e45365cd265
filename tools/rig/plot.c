/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/plot.h"

#include <math.h>

enum { WIDTH = 860, HEIGHT = 320, LEFT = 90, RIGHT = 190, TOP = 34, BOTTOM = 48, TICKS = 5 };

/* The rectangle of values that is shown. */
struct frame {
	double x_least, x_most, y_most;
	bool logarithmic;
};

static const char *const colours[PLOT_LINES] = {"#1b6ca8", "#c8553d", "#2e8b57", "#8e44ad", "#b8860b",
        "#16a085", "#7f8c8d", "#d35400", "#2c3e50", "#c2185b", "#6b8e23", "#5d4037"};

struct plot_line *plot_add(struct plot *plot, const char *name)
{
	struct plot_line *line = plot->count < PLOT_LINES ? &plot->lines[plot->count++] : NULL;

	if (line) {
		line->count = 0;
		snprintf(line->name, sizeof(line->name), "%s", name);
	}
	return line;
}

void plot_point(struct plot_line *line, double x, double y)
{
	if (!line || line->count == PLOT_POINTS)
		return;
	line->x[line->count] = x;
	line->y[line->count++] = y;
}

/* Names come from files: what would be markup isn't. */
static void text_write(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '&')
			fputs("&amp;", file);
		else
			fputc(*text, file);
	}
}

static double scale(const struct frame *frame, double x)
{
	return frame->logarithmic ? log10(x > 0 ? x : 1e-3) : x;
}

static double place_x(const struct frame *frame, double x)
{
	double range = frame->x_most - frame->x_least;

	return LEFT + (range > 0 ? (scale(frame, x) - frame->x_least) / range : 0.5) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct frame *frame, double y)
{
	return HEIGHT - BOTTOM - (y > 0 ? y / frame->y_most : 0) * (HEIGHT - TOP - BOTTOM);
}

/* False: nothing to show. */
static bool frame_find(const struct plot *plot, struct frame *frame)
{
	bool any = false;

	*frame = (struct frame){.logarithmic = plot->x_logarithmic};
	for (unsigned i = 0; i < plot->count; i++)
		for (unsigned n = 0; n < plot->lines[i].count; n++) {
			double x = scale(frame, plot->lines[i].x[n]), y = plot->lines[i].y[n];

			frame->x_least = any && frame->x_least < x ? frame->x_least : x;
			frame->x_most = any && frame->x_most > x ? frame->x_most : x;
			frame->y_most = y > frame->y_most ? y : frame->y_most;
			any = true;
		}
	if (frame->y_most <= 0)
		frame->y_most = 1;
	return any;
}

static void axes_write(FILE *file, const struct plot *plot, const struct frame *frame)
{
	for (int i = 0; i <= TICKS; i++) {
		double x = frame->x_least + (frame->x_most - frame->x_least) * i / TICKS;
		double y = frame->y_most * i / TICKS;
		double shown = frame->logarithmic ? pow(10, x) : x;

		fprintf(file,
		        "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#ddd'/>"
		        "<text x='%d' y='%.1f' text-anchor='end'>%.4g</text>"
		        "<text x='%.1f' y='%d' text-anchor='middle'>%.4g</text>\n",
		        LEFT, place_y(frame, y), WIDTH - RIGHT, place_y(frame, y), LEFT - 6,
		        place_y(frame, y) + 4, y, place_x(frame, shown), HEIGHT - BOTTOM + 16, shown);
	}
	fprintf(file, "<text x='%d' y='20' font-weight='bold'>", LEFT);
	text_write(file, plot->title);
	fprintf(file, "</text><text x='%d' y='%d' text-anchor='middle'>", (LEFT + WIDTH - RIGHT) / 2,
	        HEIGHT - 12);
	text_write(file, plot->x_name);
	fprintf(file, "</text><text transform='translate(16 %d) rotate(-90)' text-anchor='middle'>",
	        HEIGHT / 2);
	text_write(file, plot->y_name);
	fputs("</text>\n", file);
}

static void line_write(FILE *file, const struct plot_line *line, unsigned number, const struct frame *frame)
{
	fprintf(file, "<polyline fill='none' stroke='%s' stroke-width='1.6' points='", colours[number]);
	for (unsigned n = 0; n < line->count; n++)
		fprintf(file, "%.1f,%.1f ", place_x(frame, line->x[n]), place_y(frame, line->y[n]));
	fputs("'/>\n", file);
	for (unsigned n = 0; line->count <= 30 && n < line->count; n++)
		fprintf(file, "<circle cx='%.1f' cy='%.1f' r='2.5' fill='%s'/>", place_x(frame, line->x[n]),
		        place_y(frame, line->y[n]), colours[number]);
	fprintf(file, "<text x='%d' y='%u' fill='%s'>", WIDTH - RIGHT + 12, TOP + 10 + 16 * number,
	        colours[number]);
	text_write(file, line->name);
	fputs("</text>\n", file);
}

void plot_write(FILE *file, const struct plot *plot)
{
	struct frame frame;

	if (!frame_find(plot, &frame))
		return;
	fprintf(file,
	        "<svg viewBox='0 0 %d %d' width='%d' height='%d' font-family='sans-serif' font-size='12'>\n",
	        WIDTH, HEIGHT, WIDTH, HEIGHT);
	axes_write(file, plot, &frame);
	for (unsigned i = 0; i < plot->count; i++)
		line_write(file, &plot->lines[i], i, &frame);
	fputs("</svg>\n", file);
}
