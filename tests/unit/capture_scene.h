/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call to a phone, packet by packet, that tests damage, write to a capture and have judged. */
#ifndef XDPARK_TEST_CAPTURE_SCENE_H
#define XDPARK_TEST_CAPTURE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "tests/listen/check.h"
#include "tests/listen/heard.h"
#include "tests/unit/scratch.h"

enum { FRAME_BYTES = 160, TALK = 100, HOLD = 900, TALK_AFTER = 100, ALL = TALK + HOLD + TALK_AFTER };

static const char clip[] = "ringback:uk"; /* goes round after 150 frames */

/* Packet `i` of a call that talks, is held, talks again; tests change one thing. */
struct packet {
	bool left_out;
	double at_ms;
	uint16_t sequence, from_port, to_port;
	uint32_t timestamp, ssrc;
	uint8_t type;
	bool bad_checksum;
	uint8_t payload[FRAME_BYTES];
};

struct scene {
	char file[SCRATCH_PATH + 16];
	struct heard heard;
	struct packet packets[ALL];
	unsigned link; /* DLT_ */
	bool ipv6, vlan;
	pcap_t *pcap;
	pcap_dumper_t *out;
	struct check_options options;
	json_t *report;
	char error[CAPTURE_ERROR_BYTES];
};

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value & 0xffff);
}

static void call_make(struct scene *scene)
{
	srandom(1);
	for (int i = 0; i < ALL; i++) {
		struct packet *packet = &scene->packets[i];

		*packet = (struct packet){.at_ms = i * 20 + (double)(random() % 5),
		        .sequence = (uint16_t)(65500 + i),
		        .from_port = 10000,
		        .to_port = 4000,
		        .timestamp = 0xffffff00U + (uint32_t)i * 160,
		        .ssrc = 0x1234};
		for (int byte = 0; byte < FRAME_BYTES; byte++)
			packet->payload[byte] = (uint8_t)random();
		if (i >= TALK && i < TALK + HOLD) {
			for (size_t chunk = 0; chunk < 2; chunk++)
				memcpy(packet->payload + chunk * XD_CHUNK_BYTES,
				        heard_chunk(&scene->heard, (uint64_t)(i - TALK) * 2 + chunk)->payload,
				        XD_CHUNK_BYTES);
		}
	}
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	char folder[SCRATCH_PATH];

	assert_non_null(scene);
	scratch_folder(folder, sizeof(folder));
	snprintf(scene->file, sizeof(scene->file), "%s/capture", folder);
	assert_int_equal(heard_open(&scene->heard, clip, XD_PCMU, scene->error), 0);
	scene->link = DLT_EN10MB;
	scene->options = (struct check_options){
	        .file = scene->file, .max_gap_ms = 60, .max_drift_ms = 60, .clip = clip, .checksums = true};
	call_make(scene);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	json_decref(scene->report);
	heard_close(&scene->heard);
	unlink(scene->file);
	free(scene);
	return 0;
}

static size_t link_write(const struct scene *scene, uint8_t *to)
{
	unsigned type = scene->ipv6 ? 0x86dd : 0x0800;
	size_t length = scene->link == DLT_EN10MB ? 14 : scene->link == DLT_LINUX_SLL ? 16 : 20;

	if (scene->link == DLT_RAW)
		return 0;
	if (scene->link == DLT_LINUX_SLL2)
		put16(to, scene->vlan ? 0x8100 : type);
	else
		put16(to + length - 2, scene->vlan ? 0x8100 : type);
	if (scene->vlan) {
		put16(to + length, 0xa007);
		put16(to + length + 2, type);
		length += 4;
	}
	return length;
}

