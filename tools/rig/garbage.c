/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/garbage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/rig/low_port.h"
#include "tools/rig/machine.h"

enum { BATCH = 64, PACKET = 1400, AIMS = 4096, TURN_US = 500, RTP_BYTES = 172 };

struct garbage {
	pthread_t thread;
	bool started;
	atomic_bool stop;
	int sip, rtp; /* sockets */
	double rate;
	struct sockaddr_in server;
	_Atomic uint64_t aims[AIMS]; /* address and port, packed; 0: none yet */
	atomic_uint aim_count;       /* ever; the oldest are forgotten */
	uint64_t random;
	struct garbage_counters counters;
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in names[BATCH];
	char packets[BATCH][PACKET];
};

#define FORGED "192.0.2.66"

static uint64_t random_next(struct garbage *garbage)
{
	garbage->random ^= garbage->random << 13;
	garbage->random ^= garbage->random >> 7;
	garbage->random ^= garbage->random << 17;
	return garbage->random;
}

static size_t write_noise(struct garbage *garbage, char *packet)
{
	size_t length = 1 + random_next(garbage) % PACKET;

	for (size_t i = 0; i < length; i += sizeof(uint64_t)) {
		uint64_t word = random_next(garbage);

		memcpy(packet + i, &word, length - i < sizeof(word) ? length - i : sizeof(word));
	}
	return length;
}

/* What scanners send: whole, and with no right to anything. */
static size_t write_scan(struct garbage *garbage, char *packet)
{
	static const char *const methods[] = {"OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE"};
	unsigned n = (unsigned)random_next(garbage);
	const char *method = methods[n % 4];
	int length = snprintf(packet, PACKET,
	        "%s sip:%u@10.90.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-%u;rport\r\n"
	        "Max-Forwards: 70\r\nFrom: \"sipvicious\" <sip:%u@1.1.1.1>;tag=%u\r\nTo: <sip:%u@1.1.1.1>\r\n"
	        "Call-ID: %u\r\nCSeq: 1 %s\r\nContact: <sip:100@192.0.2.1:5060>\r\n"
	        "User-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n",
	        method, n % 10000, n, n % 1000, n, n % 1000, n, method);

	return (size_t)length;
}

/* A message that breaks off, or in which bytes have changed. */
static size_t write_broken(struct garbage *garbage, char *packet)
{
	size_t length = write_scan(garbage, packet);

	if (random_next(garbage) & 1)
		return 1 + random_next(garbage) % length;
	for (int i = 0; i < 4; i++)
		packet[random_next(garbage) % length] = (char)random_next(garbage);
	return length;
}

/* RTP as it should be, but of nobody whom the port belongs to. */
static size_t write_stream(struct garbage *garbage, char *packet)
{
	uint64_t word = random_next(garbage);

	memset(packet, 0x55, RTP_BYTES);
	packet[0] = (char)0x80;
	packet[1] = 0;
	memcpy(packet + 2, &word, sizeof(word));
	return RTP_BYTES;
}

static void sip_make(struct garbage *garbage, unsigned place)
{
	static size_t (*const kinds[])(struct garbage *, char *) = {write_noise, write_scan, write_broken};

	garbage->names[place] = garbage->server;
	garbage->vectors[place].iov_len = kinds[random_next(garbage) % 3](garbage, garbage->packets[place]);
}

static void rtp_make(struct garbage *garbage, unsigned place)
{
	uint64_t choice = random_next(garbage);
	unsigned known = atomic_load(&garbage->aim_count);
	uint64_t aim = known ? garbage->aims[choice / 2 % (known < AIMS ? known : AIMS)] : 0;
	struct sockaddr_in *name = &garbage->names[place];

	*name = garbage->server;
	if (aim) {
		name->sin_addr.s_addr = (in_addr_t)(aim >> 16);
		name->sin_port = (in_port_t)aim;
	} else {
		name->sin_port = htons((uint16_t)(1024 + (choice >> 20) % (65536 - 1024)));
	}
	garbage->vectors[place].iov_len =
	        (choice & 1 ? write_noise : write_stream)(garbage, garbage->packets[place]);
}

