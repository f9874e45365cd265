/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/plot.h"

#include <math.h>

enum { LEFT = 62, RIGHT = 14, NAMES = 140, TOP = 30, BOTTOM = 44, TICKS = 5, DOTS = 30 };

/* The rectangle of values that is shown, in the scale of the plot. */
struct frame {
	const struct plot *plot;
	double x_least, x_most, y_most, x_step, y_step;
	double right; /* where the rectangle ends */
};

struct plot_line *plot_add(struct plot *plot, const char *name, unsigned kind)
{
	struct plot_line *line = plot->count < PLOT_LINES ? &plot->lines[plot->count++] : NULL;

	if (line) {
		line->count = 0;
		line->kind = kind;
		snprintf(line->name, sizeof(line->name), "%s", name);
	}
	return line;
}

void plot_point(struct plot_line *line, double x, double y)
{
	if (!line || line->count == PLOT_POINTS || !(fabs(x) < 1e15 && fabs(y) < 1e15))
		return;
	line->x[line->count] = x;
	line->y[line->count++] = y;
}

void plot_text(FILE *file, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '&')
			fputs("&amp;", file);
		else
			fputc(*text, file);
	}
}

const char *plot_figure(double value, enum plot_unit unit, char text[32])
{
	const char *behind = "";

	if (unit == PLOT_US) {
		behind = fabs(value) >= 1e6 ? " s" : fabs(value) >= 1e3 ? " ms" : " \302\265s";
		value /= fabs(value) >= 1e6 ? 1e6 : fabs(value) >= 1e3 ? 1e3 : 1;
	} else if (unit == PLOT_PERCENT) {
		behind = "%";
	} else if (fabs(value) >= 1e3) {
		behind = fabs(value) >= 1e6 ? " M" : " k";
		value /= fabs(value) >= 1e6 ? 1e6 : 1e3;
	}
	snprintf(text, 32, "%.3g%s", value, behind);
	return text;
}

static double scale(const struct plot *plot, double x)
{
	return plot->x_logarithmic ? log10(x > 0 ? x : 1e-3) : x;
}

static double place_x(const struct frame *frame, double scaled)
{
	double range = frame->x_most - frame->x_least;

	return LEFT + (range > 0 ? (scaled - frame->x_least) / range : 0.5) * (frame->right - LEFT);
}

static double place_y(const struct frame *frame, double y)
{
	double height = (double)frame->plot->height - TOP - BOTTOM;

	return TOP + height - (y > 0 ? y / frame->y_most : 0) * height;
}

/* 1, 2 or 5 times a power of ten, so that TICKS of them are at least `range`. */
static double step_for(double range)
{
	double least = range / TICKS, power = pow(10, floor(log10(least)));

	if (least <= power * 1.0000001)
		return power;
	return least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
}

/* The end of a bar that begins at x. */
static double bar_end(const struct plot *plot, double x)
{
	return plot->x_logarithmic ? x * plot->bars : x + plot->bars;
}

/* False: nothing to show. */
static bool frame_find(const struct plot *plot, struct frame *frame)
{
	bool any = false;

	*frame = (struct frame){.plot = plot, .right = (double)plot->width - (plot->names ? NAMES : RIGHT)};
	for (unsigned i = 0; i < plot->count; i++)
		for (unsigned n = 0; n < plot->lines[i].count; n++) {
			double x = plot->lines[i].x[n], y = plot->lines[i].y[n];
			double least = scale(plot, x),
			       most = scale(plot, plot->bars > 0 ? bar_end(plot, x) : x);

			frame->x_least = any && frame->x_least < least ? frame->x_least : least;
			frame->x_most = any && frame->x_most > most ? frame->x_most : most;
			frame->y_most = y > frame->y_most ? y : frame->y_most;
			any = true;
		}
	frame->y_step = step_for(frame->y_most > 0 ? frame->y_most : 1);
	frame->y_most =
	        ceil((frame->y_most > 0 ? frame->y_most : 1) / frame->y_step * 0.9999) * frame->y_step;
	frame->x_step = frame->x_most > frame->x_least ? step_for(frame->x_most - frame->x_least) : 1;
	return any;
}

static void y_axis_write(FILE *file, const struct frame *frame)
{
	char text[32];

	for (long i = 0; i <= lround(frame->y_most / frame->y_step); i++) {
		double y = (double)i * frame->y_step, at = place_y(frame, y);

		fprintf(file,
		        "<line x1='%d' y1='%.1f' x2='%.1f' y2='%.1f' stroke='var(--grid)'/>"
		        "<text x='%d' y='%.1f' text-anchor='end'>%s</text>\n",
		        LEFT, at, frame->right, at, LEFT - 6, at + 4,
		        plot_figure(y, frame->plot->y_unit, text));
	}
}

static void x_tick_write(FILE *file, const struct frame *frame, double scaled, double x)
{
	double at = place_x(frame, scaled);
	unsigned bottom = frame->plot->height - BOTTOM;
	char text[32];

	fprintf(file,
	        "<line x1='%.1f' y1='%u' x2='%.1f' y2='%u' stroke='currentColor'/>"
	        "<text x='%.1f' y='%u' text-anchor='middle'>%s</text>\n",
	        at, bottom, at, bottom + 4, at, bottom + 17, plot_figure(x, frame->plot->x_unit, text));
}

