/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The media side of a far end: one UDP port that talks 20 ms frames of G.711 and checks what it hears. */
#ifndef XDPARK_FAR_RTP_H
#define XDPARK_FAR_RTP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAR_FRAME = 160 };

struct far_rtp {
	int socket;
	struct sockaddr_in local;
	uint32_t ssrc; /* of what we send */
	uint16_t sequence;
	uint32_t timestamp;
	/* what was heard */
	unsigned received;
	unsigned ssrcs;     /* 1, or how often it changed + 1 */
	unsigned repeated;  /* sequence numbers heard before */
	unsigned reordered; /* packets behind a later one */
	unsigned strange;   /* not RTP, or from another source address */
	double largest_gap_ms;
	double ahead_ms; /* that timestamps were before their time at most, by the first packet's clock */
	double first_ms;
	uint32_t first_timestamp;
	uint32_t heard_ssrc;
	uint16_t first_sequence, highest_sequence;
	uint8_t seen[8192]; /* a bit for each sequence number heard; streams of tests are shorter than a round
	                     */
	double heard_ms;
	uint8_t heard_payload[FAR_FRAME]; /* of the last packet */
};

/* Any free even port of `host`. 0 or a negative errno. */
int far_rtp_open(struct far_rtp *rtp, const char *host);
void far_rtp_close(struct far_rtp *rtp);
uint16_t far_rtp_port(const struct far_rtp *rtp);

/* Sends one frame, each payload byte `fill`. */
void far_rtp_talk(struct far_rtp *rtp, const struct sockaddr_in *to, uint8_t fill);

/* Takes all packets that have arrived. */
void far_rtp_listen(struct far_rtp *rtp);

/* Waits until a packet filled with `fill` arrives; false: not within that time. */
bool far_rtp_wait_fill(struct far_rtp *rtp, uint8_t fill, int milliseconds);

/* Sequence numbers left out between the first and the highest. */
unsigned far_rtp_missing(const struct far_rtp *rtp);

/* Forgets what was heard, also what waits in the socket. */
void far_rtp_reset(struct far_rtp *rtp);

#endif
