/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses and networks in the form of the maps: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#ifndef XDPARK_ADDRESS_H
#define XDPARK_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 64 };

struct address {
	uint8_t ip[16];
	uint16_t port; /* host order; 0: none */
};

struct network {
	uint8_t ip[16];
	uint8_t bits; /* of the 128-bit form: 96 + prefix length for IPv4 */
};

/* "10.0.0.1", "fd00::1" or "[fd00::1]" into ip; no name is ever resolved. Returns 0 or -EINVAL. */
int address_parse_ip(const char *text, uint8_t ip[16]);

/* "10.0.0.1:5060", "[fd00::1]:5060"; without a port `port` is taken. Returns 0 or -EINVAL. */
int address_parse(const char *text, uint16_t port, struct address *address);

/* "10.90.0.0/24", "fd00::/8", or an address alone. Host bits must be 0. Returns 0 or -EINVAL. */
int network_parse(const char *text, struct network *network);

bool network_holds(const struct network *network, const uint8_t ip[16]);

/* The textual address without port or brackets, into `text` (ADDRESS_TEXT bytes); returns it. */
const char *address_format_ip(const uint8_t ip[16], char *text);

/* "10.0.0.1:5060" or "[fd00::1]:5060". */
const char *address_format(const struct address *address, char *text);

bool address_is_ipv4(const uint8_t ip[16]);
bool address_is_any(const uint8_t ip[16]); /* 0.0.0.0 or :: */
bool address_is_multicast(const uint8_t ip[16]);

/* Whether phones can send to it and mean this host: not any, loopback, multicast or broadcast. */
bool address_is_of_a_host(const uint8_t ip[16]);

/* Not routable in public: RFC 1918, RFC 6598, link-local, ULA, loopback. */
bool address_is_private(const uint8_t ip[16]);
bool address_same_ip(const uint8_t a[16], const uint8_t b[16]);
bool address_equal(const struct address *a, const struct address *b);

/* To and from sockets. The result is a sockaddr_in for IPv4. from: -EAFNOSUPPORT for other families. */
socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *socket_address);
int address_from_socket(const struct sockaddr_storage *socket_address, struct address *address);

#endif
