/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SDP (RFC 8866) and offer/answer (RFC 3264) for one audio stream. Our own bounded reader: osip's reads past
 * the end.
 */
#ifndef XDPARK_SDP_H
#define XDPARK_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/layout.h"
#include "ctl/address.h"
#include "ctl/codec.h"

enum { SDP_BYTES = 8192, SDP_FORMATS = 16, SDP_STREAMS = 8 };

/* The payload type of telephone-event in our offers, unless the session has another. */
enum { SDP_EVENT_TYPE = 101 };

/* A set of payload types, a bit each. */
struct sdp_types {
	uint64_t bits[2];
};

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

/* One format of the audio m= line that we know. In the order of the m= line. */
struct sdp_format {
	enum xd_payload_kind kind; /* voice, telephone-event, comfort noise */
	enum xd_codec codec;       /* of voice */
	uint8_t type;              /* payload type */
};

/* What a far end's SDP says. */
struct sdp {
	uint64_t session, version;              /* of o= */
	struct address remote;                  /* of the audio stream: c= and m= port; port 0: refused */
	bool held_by_address;                   /* c=0.0.0.0 or :: (RFC 2543 hold) */
	enum sdp_direction direction;           /* the far end's view */
	unsigned ptime_ms;                      /* 0: not said */
	unsigned maxptime_ms;                   /* 0: not said */
	struct sdp_format formats[SDP_FORMATS]; /* known ones only */
	unsigned format_count;
	struct sdp_types others; /* the types that stand for anything but telephone-event */
	bool rtcp_mux;
	unsigned streams;            /* m= lines in all, for the answer: others are refused with port 0 */
	unsigned audio;              /* which of them is our audio stream: see sdp_read() */
	char media[SDP_STREAMS][64]; /* of each, how an answer refuses it: "video 0 RTP/AVP 96 97" */
};

/*
 * Reads SDP; `text` needs no NUL. Our stream is the first audio over RTP/AVP that isn't refused (port 0) and
 * has a voice codec of `codecs` (a bit each; RFC 3264 6), else the first that isn't refused, else the first.
 * Lines end in CRLF or LF. -EINVAL: malformed (400), more than SDP_BYTES or SDP_STREAMS. -EPROTONOSUPPORT: no
 * audio stream over RTP/AVP (488 Warning 304 or 305: RTP/SAVP alone, T.38 alone). An address must be literal
 * and of one host: a name or multicast is -EINVAL. *sdp is written on success only.
 */
int sdp_read(const char *text, size_t bytes, unsigned codecs, struct sdp *sdp);

/* For sdp_read(): every codec that there is. */
enum { SDP_ANY_CODEC = (1U << XD_CODECS) - 1 };

/* Whether media can be sent there: neither held by address nor refused. */
static inline bool sdp_is_somewhere(const struct address *remote)
{
	return remote->port && !address_is_any(remote->ip);
}

/* What is agreed between us and one far end. */
struct sdp_agreement {
	enum xd_codec codec;
	unsigned ptime_ms;                       /* that we send: the far end's ptime, else 20 */
	struct xd_payload payloads[XD_PAYLOADS]; /* as in the plan: types in both directions */
	struct address remote;
	bool remote_listens; /* the far end takes media from us (its direction has recv, not held by address,
	                        port not 0) */
	bool remote_sends;
};

/*
 * Our side of a session, enough to write offers and answers. To raise `version` only with a change: write
 * with the version last sent and compare with the text last sent; if they differ, count up and write again.
 */
struct sdp_local {
	uint64_t session, version; /* o=; version goes up only when the text changes */
	uint8_t advertise[16];     /* address in o= and c= */
	uint16_t port;
	enum sdp_direction direction;
	unsigned ptime_ms;               /* 0: no a=ptime */
	enum xd_codec codecs[XD_CODECS]; /* of offers, in order */
	unsigned codec_count;
	bool telephone_event;
	uint8_t event_type; /* its payload type in offers; 0: SDP_EVENT_TYPE */
};

/*
 * A payload type for telephone-event that never stood for anything else in the session (RFC 3264 8.3.2):
 * `agreed` (0: none yet) if it is none of `others`, else SDP_EVENT_TYPE, else a free dynamic one.
 */
uint8_t sdp_event_type(uint8_t agreed, const struct sdp_types *others);

/*
 * Answer to an offer: picks one voice codec, `prefer` if it is one of ours and the offer has it (pass
 * XD_CODECS: none), else the first of ours (by our order) that the offer has; telephone-event and comfort
 * noise of the offer with its types. -ENOENT: no common codec (488 Warning 305).
 */
int sdp_agree_answer(const struct sdp *offer, const enum xd_codec *codecs, unsigned codec_count,
        enum xd_codec prefer, struct sdp_agreement *agreement);

/*
 * What an answer to our offer agreed on: its first voice codec that we offered, whatever else it lists.
 * -ENOENT: none of ours. An answer with port 0 agrees, but its far end neither listens nor sends.
 */
int sdp_agree_offer(
        const struct sdp_local *offered, const struct sdp *answer, struct sdp_agreement *agreement);

/* Writes an offer into `text` (SDP_BYTES). Static types for G.711 and G.722. Returns its length. */
size_t sdp_write_offer(const struct sdp_local *local, char *text);

/*
 * Writes an answer that names the one agreed voice codec, telephone-event and noise if agreed; rtcp-mux if
 * offered; other m= lines port 0, and ours too if the offer's is.
 */
size_t sdp_write_answer(const struct sdp_local *local, const struct sdp *offer,
        const struct sdp_agreement *agreement, char *text);

/* The direction of our answer to an offer's direction, when we ourselves would like `wish` (RFC 3264 6.1). */
enum sdp_direction sdp_answer_direction(enum sdp_direction offered, enum sdp_direction wish);

/* The codec's static payload type (RFC 3551 6): 0, 8, 9. */
uint8_t sdp_codec_type(enum xd_codec codec);

#endif
