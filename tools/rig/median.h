/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The middle of several figures: what one odd measurement doesn't change. */
#ifndef XDPARK_RIG_MEDIAN_H
#define XDPARK_RIG_MEDIAN_H

/* Puts them in ascending order. */
void figures_ascend(double *figures, unsigned count);

/* Of figures in ascending order: the middle one, or the mean of the two in the middle; 0: there are none. */
double figures_median(const double *figures, unsigned count);

#endif
