/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bpf/packets.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static uint8_t *put16(uint8_t *at, unsigned value)
{
	*at++ = value >> 8 & 0xff;
	*at++ = value & 0xff;
	return at;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t count)
{
	return (uint8_t *)memcpy(at, bytes, count) + count;
}

/* RFC 1071 as it is written there. */
static uint32_t sum_of(const uint8_t *bytes, size_t count)
{
	uint32_t sum = 0;

	for (; count > 1; bytes += 2, count -= 2)
		sum += (uint32_t)bytes[0] << 8 | bytes[1];
	return count ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

static uint16_t sum_complement(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static bool is_ip6(const char *text)
{
	return strchr(text, ':') != NULL;
}

void wire_address(const char *text, uint8_t address[16])
{
	memset(address, 0, 16);
	if (is_ip6(text)) {
		assert_int_equal(inet_pton(AF_INET6, text, address), 1);
		return;
	}
	address[10] = address[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, address + 12), 1);
}

static uint8_t *put_rtp(uint8_t *at, const struct wire *wire)
{
	uint8_t version = wire->version ? wire->version : 2;
	unsigned n;

	*at++ = (uint8_t)(version << 6 | (wire->padding ? 0x20 : 0) | (wire->extension ? 0x10 : 0) |
	                  (wire->csrcs & 0xf));
	*at++ = (uint8_t)((wire->marker ? 0x80 : 0) | wire->type);
	at = put16(at, wire->sequence);
	at = put32(at, wire->timestamp);
	at = put32(at, wire->ssrc);
	for (n = 0; n < wire->csrcs; n++)
		at = put32(at, 0xc0ffee00 + n);
	if (wire->extension) {
		at = put32(at, 0xbede0000 + wire->extension - 1);
		for (n = 1; n < wire->extension; n++)
			at = put32(at, 0xe0e0e000 + n);
	}
	at = put(at, wire->payload, wire->payload_bytes);
	for (n = 1; n <= wire->padding; n++)
		*at++ = n == wire->padding ? wire->padding : (uint8_t)(0x70 + n);
	return at;
}

static void finish_udp(const struct wire *wire, uint8_t *udp, size_t length)
{
	size_t each = is_ip6(wire->from) ? 16 : 4;
	uint8_t address[16];
	uint32_t sum;

	put16(udp + 4, (unsigned)length);
	put16(udp + 6, 0);
	if (wire->no_checksum)
		return;
	sum = sum_of(udp, length) + IPPROTO_UDP + (uint32_t)length;
	wire_address(wire->from, address);
	sum += sum_of(address + 16 - each, each);
	wire_address(wire->to, address);
	sum += sum_of(address + 16 - each, each);
	sum = sum_complement(sum);
	put16(udp + 6, sum ? sum : 0xffff);
}

static uint8_t *put_ip4(uint8_t *at, const struct wire *wire, size_t bytes)
{
	uint8_t *start = at, address[16];
	unsigned n;

	*at++ = (uint8_t)(0x45 + wire->ip_options);
	*at++ = wire->tos;
	at = put16(at, (unsigned)(20 + 4 * wire->ip_options + bytes));
	at = put16(at, wire->id);
	at = put16(at, wire->fragment);
	*at++ = wire->ttl;
	*at++ = wire->protocol ? wire->protocol : IPPROTO_UDP;
	at = put16(at, 0);
	wire_address(wire->from, address);
	at = put(at, address + 12, 4);
	wire_address(wire->to, address);
	at = put(at, address + 12, 4);
	for (n = 0; n < wire->ip_options; n++)
		at = put32(at, 0x01010101);
	put16(start + 10, sum_complement(sum_of(start, (size_t)(at - start))));
	return at;
}

static uint8_t *put_ip6(uint8_t *at, const struct wire *wire, size_t bytes)
{
	uint8_t address[16];

	at = put32(at, 0x60000000 | (uint32_t)wire->tos << 20);
	at = put16(at, (unsigned)bytes);
	*at++ = wire->protocol ? wire->protocol : IPPROTO_UDP;
	*at++ = wire->ttl;
	wire_address(wire->from, address);
	at = put(at, address, 16);
	wire_address(wire->to, address);
	return put(at, address, 16);
}

size_t wire_ip(const struct wire *wire)
{
	return 14 + 4 * (size_t)wire->tags;
}

size_t wire_udp(const struct wire *wire)
{
	return wire_ip(wire) + (is_ip6(wire->from) ? 40 : 20 + 4 * (size_t)wire->ip_options);
}

size_t wire_build(const struct wire *wire, uint8_t *bytes)
{
	bool v6 = is_ip6(wire->from);
	uint8_t body[PACKET_MAX], *end = body, *at = bytes;
	unsigned n;

	assert_int_equal(v6, is_ip6(wire->to));
	end = put16(end, wire->from_port);
	end = put16(end, wire->to_port);
	end = put32(end, 0);
	end = wire->raw ? put(end, wire->raw, wire->raw_bytes) : put_rtp(end, wire);
	finish_udp(wire, body, (size_t)(end - body));

	at = put(at, wire->to_mac, 6);
	at = put(at, wire->from_mac, 6);
	for (n = 0; n < wire->tags; n++) {
		at = put16(at, wire->vlan_type[n]);
		at = put16(at, wire->vlan_tci[n]);
	}
	at = put16(at, wire->ethertype ? wire->ethertype : v6 ? 0x86dd : 0x0800);
	at = v6 ? put_ip6(at, wire, (size_t)(end - body)) : put_ip4(at, wire, (size_t)(end - body));
	at = put(at, body, (size_t)(end - body));
	memset(at, 0xee, wire->trailer);
	return (size_t)(at - bytes) + wire->trailer;
}

static void show(const char *title, const uint8_t *bytes, size_t length)
{
	size_t n;

	print_error("%s, %zu bytes:", title, length);
	for (n = 0; n < length; n++)
		print_error("%s%02x", n % 16 ? " " : "\n\t", bytes[n]);
	print_error("\n");
}

void assert_wire(const struct wire *wire, const uint8_t *bytes, size_t length)
{
	uint8_t expected[PACKET_MAX];
	size_t expected_length = wire_build(wire, expected);

	if (length == expected_length && !memcmp(bytes, expected, length))
		return;
	show("expected", expected, expected_length);
	show("got", bytes, length);
	assert_int_equal(length, expected_length);
	assert_memory_equal(bytes, expected, length);
}
