/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/listen/hold_match.h"
#include "tests/listen/numbers.h"
#include "tests/listen/wav.h"

enum { BRIEF_ROWS = 5, FILTERS = 2, JUDGED = 1, TALKER = 2 };

#define NS_A_S 1e9

/* Everything that is read from one capture. */
struct check {
	const struct check_options *options;
	struct streams streams, talkers;
	uint64_t start; /* ns; first packet of the capture */
	size_t talkers_missing;
	struct heard heard[HOLD_CODECS];
	size_t judged, good;
	json_t *rows;
};

static void on_packet(const struct rtp *rtp, unsigned which, void *context)
{
	struct check *check = context;

	if (which & JUDGED)
		streams_add(&check->streams, rtp);
	if (which & TALKER && check->options->talker)
		streams_add(&check->talkers, rtp);
}

/* Adds a failure to a row when `bad`. */
static void fail_if(bool bad, json_t *failures, const char *what)
{
	if (bad)
		json_array_append_new(failures, json_string(what));
}

static void numbers_judge(const struct check *check, const struct numbers *numbers, json_t *failures)
{
	const struct check_options *options = check->options;
	double drift = options->max_drift_ms, gap = options->max_gap_ms;

	fail_if(numbers->ssrcs != 1, failures, "more than one SSRC");
	fail_if(numbers->sources != 1, failures, "more than one source");
	fail_if(numbers->repeated != 0, failures, "sequence numbers repeated");
	fail_if(numbers->missing > check->talkers_missing, failures, "sequence numbers missing");
	fail_if(numbers->timestamps_back != 0, failures, "timestamps don't go forward");
	fail_if(drift > 0 && (numbers->drift_most_ms > drift || numbers->drift_least_ms < -drift), failures,
	        "timestamps too far from the clock");
	fail_if(gap > 0 && numbers->gap_ms > gap, failures, "gap too long");
	fail_if(options->checksums && numbers->bad_checksums, failures, "bad UDP checksums");
}

static json_t *numbers_row(const struct numbers *numbers)
{
	return json_pack("{s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:[ff], s:f, s:f, s:I}", "packets",
	        (json_int_t)numbers->packets, "first_s", numbers->first_s, "seconds", numbers->seconds,
	        "ssrcs", (json_int_t)numbers->ssrcs, "sources", (json_int_t)numbers->sources, "repeated",
	        (json_int_t)numbers->repeated, "missing", (json_int_t)numbers->missing, "reordered",
	        (json_int_t)numbers->reordered, "timestamps_back", (json_int_t)numbers->timestamps_back,
	        "drift_ms", numbers->drift_least_ms, numbers->drift_most_ms, "largest_gap_ms",
	        numbers->gap_ms, "largest_gap_at_s", numbers->gap_at_s, "bad_checksums",
	        (json_int_t)numbers->bad_checksums);
}

static json_t *hold_row(const struct check *check, const struct hold_match *match)
{
	json_t *runs = json_array();

	for (size_t i = 0; i < match->run_count && i < HOLD_RUNS; i++) {
		const struct hold_run *run = &match->runs[i];

		json_array_append_new(runs,
		        json_pack("{s:f, s:I, s:I}", "at_s", (double)(run->time - check->start) / NS_A_S,
		                "place_ms", (json_int_t)run->place_ms, "frames", (json_int_t)run->frames));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "frames", (json_int_t)match->frames, "talk",
	        (json_int_t)match->talk, "errors", (json_int_t)match->errors, "skipped",
	        (json_int_t)match->skipped, "runs", runs);
}

static void hold_judge(struct check *check, const struct stream *stream, json_t *row, json_t *failures)
{
	const struct check_options *options = check->options;
	struct hold_match match;
	uint64_t from = 0, to = 0;

	if (options->hold_to > 0) {
		from = check->start + (uint64_t)(options->hold_from * NS_A_S);
		to = check->start + (uint64_t)(options->hold_to * NS_A_S);
	}
	hold_match(&match, stream, check->heard, from, to);
	json_object_set_new(row, "hold", hold_row(check, &match));
	fail_if(match.errors != 0, failures, "hold payload is not the clip's");
	fail_if(match.skipped > options->max_skipped, failures, "hold frames skipped");
	fail_if(match.frames < options->min_hold, failures, "too few hold frames");
	fail_if(match.talk < options->min_talk, failures, "too little talk");
}