/* Powers of ten if there are enough of them, else 1, 2 and 5 times. */
static void decades_write(FILE *file, const struct frame *frame)
{
	double least = frame->x_least, most = frame->x_most;

	for (long power = lround(floor(least)); (double)power <= most + 0.001; power++)
		for (int digit = 1; digit < 10; digit = digit == 1 ? 2 : digit == 2 ? 5 : 10) {
			double at = (double)power + log10(digit);

			if (at >= least - 0.001 && at <= most + 0.001 && (digit == 1 || most - least < 2.5))
				x_tick_write(file, frame, at, digit * pow(10, (double)power));
		}
}

static void x_axis_write(FILE *file, const struct frame *frame)
{
	double least = frame->x_least, most = frame->x_most, step = frame->x_step;

	fprintf(file, "<line x1='%d' y1='%u' x2='%.1f' y2='%u' stroke='currentColor'/>\n", LEFT,
	        frame->plot->height - BOTTOM, frame->right, frame->plot->height - BOTTOM);
	if (most <= least) {
		x_tick_write(file, frame, least, frame->plot->x_logarithmic ? pow(10, least) : least);
		return;
	}
	if (frame->plot->x_logarithmic) {
		decades_write(file, frame);
		return;
	}
	if (step < 1 && frame->plot->x_unit == PLOT_NUMBER)
		step = 1;
	for (long i = lround(ceil(least / step)); (double)i * step <= most + step / 1000; i++)
		x_tick_write(file, frame, (double)i * step, (double)i * step);
}

static void head_write(FILE *file, const struct frame *frame)
{
	const struct plot *plot = frame->plot;

	if (plot->title) {
		fprintf(file, "<text x='%d' y='16' font-weight='bold'>", LEFT);
		plot_text(file, plot->title);
		fputs("</text>", file);
	}
	if (plot->note) {
		fprintf(file, "<text x='%.1f' y='16' text-anchor='end'>", frame->right);
		plot_text(file, plot->note);
		fputs("</text>", file);
	}
	fprintf(file, "<text x='%.1f' y='%u' text-anchor='middle' opacity='.75'>", (LEFT + frame->right) / 2,
	        plot->height - 8);
	plot_text(file, plot->x_name);
	fprintf(file,
	        "</text><text transform='translate(12 %u) rotate(-90)' text-anchor='middle' opacity='.75'>",
	        (plot->height - BOTTOM + TOP) / 2);
	plot_text(file, plot->y_name);
	fputs("</text>\n", file);
}

static void bars_write(FILE *file, const struct plot_line *line, const struct frame *frame)
{
	double bottom = place_y(frame, 0);

	for (unsigned n = 0; n < line->count; n++) {
		double from = place_x(frame, scale(frame->plot, line->x[n]));
		double to = place_x(frame, scale(frame->plot, bar_end(frame->plot, line->x[n])));
		double top = place_y(frame, line->y[n]);

		if (line->y[n] > 0)
			fprintf(file,
			        "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='var(--line)'/>\n",
			        from + 0.5, top, to - from - 1, bottom - top);
	}
}

static void line_write(FILE *file, const struct plot_line *line, const struct frame *frame)
{
	fputs("<polyline fill='none' stroke='var(--line)' stroke-width='2' points='", file);
	for (unsigned n = 0; n < line->count; n++)
		fprintf(file, "%.1f,%.1f ", place_x(frame, scale(frame->plot, line->x[n])),
		        place_y(frame, line->y[n]));
	fputs("'/>\n", file);
	for (unsigned n = 0; line->count <= DOTS && n < line->count; n++)
		fprintf(file, "<circle cx='%.1f' cy='%.1f' r='3' fill='var(--line)'/>",
		        place_x(frame, scale(frame->plot, line->x[n])), place_y(frame, line->y[n]));
}

static void name_write(FILE *file, const struct plot_line *line, unsigned place, const struct frame *frame)
{
	fprintf(file,
	        "<rect x='%.1f' y='%u' width='10' height='10' fill='var(--line)'/><text x='%.1f' y='%u'>",
	        frame->right + 16, TOP + 18 * place, frame->right + 32, TOP + 18 * place + 9);
	plot_text(file, line->name);
	fputs("</text>\n", file);
}

void plot_write(FILE *file, const struct plot *plot)
{
	unsigned named = 0;
	struct frame frame;

	if (!frame_find(plot, &frame))
		return;
	fprintf(file, "<svg viewBox='0 0 %u %u' role='img' fill='currentColor' font-size='12'>\n",
	        plot->width, plot->height);
	y_axis_write(file, &frame);
	x_axis_write(file, &frame);
	head_write(file, &frame);
	for (unsigned i = 0; i < plot->count; i++) {
		const struct plot_line *line = &plot->lines[i];

		fprintf(file, "<g class='kind%u'>", line->kind);
		if (plot->bars > 0)
			bars_write(file, line, &frame);
		else
			line_write(file, line, &frame);
		if (plot->names && line->count)
			name_write(file, line, named++, &frame);
		fputs("</g>\n", file);
	}
	fputs("</svg>\n", file);
}
