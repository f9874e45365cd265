/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/listen/stream.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

enum { FAILED = 2, FIRST_PACKETS = 256, FIRST_BYTES = 40960 };

/* A test program has nothing better to do without memory than to end. */
static void *grown(void *memory, size_t bytes)
{
	void *more = realloc(memory, bytes);

	if (!more)
		err(FAILED, "%zu bytes", bytes);
	return more;
}

static unsigned end_bucket(const struct end *end)
{
	uint32_t hash = end->port;

	for (int i = 0; i < 16; i++)
		hash = (hash ^ end->address[i]) * 16777619U;
	return (hash ^ hash >> 16) % STREAM_BUCKETS;
}

static struct stream *stream_find(struct streams *streams, const struct end *to)
{
	struct stream **bucket = &streams->buckets[end_bucket(to)];
	struct stream *stream;

	for (stream = *bucket; stream; stream = stream->next_in_bucket) {
		if (stream->to.port == to->port && memcmp(stream->to.address, to->address, 16) == 0)
			return stream;
	}
	stream = grown(NULL, sizeof(*stream));
	*stream = (struct stream){.to = *to, .next = streams->first, .next_in_bucket = *bucket};
	*bucket = stream;
	streams->first = stream;
	streams->count++;
	return stream;
}

void streams_add(struct streams *streams, const struct rtp *rtp)
{
	struct stream *stream = stream_find(streams, &rtp->to);
	struct stream_packet *packet;
	int64_t number = rtp->sequence;

	if (stream->count == stream->size) {
		stream->size = stream->size ? stream->size * 2 : FIRST_PACKETS;
		stream->packets = grown(stream->packets, stream->size * sizeof(*stream->packets));
	}
	if (stream->bytes_used + rtp->length > stream->bytes_size) {
		stream->bytes_size = stream->bytes_size * 2 + FIRST_BYTES + rtp->length;
		stream->bytes = grown(stream->bytes, stream->bytes_size);
	}
	if (stream->count) {
		int64_t last = stream->packets[stream->count - 1].number;

		number = last + (int16_t)(rtp->sequence - (uint16_t)last);
	}
	packet = &stream->packets[stream->count++];
	*packet = (struct stream_packet){.rtp = *rtp, .number = number, .payload = stream->bytes_used};
	packet->rtp.payload = NULL;
	if (rtp->length)
		memcpy(stream->bytes + stream->bytes_used, rtp->payload, rtp->length);
	stream->bytes_used += rtp->length;
}

void streams_free(struct streams *streams)
{
	while (streams->first) {
		struct stream *stream = streams->first;

		streams->first = stream->next;
		free(stream->packets);
		free(stream->bytes);
		free(stream);
	}
	memset(streams, 0, sizeof(*streams));
}

const uint8_t *stream_payload(const struct stream *stream, const struct stream_packet *packet)
{
	return stream->bytes + packet->payload;
}

/* Of equal numbers the first that arrived comes first. */
static int packet_compare(const void *left, const void *right)
{
	const struct stream_packet *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->payload < b->payload ? -1 : a->payload > b->payload;
}

struct stream_packet *stream_in_order(const struct stream *stream, size_t *result)
{
	struct stream_packet *order = grown(NULL, (stream->count + 1) * sizeof(*order));
	size_t count = 0;

	memcpy(order, stream->packets, stream->count * sizeof(*order));
	qsort(order, stream->count, sizeof(*order), packet_compare);
	for (size_t i = 0; i < stream->count; i++) {
		if (!count || order[i].number != order[count - 1].number)
			order[count++] = order[i];
	}
	*result = count;
	return order;
}
