/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PCMU = 0, PCMA = 8, G722 = 9, TICKS_A_MS = 8 };

#define NS_A_MS    1e6
#define OVERLAP_MS 200.0 /* a talker's gap reaches the hearer a little later */

bool type_is_voice(uint8_t type)
{
	return type == PCMU || type == PCMA || type == G722;
}

static double ms_between(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / NS_A_MS;
}

/* Whether `talker` sent nothing for about as long, at about that time. */
static bool talker_paused(const struct stream *talker, uint64_t from, uint64_t to, double most_ms)
{
	for (size_t i = 1; i < talker->count; i++) {
		uint64_t left = talker->packets[i - 1].rtp.time, right = talker->packets[i].rtp.time;

		if (ms_between(left, right) + most_ms >= ms_between(from, to) && ms_between(left, to) >= 0 &&
		        ms_between(from, right) >= -OVERLAP_MS)
			return true;
	}
	return false;
}

static bool anyone_paused(const struct streams *talkers, uint64_t from, uint64_t to, double most_ms)
{
	for (const struct stream *talker = talkers ? talkers->first : NULL; talker; talker = talker->next) {
		if (talker_paused(talker, from, to, most_ms))
			return true;
	}
	return false;
}

static void gaps_measure(struct numbers *numbers, const struct stream *stream, const struct streams *talkers,
        double most_ms, uint64_t start)
{
	for (size_t i = 1; i < stream->count; i++) {
		uint64_t from = stream->packets[i - 1].rtp.time, to = stream->packets[i].rtp.time;
		double ms = ms_between(from, to);

		if (ms <= numbers->gap_ms || (ms > most_ms && anyone_paused(talkers, from, to, most_ms)))
			continue;
		numbers->gap_ms = ms;
		numbers->gap_at_s = ms_between(start, from) / 1000;
	}
}

/* In order of arrival: who sends, and how the clock runs. */
static void arrivals_measure(struct numbers *numbers, const struct stream *stream)
{
	const struct rtp *before = NULL, *voice = NULL;
	int64_t highest = INT64_MIN;

	for (size_t i = 0; i < stream->count; i++) {
		const struct rtp *rtp = &stream->packets[i].rtp;

		numbers->ssrcs += !before || before->ssrc != rtp->ssrc;
		numbers->sources += !before || before->from.port != rtp->from.port ||
		                    memcmp(before->from.address, rtp->from.address, 16) != 0;
		numbers->bad_checksums += rtp->bad_checksum;
		numbers->reordered += stream->packets[i].number < highest;
		if (stream->packets[i].number > highest)
			highest = stream->packets[i].number;
		before = rtp;
		if (!type_is_voice(rtp->type))
			continue;
		if (!voice)
			voice = rtp;
		double drift = (double)(int32_t)(rtp->timestamp - voice->timestamp) / TICKS_A_MS -
		               ms_between(voice->time, rtp->time);

		numbers->drift_least_ms = fmin(numbers->drift_least_ms, drift);
		numbers->drift_most_ms = fmax(numbers->drift_most_ms, drift);
	}
}

static void sequence_measure(struct numbers *numbers, const struct stream *stream)
{
	const struct stream_packet *voice = NULL;
	size_t count;
	struct stream_packet *order = stream_in_order(stream, &count);

	numbers->repeated = stream->count - count;
	for (size_t i = 0; i < count; i++) {
		if (i)
			numbers->missing += (size_t)(order[i].number - order[i - 1].number - 1);
		if (!type_is_voice(order[i].rtp.type))
			continue;
		if (voice && (int32_t)(order[i].rtp.timestamp - voice->rtp.timestamp) <= 0)
			numbers->timestamps_back++;
		voice = &order[i];
	}
	free(order);
}

void numbers_measure(struct numbers *numbers, const struct stream *stream, const struct streams *talkers,
        double most_ms, uint64_t start)
{
	*numbers = (struct numbers){.packets = stream->count};
	arrivals_measure(numbers, stream);
	sequence_measure(numbers, stream);
	gaps_measure(numbers, stream, talkers, most_ms, start);
	numbers->first_s = ms_between(start, stream->packets[0].rtp.time) / 1000;
	numbers->seconds =
	        ms_between(stream->packets[0].rtp.time, stream->packets[stream->count - 1].rtp.time) / 1000;
}

size_t talkers_missing(const struct streams *talkers)
{
	size_t missing = 0;

	for (const struct stream *talker = talkers->first; talker; talker = talker->next) {
		struct numbers numbers = {0};

		sequence_measure(&numbers, talker);
		missing += numbers.missing;
	}
	return missing;
}
