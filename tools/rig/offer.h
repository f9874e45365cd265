/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What callers say in SDP (RFC 8866): one audio stream, of one codec, by its static payload type (RFC 3551
 * 6). */
#ifndef XDPARK_RIG_OFFER_H
#define XDPARK_RIG_OFFER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/codec.h"

enum { OFFER_BYTES = 320 };

/* The codec of a name as in a=rtpmap, in capitals or not. False: none of ours. */
bool offer_codec(const char *name, enum xd_codec *codec);

/* The static RTP payload type of a codec. */
uint8_t offer_payload_type(enum xd_codec codec);

/*
 * Offer or answer into `sdp`, zero-terminated. `media`: where RTP is wanted. `direction`: "sendrecv",
 * "sendonly".
 */
void offer_write(const struct sockaddr_in *media, enum xd_codec codec, unsigned ptime_ms,
        const char *direction, char sdp[OFFER_BYTES]);

#endif
