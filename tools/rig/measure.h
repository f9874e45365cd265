/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One measured run: calls are set up, run warm, are measured, are hung up; and what that yields. */
#ifndef XDPARK_RIG_MEASURE_H
#define XDPARK_RIG_MEASURE_H

#include <jansson.h>

#include "tools/rig/options.h"
#include "tools/rig/setup.h"
#include "tools/rig/share.h"

enum measure_what { MEASURE_HOLD, MEASURE_FORWARD };

/*
 * Runs it and returns an exit code. *report: new reference, for RIG_CLEAN and RIG_FAULTS alone; otherwise why
 * it couldn't be done has been said on stderr.
 */
int measure_run(const struct rig_options *options, enum measure_what what, json_t **report);

/*
 * The same with calls that come to be by `ops`. The rig's own share is measured if `share` is zeroed, and
 * stands there for the next run with as many callers.
 */
int measure_run_by(const struct rig_options *options, enum measure_what what, const struct setup_ops *ops,
        struct share *share, json_t **report);

#endif
