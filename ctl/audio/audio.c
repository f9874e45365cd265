/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/audio.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/audio/coder.h"
#include "ctl/audio/encode.h"
#include "ctl/audio/hearing.h"
#include "ctl/audio/playlist.h"
#include "ctl/audio/recording.h"
#include "ctl/audio/tone.h"
#include "ctl/timer.h"

enum { ANNOUNCED_DIGITS = 6, LANGUAGE_LENGTH = 15, CHUNK_MS = 10 };

#define QUIETEST_DBM0 (-60.0)
#define LOUDEST_DBM0  0.0

struct audio {
	struct coder *coder;
	char *sounds;
	unsigned codecs;
	struct clip *silence; /* ready in every codec from the start */
};

/* What is heard when nothing else can be must not wait for the worker. */
static int silence_prepare(struct audio *audio)
{
	int failed = 0;

	audio->silence = clip_find_or_new(coder_clips(audio->coder), CLIP_SILENCE, "", 0);
	if (!audio->silence)
		return -ENOMEM;
	for (int codec = 0; codec < XD_CODECS && !failed; codec++)
		failed = coder_prepare_now(audio->coder, &audio->silence->codings[codec]);
	return failed == -ENOSPC ? -EINVAL : failed;
}

int audio_new(struct audio **result, const struct audio_options *options)
{
	struct audio *audio;
	int failed = -ENOMEM;

	if (!options->chunks || !options->chunk_count)
		return -EINVAL;
	audio = calloc(1, sizeof(*audio));
	if (!audio)
		return -ENOMEM;
	audio->codecs = options->codecs;
	audio->sounds = strdup(options->sounds ? options->sounds : "");
	if (audio->sounds)
		failed = coder_new(&audio->coder, options);
	if (!failed)
		failed = silence_prepare(audio);
	if (failed < 0) {
		audio_free(audio);
		return failed;
	}
	*result = audio;
	return 0;
}

void audio_tell(struct audio *audio, void (*ready)(void *context), void *context)
{
	coder_tell(audio->coder, ready, context);
}

void audio_free(struct audio *audio)
{
	if (!audio)
		return;
	coder_free(audio->coder);
	free(audio->sounds);
	free(audio);
}

static struct clip *clip_get(
        struct audio *audio, enum clip_kind kind, const char *name, double level_dbm0, char *error)
{
	struct clip *clip = clip_find_or_new(coder_clips(audio->coder), kind, name, level_dbm0);

	if (!clip)
		audio_say(error, "out of memory");
	return clip;
}

struct clip *audio_music(struct audio *audio, const char *file, double level_dbm0, char *error)
{
	struct recording *recording;

	if (!(level_dbm0 >= QUIETEST_DBM0 && level_dbm0 <= LOUDEST_DBM0)) {
		audio_say(error, "level %g dBm0 is not within %g to %g", level_dbm0, QUIETEST_DBM0,
		        LOUDEST_DBM0);
		return NULL;
	}
	if (clip_find(*coder_clips(audio->coder), CLIP_MUSIC, file, level_dbm0))
		return clip_get(audio, CLIP_MUSIC, file, level_dbm0, error);
	if (recording_open(&recording, file, codec_rate(XD_PCMU), error) < 0)
		return NULL;
	recording_close(recording);
	return clip_get(audio, CLIP_MUSIC, file, level_dbm0, error);
}

struct clip *audio_ringback(struct audio *audio, const char *country, char *error)
{
	struct clip *clip;

	if (!tone_has_country(country)) {
		audio_say(error, "no ringback of country \"%s\"; there is %s", country, tone_countries());
		return NULL;
	}
	clip = clip_get(audio, CLIP_RINGBACK, country, 0, error);
	for (int codec = 0; clip && codec < XD_CODECS; codec++) {
		if (audio->codecs & 1U << codec)
			audio_prepare(audio, clip, (enum xd_codec)codec);
	}
	return clip;
}

struct clip *audio_silence(struct audio *audio)
{
	return audio->silence;
}

void audio_prepare(struct audio *audio, struct clip *clip, enum xd_codec codec)
{
	if (codec < XD_CODECS)
		coder_prepare(audio->coder, &clip->codings[codec]);
}

bool audio_is_ready(const struct audio *audio, const struct clip *clip, enum xd_codec codec)
{
	(void)audio;
	return clip && codec < XD_CODECS && clip->codings[codec].state == CODING_READY;
}

/* Appends a piece of a coding that is ready. What follows on the same coding's piece before makes no new
 * part. */
static int piece_add(struct xd_plan *plan, struct coding *coding, unsigned piece)
{
	uint32_t first = coding->first + coding->pieces[piece].first, count = coding->pieces[piece].count;

	hearing_name(coding, clock_monotonic_ms(NULL));
	if (first != coding->first && playlist_goes_on(plan) == first)
		return playlist_stretch(plan, count);
	return playlist_add(plan, first, count);
}

