/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/hold_match.h"

#include <stdlib.h>
#include <string.h>

#include "tests/listen/numbers.h"

enum {
	PLACES = 4096,    /* a frame of silence may lie anywhere in a pause */
	SHORTEST_RUN = 5, /* frames; fewer may be talk that happens to be as silent as the clip */
	LOOK_AHEAD = 50,  /* packets: errors in a run are over by then, talk isn't */
	CHUNK_TICKS = 80,
	CHUNK_MS = 10,
};

enum mark { TALK, FRAME, ERROR };

/* A run that is being followed. */
struct follower {
	const struct heard *heard;
	uint32_t places[PLACES]; /* where the last frame may have been */
	uint32_t place_count;
	const struct stream_packet *last;
	unsigned chunks;
	struct hold_run run;
	size_t skipped;
};

/* Voice packets of a stream in order of their numbers. */
struct voice {
	const struct stream *stream;
	struct stream_packet *packets;
	uint8_t *marks; /* by packet: enum mark */
	size_t count;
};

static int codec_of(uint8_t type)
{
	return type == 0 ? XD_PCMU : type == 8 ? XD_PCMA : XD_G722;
}

/* Chunks in a packet; 0: its length is no frame's. */
static unsigned packet_chunks(const struct stream_packet *packet)
{
	unsigned chunks = packet->rtp.length / XD_CHUNK_BYTES;

	return packet->rtp.length % XD_CHUNK_BYTES == 0 && chunks <= 6 ? chunks : 0;
}

static bool follower_start(
        struct follower *follower, const struct voice *voice, size_t i, const struct heard heard[HOLD_CODECS])
{
	const struct stream_packet *packet = &voice->packets[i];
	uint32_t found;

	follower->heard = &heard[codec_of(packet->rtp.type)];
	follower->chunks = packet_chunks(packet);
	if (!follower->chunks || !follower->heard->count)
		return false;
	found = heard_find(follower->heard, stream_payload(voice->stream, packet), follower->chunks,
	        follower->places, PLACES);
	follower->place_count = found < PLACES ? found : PLACES;
	follower->last = packet;
	follower->skipped = 0;
	follower->run = (struct hold_run){.time = packet->rtp.time, .frames = 1};
	if (found)
		follower->run.place_ms = follower->places[0] * CHUNK_MS;
	return found > 0;
}

/* G.711 silence: talk may be as silent as the clip by accident. */
static bool payload_is_silence(const uint8_t *payload, size_t length)
{
	return memcmp(payload, payload + 1, length - 1) == 0;
}

/* Takes packet `i` if it is a frame of the run, as far on as its timestamp says; `telling`: silence isn't
 * enough. */
static bool follower_take(struct follower *follower, const struct voice *voice, size_t i, bool telling)
{
	const struct stream_packet *packet = &voice->packets[i];
	uint32_t ticks = packet->rtp.timestamp - follower->last->rtp.timestamp;
	uint32_t step = ticks / CHUNK_TICKS, kept = 0, places[PLACES];
	size_t numbers = (size_t)(packet->number - follower->last->number);

	if (packet->rtp.type != follower->last->rtp.type || packet_chunks(packet) != follower->chunks)
		return false;
	if (ticks % CHUNK_TICKS || step == 0 || ticks > 1U << 31 || !follower->chunks ||
	        step % follower->chunks)
		return false;
	for (uint32_t place = 0; place < follower->place_count; place++) {
		uint64_t at = (uint64_t)follower->places[place] + step;

		if (heard_matches(
		            follower->heard, at, stream_payload(voice->stream, packet), follower->chunks))
			places[kept++] = heard_place(follower->heard, at);
	}
	if (!kept)
		return false;
	if (telling && payload_is_silence(stream_payload(voice->stream, packet), packet->rtp.length))
		return false;
	memcpy(follower->places, places, kept * sizeof(*places));
	follower->place_count = kept;
	if (step / follower->chunks > numbers)
		follower->skipped += step / follower->chunks - numbers;
	follower->last = packet;
	follower->run.frames++;
	return true;
}

/* Follows a run that began at `i`; marks its frames. Returns the first packet after it. */
static size_t run_follow(struct follower *follower, const struct voice *voice, size_t i)
{
	size_t next = i + 1;

	voice->marks[i] = FRAME;
	while (next < voice->count) {
		size_t ahead = next;

		while (ahead < voice->count && ahead < next + LOOK_AHEAD &&
		        !follower_take(follower, voice, ahead, ahead > next))
			ahead++;
		if (ahead == voice->count || ahead == next + LOOK_AHEAD)
			break;
		memset(voice->marks + next, ERROR, ahead - next);
		voice->marks[ahead] = FRAME;
		next = ahead + 1;
	}
	return next;
}

static void run_note(struct hold_match *match, const struct follower *follower)
{
	if (match->run_count < HOLD_RUNS)
		match->runs[match->run_count] = follower->run;
	match->run_count++;
	match->skipped += follower->skipped;
}

static void voice_open(struct voice *voice, const struct stream *stream)
{
	size_t count, kept = 0;

	voice->stream = stream;
	voice->packets = stream_in_order(stream, &count);
	for (size_t i = 0; i < count; i++) {
		if (type_is_voice(voice->packets[i].rtp.type))
			voice->packets[kept++] = voice->packets[i];
	}
	voice->count = kept;
	voice->marks = calloc(kept + 1, 1);
	if (!voice->marks)
		abort();
}

static void marks_count(struct hold_match *match, const struct voice *voice, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < voice->count; i++) {
		uint64_t time = voice->packets[i].rtp.time;
		bool named = time >= from && time < to;

		match->frames += voice->marks[i] == FRAME;
		match->errors += voice->marks[i] == ERROR || (voice->marks[i] == TALK && named);
		match->talk += voice->marks[i] == TALK && !named;
	}
}

void hold_match(struct hold_match *match, const struct stream *stream, const struct heard heard[HOLD_CODECS],
        uint64_t from, uint64_t to)
{
	struct follower follower;
	struct voice voice;
	size_t i = 0;

	*match = (struct hold_match){0};
	voice_open(&voice, stream);
	while (i < voice.count) {
		size_t next;

		if (!follower_start(&follower, &voice, i, heard)) {
			i++;
			continue;
		}
		next = run_follow(&follower, &voice, i);
		if (follower.run.frames >= SHORTEST_RUN) {
			run_note(match, &follower);
			i = next;
		} else {
			memset(voice.marks + i, TALK, next - i);
			i++;
		}
	}
	marks_count(match, &voice, from, to);
	free(voice.packets);
	free(voice.marks);
}
