/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offer and answer (RFC 3264): what two descriptions of one audio stream agree on. */
#include "ctl/call/sdp.h"

#include <errno.h>

/* DYNAMIC: payload types without a meaning of their own (RFC 3551 6). */
enum { PTIME_MS = 20, DYNAMIC_FIRST = 96, DYNAMIC_LAST = 127 };

static bool direction_sends(enum sdp_direction direction)
{
	return direction == SDP_SENDRECV || direction == SDP_SENDONLY;
}

static bool direction_receives(enum sdp_direction direction)
{
	return direction == SDP_SENDRECV || direction == SDP_RECVONLY;
}

enum sdp_direction sdp_answer_direction(enum sdp_direction offered, enum sdp_direction wish)
{
	bool sends = direction_sends(wish) && direction_receives(offered);
	bool receives = direction_receives(wish) && direction_sends(offered);

	if (sends)
		return receives ? SDP_SENDRECV : SDP_SENDONLY;
	return receives ? SDP_RECVONLY : SDP_INACTIVE;
}

static const struct sdp_format *format_find(
        const struct sdp *sdp, enum xd_payload_kind kind, enum xd_codec codec)
{
	for (unsigned i = 0; i < sdp->format_count; i++) {
		const struct sdp_format *format = &sdp->formats[i];

		if (format->kind == kind && (kind != XD_VOICE || format->codec == codec))
			return format;
	}
	return NULL;
}

/*
 * What a hold frame lasts: what the far end asks for and no longer than it takes, or the next shorter one
 * that hold audio is cut into. Parts of a playlist are 120 ms, which 50 doesn't divide.
 */
static unsigned ptime_agree(const struct sdp *sdp)
{
	static const unsigned frames_ms[] = {60, 40, 30, 20, 10};
	unsigned ptime = sdp->ptime_ms ? sdp->ptime_ms : PTIME_MS;

	if (sdp->maxptime_ms && ptime > sdp->maxptime_ms)
		ptime = sdp->maxptime_ms;
	for (unsigned i = 0; i < sizeof(frames_ms) / sizeof(frames_ms[0]); i++)
		if (frames_ms[i] <= ptime)
			return frames_ms[i];
	return 10;
}

/* Everything but the payloads, of which there are none yet. */
static struct sdp_agreement agreement_start(const struct sdp *far, enum xd_codec codec)
{
	struct sdp_agreement agreement = {
	        .codec = codec,
	        .ptime_ms = ptime_agree(far),
	        .remote = far->remote,
	        .remote_listens =
	                direction_receives(far->direction) && !far->held_by_address && far->remote.port,
	        .remote_sends = direction_sends(far->direction) && far->remote.port,
	};

	for (unsigned i = 0; i < XD_PAYLOADS; i++) {
		agreement.payloads[i].type_in = XD_NO_PAYLOAD;
		agreement.payloads[i].type_out = XD_NO_PAYLOAD;
	}
	return agreement;
}

static void payload_agree(
        struct sdp_agreement *agreement, enum xd_payload_kind kind, uint8_t type_in, uint8_t type_out)
{
	agreement->payloads[kind].type_in = type_in;
	agreement->payloads[kind].type_out = type_out;
	if (kind == XD_VOICE)
		agreement->payloads[kind].codec = (uint8_t)agreement->codec;
}

/* The voice format of the offer that we answer with. */
static const struct sdp_format *voice_choose(
        const struct sdp *offer, const enum xd_codec *codecs, unsigned codec_count, enum xd_codec prefer)
{
	const struct sdp_format *voice = NULL;

	for (unsigned i = 0; i < codec_count && !voice; i++)
		if (codecs[i] == prefer)
			voice = format_find(offer, XD_VOICE, prefer);
	for (unsigned i = 0; i < codec_count && !voice; i++)
		voice = format_find(offer, XD_VOICE, codecs[i]);
	return voice;
}

int sdp_agree_answer(const struct sdp *offer, const enum xd_codec *codecs, unsigned codec_count,
        enum xd_codec prefer, struct sdp_agreement *agreement)
{
	static const enum xd_payload_kind others[] = {XD_EVENT, XD_NOISE};
	const struct sdp_format *format = voice_choose(offer, codecs, codec_count, prefer);
	struct sdp_agreement agreed;

	if (!format)
		return -ENOENT;
	agreed = agreement_start(offer, format->codec);
	payload_agree(&agreed, XD_VOICE, format->type, format->type);
	for (unsigned i = 0; i < 2; i++) {
		format = format_find(offer, others[i], XD_PCMU);
		if (format)
			payload_agree(&agreed, others[i], format->type, format->type);
	}
	*agreement = agreed;
	return 0;
}

static bool codec_is_offered(const struct sdp_local *offered, enum xd_codec codec)
{
	for (unsigned i = 0; i < offered->codec_count; i++)
		if (offered->codecs[i] == codec)
			return true;
	return false;
}

/* The far end sends with the types of our offer and wants to be sent those of its answer (RFC 3264 6.1). */
int sdp_agree_offer(
        const struct sdp_local *offered, const struct sdp *answer, struct sdp_agreement *agreement)
{
	const struct sdp_format *event = format_find(answer, XD_EVENT, XD_PCMU);
	struct sdp_agreement agreed;

	for (unsigned i = 0; i < answer->format_count; i++) {
		const struct sdp_format *voice = &answer->formats[i];

		if (voice->kind != XD_VOICE || !codec_is_offered(offered, voice->codec))
			continue;
		agreed = agreement_start(answer, voice->codec);
		payload_agree(&agreed, XD_VOICE, sdp_codec_type(voice->codec), voice->type);
		if (event && offered->telephone_event)
			payload_agree(&agreed, XD_EVENT,
			        offered->event_type ? offered->event_type : SDP_EVENT_TYPE, event->type);
		*agreement = agreed;
		return 0;
	}
	return -ENOENT;
}

static bool types_have(const struct sdp_types *types, unsigned type)
{
	return types->bits[type / 64] >> type % 64 & 1;
}

uint8_t sdp_event_type(uint8_t agreed, const struct sdp_types *others)
{
	if (agreed && !types_have(others, agreed))
		return agreed;
	if (!types_have(others, SDP_EVENT_TYPE))
		return SDP_EVENT_TYPE;
	for (unsigned type = DYNAMIC_FIRST; type <= DYNAMIC_LAST; type++)
		if (!types_have(others, type))
			return (uint8_t)type;
	return SDP_EVENT_TYPE;
}
