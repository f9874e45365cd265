/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the headers and arrival times of a stream say. */
#ifndef XDPARK_LISTEN_NUMBERS_H
#define XDPARK_LISTEN_NUMBERS_H

#include "tests/listen/stream.h"

struct numbers {
	size_t packets;
	size_t ssrcs, sources;   /* changes included: going back and forth counts each time */
	size_t repeated;         /* packets whose sequence number had been used */
	size_t missing;          /* sequence numbers left out between first and last */
	size_t reordered;        /* packets that came after one with a higher number */
	size_t timestamps_back;  /* voice packets whose timestamp isn't above the one before, by number */
	size_t bad_checksums;    /* UDP */
	double drift_least_ms;   /* RTP clock against arrival, both since the first voice packet; */
	double drift_most_ms;    /* negative: the packet came late */
	double gap_ms, gap_at_s; /* largest time between two packets; when it began, since `start` */
	double first_s, seconds; /* first packet since `start`; from first to last */
};

/* Whether packets of this payload type follow the RTP clock: PCMU, PCMA, G.722 (RFC 3551). */
bool type_is_voice(uint8_t type);

/*
 * Measures a stream. `talker` (may be NULL): gaps that it has in its own sending at the same time are no
 * gaps here. `most_ms`: gaps up to this are not looked up there. `start`: the capture's first packet.
 */
void numbers_measure(struct numbers *numbers, const struct stream *stream, const struct streams *talkers,
        double most_ms, uint64_t start);

/* Sequence numbers that all talkers together left out. */
size_t talkers_missing(const struct streams *talkers);

#endif
