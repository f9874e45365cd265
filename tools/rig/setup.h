/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How calls come to be: by SIP, straight in the maps of a dataplane, or by rtpengine's ng. Each tells the
 * callers where their relay is (callers_connect) and what they are to hear.
 */
#ifndef XDPARK_RIG_SETUP_H
#define XDPARK_RIG_SETUP_H

#include <jansson.h>

#include "tools/rig/callers.h"
#include "tools/rig/options.h"

struct setup;

enum { SETUP_ERROR = 256 };

struct setup_ops {
	const char *name; /* "sip", "direct" */
	/* Whether such a relay is there and free, before anything else is done; NULL: open() tells. As that.
	 */
	int (*check)(const struct rig_options *options, char *error);
	/* -EPERM: there is no such relay, or it isn't free. A sentence in `error` (SETUP_ERROR). */
	int (*open)(struct setup **setup, const struct rig_options *options, struct callers *callers,
	        char *error);
	/* Hangs up all that is up. How many calls may be there still, as that wasn't answered. NULL is legal.
	 */
	unsigned (*close)(struct setup *setup);
	/* Parks callers 0 up to `count`, telling progress. How many it was; -EINTR: asked to end. */
	int (*park)(struct setup *setup, unsigned count);
	/* Bridges callers 2 k and 2 k + 1. How many bridges; -EINTR. */
	int (*bridge)(struct setup *setup, unsigned count);
	/* Does what calls want while they are up, until then (ns of CLOCK_MONOTONIC). 0 or -EINTR. */
	int (*serve)(struct setup *setup, uint64_t until_ns);
	/* Calls that didn't come to be, by cause; new reference. */
	json_t *(*failed)(const struct setup *setup);
	/* Makes of the clip what such a relay plays of it, bit by bit; NULL: it is played as it is. */
	void (*hears)(struct clip *clip);
};

/* setup_rtpengine asks the one at options->ng. */
extern const struct setup_ops setup_sip, setup_direct, setup_rtpengine;

#endif
