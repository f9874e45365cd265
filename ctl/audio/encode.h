/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sound to chunks of 10 ms, with libspandsp's encoders. */
#ifndef XDPARK_AUDIO_ENCODE_H
#define XDPARK_AUDIO_ENCODE_H

#include "bpf/layout.h"
#include "ctl/audio/sound.h"
#include "ctl/codec.h"

/* Sample rate that a codec is best fed with: 8000, G.722 16000. */
unsigned codec_rate(enum xd_codec codec);

/*
 * Encodes `sound` (a multiple of 10 ms; 8000 Hz, for G.722 also 16000) into sound_chunks(sound) chunks with
 * their sums. Returns 0, -EINVAL (a rate that the codec doesn't take) or -ENOMEM.
 */
int encode_once(enum xd_codec codec, const struct sound *sound, struct xd_chunk *chunks);

/* The same for sound that goes round: the encoder starts in the state that the end leaves it in. */
int encode_loop(enum xd_codec codec, const struct sound *sound, struct xd_chunk *chunks);

/* The sum that belongs into a chunk. */
uint32_t chunk_sum(const uint8_t payload[XD_CHUNK_BYTES]);

#endif
