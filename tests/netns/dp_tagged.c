/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phones in VLANs for tests: where the kernel makes no VLAN interfaces, their frames are written and read
 * whole.
 *
 *   dp_tagged INTERFACE RELAY_MAC INTERFACE_MAC
 *
 * Endpoint 2 holds for 10.99.0.2, port 40000; endpoints 4 and 5 are a bridge of 10.99.0.2, port 40004, and
 * 10.99.0.3, port 40006. The way to 10.99.0.2 has the tag ONE, the way to 10.99.0.3 the tags TWO. Every byte
 * of what comes back is compared. The exit status is that of cmocka: how many tests failed.
 */
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tests/bpf/packets.h"

enum { SPEECH = 160, WAIT_MS = 2000, RTP_OFF_UDP = 8, FRAMES = 5 };

/* As dp_vlan.sh writes them. */
#define ONE_TYPE 0x8100
#define ONE_TCI  0xa007
#define TWO_TYPE 0x88a8
#define TWO_TCI  0xa064

static pcap_t *link_end;
static uint8_t relay_mac[6], phone_mac[6];
static uint8_t speech[SPEECH];

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tag(struct wire *wire, unsigned tags)
{
	wire->tags = tags;
	wire->vlan_type[0] = tags == 2 ? TWO_TYPE : ONE_TYPE;
	wire->vlan_tci[0] = tags == 2 ? TWO_TCI : ONE_TCI;
	wire->vlan_type[1] = ONE_TYPE;
	wire->vlan_tci[1] = ONE_TCI;
}

/* What a phone says to an endpoint. */
static struct wire said(const char *from, uint16_t from_port, uint16_t to_port, unsigned tags)
{
	struct wire wire = {.from = from,
	        .to = "10.99.0.1",
	        .from_port = from_port,
	        .to_port = to_port,
	        .ttl = 64,
	        .sequence = 700,
	        .timestamp = 90000,
	        .ssrc = 0x5eed0000U + from_port,
	        .payload = speech,
	        .payload_bytes = SPEECH};

	memcpy(wire.to_mac, relay_mac, 6);
	memcpy(wire.from_mac, phone_mac, 6);
	tag(&wire, tags);
	return wire;
}

/* What an endpoint says to its phone; the numbers are yet to be filled in. */
static struct wire heard(unsigned endpoint, const char *to, uint16_t to_port, unsigned tags)
{
	struct wire wire = {.from = "10.99.0.1",
	        .to = to,
	        .from_port = (uint16_t)(10000 + 2 * endpoint),
	        .to_port = to_port,
	        .tos = 46 << 2,
	        .ttl = 64,
	        .fragment = 0x4000,
	        .ssrc = 0x70000000 + endpoint,
	        .payload = speech,
	        .payload_bytes = SPEECH};

	memcpy(wire.to_mac, phone_mac, 6);
	memcpy(wire.from_mac, relay_mac, 6);
	tag(&wire, tags);
	return wire;
}

static void say(struct wire *wire)
{
	uint8_t bytes[PACKET_MAX];
	size_t length = wire_build(wire, bytes);

	assert_int_equal(pcap_inject(link_end, bytes, length), length);
	wire->sequence++;
	wire->timestamp += SPEECH;
}

/* Whether it is a packet to the port of `wanted`, with these tags or others. */
static bool is_for(const struct wire *wanted, const uint8_t *bytes, size_t length)
{
	for (size_t udp = 14 + 20; udp <= 14 + 8 + 20; udp += 4)
		if (length > udp + 8 && bytes[udp - 20] == 0x45 && bytes[udp - 11] == 17 &&
		        (bytes[udp + 2] << 8 | bytes[udp + 3]) == wanted->to_port)
			return true;
	return false;
}

/* The next packet for the phone of `wanted`, copied to `bytes`. Its length; fails if none comes. */
static size_t hear(const struct wire *wanted, uint8_t *bytes)
{
	uint64_t end = clock_ms() + WAIT_MS;

	while (clock_ms() < end) {
		struct pcap_pkthdr *header;
		const u_char *data;

		if (pcap_next_ex(link_end, &header, &data) != 1 || !is_for(wanted, data, header->caplen))
			continue;
		assert_in_range(header->caplen, 1, PACKET_MAX);
		memcpy(bytes, data, header->caplen);
		return header->caplen;
	}
	fail_msg("nothing came for port %u", wanted->to_port);
	return 0;
}

