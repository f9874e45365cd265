/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/ratios.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 160 };

static const char head[] =
        "# SPDX-License-Identifier: GPL-2.0-or-later\n"
        "# What a path of the relay costs, in terms of bpf/reference.bpf.c, by kind of CPU (vendor, family,\n"
        "# model): make bench-quick compares, and build/tests/bench/quick tests/bench/quick.ratios --store\n"
        "# writes those of this machine anew.\n";

void ratios_cpu(char cpu[RATIOS_CPU])
{
	FILE *info = fopen("/proc/cpuinfo", "r");
	char line[LINE * 4], vendor[32] = "";
	int family = -1, model = -1;

	while (info && fgets(line, sizeof(line), info) && model < 0) {
		sscanf(line, "vendor_id : %31s", vendor);
		sscanf(line, "cpu family : %d", &family);
		sscanf(line, "model : %d", &model);
	}
	if (info)
		fclose(info);
	if (model < 0)
		snprintf(cpu, RATIOS_CPU, "unknown");
	else
		snprintf(cpu, RATIOS_CPU, "%s-%d-%d", vendor, family, model);
}

static bool line_read(const char *line, char cpu[RATIOS_CPU], struct ratio *ratio)
{
	return *line != '#' && sscanf(line, "%63s %63s %lf", cpu, ratio->name, &ratio->value) == 3;
}

/* The file's value of one path: this kind's, or else the largest; 0: none. */
static double value_find(FILE *file, const char *cpu, const char *name, bool *ours)
{
	char of[RATIOS_CPU], line[LINE];
	double largest = 0;
	struct ratio ratio;

	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		if (!line_read(line, of, &ratio) || strcmp(ratio.name, name) != 0)
			continue;
		if (!strcmp(of, cpu))
			return ratio.value;
		if (ratio.value > largest)
			largest = ratio.value;
	}
	*ours = false;
	return largest;
}

bool ratios_read(const char *file, const char *cpu, struct ratio *ratios, size_t count)
{
	FILE *stored = fopen(file, "r");
	bool ours = true;

	if (!stored)
		err(2, "%s", file);
	for (size_t i = 0; i < count; i++) {
		ratios[i].value = value_find(stored, cpu, ratios[i].name, &ours);
		if (ratios[i].value <= 0)
			errx(2, "%s: nothing of %s: quick %s --store writes it", file, ratios[i].name, file);
	}
	fclose(stored);
	return ours;
}

/* What is stored of other kinds of CPU, into memory of its own. */
static char *others_read(const char *file, const char *cpu)
{
	FILE *stored = fopen(file, "r"), *kept;
	char of[RATIOS_CPU], line[LINE], *text = NULL;
	struct ratio ratio;
	size_t length;

	kept = open_memstream(&text, &length);
	if (!kept)
		err(2, "memory");
	while (stored && fgets(line, sizeof(line), stored))
		if (line_read(line, of, &ratio) && strcmp(of, cpu) != 0)
			fputs(line, kept);
	if (stored)
		fclose(stored);
	if (fclose(kept))
		err(2, "memory");
	return text;
}

void ratios_write(const char *file, const char *cpu, const struct ratio *ratios, size_t count)
{
	char *others = others_read(file, cpu);
	FILE *stored = fopen(file, "w");

	if (!stored)
		err(2, "%s", file);
	fputs(head, stored);
	fputs(others, stored);
	for (size_t i = 0; i < count; i++)
		fprintf(stored, "%s %s %.3f\n", cpu, ratios[i].name, ratios[i].value);
	if (fclose(stored))
		err(2, "%s", file);
	free(others);
}