/* Returns where UDP begins. The pseudo header's sum goes into *sum. */
static size_t ip_write(const struct scene *scene, uint8_t *to, unsigned udp_bytes, uint32_t *sum)
{
	uint8_t *addresses = to + (scene->ipv6 ? 8 : 12);
	unsigned address = scene->ipv6 ? 16 : 4;

	if (scene->ipv6) {
		to[0] = 0x60;
		put16(to + 4, udp_bytes);
		to[6] = 17;
	} else {
		to[0] = 0x45;
		put16(to + 2, 20 + udp_bytes);
		put16(to + 6, 0x4000);
		to[9] = 17;
	}
	addresses[0] = addresses[address] = scene->ipv6 ? 0xfd : 10;
	addresses[address - 1] = 1;
	addresses[2 * address - 1] = 2;
	*sum = 17 + udp_bytes;
	for (unsigned i = 0; i < 2 * address; i += 2)
		*sum += (uint32_t)addresses[i] << 8 | addresses[i + 1];
	return scene->ipv6 ? 40 : 20;
}

static void udp_sum(uint8_t *udp, unsigned bytes, uint32_t sum, bool bad)
{
	for (unsigned i = 0; i < bytes; i += 2)
		sum += (uint32_t)udp[i] << 8 | udp[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = sum == 0xffff ? 0xffff : ~sum & 0xffff;
	put16(udp + 6, bad ? sum ^ 0x0101 : sum);
}

static void bytes_write(struct scene *scene, const uint8_t *bytes, size_t length, double at_ms)
{
	struct pcap_pkthdr header = {.caplen = (uint32_t)length, .len = (uint32_t)length};
	uint64_t us = 1000000000ULL * 1000000 + (uint64_t)(at_ms * 1000);

	header.ts.tv_sec = (time_t)(us / 1000000);
	header.ts.tv_usec = (suseconds_t)(us % 1000000);
	pcap_dump((u_char *)scene->out, &header, bytes);
}

static void packet_write(struct scene *scene, const struct packet *packet)
{
	uint8_t bytes[300] = {0};
	unsigned udp_bytes = 8 + 12 + FRAME_BYTES;
	size_t at = link_write(scene, bytes);
	uint32_t sum;
	uint8_t *udp;

	at += ip_write(scene, bytes + at, udp_bytes, &sum);
	udp = bytes + at;
	put16(udp, packet->from_port);
	put16(udp + 2, packet->to_port);
	put16(udp + 4, udp_bytes);
	udp[8] = 0x80;
	udp[9] = packet->type;
	put16(udp + 10, packet->sequence);
	put32(udp + 12, packet->timestamp);
	put32(udp + 16, packet->ssrc);
	memcpy(udp + 20, packet->payload, FRAME_BYTES);
	udp_sum(udp, udp_bytes, sum, packet->bad_checksum);
	bytes_write(scene, bytes, at + udp_bytes, packet->at_ms);
}

static void capture_open(struct scene *scene)
{
	scene->pcap = pcap_open_dead((int)scene->link, 65535);
	assert_non_null(scene->pcap);
	scene->out = pcap_dump_open(scene->pcap, scene->file);
	assert_non_null(scene->out);
}

/* Judges the capture that is there, by the options as they are now. */
static enum check_result judge_again(struct scene *scene)
{
	json_decref(scene->report);
	scene->report = NULL;
	return check_capture(&scene->options, &scene->report, scene->error);
}

static enum check_result capture_judge(struct scene *scene)
{
	pcap_dump_close(scene->out);
	pcap_close(scene->pcap);
	return judge_again(scene);
}

static enum check_result judge(struct scene *scene)
{
	capture_open(scene);
	for (int i = 0; i < ALL; i++) {
		if (!scene->packets[i].left_out)
			packet_write(scene, &scene->packets[i]);
	}
	return capture_judge(scene);
}

static json_t *row(const struct scene *scene)
{
	return json_array_get(json_object_get(scene->report, "streams"), 0);
}

static long count_of(const struct scene *scene, const char *key)
{
	return (long)json_integer_value(json_object_get(row(scene), key));
}

static long hold_of(const struct scene *scene, const char *key)
{
	return (long)json_integer_value(json_object_get(json_object_get(row(scene), "hold"), key));
}

/* Bad, and for this reason alone. */
static void expect_failure(struct scene *scene, const char *why)
{
	json_t *failures;

	assert_int_equal(judge(scene), CHECK_BAD);
	failures = json_object_get(row(scene), "failures");
	assert_int_equal(json_array_size(failures), 1);
	assert_string_equal(json_string_value(json_array_get(failures, 0)), why);
}

#endif
