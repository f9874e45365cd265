/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the internet sends to any open port: noise, half messages and a scanner's requests to SIP, and noise
 * and streams under a forged address (192.0.2.66, which is nobody's) to RTP. By a thread of its own, at a set
 * rate.
 */
#ifndef XDPARK_RIG_GARBAGE_H
#define XDPARK_RIG_GARBAGE_H

#include <netinet/in.h>
#include <stdint.h>

struct garbage;

struct garbage_counters {
	uint64_t sip, rtp; /* packets sent */
	uint64_t failed;   /* that the socket didn't take */
};

/* 0 or a negative errno; -EPERM: no right to forge. */
int garbage_new(struct garbage **garbage, const struct sockaddr_in *server);

/*
 * One more port to aim RTP at: of a call that is up. Some thousand are remembered; without any, any port of
 * the server gets its share. By one thread.
 */
void garbage_aim(struct garbage *garbage, const struct sockaddr_in *relay);

/* So many packets a second from now on, half of them to the server's SIP port. 0 or a negative errno. */
int garbage_start(struct garbage *garbage, double rate);

/* Nothing more is sent. Nothing happens if it wasn't started. */
void garbage_stop(struct garbage *garbage, struct garbage_counters *counters);

/* After garbage_stop() if it was started. NULL is legal. */
void garbage_free(struct garbage *garbage);

#endif
