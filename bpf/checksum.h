/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ones'-complement sums (RFC 1071, 1624), collected in 64 bits over 32-bit words as they lie in memory, and
 * folded once at the end. To take a word out of a sum, add its complement.
 */
#ifndef XDPARK_CHECKSUM_H
#define XDPARK_CHECKSUM_H

#include <linux/types.h>

/* 16 bytes of an address: IPv4 as v4-mapped IPv6. */
struct address {
	__u64 half[2];
};

/* The sum of a 64-bit word. */
static __always_inline __u64 checksum_of(__u64 word)
{
	return (word & 0xffffffff) + (word >> 32);
}

/*
 * The sum of an address. For IPv4 that of its 4 bytes: what a v4-mapped address has in addition, 0xffff, is
 * zero in ones' complement.
 */
static __always_inline __u64 checksum_address(const struct address *address)
{
	return checksum_of(address->half[0]) + checksum_of(address->half[1]);
}

/* The sum folded to 16 bits; never 0 unless all words were 0. */
static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sum as UDP carries it: complemented, and never 0, which would mean that there is none. */
static __always_inline __u16 checksum_udp(__u64 sum)
{
	__u16 check = ~checksum_fold(sum);

	return check ? check : 0xffff;
}

#endif
