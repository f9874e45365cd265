/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A phone for tests: listens on a UDP port, talks there if asked to, and judges every packet of what it
 * hears.
 *
 *   dp_phone [--talk] [--ssrc N] [--chunks N] LOCAL PORT REMOTE PORT SECONDS
 *
 * Talking, it sends G.711 frames of the pattern that handover_driver's clip has, one every 20 ms. At the end
 * it prints key=value pairs: what it heard, judged by the kernel's time stamps. Exit status 0: it could do
 * its work.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kmod-free/ip.h"

enum { CHUNK = 80, FRAME = 2 * CHUNK, HEADER = 12, PTIME_NS = 20000000 };

struct heard {
	uint64_t received, lost, repeated, reordered, ssrc_changes, source_changes, payload_errors, off_clock,
	        other;
	uint64_t first_ns, last_ns, max_gap_ns;
	uint32_t ssrc, first_timestamp;
	uint16_t first_sequence, last_sequence;
	unsigned chunk; /* that the next frame should begin with */
	struct sockaddr_storage source;
};

static unsigned clip_chunks = 1200;

static uint64_t clock_read(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void chunk_write(uint8_t *to, unsigned chunk)
{
	to[0] = (uint8_t)(chunk >> 8);
	to[1] = (uint8_t)chunk;
	for (unsigned i = 2; i < CHUNK; i++)
		to[i] = (uint8_t)(chunk * 31 + i * 7);
}

/* The two chunks belong together, are whole, and follow what came before; `lost` frames were left out. */
static bool payload_is_right(struct heard *heard, const uint8_t *payload, unsigned lost)
{
	unsigned chunk = (unsigned)payload[0] << 8 | payload[1];
	uint8_t wanted[FRAME];
	bool follows;

	chunk_write(wanted, chunk);
	chunk_write(wanted + CHUNK, chunk + 1);
	follows = !heard->received || chunk == (heard->chunk + 2 * lost) % clip_chunks;
	heard->chunk = (chunk + 2) % clip_chunks;
	return follows && !memcmp(payload, wanted, FRAME);
}

static void packet_judge(struct heard *heard, const uint8_t *packet, long length, uint64_t ns)
{
	uint16_t sequence = (uint16_t)(packet[2] << 8 | packet[3]);
	uint32_t timestamp, ssrc;
	int16_t step = (int16_t)(sequence - heard->last_sequence);
	int64_t clock_ns;

	memcpy(&timestamp, packet + 4, 4);
	memcpy(&ssrc, packet + 8, 4);
	timestamp = ntohl(timestamp);
	if (length != HEADER + FRAME || (packet[0] & 0xc0) != 0x80) {
		heard->other++;
		return;
	}
	if (!heard->received) {
		heard->first_sequence = sequence;
		heard->first_timestamp = timestamp;
		heard->first_ns = ns;
		heard->ssrc = ssrc;
		step = 1;
	} else if (ns - heard->last_ns > heard->max_gap_ns) {
		heard->max_gap_ns = ns - heard->last_ns;
	}
	heard->ssrc_changes += heard->ssrc != ssrc;
	heard->ssrc = ssrc;
	heard->repeated += !step;
	heard->reordered += step < 0;
	heard->lost += step > 1 ? (unsigned)step - 1 : 0;
	heard->payload_errors += !payload_is_right(heard, packet + HEADER, step > 1 ? (unsigned)step - 1 : 0);
	clock_ns = (int64_t)(ns - heard->first_ns) - (int64_t)(timestamp - heard->first_timestamp) * 125000;
	heard->off_clock += clock_ns > 60000000 || clock_ns < -60000000;
	heard->last_sequence = sequence;
	heard->last_ns = ns;
	heard->received++;
}

/* Reads all that is there. */
static void listen_once(int fd, struct heard *heard)
{
	for (;;) {
		uint8_t packet[2048];
		union {
			struct cmsghdr header;
			char bytes[128];
		} control;
		struct sockaddr_storage source = {0};
		struct iovec part = {packet, sizeof(packet)};
		struct msghdr message = {.msg_name = &source,
		        .msg_namelen = sizeof(source),
		        .msg_iov = &part,
		        .msg_iovlen = 1,
		        .msg_control = &control,
		        .msg_controllen = sizeof(control)};
		ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
		struct timespec stamp = {0};

		if (length < 0)
			return;
		for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
			if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS)
				memcpy(&stamp, CMSG_DATA(at), sizeof(stamp));
		if (heard->received && memcmp(&heard->source, &source, sizeof(source)) != 0)
			heard->source_changes++;
		heard->source = source;
		packet_judge(heard, packet, length,
		        (uint64_t)stamp.tv_sec * 1000000000ULL + (uint64_t)stamp.tv_nsec);
	}
}

