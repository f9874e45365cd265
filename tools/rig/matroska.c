/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/matroska.h"

#include <errno.h>
#include <spandsp.h>
#include <stdint.h>
#include <string.h>

enum {
	CHUNK_MS = 10,
	CLUSTER_MS = 1000,
	RATE = 8000,
	SIZE_BYTES = 8,
	SAMPLE_BYTES = 2,
	SAMPLE_BITS = 16,
	MASTERS = 8
};

/* Element IDs of RFC 9559; their first bits say how long they are. */
enum {
	EBML = 0x1a45dfa3,
	EBML_VERSION = 0x4286,
	EBML_READ_VERSION = 0x42f7,
	EBML_MAX_ID = 0x42f2,
	EBML_MAX_SIZE = 0x42f3,
	DOC_TYPE = 0x4282,
	DOC_TYPE_VERSION = 0x4287,
	DOC_TYPE_READ_VERSION = 0x4285,
	SEGMENT = 0x18538067,
	INFO = 0x1549a966,
	TIMESTAMP_SCALE = 0x2ad7b1,
	MUXING_APP = 0x4d80,
	WRITING_APP = 0x5741,
	DURATION = 0x4489,
	TRACKS = 0x1654ae6b,
	TRACK_ENTRY = 0xae,
	TRACK_NUMBER = 0xd7,
	TRACK_UID = 0x73c5,
	TRACK_TYPE = 0x83,
	FLAG_LACING = 0x9c,
	DEFAULT_DURATION = 0x23e383,
	CODEC_ID = 0x86,
	AUDIO = 0xe1,
	SAMPLING_FREQUENCY = 0xb5,
	CHANNELS = 0x9f,
	BIT_DEPTH = 0x6264,
	CLUSTER = 0x1f43b675,
	TIMESTAMP = 0xe7,
	SIMPLE_BLOCK = 0xa3,
	BLOCK_HEAD = 4,
	KEY_FRAME = 0x80,
	AUDIO_TRACK = 2,
};

/* A file under way: masters, which hold other elements, get their sizes when they end. */
struct writer {
	FILE *file;
	long masters[MASTERS]; /* where the size of each stands */
	unsigned depth;
};

static void number_put(FILE *file, uint64_t number, unsigned bytes)
{
	while (bytes--)
		putc((int)(number >> 8 * bytes & 0xff), file);
}

static unsigned number_bytes(uint64_t number)
{
	unsigned bytes = 1;

	while (bytes < sizeof(number) && number >> 8 * bytes)
		bytes++;
	return bytes;
}

/* The size as 8 bytes: the first says so. */
static void size_put(FILE *file, uint64_t size)
{
	number_put(file, size | 1ULL << 56, SIZE_BYTES);
}

static void head_put(struct writer *writer, uint32_t id, uint64_t size)
{
	number_put(writer->file, id, number_bytes(id));
	size_put(writer->file, size);
}

static void master_begin(struct writer *writer, uint32_t id)
{
	head_put(writer, id, 0);
	writer->masters[writer->depth++] = ftell(writer->file) - SIZE_BYTES;
}

static void master_end(struct writer *writer)
{
	long end = ftell(writer->file), size_at = writer->masters[--writer->depth];

	fseek(writer->file, size_at, SEEK_SET);
	size_put(writer->file, (uint64_t)(end - size_at - SIZE_BYTES));
	fseek(writer->file, end, SEEK_SET);
}

static void unsigned_put(struct writer *writer, uint32_t id, uint64_t number)
{
	head_put(writer, id, number_bytes(number));
	number_put(writer->file, number, number_bytes(number));
}

static void float_put(struct writer *writer, uint32_t id, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	head_put(writer, id, sizeof(bits));
	number_put(writer->file, bits, sizeof(bits));
}

static void text_put(struct writer *writer, uint32_t id, const char *text)
{
	head_put(writer, id, strlen(text));
	fputs(text, writer->file);
}

