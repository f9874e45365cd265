/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of load: lines that signal, callers that hear, and phases in which so many things a second are begun,
 * whether the server keeps up or not. What a phase does with its items is its command's matter.
 */
#ifndef XDPARK_RIG_LOAD_H
#define XDPARK_RIG_LOAD_H

#include "ctl/timer.h"
#include "tools/rig/callers.h"
#include "tools/rig/causes.h"
#include "tools/rig/lines.h"
#include "tools/rig/machine.h"
#include "tools/rig/options.h"
#include "tools/rig/pace.h"
#include "tools/rig/times.h"

struct load;

struct load_phase {
	const char *doing;     /* "parking": for the progress line */
	double rate;           /* a second */
	unsigned first, count; /* items */
	/* Begins with an item that was due then; load_settle() must follow, at once or later. */
	void (*start)(struct load *load, unsigned item, uint64_t due_ns);
};

/* What a phase brought. */
struct load_outcome {
	unsigned attempted, succeeded;
	struct causes failed;
	struct times late;            /* how far behind its time each item was begun: the rig's own part */
	double seconds;               /* from the first one's time to the last success */
	double busy_cores, rig_cores; /* of the whole machine, of this process */
	uint64_t resent;              /* requests that went out again */
};

struct load {
	const struct rig_options *options;
	struct loop *loop;
	struct clip clip;
	struct callers *callers;
	struct lines *lines;
	struct timer tick, second;
	const struct load_phase *phase;
	struct pace pace;
	unsigned settled;
	uint64_t pace_end_ns; /* when all items were due */
	uint64_t last_ns;     /* the last success */
	struct load_outcome outcome;
	bool ending;     /* asked to end */
	bool hanging_up; /* load_hang_up() runs */
};

/* With so many lines, each of which is the caller of its number. An exit code; what is wrong has been said.
 */
int load_open(struct load *load, const struct rig_options *options, unsigned lines,
        const struct lines_ops *ops, void *context);

/* Zeroed or closed is legal. */
void load_close(struct load *load);

/* Runs a phase until all of it is settled. *outcome may be NULL. 0, or -EINTR: asked to end. */
int load_run(struct load *load, const struct load_phase *phase, struct load_outcome *outcome);

/* An item of the phase is done: CAUSE_NONE, or why it failed. */
void load_settle(struct load *load, int cause);

/* Lets calls go on for so long. 0 or -EINTR. */
int load_wait(struct load *load, unsigned ms);

/*
 * Hangs up all lines that are up, also after the run was asked to end. *outcome may be NULL. 0, or -EINTR:
 * asked to end once more.
 */
int load_hang_up(struct load *load, struct load_outcome *outcome);

/* For lines_ops.over: true while load_hang_up() runs, and then nothing else is to be done about it. */
bool load_heed_over(struct load *load, unsigned line, int cause);

/* What isn't measured itself goes on at this rate: calls that are to be there before, hanging up. */
double load_aside_rate(const struct load *load);

/* Says that the run was interrupted. An exit code. */
int load_interrupted(void);

/* Prints a report and lets go of it; NULL: there was no memory. An exit code. */
int load_print(const struct load *load, json_t *report, bool clean);

/* Adds attempted, succeeded, failed, rate and what the rig itself took. 0 or -ENOMEM. */
int load_report(const struct load_outcome *outcome, json_t *report);

#endif
