/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/load_clip.h"

#include <errno.h>
#include <stdio.h>

#include "tools/rig/report.h"

enum { CALLER = 0, LINES = 1, LOOK_MS = 20, PATIENCE_MS = 10000, PLACED_MS = 200, GUESSED_MS = 1000 };

#define MS 1000000ULL

static void on_answered(void *context, unsigned line, const struct sockaddr_in *relay)
{
	const struct load *load = context;

	callers_connect(load->callers, line, relay, CL_HOLD, line);
}

static void on_over(void *context, unsigned line, int cause)
{
	const struct load *load = context;

	(void)cause;
	callers_disconnect(load->callers, line);
}

static const struct lines_ops clip_lines = {.media = load_media, .answered = on_answered, .over = on_over};

/*
 * Waits until what is heard has been the clip for a while: longer where it sounds the same at several places,
 * as what is played instead may sound like that, too.
 */
static int clip_await(struct load *load)
{
	const struct cl_hearing *hearing = callers_hearing(load->callers, CALLER);
	uint64_t now = machine_clock_ns(), until = now + PATIENCE_MS * MS, since = now;
	uint32_t wrong = 0;
	int failed = 0;

	while (!failed && now < until && !line_is_free(load->lines, CALLER)) {
		if (!hearing->placed || hearing->unmeasured != wrong)
			since = now;
		wrong = hearing->unmeasured;
		if (now - since >= (hearing->placed == CL_PLACED ? PLACED_MS : GUESSED_MS) * MS)
			return 0;
		failed = load_wait(load, LOOK_MS);
		now = machine_clock_ns();
	}
	if (now >= until) {
		progress_end();
		fprintf(stderr, "xdpark-rig: a call that was parked first hasn't heard the clip in %d s\n",
		        PATIENCE_MS / 1000);
	}
	return failed;
}

/*
 * Hangs up, also if it was asked to end, which then ends what follows. Who hasn't answered yet may still, and
 * would keep the call.
 */
static void call_end(struct load *load)
{
	bool ended = load->ending;

	if (ended)
		load_end(load);
	line_hang_up(load->lines, CALLER);
	while (!line_is_free(load->lines, CALLER)) {
		if (!load_wait(load, LOOK_MS))
			continue;
		if (ended) {
			load_tell_left();
			break;
		}
		ended = true;
		load_end(load);
	}
	load->ending = ended;
}

int load_hear_clip(struct load *load, bool orbit, char error[LINES_ERROR])
{
	char number[LINES_NUMBER];
	int failed = load_open_lines(load, LINES, &clip_lines, error);

	if (failed)
		return failed;
	progress("waiting for the clip");
	if (orbit)
		snprintf(number, sizeof(number), "%u", load->options->orbit);
	else
		snprintf(number, sizeof(number), "%s", load->options->number);
	line_call(load->lines, CALLER, number, orbit);
	failed = clip_await(load);
	call_end(load);
	lines_close(load->lines);
	load->lines = NULL;
	return load->ending ? -EINTR : failed;
}
