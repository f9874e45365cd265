/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTP packets out of a capture file: Ethernet, Linux cooked (1 and 2) or raw IP; VLAN; IPv4 and IPv6. */
#ifndef XDPARK_LISTEN_CAPTURE_H
#define XDPARK_LISTEN_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CAPTURE_ERROR_BYTES = 256 };

/* An address and UDP port; IPv4 is v4-mapped. Comparable by memcmp. */
struct end {
	uint8_t address[16];
	uint16_t port; /* host order */
};

/* A packet of RTP version 2 (never RTCP). */
struct rtp {
	uint64_t time; /* ns of the capture's clock */
	struct end from, to;
	uint32_t ssrc, timestamp;
	uint16_t sequence;
	uint8_t type; /* payload type */
	bool marker;
	bool bad_checksum; /* UDP; a checksum of zero over IPv4 is none and not bad */
	uint16_t length;   /* payload bytes: header, CSRCs, extension and padding taken off */
	const uint8_t *payload;
};

/* Results of one packet: `which` says which of the filters it passed, bit 0 the first. */
typedef void (*capture_packet)(const struct rtp *rtp, unsigned which, void *context);

/*
 * Reads a whole capture and hands out its RTP packets; `filters` (pcap-filter(7), NULL entries pass all)
 * apply to every packet. *start: time of the capture's first packet. Returns 0, or -EIO / -EINVAL with a
 * sentence in `error`.
 */
int capture_read(const char *file, const char *const *filters, unsigned filter_count, capture_packet packet,
        void *context, uint64_t *start, char *error);

/* "10.90.0.2:4000", "[fd90::2]:4000" into 64 bytes; returns `text`. */
const char *end_text(const struct end *end, char *text);

#endif
