/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoders and the sums of chunks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <spandsp.h>

#include "ctl/audio/encode.h"

enum { HEADERS_BYTES = 12 + 8 + 12, FRAME_CHUNKS = 6 };

/* A chord: three sines that fit into `seconds` a whole number of times. */
static struct sound chord(unsigned rate, unsigned seconds)
{
	struct sound sound;

	assert_int_equal(sound_new(&sound, (size_t)rate * seconds, rate), 0);
	for (size_t i = 0; i < sound.count; i++) {
		double t = 2 * M_PI * (double)i / rate;

		sound.samples[i] = (int16_t)lrint(2500 * (sin(220 * t) + sin(440 * t) + sin(1109 * t)));
	}
	return sound;
}

/* RFC 1071 over bytes in network order, byte by byte: nothing of the code under test. */
static uint16_t internet_checksum(const uint8_t *bytes, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i + 1 < count; i += 2)
		sum += (uint64_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A UDP checksum put together from header words and the sums of chunks is the one over all bytes. */
static void sums_of_chunks_make_the_udp_checksum(void **state)
{
	uint8_t datagram[HEADERS_BYTES + FRAME_CHUNKS * XD_CHUNK_BYTES];

	(void)state;
	srandom(3);
	for (int round = 0; round < 2000; round++) {
		uint64_t sum = 0;
		uint16_t word, whole;

		for (size_t i = 0; i < sizeof(datagram); i++)
			datagram[i] = round == 0 ? 0 : round == 1 ? 0xff : (uint8_t)random();
		for (size_t i = 0; i < HEADERS_BYTES; i += 2) {
			memcpy(&word, datagram + i, 2);
			sum += word;
		}
		for (size_t chunk = 0; chunk < FRAME_CHUNKS; chunk++) {
			uint32_t part = chunk_sum(datagram + HEADERS_BYTES + chunk * XD_CHUNK_BYTES);

			assert_true(part <= 0xffff);
			sum += part;
		}
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		word = (uint16_t)~sum; /* in memory order */
		whole = internet_checksum(datagram, sizeof(datagram));
		assert_int_equal(((const uint8_t *)&word)[0] << 8 | ((const uint8_t *)&word)[1], whole);
	}
}

static void g711_is_what_the_tables_say(void **state)
{
	static const int16_t samples[] = {0, 32767, -32768, 1000, -1000};
	static const uint8_t ulaw[] = {0xff, 0x80, 0x00, 0xce, 0x4e}, alaw[] = {0xd5, 0xaa, 0x2a, 0xfa, 0x7a};
	struct sound sound;
	struct xd_chunk chunk;

	(void)state;
	assert_int_equal(sound_new(&sound, 80, 8000), 0);
	memcpy(sound.samples, samples, sizeof(samples));
	assert_int_equal(encode_once(XD_PCMU, &sound, &chunk), 0);
	assert_memory_equal(chunk.payload, ulaw, sizeof(ulaw));
	assert_int_equal(chunk.sum, chunk_sum(chunk.payload));
	assert_int_equal(chunk.payload[79], 0xff);
	assert_int_equal(encode_once(XD_PCMA, &sound, &chunk), 0);
	assert_memory_equal(chunk.payload, alaw, sizeof(alaw));
	sound.rate = 16000;
	assert_int_equal(encode_once(XD_PCMU, &sound, &chunk), -EINVAL);
	sound_free(&sound);
}

/* Decodes `times` rounds; 16 kHz. */
static int16_t *decode_g722(const struct xd_chunk *chunks, uint32_t count, int times)
{
	int16_t *samples = calloc((size_t)count * 160 * (size_t)times, sizeof(int16_t)), *to = samples;
	g722_decode_state_t *decoder = g722_decode_init(NULL, 64000, 0);

	assert_non_null(samples);
	for (int round = 0; round < times; round++) {
		for (uint32_t i = 0; i < count; i++)
			to += g722_decode(decoder, to, chunks[i].payload, XD_CHUNK_BYTES);
	}
	g722_decode_free(decoder);
	return samples;
}

/* Signal to noise in dB of decoded[from..from + count) against the sound, 22 samples late. */
static double snr(const struct sound *sound, const int16_t *decoded, size_t from, size_t count)
{
	double signal = 0, noise = 0;

	for (size_t i = from; i < from + count; i++) {
		double wanted = sound->samples[(i - 22) % sound->count], is = decoded[i];

		signal += wanted * wanted;
		noise += (is - wanted) * (is - wanted);
	}
	return 10 * log10(signal / noise);
}

static void g722_goes_round_without_a_seam(void **state)
{
	struct sound sound = chord(16000, 2);
	uint32_t count = sound_chunks(&sound);
	struct xd_chunk *once = calloc(count, sizeof(*once)), *loop = calloc(count, sizeof(*loop));
	int16_t *from_once, *from_loop;
	double seam_once, seam_loop;

	(void)state;
	assert_non_null(once);
	assert_non_null(loop);
	assert_int_equal(count, 200);
	assert_int_equal(encode_once(XD_G722, &sound, once), 0);
	assert_int_equal(encode_loop(XD_G722, &sound, loop), 0);
	from_once = decode_g722(once, count, 2);
	from_loop = decode_g722(loop, count, 2);
	seam_once = snr(&sound, from_once, sound.count, 800);
	seam_loop = snr(&sound, from_loop, sound.count, 800);
	print_message("the 50 ms after the seam: %.1f dB, encoded once %.1f dB, elsewhere %.1f dB\n",
	        seam_loop, seam_once, snr(&sound, from_loop, sound.count / 2, 800));
	assert_true(seam_loop > 15);
	assert_true(seam_loop > seam_once + 25);
	free(from_once);
	free(from_loop);
	free(once);
	free(loop);
	sound_free(&sound);
}

static void g722_takes_8_khz_too(void **state)
{
	struct sound sound = chord(8000, 1);
	struct xd_chunk *chunks = calloc(sound_chunks(&sound), sizeof(*chunks));
	int16_t *decoded;
	double sum = 0;

	(void)state;
	assert_non_null(chunks);
	assert_int_equal(encode_loop(XD_G722, &sound, chunks), 0);
	decoded = decode_g722(chunks, 100, 1);
	for (int i = 4000; i < 16000; i++)
		sum += (double)decoded[i] * decoded[i];
	/* Three sines of 2500: 2500 * sqrt(1.5) */
	assert_true(fabs(sqrt(sum / 12000) - 3062) < 60);
	free(decoded);
	free(chunks);
	sound_free(&sound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sums_of_chunks_make_the_udp_checksum),
	        cmocka_unit_test(g711_is_what_the_tables_say),
	        cmocka_unit_test(g722_goes_round_without_a_seam),
	        cmocka_unit_test(g722_takes_8_khz_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
