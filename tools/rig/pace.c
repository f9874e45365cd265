/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/pace.h"

uint64_t pace_at(const struct pace *pace, unsigned n)
{
	return pace->start_ns + (uint64_t)((double)n * 1e9 / pace->rate);
}
