/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "kmod-free/ip.h"

_Static_assert((int)ADDRESS_TEXT == (int)IP_TEXT, "room for an address in words");

enum { IPV4_AT = 12 }; /* where the IPv4 address lies in the 16 bytes */

/* A decimal number up to `most`, without sign, space or superfluous zeros. */
static int parse_number(const char *text, unsigned most, unsigned *number)
{
	unsigned value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > most)
			return -EINVAL;
	}
	*number = value;
	return 0;
}

/* As much of `text` as `length` says, as a string. */
static int cut(char *to, const char *text, size_t length)
{
	if (length >= ADDRESS_TEXT)
		return -EINVAL;
	memcpy(to, text, length);
	to[length] = '\0';
	return 0;
}

int address_parse_ip(const char *text, uint8_t ip[16])
{
	size_t length = strlen(text);
	char bare[ADDRESS_TEXT];

	if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
		/* Brackets are for IPv6 alone. */
		if (cut(bare, text + 1, length - 2) || !strchr(bare, ':'))
			return -EINVAL;
		text = bare;
	}
	return ip_parse(text, ip);
}

int address_parse(const char *text, uint16_t port, struct address *address)
{
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
	struct address parsed = {.port = port};
	char host[ADDRESS_TEXT];
	unsigned number;
	bool with_port;

	/* A colon starts a port behind a bracket, or when it is the only one. */
	with_port = colon && (bracket ? colon > bracket : colon == strchr(text, ':'));
	if (with_port) {
		if (cut(host, text, (size_t)(colon - text)) || parse_number(colon + 1, UINT16_MAX, &number))
			return -EINVAL;
		parsed.port = (uint16_t)number;
		text = host;
	}
	if (address_parse_ip(text, parsed.ip))
		return -EINVAL;
	*address = parsed;
	return 0;
}

static bool bit(const uint8_t ip[16], unsigned number)
{
	return ip[number / 8] & (0x80 >> number % 8);
}

int network_parse(const char *text, struct network *network)
{
	const char *slash = strchr(text, '/');
	struct network parsed;
	char host[ADDRESS_TEXT];
	unsigned bits = 128, first;

	if (slash && cut(host, text, (size_t)(slash - text)))
		return -EINVAL;
	if (address_parse_ip(slash ? host : text, parsed.ip))
		return -EINVAL;
	first = address_is_ipv4(parsed.ip) ? 8 * IPV4_AT : 0;
	if (slash) {
		if (parse_number(slash + 1, 128 - first, &bits))
			return -EINVAL;
		bits += first;
	}
	for (unsigned i = bits; i < 128; i++) {
		if (bit(parsed.ip, i))
			return -EINVAL;
	}
	parsed.bits = (uint8_t)bits;
	*network = parsed;
	return 0;
}

bool network_holds(const struct network *network, const uint8_t ip[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->ip, ip, whole) != 0)
		return false;
	return !rest || !((network->ip[whole] ^ ip[whole]) >> (8 - rest));
}

const char *address_format_ip(const uint8_t ip[16], char *text)
{
	return ip_format(ip, text);
}

const char *address_format(const struct address *address, char *text)
{
	const char *form = address_is_ipv4(address->ip) ? "%s:%u" : "[%s]:%u";
	char ip[ADDRESS_TEXT];

	address_format_ip(address->ip, ip);
	ip[INET6_ADDRSTRLEN] = '\0'; /* so that the compiler sees that it fits */
	snprintf(text, ADDRESS_TEXT, form, ip, address->port);
	return text;
}

bool address_is_ipv4(const uint8_t ip[16])
{
	return ip_is_v4(ip);
}

bool address_is_any(const uint8_t ip[16])
{
	static const uint8_t any[16];

	return memcmp(ip + IPV4_AT, any, 4) == 0 && (address_is_ipv4(ip) || memcmp(ip, any, IPV4_AT) == 0);
}

bool address_is_multicast(const uint8_t ip[16])
{
	return ip_is_multicast(ip);
}

bool address_is_of_a_host(const uint8_t ip[16])
{
	return ip_is_of_a_host(ip);
}

bool address_is_private(const uint8_t ip[16])
{
	static const struct network private[] = {
	        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10}, 96 + 8},
	        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 172, 16}, 96 + 12},
	        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168}, 96 + 16},
	        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 100, 64}, 96 + 10},
	        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254}, 96 + 16},
	        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127}, 96 + 8},
	        {{0xfe, 0x80}, 10},
	        {{0xfc}, 7},
	        {{[15] = 1}, 128},
	};

	for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++) {
		if (network_holds(&private[i], ip))
			return true;
	}
	return false;
}

bool address_same_ip(const uint8_t a[16], const uint8_t b[16])
{
	return memcmp(a, b, 16) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->port == b->port && address_same_ip(a->ip, b->ip);
}

socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *socket_address)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)socket_address;
	struct sockaddr_in *in = (struct sockaddr_in *)socket_address;

	memset(socket_address, 0, sizeof(*socket_address));
	if (address_is_ipv4(address->ip)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(address->port);
		memcpy(&in->sin_addr, address->ip + IPV4_AT, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(address->port);
	memcpy(&in6->sin6_addr, address->ip, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int address_from_socket(const struct sockaddr_storage *socket_address, struct address *address)
{
	if (socket_address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)socket_address;

		ip_from_bytes(address->ip, &in->sin_addr, 4);
		address->port = ntohs(in->sin_port);
	} else if (socket_address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)socket_address;

		memcpy(address->ip, &in6->sin6_addr, sizeof(address->ip));
		address->port = ntohs(in6->sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	return 0;
}
