/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stream_check does, for its command line and for its own tests. */
#ifndef XDPARK_LISTEN_CHECK_H
#define XDPARK_LISTEN_CHECK_H

#include <jansson.h>

#include "tests/listen/capture.h"

/* Times in seconds count from the capture's first packet. Zeroed members are left out unless they say else.
 */
struct check_options {
	const char *file;
	const char *filter;        /* pcap-filter(7): the packets to judge; NULL: all */
	const char *talker;        /* pcap-filter(7): the talkers, whose own losses and pauses are forgiven */
	const char *clip;          /* heard.h; NULL: payloads aren't looked at */
	const char *wav;           /* file to write the stream to; wants exactly one */
	double max_gap_ms;         /* 0: any */
	double max_drift_ms;       /* 0: any */
	double hold_from, hold_to; /* all voice in this time must be the clip; hold_to 0: nowhere */
	size_t max_skipped;        /* hold frames of a stream that no packet carried */
	size_t min_hold;           /* hold frames of a stream at least */
	size_t min_talk;           /* other voice packets of a stream at least */
	size_t streams;            /* so many streams at least ... */
	size_t packets;            /* ... with so many packets each; streams with fewer aren't judged */
	bool checksums;            /* a bad UDP checksum is an error */
	bool brief;                /* report only streams that failed, five at most */
};

enum check_result { CHECK_GOOD = 0, CHECK_BAD = 1, CHECK_IMPOSSIBLE = 2 };

/*
 * Judges a capture. *report: an object that the caller owns (see stream_check --help). CHECK_IMPOSSIBLE: with
 * a sentence in `error` (CAPTURE_ERROR_BYTES) and no report.
 */
enum check_result check_capture(const struct check_options *options, json_t **report, char *error);

#endif
