/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of load amounts to. Private to the load. */
#ifndef XDPARK_RIG_LOAD_REPORT_H
#define XDPARK_RIG_LOAD_REPORT_H

#include "tools/rig/load.h"

/* Reads what was heard, after the measured time. New reference; NULL: no memory. */
json_t *load_report(struct load *load, const struct load_work *work, const struct load_outcome *outcome);

/* Whether all succeeded, no call was lost, and everybody has heard all that he was to hear. */
bool load_is_clean(const struct load *load, const struct load_outcome *outcome);

#endif
