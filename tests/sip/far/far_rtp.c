/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sip/far/far_rtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/sip/far/far_end.h"

/* RFC 3550 5.1 */
struct rtp_packet {
	uint8_t version;
	uint8_t type;
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t ssrc;
	uint8_t payload[FAR_FRAME];
};

int far_rtp_open(struct far_rtp *rtp, const char *host)
{
	socklen_t length = sizeof(rtp->local);

	memset(rtp, 0, sizeof(*rtp));
	/* RTP wants an even port: ask for another until the kernel gives one. */
	for (;;) {
		rtp->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (rtp->socket < 0)
			return -errno;
		rtp->local = (struct sockaddr_in){.sin_family = AF_INET};
		if (inet_pton(AF_INET, host, &rtp->local.sin_addr) != 1 ||
		        bind(rtp->socket, (struct sockaddr *)&rtp->local, sizeof(rtp->local)) ||
		        getsockname(rtp->socket, (struct sockaddr *)&rtp->local, &length)) {
			int error = errno ? -errno : -EINVAL;

			far_rtp_close(rtp);
			return error;
		}
		if (far_rtp_port(rtp) % 2 == 0)
			break;
		close(rtp->socket);
	}
	rtp->ssrc = 0x0fa00000U + far_rtp_port(rtp);
	return 0;
}

void far_rtp_close(struct far_rtp *rtp)
{
	if (rtp->socket >= 0)
		close(rtp->socket);
	rtp->socket = -1;
}

uint16_t far_rtp_port(const struct far_rtp *rtp)
{
	return ntohs(rtp->local.sin_port);
}

void far_rtp_talk(struct far_rtp *rtp, const struct sockaddr_in *to, uint8_t fill)
{
	struct rtp_packet packet = {.version = 0x80,
	        .sequence = htons(rtp->sequence++),
	        .timestamp = htonl(rtp->timestamp),
	        .ssrc = htonl(rtp->ssrc)};

	rtp->timestamp += FAR_FRAME;
	memset(packet.payload, fill, sizeof(packet.payload));
	sendto(rtp->socket, &packet, sizeof(packet), 0, (const struct sockaddr *)to, sizeof(*to));
}

static void clock_judge(struct far_rtp *rtp, uint32_t timestamp, double now)
{
	double ahead = (int32_t)(timestamp - rtp->first_timestamp) / 8.0 - (now - rtp->first_ms);

	if (ahead > rtp->ahead_ms)
		rtp->ahead_ms = ahead;
}

static void packet_count(struct far_rtp *rtp, const struct rtp_packet *packet)
{
	double now = far_now_ms();
	uint16_t sequence = ntohs(packet->sequence);
	uint8_t *seen = &rtp->seen[sequence / 8], bit = (uint8_t)(1U << sequence % 8);

	if (!rtp->received || ntohl(packet->ssrc) != rtp->heard_ssrc) {
		rtp->ssrcs++;
		rtp->first_sequence = rtp->highest_sequence = sequence;
		rtp->first_timestamp = ntohl(packet->timestamp);
		rtp->first_ms = now;
		memset(rtp->seen, 0, sizeof(rtp->seen));
	} else {
		if (*seen & bit)
			rtp->repeated++;
		else if ((int16_t)(sequence - rtp->highest_sequence) < 0)
			rtp->reordered++;
		else
			rtp->highest_sequence = sequence;
		if (now - rtp->heard_ms > rtp->largest_gap_ms)
			rtp->largest_gap_ms = now - rtp->heard_ms;
	}
	clock_judge(rtp, ntohl(packet->timestamp), now);
	*seen |= bit;
	rtp->received++;
	rtp->heard_ssrc = ntohl(packet->ssrc);
	rtp->heard_ms = now;
	memcpy(rtp->heard_payload, packet->payload, sizeof(rtp->heard_payload));
}

unsigned far_rtp_missing(const struct far_rtp *rtp)
{
	unsigned missing = 0;

	if (!rtp->received)
		return 0;
	for (uint16_t i = rtp->first_sequence; i != rtp->highest_sequence; i++)
		missing += !(rtp->seen[i / 8] & 1U << i % 8);
	return missing;
}

/* Takes one packet; false: none is waiting. */
static bool packet_take(struct far_rtp *rtp)
{
	struct rtp_packet packet;
	ssize_t bytes = recv(rtp->socket, &packet, sizeof(packet), MSG_DONTWAIT);

	if (bytes < 0)
		return errno == ECONNREFUSED;
	if (bytes != sizeof(packet) || packet.version != 0x80)
		rtp->strange++;
	else
		packet_count(rtp, &packet);
	return true;
}

void far_rtp_listen(struct far_rtp *rtp)
{
	while (packet_take(rtp))
		;
}

bool far_rtp_wait_fill(struct far_rtp *rtp, uint8_t fill, int milliseconds)
{
	double limit = far_now_ms() + milliseconds;
	struct pollfd wait = {.fd = rtp->socket, .events = POLLIN};

	do {
		while (packet_take(rtp))
			if (rtp->heard_payload[0] == fill && rtp->heard_payload[FAR_FRAME - 1] == fill)
				return true;
		poll(&wait, 1, 5);
	} while (far_now_ms() < limit);
	return false;
}

void far_rtp_reset(struct far_rtp *rtp)
{
	far_rtp_listen(rtp);
	rtp->received = rtp->ssrcs = rtp->repeated = rtp->reordered = rtp->strange = 0;
	rtp->largest_gap_ms = rtp->ahead_ms = 0;
}
