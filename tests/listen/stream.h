/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets sorted by whom they go to. */
#ifndef XDPARK_LISTEN_STREAM_H
#define XDPARK_LISTEN_STREAM_H

#include "tests/listen/capture.h"

enum { STREAM_BUCKETS = 4096 };

/* A packet with its own copy of the payload. */
struct stream_packet {
	struct rtp rtp;
	int64_t number; /* sequence number carried over 16 bits, from the first packet's own */
	size_t payload; /* where it lies in the stream's bytes */
};

/* All that went to one address and port, in order of arrival. */
struct stream {
	struct stream *next, *next_in_bucket;
	struct end to;
	struct stream_packet *packets;
	size_t count, size;
	uint8_t *bytes;
	size_t bytes_used, bytes_size;
};

struct streams {
	struct stream *first; /* last first */
	size_t count;
	struct stream *buckets[STREAM_BUCKETS];
};

/* Zeroed memory is an empty collection. Ends the program when there is no memory. */
void streams_add(struct streams *streams, const struct rtp *rtp);

void streams_free(struct streams *streams);

const uint8_t *stream_payload(const struct stream *stream, const struct stream_packet *packet);

/* The packets in order of `number`, repeated ones left out; *count of them. The caller frees. */
struct stream_packet *stream_in_order(const struct stream *stream, size_t *count);

#endif