static void stream_judge(struct check *check, const struct stream *stream)
{
	json_t *failures = json_array(), *row;
	char from[64], to[64], ssrc[16];
	struct numbers numbers;

	numbers_measure(&numbers, stream, &check->talkers, check->options->max_gap_ms, check->start);
	row = numbers_row(&numbers);
	snprintf(ssrc, sizeof(ssrc), "%08x", stream->packets[0].rtp.ssrc);
	json_object_set_new(row, "to", json_string(end_text(&stream->to, to)));
	json_object_set_new(row, "from", json_string(end_text(&stream->packets[0].rtp.from, from)));
	json_object_set_new(row, "ssrc", json_string(ssrc));
	numbers_judge(check, &numbers, failures);
	if (check->options->clip)
		hold_judge(check, stream, row, failures);
	check->judged++;
	if (json_array_size(failures) == 0) {
		check->good++;
		json_decref(failures);
	} else {
		json_object_set_new(row, "failures", failures);
	}
	if (check->options->brief &&
	        (!json_object_get(row, "failures") || json_array_size(check->rows) >= BRIEF_ROWS))
		json_decref(row);
	else
		json_array_insert_new(check->rows, 0, row); /* the list has the last first */
}

/* Encodes the clip for the codecs that occur. */
static enum check_result clip_open(struct check *check, char *error)
{
	static const uint8_t types[HOLD_CODECS] = {[XD_PCMU] = 0, [XD_PCMA] = 8, [XD_G722] = 9};
	bool wanted[HOLD_CODECS] = {false};

	if (!check->options->clip)
		return CHECK_GOOD;
	for (const struct stream *stream = check->streams.first; stream; stream = stream->next) {
		for (size_t i = 0; i < stream->count; i++) {
			for (int codec = 0; codec < HOLD_CODECS; codec++)
				wanted[codec] |= stream->packets[i].rtp.type == types[codec];
		}
	}
	for (int codec = 0; codec < HOLD_CODECS; codec++) {
		if (wanted[codec] && heard_open(&check->heard[codec], check->options->clip,
		                             (enum xd_codec)codec, error) < 0)
			return CHECK_IMPOSSIBLE;
	}
	return CHECK_GOOD;
}

static enum check_result wav_make(const struct check *check, char *error)
{
	if (!check->options->wav)
		return CHECK_GOOD;
	if (check->streams.count != 1) {
		snprintf(error, CAPTURE_ERROR_BYTES, "%zu streams pass the filter; --wav wants exactly one",
		        check->streams.count);
		return CHECK_IMPOSSIBLE;
	}
	return wav_write(check->options->wav, check->streams.first, error) < 0 ? CHECK_IMPOSSIBLE
	                                                                       : CHECK_GOOD;
}

static enum check_result streams_judge(struct check *check, json_t **report)
{
	bool enough;

	check->rows = json_array();
	check->talkers_missing = talkers_missing(&check->talkers);
	for (const struct stream *stream = check->streams.first; stream; stream = stream->next) {
		if (stream->count >= check->options->packets)
			stream_judge(check, stream);
	}
	enough = check->judged > 0 && check->judged >= check->options->streams;
	*report = json_pack("{s:b, s:I, s:I, s:I, s:I, s:o}", "ok", enough && check->good == check->judged,
	        "streams_seen", (json_int_t)check->streams.count, "streams_judged", (json_int_t)check->judged,
	        "streams_good", (json_int_t)check->good, "streams_wanted",
	        (json_int_t)check->options->streams, "streams", check->rows);
	return enough && check->good == check->judged ? CHECK_GOOD : CHECK_BAD;
}

enum check_result check_capture(const struct check_options *options, json_t **report, char *error)
{
	const char *filters[FILTERS] = {options->filter, options->talker};
	struct check check = {.options = options};
	enum check_result result = CHECK_IMPOSSIBLE;

	if (capture_read(options->file, filters, FILTERS, on_packet, &check, &check.start, error) == 0)
		result = clip_open(&check, error);
	if (result == CHECK_GOOD)
		result = wav_make(&check, error);
	if (result == CHECK_GOOD)
		result = streams_judge(&check, report);
	for (int codec = 0; codec < HOLD_CODECS; codec++)
		heard_close(&check.heard[codec]);
	streams_free(&check.streams);
	streams_free(&check.talkers);
	return result;
}