/* Fills in the numbers that `bytes` has, where a packet like `wanted` has them. */
static void take_numbers(struct wire *wanted, const uint8_t *bytes)
{
	const uint8_t *rtp = bytes + wire_udp(wanted) + RTP_OFF_UDP;

	wanted->marker = rtp[1] >> 7;
	wanted->sequence = (uint16_t)(rtp[2] << 8 | rtp[3]);
	wanted->timestamp = (uint32_t)rtp[4] << 24 | (uint32_t)rtp[5] << 16 | (uint32_t)rtp[6] << 8 | rtp[7];
}

/* All that `talker` says comes to the phone of `hearer`, in its VLAN. */
static void is_forwarded(struct wire talker, struct wire hearer)
{
	uint8_t bytes[PACKET_MAX];

	for (unsigned n = 0; n < FRAMES; n++) {
		size_t length;

		for (unsigned i = 0; i < SPEECH; i++)
			speech[i] = (uint8_t)(n * 37 + i);
		say(&talker);
		length = hear(&hearer, bytes);
		if (!n) {
			take_numbers(&hearer, bytes);
		} else {
			hearer.sequence++;
			hearer.timestamp += SPEECH;
			hearer.marker = false;
		}
		assert_wire(&hearer, bytes, length);
	}
}

static void one_tag_to_two(void **state)
{
	(void)state;
	is_forwarded(said("10.99.0.2", 40004, 10008, 1), heard(5, "10.99.0.3", 40006, 2));
}

static void two_tags_to_one(void **state)
{
	(void)state;
	is_forwarded(said("10.99.0.3", 40006, 10010, 2), heard(4, "10.99.0.2", 40004, 1));
}

/* The way out has its tags, whatever came in. */
static void none_to_two(void **state)
{
	struct wire talker = said("10.99.0.2", 40004, 10008, 0);

	(void)state;
	talker.ssrc++;
	is_forwarded(talker, heard(5, "10.99.0.3", 40006, 2));
}

/* The frame of the clip that `bytes` says it is, as handover_driver has filled it. */
static void clip_frame(const uint8_t *bytes)
{
	unsigned first = (unsigned)bytes[0] << 8 | bytes[1];

	for (unsigned i = 0; i < SPEECH; i++) {
		unsigned chunk = first + i / 80, at = i % 80;

		speech[i] = (uint8_t)(at == 0 ? chunk >> 8 : at == 1 ? chunk : chunk * 31 + at * 7);
	}
}

static struct wire hold_frame(uint8_t *bytes, size_t *length)
{
	struct wire hearer = heard(2, "10.99.0.2", 40000, 1);

	*length = hear(&hearer, bytes);
	take_numbers(&hearer, bytes);
	clip_frame(bytes + wire_udp(&hearer) + RTP_OFF_UDP + 12);
	assert_wire(&hearer, bytes, *length);
	return hearer;
}

/* The pump sends to the VLAN; and the phone's own packets carry frames there, whatever tags they came with.
 */
static void hold_is_tagged(void **state)
{
	uint8_t bytes[PACKET_MAX];
	struct wire before, now;
	size_t length;

	(void)state;
	before = hold_frame(bytes, &length);
	for (unsigned tags = 0; tags <= 2; tags++) {
		struct wire talker = said("10.99.0.2", 40000, 10004, tags);

		for (unsigned n = 0; n < FRAMES; n++) {
			talker.sequence = (uint16_t)(1000 + tags * FRAMES + n);
			say(&talker);
			now = hold_frame(bytes, &length);
			assert_int_equal(now.sequence, (uint16_t)(before.sequence + 1));
			before = now;
		}
	}
}

static void mac_read(const char *text, uint8_t mac[6])
{
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
	            &mac[5]) != 6) {
		fprintf(stderr, "dp_tagged: %s: not a MAC address\n", text);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(one_tag_to_two),
	        cmocka_unit_test(two_tags_to_one),
	        cmocka_unit_test(none_to_two),
	        cmocka_unit_test(hold_is_tagged),
	};
	char error[PCAP_ERRBUF_SIZE] = "";

	if (argc != 4) {
		fprintf(stderr, "usage: dp_tagged INTERFACE RELAY_MAC INTERFACE_MAC\n");
		return 2;
	}
	mac_read(argv[2], relay_mac);
	mac_read(argv[3], phone_mac);
	link_end = pcap_create(argv[1], error);
	if (!link_end || pcap_set_immediate_mode(link_end, 1) || pcap_set_timeout(link_end, 10) ||
	        pcap_activate(link_end) < 0 || pcap_setdirection(link_end, PCAP_D_IN) ||
	        pcap_setnonblock(link_end, 1, error)) {
		fprintf(stderr, "dp_tagged: %s: %s\n", argv[1], link_end ? pcap_geterr(link_end) : error);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
