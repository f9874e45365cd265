/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/wav.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sndfile.h>
#include <spandsp.h>

#include "tests/listen/numbers.h"

enum { TYPE_PCMU = 0, TYPE_G722 = 9, LONGEST_PAYLOAD = 960, LONGEST_PAUSE_S = 30, TICKS_A_S = 8000 };

struct decoder {
	SNDFILE *file;
	unsigned factor; /* samples of the file to one tick of the RTP clock */
	g722_decode_state_t *g722;
	uint32_t next; /* timestamp at which the file ends so far */
	bool begun;
};

static int silence_write(struct decoder *decoder, uint32_t ticks)
{
	const int16_t silence[2] = {0};

	for (uint32_t i = 0; i < ticks; i++) {
		if (sf_writef_short(decoder->file, silence, decoder->factor) != decoder->factor)
			return -EIO;
	}
	return 0;
}

static int payload_write(struct decoder *decoder, uint8_t type, const uint8_t *payload, unsigned length)
{
	int16_t samples[2 * LONGEST_PAYLOAD];
	unsigned count = 0;

	if (length > LONGEST_PAYLOAD)
		return 0;
	if (type == TYPE_G722) {
		count = (unsigned)g722_decode(decoder->g722, samples, payload, (int)length);
	} else {
		for (unsigned i = 0; i < length; i++) {
			int16_t sample =
			        type == TYPE_PCMU ? ulaw_to_linear(payload[i]) : alaw_to_linear(payload[i]);

			for (unsigned copy = 0; copy < decoder->factor; copy++)
				samples[count++] = sample;
		}
	}
	decoder->next += count / decoder->factor;
	return sf_writef_short(decoder->file, samples, count) == count ? 0 : -EIO;
}

static int packet_write(
        struct decoder *decoder, const struct stream *stream, const struct stream_packet *packet)
{
	int32_t ahead = (int32_t)(packet->rtp.timestamp - decoder->next);
	int failed = 0;

	if (!decoder->begun)
		ahead = 0;
	decoder->begun = true;
	if (ahead > 0)
		failed = silence_write(decoder, ahead < LONGEST_PAUSE_S * TICKS_A_S ? (uint32_t)ahead : 0);
	decoder->next = packet->rtp.timestamp;
	if (failed)
		return failed;
	return payload_write(decoder, packet->rtp.type, stream_payload(stream, packet), packet->rtp.length);
}

static bool has_g722(const struct stream *stream)
{
	for (size_t i = 0; i < stream->count; i++) {
		if (stream->packets[i].rtp.type == TYPE_G722)
			return true;
	}
	return false;
}

int wav_write(const char *file, const struct stream *stream, char *error)
{
	struct decoder decoder = {.factor = has_g722(stream) ? 2 : 1};
	SF_INFO info = {.samplerate = (int)decoder.factor * TICKS_A_S,
	        .channels = 1,
	        .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
	struct stream_packet *order;
	size_t count;
	int failed = 0;

	decoder.file = sf_open(file, SFM_WRITE, &info);
	decoder.g722 = g722_decode_init(NULL, 64000, 0);
	if (!decoder.file || !decoder.g722) {
		snprintf(error, CAPTURE_ERROR_BYTES, "%.200s: %s", file, sf_strerror(decoder.file));
		failed = -EIO;
	}
	order = stream_in_order(stream, &count);
	for (size_t i = 0; i < count && !failed; i++) {
		if (type_is_voice(order[i].rtp.type))
			failed = packet_write(&decoder, stream, &order[i]);
		if (failed)
			snprintf(error, CAPTURE_ERROR_BYTES, "%.200s can't be written", file);
	}
	free(order);
	if (decoder.g722)
		g722_decode_free(decoder.g722);
	if (decoder.file)
		sf_close(decoder.file);
	return failed;
}
