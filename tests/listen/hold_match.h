/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets of a stream are hold audio, and whether they are what they ought to be. */
#ifndef XDPARK_LISTEN_HOLD_MATCH_H
#define XDPARK_LISTEN_HOLD_MATCH_H

#include "tests/listen/heard.h"
#include "tests/listen/stream.h"

enum { HOLD_RUNS = 16, HOLD_CODECS = XD_CODECS };

/* Frames of the clip in a row, at the pace of their timestamps. */
struct hold_run {
	uint64_t time;     /* ns; of the first */
	uint32_t place_ms; /* where in the clip it began */
	size_t frames;
};

struct hold_match {
	size_t frames; /* voice packets that are frames of the clip */
	size_t talk;   /* voice packets outside of runs */
	size_t errors; /* within a run, or within the time that was named: not the frame that belongs there */
	size_t skipped; /* frames of a run that no packet carried, though no sequence number is missing */
	struct hold_run runs[HOLD_RUNS];
	size_t run_count; /* all of them, even beyond HOLD_RUNS */
};

/*
 * Follows a stream through the clip (`heard` by codec; one with count 0 isn't heard). Where packets stop
 * matching for good, talk begins; where they only do so for a while, they are errors. Voice packets from
 * `from` up to `to` (ns; 0 and 0: nowhere) must all be frames; the others are errors.
 */
void hold_match(struct hold_match *match, const struct stream *stream, const struct heard heard[HOLD_CODECS],
        uint64_t from, uint64_t to);

#endif
