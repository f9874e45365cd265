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
#include "tools/rig/outcome.h"
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
	double rate;                  /* successes a second, between the first and the last */
	double busy_cores, rig_cores; /* of the whole machine, of this process */
	uint64_t resent;              /* requests that went out again */
};

struct load {
	const struct rig_options *options;
	struct loop *loop;
	struct clip clip;
	struct callers *callers;
	struct lines *lines;
	struct talk *talk; /* NULL: nobody talks */
	struct times setup;
	struct causes lost; /* calls that were up */
	struct timer second;
	struct event *metronome; /* while a phase runs: looks what is due */
	int metronome_fd;
	const struct load_phase *phase;
	struct pace pace;
	unsigned settled;
	uint64_t pace_end_ns; /* when all items were due */
	uint64_t first_ns;    /* the first success */
	uint64_t last_ns;     /* the last one, or when the phase began */
	struct load_outcome outcome;
	struct outcome heard; /* by all of them, in the end */
	uint64_t deaf_until;  /* ns; no signal ends what is tidied up in the end */
	bool ending;          /* asked to end */
	bool hanging_up;      /* in the end */
};

/* What a command does. Its struct begins with struct load, which is the lines' context. */
struct load_work {
	const char *name;
	unsigned lines; /* each is the caller of its number; 0: there are neither lines nor callers */
	bool orbits;    /* parks at orbits; otherwise at the park number */
	bool talks;
	const struct lines_ops *ops;
	/* What it signals with other than lines; NULL: nothing. 0, or a negative errno with a sentence. */
	int (*open)(struct load *load, char error[LINES_ERROR]);
	void (*close)(struct load *load); /* that; also what was never opened */
	/* Runs its phases. 0, or -EINTR: asked to end. */
	int (*measure)(struct load *load, struct load_outcome *outcome);
	/* Adds what only it has to the report; NULL: nothing. 0 or -ENOMEM. */
	int (*report)(const struct load *load, json_t *report);
};

/*
 * Opens what is needed, measures, hangs up, prints the report: attempted, succeeded, failed, rate, setup_us,
 * what the rig itself took, and where there are callers lost_calls and heard. An exit code.
 */
int load_do(struct load *load, const struct rig_options *options, const struct load_work *work);

/* So many lines, for the load's callers. 0, or a negative errno with a sentence (LINES_ERROR). */
int load_open_lines(struct load *load, unsigned count, const struct lines_ops *ops, char *error);

/* Runs a phase until all of it is settled. *outcome may be NULL. 0, or -EINTR: asked to end. */
int load_run(struct load *load, const struct load_phase *phase, struct load_outcome *outcome);

/* An item of the phase is done: CAUSE_NONE, or why it failed. */
void load_settle(struct load *load, int cause);

/* An item that seemed to have succeeded hasn't after all. */
void load_take_back(struct load_outcome *outcome, int cause);

/* What follows tidies up: it goes on after a signal, also after one more that comes within a second. */
void load_end(struct load *load);

/* Says on standard error that calls are left, where even hanging up was interrupted. */
void load_tell_left(void);

/* Lets calls go on for so long. 0 or -EINTR. */
int load_wait(struct load *load, unsigned ms);

/*
 * For lines_ops.over: the caller hears nothing more. True in the end, when all are hung up: nothing else is
 * to be done about it then.
 */
bool load_heed_over(struct load *load, unsigned line, int cause);

/* For lines_ops.media. */
struct sockaddr_in load_media(void *load, unsigned line);

/* What isn't measured itself goes on at this rate: calls that are to be there before, hanging up. */
double load_aside_rate(const struct load *load);

/* From now on what callers hear is counted, and told as "heard". */
void load_listen(struct load *load);

#endif
