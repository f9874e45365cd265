/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nobody should send: the files named, each as one datagram, to a SIP port; and random bytes to a range
 * of ports, some of them dressed up as RTP or SIP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAM = 65000, RANDOM_BYTES = 1400 };

struct noise {
	int socket;
	struct sockaddr_in server;
	unsigned first_port, last_port;
	unsigned packets; /* random ones */
	uint64_t seed;
	unsigned sent, refused;
};

static const char usage[] =
        "usage: noise [--local IP] [--server IP] [--ports FIRST-LAST] [--packets N] [--seed N] "
        "[FILE...]\n";

/* xorshift64*: the same noise for the same seed. */
static uint64_t next_random(struct noise *noise)
{
	noise->seed ^= noise->seed >> 12;
	noise->seed ^= noise->seed << 25;
	noise->seed ^= noise->seed >> 27;
	return noise->seed * 0x2545f4914f6cdd1dULL;
}

static void datagram_send(struct noise *noise, const void *bytes, size_t count, unsigned port)
{
	struct sockaddr_in to = noise->server;

	to.sin_port = htons((uint16_t)port);
	if (sendto(noise->socket, bytes, count, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		noise->refused++;
	else
		noise->sent++;
}

static int file_send(struct noise *noise, const char *path)
{
	static char bytes[DATAGRAM];
	FILE *file = fopen(path, "rb");
	size_t count;

	if (!file) {
		fprintf(stderr, "noise: %s: %s\n", path, strerror(errno));
		return -errno;
	}
	count = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	datagram_send(noise, bytes, count, 5060);
	return 0;
}

static void random_send(struct noise *noise)
{
	static const char *const starts[] = {
	        "INVITE sip:700@acme.example SIP/2.0\r\nVia: ", "REGISTER sip:acme.example SIP/2.0\r\n",
	        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.90.0.1;branch=z9hG4bK", "\r\n\r\n"};
	uint8_t bytes[RANDOM_BYTES];
	size_t count = next_random(noise) % sizeof(bytes);
	uint64_t dress = next_random(noise) % 4;
	unsigned port = noise->first_port +
	                (unsigned)(next_random(noise) % (noise->last_port - noise->first_port + 1));

	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)next_random(noise);
	if (dress == 0 && count >= 12) {
		bytes[0] = 0x80;
		bytes[1] = (uint8_t)(bytes[1] % 2 ? 0 : 200);
	}
	if (dress == 1) {
		const char *start = starts[next_random(noise) % 4];

		if (count > strlen(start))
			memcpy(bytes, start, strlen(start));
		port = 5060;
	}
	datagram_send(noise, bytes, count, port);
}

static int noise_open(struct noise *noise, const char *local, const char *server)
{
	struct sockaddr_in from = {.sin_family = AF_INET};

	noise->server.sin_family = AF_INET;
	if (inet_pton(AF_INET, local, &from.sin_addr) != 1 ||
	        inet_pton(AF_INET, server, &noise->server.sin_addr) != 1)
		return -EINVAL;
	noise->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (noise->socket < 0)
		return -errno;
	return bind(noise->socket, (struct sockaddr *)&from, sizeof(from)) ? -errno : 0;
}

/* 20,000 packets a second: enough to hurt, too few to be a test of the machine. */
static void noise_make(struct noise *noise)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (unsigned i = 0; i < noise->packets; i++) {
		random_send(noise);
		if (i % 20 == 19)
			nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"local", 1, 0, 'l'}, {"server", 1, 0, 's'},
	        {"ports", 1, 0, 'p'}, {"packets", 1, 0, 'n'}, {"seed", 1, 0, 'e'}, {0}};
	struct noise noise = {.first_port = 10000, .last_port = 32767, .seed = 1};
	const char *local = "10.90.0.9", *server = "10.90.0.1";
	int option, error;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'l')
			local = optarg;
		else if (option == 's')
			server = optarg;
		else if (option == 'n')
			noise.packets = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'e')
			noise.seed = strtoull(optarg, NULL, 10) | 1;
		else if (option != 'p' || sscanf(optarg, "%u-%u", &noise.first_port, &noise.last_port) != 2) {
			fputs(usage, stderr);
			return 2;
		}
	}
	error = noise_open(&noise, local, server);
	if (error) {
		fprintf(stderr, "noise: %s: %s\n", local, strerror(-error));
		return 1;
	}
	for (; optind < argc; optind++)
		if (file_send(&noise, argv[optind]))
			return 1;
	noise_make(&noise);
	printf("RESULT: %u datagrams sent, %u refused by the kernel\n", noise.sent, noise.refused);
	close(noise.socket);
	return 0;
}
