/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hold audio: what parked callers hear, as playlists of encoded clips in the dataplane's chunk memory.
 *
 * A clip is encoded once for each codec in use, by a worker thread, and shared by all who hear it. The
 * deciding thread only fills plans. Nothing here calls back before it returns.
 */
#ifndef XDPARK_AUDIO_H
#define XDPARK_AUDIO_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

struct event_base;
struct audio;
struct clip;

struct audio_options {
	struct event_base *base; /* the worker's answers arrive through it */
	struct xd_chunk *chunks; /* mapped chunk memory, written here only */
	uint32_t chunk_count;
	/*
	 * The mapped entries, read here only: a clip gives its chunks up to another one no sooner than 2 s
	 * after the last plan in use named it. NULL: no clip ever gives its chunks up.
	 */
	const struct xd_endpoint *endpoints;
	const struct xd_rest *rests; /* theirs */
	uint32_t endpoint_count;
	const char *sounds; /* directory of the spoken digits: SOUNDS/LANGUAGE/0.wav ... */
	unsigned codecs;    /* bit mask of enum xd_codec: configured codecs; ringback is encoded for these at
	                       once */
};

/* Results in *audio. Negative errno: -ENOMEM, -EINVAL (no chunk memory), or of pthread_create. */
int audio_new(struct audio **audio, const struct audio_options *options);

/*
 * Has `ready` called, from the event loop, each time that a clip has become ready in a codec; NULL: no more.
 */
void audio_tell(struct audio *audio, void (*ready)(void *context), void *context);

/* Stops the worker. Clips are freed with it. Chunks stay as they are: callers may still hear them. NULL is
 * legal. */
void audio_free(struct audio *audio);

/*
 * Clips by description; the same description gives the same clip. They belong to `audio`. On errors NULL and
 * a sentence for the operator in `error` (256 bytes): file can't be read, no such country, no such language.
 */
struct clip *audio_music(struct audio *audio, const char *file, double level_dbm0, char *error);
struct clip *audio_ringback(
        struct audio *audio, const char *country, char *error); /* "de", "us", "uk", "fr" */
struct clip *audio_silence(struct audio *audio);

/* A codec was negotiated: encode `clip` for it, unless that has been done or is under way. */
void audio_prepare(struct audio *audio, struct clip *clip, enum xd_codec codec);

/* Whether `clip` can be heard in `codec`: a caller who hears the ringback in its place then gets a new plan.
 * NULL: never.
 */
bool audio_is_ready(const struct audio *audio, const struct clip *clip, enum xd_codec codec);

/*
 * Writes playlist, parts, loop, frame_chunks, chunk_bytes and ptime_ns of a plan so that
 * it plays `clip`, or `instead` (a ringback) as long as `clip` isn't encoded for `codec`, or silence
 * (either may be NULL). A clip that isn't encoded is prepared. Publish the plan at once: the chunks are kept
 * for it for 2 s. ptime_ms: 10, 20, 30, 40 or 60 (frames of 50 don't fill the parts of 120 ms). Returns 0, or
 * -EINVAL.
 */
int audio_playlist(struct audio *audio, struct clip *clip, struct clip *instead, enum xd_codec codec,
        unsigned ptime_ms, struct xd_plan *plan);

/*
 * As audio_playlist: speaks the digits of `number` ("701", 6 digits at most) in `language` ("en", "de"), then
 * stays silent. *length_ms: how long it speaks. -ENOENT: no recordings; -EAGAIN: not encoded yet (it is then
 * prepared); -EINVAL: not digits, or too many.
 */
int audio_announcement(struct audio *audio, const char *language, const char *number, enum xd_codec codec,
        unsigned ptime_ms, struct xd_plan *plan, uint32_t *length_ms);

/* Prepare the digits of a language for a codec, so that audio_announcement has them. */
void audio_prepare_digits(struct audio *audio, const char *language, enum xd_codec codec);

/* For `xdpark status`: chunks in use and in all, clips, clips waiting to be encoded, clips that could not be.
 */
struct audio_usage {
	uint32_t chunks_used, chunks, clips, waiting, failed;
};
void audio_usage(const struct audio *audio, struct audio_usage *usage);

#endif