static void ebml_put(struct writer *writer)
{
	master_begin(writer, EBML);
	unsigned_put(writer, EBML_VERSION, 1);
	unsigned_put(writer, EBML_READ_VERSION, 1);
	unsigned_put(writer, EBML_MAX_ID, 4);
	unsigned_put(writer, EBML_MAX_SIZE, SIZE_BYTES);
	text_put(writer, DOC_TYPE, "matroska");
	unsigned_put(writer, DOC_TYPE_VERSION, 4);
	unsigned_put(writer, DOC_TYPE_READ_VERSION, 2);
	master_end(writer);
}

static void info_put(struct writer *writer, unsigned duration_ms)
{
	master_begin(writer, INFO);
	unsigned_put(writer, TIMESTAMP_SCALE, 1000000); /* ns: times are ms */
	text_put(writer, MUXING_APP, "xdpark-rig");
	text_put(writer, WRITING_APP, "xdpark-rig");
	float_put(writer, DURATION, duration_ms);
	master_end(writer);
}

static void tracks_put(struct writer *writer, unsigned ptime_ms)
{
	master_begin(writer, TRACKS);
	master_begin(writer, TRACK_ENTRY);
	unsigned_put(writer, TRACK_NUMBER, 1);
	unsigned_put(writer, TRACK_UID, 1);
	unsigned_put(writer, TRACK_TYPE, AUDIO_TRACK);
	unsigned_put(writer, FLAG_LACING, 0);
	unsigned_put(writer, DEFAULT_DURATION, ptime_ms * 1000000ULL);
	text_put(writer, CODEC_ID, "A_PCM/INT/LIT");
	master_begin(writer, AUDIO);
	float_put(writer, SAMPLING_FREQUENCY, RATE);
	unsigned_put(writer, CHANNELS, 1);
	unsigned_put(writer, BIT_DEPTH, SAMPLE_BITS);
	master_end(writer);
	master_end(writer);
	master_end(writer);
}

static void samples_put(FILE *file, const uint8_t payload[XD_CHUNK_BYTES])
{
	for (unsigned i = 0; i < XD_CHUNK_BYTES; i++) {
		uint16_t sample = (uint16_t)ulaw_to_linear(payload[i]);

		putc(sample & 0xff, file);
		putc(sample >> 8, file);
	}
}

/* The frame that begins with a chunk of the part that goes round. */
static void block_put(
        struct writer *writer, const struct clip *clip, unsigned first, unsigned chunks, unsigned at_ms)
{
	uint32_t round = clip->count - clip->loop;

	head_put(writer, SIMPLE_BLOCK, BLOCK_HEAD + chunks * XD_CHUNK_BYTES * SAMPLE_BYTES);
	number_put(writer->file, 0x81, 1); /* track 1 */
	number_put(writer->file, at_ms, 2);
	number_put(writer->file, KEY_FRAME, 1);
	for (unsigned i = 0; i < chunks; i++)
		samples_put(writer->file, clip->chunks[clip->loop + (first + i) % round].payload);
}

/* How often the part goes round until a frame ends where it ends, times its chunks. */
static unsigned chunks_in_all(const struct clip *clip, unsigned chunks)
{
	unsigned round = clip->count - clip->loop, all = round;

	while (all % chunks)
		all += round;
	return all;
}

int matroska_write(FILE *file, const struct clip *clip, unsigned ptime_ms)
{
	struct writer writer = {.file = file};
	unsigned chunks = ptime_ms / CHUNK_MS, all = chunks_in_all(clip, chunks), cluster = 0;

	ebml_put(&writer);
	master_begin(&writer, SEGMENT);
	info_put(&writer, all * CHUNK_MS);
	tracks_put(&writer, ptime_ms);
	for (unsigned chunk = 0; chunk < all; chunk += chunks) {
		unsigned ms = chunk * CHUNK_MS;

		if (!chunk || ms - cluster >= CLUSTER_MS) {
			if (chunk)
				master_end(&writer);
			cluster = ms;
			master_begin(&writer, CLUSTER);
			unsigned_put(&writer, TIMESTAMP, cluster);
		}
		block_put(&writer, clip, chunk, chunks, ms - cluster);
	}
	master_end(&writer);
	master_end(&writer);
	return fflush(file) || ferror(file) ? -EIO : 0;
}