static void talk_once(int fd, uint32_t ssrc, uint32_t frame)
{
	uint8_t packet[HEADER + FRAME] = {0x80, 0};
	uint16_t sequence = htons((uint16_t)(frame + 4000));
	uint32_t timestamp = htonl(frame * 160 + 90000), source = htonl(ssrc);

	memcpy(packet + 2, &sequence, 2);
	memcpy(packet + 4, &timestamp, 4);
	memcpy(packet + 8, &source, 4);
	chunk_write(packet + HEADER, frame * 2 % clip_chunks);
	chunk_write(packet + HEADER + CHUNK, frame * 2 % clip_chunks + 1);
	/* Who isn't there yet, or any more, is no error of ours. */
	(void)!write(fd, packet, sizeof(packet));
}

static socklen_t socket_address(const char *text, const char *port, struct sockaddr_storage *to)
{
	struct sockaddr_in *four = (struct sockaddr_in *)to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	uint8_t address[16];

	memset(to, 0, sizeof(*to));
	if (ip_parse(text, address)) {
		fprintf(stderr, "dp_phone: not an address: %s\n", text);
		exit(2);
	}
	if (ip_is_v4(address)) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)atoi(port));
		memcpy(&four->sin_addr, address + 12, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)atoi(port));
	memcpy(&six->sin6_addr, address, 16);
	return sizeof(*six);
}

static int phone_open(char **arguments)
{
	struct sockaddr_storage local, remote;
	socklen_t local_bytes = socket_address(arguments[0], arguments[1], &local);
	socklen_t remote_bytes = socket_address(arguments[2], arguments[3], &remote);
	int fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&local, local_bytes) ||
	        connect(fd, (struct sockaddr *)&remote, remote_bytes)) {
		perror("dp_phone");
		exit(1);
	}
	return fd;
}

static void phone_run(int fd, bool talking, uint32_t ssrc, double seconds, struct heard *heard)
{
	uint64_t start = clock_read(CLOCK_MONOTONIC), end = start + (uint64_t)(seconds * 1e9);
	uint32_t frame = 0;

	for (;;) {
		uint64_t now = clock_read(CLOCK_MONOTONIC), next = start + (uint64_t)frame * PTIME_NS;
		struct pollfd ready = {.fd = fd, .events = POLLIN};

		if (now >= end)
			return;
		if (now >= next) {
			if (talking)
				talk_once(fd, ssrc, frame);
			frame++;
			continue;
		}
		poll(&ready, 1, (int)((next - now) / 1000000) + 1);
		listen_once(fd, heard);
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"talk", no_argument, NULL, 't'},
	        {"ssrc", required_argument, NULL, 's'}, {"chunks", required_argument, NULL, 'c'}, {0}};
	struct heard heard = {0};
	bool talking = false;
	uint32_t ssrc = 1;
	int letter;

	while ((letter = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		talking |= letter == 't';
		if (letter == 's')
			ssrc = (uint32_t)strtoul(optarg, NULL, 0);
		if (letter == 'c')
			clip_chunks = (unsigned)atoi(optarg);
	}
	if (argc - optind != 5) {
		fprintf(stderr,
		        "usage: dp_phone [--talk] [--ssrc N] [--chunks N] LOCAL PORT REMOTE PORT SECONDS\n");
		return 2;
	}
	phone_run(phone_open(argv + optind), talking, ssrc, atof(argv[optind + 4]), &heard);
	printf("received=%llu lost=%llu repeated=%llu reordered=%llu ssrc_changes=%llu source_changes=%llu "
	       "payload_errors=%llu off_clock=%llu other=%llu max_gap_ms=%.1f ssrc=%u first_sequence=%u\n",
	        (unsigned long long)heard.received, (unsigned long long)heard.lost,
	        (unsigned long long)heard.repeated, (unsigned long long)heard.reordered,
	        (unsigned long long)heard.ssrc_changes, (unsigned long long)heard.source_changes,
	        (unsigned long long)heard.payload_errors, (unsigned long long)heard.off_clock,
	        (unsigned long long)heard.other, (double)heard.max_gap_ns / 1e6, ntohl(heard.ssrc),
	        heard.first_sequence);
	return 0;
}
