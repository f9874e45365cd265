/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/encode.h"

#include <errno.h>
#include <string.h>

#include <spandsp.h>

enum { WARM_UP_S = 10, G722_BITS_A_SECOND = 64000 };

struct encoder {
	enum xd_codec codec;
	size_t chunk_samples;
	g711_state_t *g711;
	g722_encode_state_t *g722;
};

unsigned codec_rate(enum xd_codec codec)
{
	return codec == XD_G722 ? 16000 : 8000;
}

uint32_t chunk_sum(const uint8_t payload[XD_CHUNK_BYTES])
{
	uint32_t sum = 0;

	for (int i = 0; i < XD_CHUNK_BYTES; i += 2) {
		uint16_t word;

		memcpy(&word, payload + i, sizeof(word));
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static int encoder_open(struct encoder *encoder, enum xd_codec codec, unsigned rate)
{
	*encoder = (struct encoder){.codec = codec, .chunk_samples = rate / 100};
	if (rate != 8000 && rate != codec_rate(codec))
		return -EINVAL;
	if (codec == XD_G722)
		encoder->g722 =
		        g722_encode_init(NULL, G722_BITS_A_SECOND, rate == 8000 ? G722_SAMPLE_RATE_8000 : 0);
	else
		encoder->g711 = g711_init(NULL, codec == XD_PCMU ? G711_ULAW : G711_ALAW);
	return encoder->g722 || encoder->g711 ? 0 : -ENOMEM;
}

static void encoder_close(struct encoder *encoder)
{
	if (encoder->g722)
		g722_encode_free(encoder->g722);
	if (encoder->g711)
		g711_free(encoder->g711);
}

static void encoder_chunk(struct encoder *encoder, const int16_t *samples, struct xd_chunk *chunk)
{
	*chunk = (struct xd_chunk){0};
	if (encoder->g722)
		g722_encode(encoder->g722, chunk->payload, samples, (int)encoder->chunk_samples);
	else
		g711_encode(encoder->g711, chunk->payload, samples, (int)encoder->chunk_samples);
	chunk->sum = chunk_sum(chunk->payload);
}

/* The last `warm_up` chunks are encoded and thrown away before the first. */
static int encode(enum xd_codec codec, const struct sound *sound, uint32_t warm_up, struct xd_chunk *chunks)
{
	uint32_t count = sound_chunks(sound);
	struct encoder encoder;
	struct xd_chunk unused;
	int failed = encoder_open(&encoder, codec, sound->rate);

	if (failed < 0)
		return failed;
	for (uint32_t i = count - warm_up; i < count; i++)
		encoder_chunk(&encoder, sound->samples + i * encoder.chunk_samples, &unused);
	for (uint32_t i = 0; i < count; i++)
		encoder_chunk(&encoder, sound->samples + i * encoder.chunk_samples, &chunks[i]);
	encoder_close(&encoder);
	return 0;
}

int encode_once(enum xd_codec codec, const struct sound *sound, struct xd_chunk *chunks)
{
	return encode(codec, sound, 0, chunks);
}

/* G.722 forgets within a second, so the last ten do for a whole round before the one that is kept. */
int encode_loop(enum xd_codec codec, const struct sound *sound, struct xd_chunk *chunks)
{
	uint32_t count = sound_chunks(sound);

	return encode(codec, sound, count < WARM_UP_S * 100 ? count : WARM_UP_S * 100, chunks);
}
