/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What parked callers are to hear, as chunks of 10 ms, made by the controller's own encoder. */
#ifndef XDPARK_RIG_CLIP_H
#define XDPARK_RIG_CLIP_H

#include <stdint.h>

#include "bpf/layout.h"
#include "ctl/audio/refusal.h"

struct clip {
	struct xd_chunk *chunks; /* owned */
	uint32_t count;
	uint32_t loop; /* after the last chunk it goes on here */
};

/*
 * `text`: music:FILE[@LEVEL], ringback:COUNTRY or silence. Returns 0, or a negative errno and a sentence in
 * `error` (AUDIO_ERROR_BYTES).
 */
int clip_load(struct clip *clip, const char *text, enum xd_codec codec, char *error);

void clip_clear(struct clip *clip);

#endif