/* So many packets over one of the sockets; what it doesn't take is counted. */
static void batch_send(struct garbage *garbage, int socket, unsigned count)
{
	unsigned done = 0;

	for (unsigned i = 0; i < count; i++)
		garbage->headers[i].msg_hdr = (struct msghdr){.msg_name = &garbage->names[i],
		        .msg_namelen = sizeof(garbage->names[i]),
		        .msg_iov = &garbage->vectors[i],
		        .msg_iovlen = 1};
	while (done < count) {
		int sent = sendmmsg(socket, garbage->headers + done, count - done, 0);

		if (sent <= 0)
			garbage->counters.failed++;
		done += sent > 0 ? (unsigned)sent : 1;
	}
}

static void both_send(struct garbage *garbage, unsigned each)
{
	for (unsigned i = 0; i < each; i++)
		sip_make(garbage, i);
	batch_send(garbage, garbage->sip, each);
	garbage->counters.sip += each;
	for (unsigned i = 0; i < each; i++)
		rtp_make(garbage, i);
	batch_send(garbage, garbage->rtp, each);
	garbage->counters.rtp += each;
}

static void *garbage_run(void *context)
{
	struct garbage *garbage = context;
	uint64_t start = machine_clock_ns(), sent = 0; /* of each kind */

	while (!atomic_load(&garbage->stop)) {
		uint64_t due = (uint64_t)((double)(machine_clock_ns() - start) * garbage->rate / 2e9);

		while (sent < due && !atomic_load(&garbage->stop)) {
			unsigned count = due - sent < BATCH ? (unsigned)(due - sent) : BATCH;

			both_send(garbage, count);
			sent += count;
		}
		usleep(TURN_US);
	}
	return NULL;
}

static int sockets_open(struct garbage *garbage)
{
	struct sockaddr_in forged = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(FORGED)};
	int yes = 1;

	garbage->rtp = -1;
	garbage->sip = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (garbage->sip >= 0)
		garbage->rtp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (garbage->rtp < 0 || setsockopt(garbage->rtp, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof(yes)) ||
	        bind(garbage->rtp, (struct sockaddr *)&forged, sizeof(forged)))
		return -errno;
	return low_port_bind(garbage->sip, (struct in_addr){.s_addr = INADDR_ANY});
}

void garbage_free(struct garbage *garbage)
{
	if (!garbage)
		return;
	if (garbage->sip >= 0)
		close(garbage->sip);
	if (garbage->rtp >= 0)
		close(garbage->rtp);
	free(garbage);
}

int garbage_new(struct garbage **result, const struct sockaddr_in *server)
{
	struct garbage *garbage = calloc(1, sizeof(*garbage));
	int failed;

	if (!garbage)
		return -ENOMEM;
	garbage->server = *server;
	garbage->random = 88172645463325252ULL; /* the same garbage in every run */
	for (unsigned i = 0; i < BATCH; i++)
		garbage->vectors[i].iov_base = garbage->packets[i];
	failed = sockets_open(garbage);
	if (failed) {
		garbage_free(garbage);
		return failed;
	}
	*result = garbage;
	return 0;
}

void garbage_aim(struct garbage *garbage, const struct sockaddr_in *relay)
{
	unsigned place = atomic_load(&garbage->aim_count);

	garbage->aims[place % AIMS] = (uint64_t)relay->sin_addr.s_addr << 16 | relay->sin_port;
	atomic_store(&garbage->aim_count, place + 1);
}

int garbage_start(struct garbage *garbage, double rate)
{
	int failed;

	garbage->rate = rate;
	failed = -pthread_create(&garbage->thread, NULL, garbage_run, garbage);
	garbage->started = !failed;
	return failed;
}

void garbage_stop(struct garbage *garbage, struct garbage_counters *counters)
{
	atomic_store(&garbage->stop, true);
	if (garbage->started)
		pthread_join(garbage->thread, NULL);
	garbage->started = false;
	*counters = garbage->counters;
}
