/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of 16 bytes, IPv4 as v4-mapped IPv6, as bpf/layout.h has them. */
#ifndef XDPARK_IP_H
#define XDPARK_IP_H

#include <stdbool.h>
#include <stdint.h>

enum { IP_TEXT = 64 };

/* Reads an address in words, without port or prefix. Returns 0 or -EINVAL. */
int ip_parse(const char *text, uint8_t address[16]);

/* Writes an address in words; returns `text`. */
const char *ip_format(const uint8_t address[16], char text[IP_TEXT]);

bool ip_is_v4(const uint8_t address[16]);

/* 224.0.0.0/4 or ff00::/8 */
bool ip_is_multicast(const uint8_t address[16]);

/* Whether other hosts can send to it and mean one: not any, loopback, multicast or broadcast. */
bool ip_is_of_a_host(const uint8_t address[16]);

/* The bytes as netlink wants them: 4 at the end for IPv4, else all 16. *family is AF_INET or AF_INET6. */
const void *ip_bytes(const uint8_t address[16], unsigned *length, uint8_t *family);

/* From netlink's bytes: 4 or 16 of them. Returns 0 or -EINVAL for another length. */
int ip_from_bytes(uint8_t address[16], const void *bytes, unsigned length);

#endif
