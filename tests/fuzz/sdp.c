/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as SDP. What is read must be answered, and our answer must be read again with the same streams;
 * an answer to our own offer must be judged without harm.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

static void check_read(const struct sdp *sdp)
{
	require(sdp->streams >= 1 && sdp->streams <= SDP_STREAMS && sdp->audio < sdp->streams);
	require(sdp->format_count <= SDP_FORMATS);
	for (unsigned i = 0; i < sdp->format_count; i++)
		require(sdp->formats[i].type < 128 && sdp->formats[i].kind <= XD_NOISE &&
		        sdp->formats[i].codec < XD_CODECS);
	for (unsigned i = 0; i < sdp->streams; i++)
		require(strnlen(sdp->media[i], sizeof(sdp->media[i])) < sizeof(sdp->media[i]));
}

static void check_answer(const struct sdp *sdp, const struct sdp_local *local)
{
	struct sdp_agreement agreement;
	char text[SDP_BYTES];
	struct sdp again;
	size_t length;

	if (sdp_agree_answer(sdp, local->codecs, local->codec_count, XD_CODECS, &agreement) < 0)
		return;
	require(agreement.ptime_ms >= 10 && agreement.ptime_ms <= 60 && agreement.ptime_ms % 10 == 0);
	length = sdp_write_answer(local, sdp, &agreement, text);
	require(length == strlen(text) && !sdp_read(text, length, SDP_ANY_CODEC, &again));
	require(again.streams == sdp->streams && again.audio == sdp->audio);
	require(again.remote.port == (sdp->remote.port ? local->port : 0));
	require(again.format_count >= 1 && again.formats[0].codec == agreement.codec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdp_local local = {
	        .port = 30000,
	        .codecs = {XD_PCMA, XD_PCMU, XD_G722},
	        .codec_count = 3,
	        .telephone_event = true,
	        .advertise = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1},
	};
	struct sdp_agreement agreement;
	struct sdp sdp;

	if (sdp_read((const char *)data, size, SDP_ANY_CODEC, &sdp) < 0)
		return 0;
	check_read(&sdp);
	check_answer(&sdp, &local);
	sdp_agree_offer(&local, &sdp, &agreement);
	return 0;
}
