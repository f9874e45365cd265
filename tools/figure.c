/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/figure.h"

#include <inttypes.h>
#include <stdio.h>

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

const char *figure_things(uint64_t number, const char *thing, char text[FIGURE_TEXT])
{
	char count[FIGURE_TEXT];

	snprintf(text, FIGURE_TEXT, "%.28s %.16s%s", figure_count(number, count), thing,
	        number == 1 ? "" : "s");
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
	else if (ns < 1000000000)
		snprintf(text, FIGURE_TEXT, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(text, FIGURE_TEXT, "%.1f s", (double)ns / 1e9);
	return text;
}