/* `clip` if it is ready; otherwise it is prepared and NULL returned. */
static struct coding *coding_if_ready(struct audio *audio, struct clip *clip, enum xd_codec codec)
{
	if (audio_is_ready(audio, clip, codec))
		return &clip->codings[codec];
	if (clip)
		audio_prepare(audio, clip, codec);
	return NULL;
}

int audio_playlist(struct audio *audio, struct clip *clip, struct clip *instead, enum xd_codec codec,
        unsigned ptime_ms, struct xd_plan *plan)
{
	struct coding *coding;
	int failed;

	if (codec >= XD_CODECS || playlist_begin(plan, ptime_ms) < 0)
		return -EINVAL;
	coding = coding_if_ready(audio, clip, codec);
	if (!coding)
		coding = coding_if_ready(audio, instead, codec);
	if (!coding)
		coding = &audio->silence->codings[codec];
	for (unsigned piece = 0; piece < coding->pieces_used; piece++) {
		if (piece == coding->loop)
			plan->loop = playlist_length(plan);
		failed = piece_add(plan, coding, piece);
		if (failed < 0)
			return failed;
	}
	return 0;
}

/* A name that can be no path. */
static bool language_is_plain(const char *language)
{
	size_t length = strspn(language, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length <= LANGUAGE_LENGTH && language[length] == '\0';
}

/* The digits of a language; NULL: there are none. */
static struct clip *digits_clip(struct audio *audio, const char *language)
{
	struct clip **clips = coder_clips(audio->coder);
	char directory[PATH_MAX - 8], file[PATH_MAX];
	struct clip *clip;

	if (!language_is_plain(language))
		return NULL;
	if (snprintf(directory, sizeof(directory), "%s/%s", audio->sounds, language) >=
	        (int)sizeof(directory))
		return NULL;
	clip = clip_find(*clips, CLIP_DIGITS, directory, 0);
	if (clip)
		return clip;
	snprintf(file, sizeof(file), "%s/0.wav", directory);
	if (access(file, R_OK) < 0)
		return NULL;
	return clip_find_or_new(clips, CLIP_DIGITS, directory, 0);
}

void audio_prepare_digits(struct audio *audio, const char *language, enum xd_codec codec)
{
	struct clip *clip = digits_clip(audio, language);

	if (clip)
		audio_prepare(audio, clip, codec);
}

/* "Parked on", the digits, then silence for ever. */
static int announcement_fill(
        struct audio *audio, struct coding *digits, const char *number, struct xd_plan *plan)
{
	int failed = 0;

	if (digits->pieces[DIGITS_PARKED].count)
		failed = piece_add(plan, digits, DIGITS_PARKED);
	for (const char *digit = number; *digit && !failed; digit++)
		failed = piece_add(plan, digits, (unsigned)(*digit - '0'));
	if (failed)
		return failed;
	plan->loop = playlist_length(plan);
	return piece_add(plan, &audio->silence->codings[digits->codec], 0);
}

int audio_announcement(struct audio *audio, const char *language, const char *number, enum xd_codec codec,
        unsigned ptime_ms, struct xd_plan *plan, uint32_t *length_ms)
{
	size_t length = strspn(number, "0123456789");
	struct coding *coding;
	struct clip *clip;
	int failed;

	if (length == 0 || length > ANNOUNCED_DIGITS || number[length] || codec >= XD_CODECS ||
	        !playlist_takes_ptime(ptime_ms))
		return -EINVAL;
	clip = digits_clip(audio, language);
	if (!clip)
		return -ENOENT;
	coding = coding_if_ready(audio, clip, codec);
	if (!coding)
		return clip->codings[codec].state == CODING_FAILED ? -ENOENT : -EAGAIN;
	failed = playlist_begin(plan, ptime_ms);
	if (!failed)
		failed = announcement_fill(audio, coding, number, plan);
	if (failed < 0)
		return failed;
	*length_ms = plan->loop * CHUNK_MS;
	return 0;
}

void audio_usage(const struct audio *audio, struct audio_usage *usage)
{
	*usage = (struct audio_usage){
	        .chunks_used = coder_chunks_used(audio->coder), .chunks = coder_chunks(audio->coder)};
	for (const struct clip *clip = *coder_clips(audio->coder); clip; clip = clip->next) {
		usage->clips++;
		for (int codec = 0; codec < XD_CODECS; codec++) {
			enum coding_state state = clip->codings[codec].state;

			usage->failed += state == CODING_FAILED;
			usage->waiting += state == CODING_RENDERING || state == CODING_NO_ROOM ||
			                  state == CODING_COPYING;
		}
	}
}
