/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/median.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void figures_ascend(double *figures, unsigned count)
{
	qsort(figures, count, sizeof(figures[0]), ascending);
}

double figures_median(const double *figures, unsigned count)
{
	return count ? (figures[(count - 1) / 2] + figures[count / 2]) / 2 : 0;
}
