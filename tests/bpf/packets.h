/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets for the tests, built from a description. What the program sends is compared, byte for byte, with
 * what is built here from another description: nothing of this is shared with the program.
 */
#ifndef XDPARK_TESTS_PACKETS_H
#define XDPARK_TESTS_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_MAX = 2048 };

/* A packet; what is 0 or NULL is left out. Addresses as text: with a colon it is IPv6. Host order. */
struct wire {
	uint8_t to_mac[6], from_mac[6];
	unsigned tags; /* VLAN tags, outermost first */
	uint16_t vlan_type[3], vlan_tci[3];
	uint16_t ethertype; /* instead of that of the addresses */
	const char *from, *to;
	uint16_t from_port, to_port;
	uint8_t tos, ttl, protocol; /* protocol 0: UDP */
	uint16_t id, fragment;      /* IPv4: the word of flags and offset */
	unsigned ip_options;        /* IPv4: words */
	bool no_checksum;           /* UDP checksum 0 */
	size_t trailer;             /* bytes behind the IP packet */

	uint8_t version; /* RTP version, where it is not 2 */
	bool marker;
	unsigned csrcs;
	unsigned extension; /* words of the extension, plus 1; 0: none */
	uint8_t padding;    /* bytes */
	uint8_t type;
	uint16_t sequence;
	uint32_t timestamp, ssrc;
	const uint8_t *payload;
	size_t payload_bytes;

	const uint8_t *raw; /* UDP payload instead of RTP */
	size_t raw_bytes;
};

/* Builds the packet in `bytes` (PACKET_MAX). Returns its length. */
size_t wire_build(const struct wire *wire, uint8_t *bytes);

/* Offset of the IP and of the UDP header of a packet built from `wire`. */
size_t wire_ip(const struct wire *wire);
size_t wire_udp(const struct wire *wire);

/* 16 bytes of an address as the maps hold it. */
void wire_address(const char *text, uint8_t address[16]);

/* Fails the test, showing both, if `bytes` isn't the packet that `wire` describes. */
void assert_wire(const struct wire *wire, const uint8_t *bytes, size_t length);

#endif
