/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A controller for tests: speaks the handover with xdpark-dp and sets endpoints up with plain stores, by
 * commands on stdin; each is answered with a line on stdout: "ok" or "error".
 *
 *   hello, hello-wrong             connect, say hello (as if built from another layout), map what comes
 *   query JSON                     ok ANSWER
 *   hold-remote, release-remote ADDRESS   ok INDEX STATE, or error ERRNO: waits 5 s for the neighbour
 *   news ADDRESS                   ok STATE ERRNO: what was told last of a remote
 *   clip CHUNKS                    fill chunks: their first two bytes are their number
 *   hold E PORT INDEX              endpoint E hears the clip; its phone has PORT, its next hop is INDEX
 *   forward E PEER PORT INDEX      endpoint E hears PEER, and PEER's packets go to E
 *   idle E
 *   stream E                       ok key=value...
 *   rubbish N                      N connections that send what nobody should
 *   leave                          close the connection, keep the maps
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "kmod-free/handover.h"
#include "kmod-free/ip.h"

enum { NEWS = 64, PTIME_NS = 20000000, WAIT_MS = 5000 };

static const char *path;
static int dataplane = -1;
static struct handover_welcome terms;
static struct xd_endpoint *endpoints;
static struct xd_rest *rests;
static uint64_t *due, *starts;
static struct xd_chunk *chunks;
static const struct xd_stream *streams;
static unsigned clip_chunks;
static struct handover_nexthop news[NEWS];
static char buffer[sizeof(struct handover_text) + HANDOVER_TEXT];

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void news_keep(const struct handover_nexthop *told)
{
	for (unsigned i = 0; i < NEWS; i++)
		if (!news[i].kind || !memcmp(news[i].address, told->address, 16)) {
			news[i] = *told;
			return;
		}
}

static const struct handover_nexthop *news_of(const uint8_t address[16])
{
	for (unsigned i = 0; i < NEWS; i++)
		if (news[i].kind && !memcmp(news[i].address, address, 16))
			return &news[i];
	return NULL;
}

/* Reads one message into `buffer`, which isn't news; `ms` at most. Its length, 0: closed, negative errno. */
static long message_wait(int ms, bool news_too)
{
	uint64_t end = clock_now() + (uint64_t)ms * 1000000;

	for (;;) {
		long length = handover_receive(dataplane, buffer, sizeof(buffer), NULL, NULL);
		struct pollfd ready = {.fd = dataplane, .events = POLLIN};

		if (length > 0 && ((struct handover_nexthop *)buffer)->kind == HANDOVER_NEXTHOP) {
			news_keep((struct handover_nexthop *)buffer);
			if (news_too)
				return length;
			continue;
		}
		if (length != -EAGAIN)
			return length;
		if (clock_now() >= end)
			return -ETIMEDOUT;
		poll(&ready, 1, 10);
	}
}

static void *array_map(int fd, size_t bytes, int protection)
{
	void *at = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);

	close(fd);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static void maps_take(const int fds[HANDOVER_FDS])
{
	const int both = PROT_READ | PROT_WRITE;
	size_t number = terms.endpoints;

	/* Writable, the streams would be refused: they are the program's. */
	if (mmap(NULL, 4096, both, MAP_SHARED, fds[HANDOVER_FD_STREAMS], 0) != MAP_FAILED) {
		fprintf(stderr, "streams could be mapped writable\n");
		exit(1);
	}
	endpoints = array_map(fds[HANDOVER_FD_ENDPOINTS], number * sizeof(*endpoints), both);
	rests = array_map(fds[HANDOVER_FD_RESTS], number * sizeof(*rests), both);
	due = array_map(fds[HANDOVER_FD_DUE], number * sizeof(*due), both);
	starts = array_map(fds[HANDOVER_FD_STARTS], XD_STARTS(number) * sizeof(*starts), both);
	chunks = array_map(fds[HANDOVER_FD_CHUNKS], (size_t)terms.chunks * sizeof(*chunks), both);
	streams = array_map(fds[HANDOVER_FD_STREAMS], number * sizeof(*streams), PROT_READ);
	array_map(fds[HANDOVER_FD_EVENTS], 4096, both);
}

static void hello(uint32_t layout)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct handover_hello message = {.kind = HANDOVER_HELLO, .terms = handover_terms()};
	int fds[HANDOVER_FDS];
	unsigned count = 0;
	long length = -EAGAIN;

	if (dataplane >= 0)
		close(dataplane);
	dataplane = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	message.terms.layout_version += layout;
	memset(news, 0, sizeof(news));
	if (connect(dataplane, (struct sockaddr *)&address, sizeof(address))) {
		printf("error connect: %s\n", strerror(errno));
		return;
	}
	handover_send(dataplane, &message, sizeof(message), NULL, 0);
	for (unsigned tries = 0; tries < 200 && length == -EAGAIN; tries++) {
		usleep(10000);
		length = handover_receive(dataplane, buffer, sizeof(buffer), fds, &count);
	}
	if (length == sizeof(struct handover_refused)) {
		printf("error refused: %s\n", ((struct handover_refused *)buffer)->reason);
		return;
	}
	if (length != sizeof(terms) || count != HANDOVER_FDS) {
		printf("error hello: length %ld, %u fds\n", length, count);
		return;
	}
	memcpy(&terms, buffer, sizeof(terms));
	maps_take(fds);
	printf("ok endpoints=%u chunks=%u addresses=%u port_first=%u live_frames=%u\n", terms.endpoints,
	        terms.chunks, terms.addresses, terms.port_first, terms.live_frames);
}

static void query(const char *question)
{
	struct handover_text *text = (struct handover_text *)buffer;
	size_t length = strlen(question) + 1;

	text->kind = HANDOVER_QUERY;
	text->id = 7;
	memcpy(text->text, question, length);
	handover_send(dataplane, text, sizeof(*text) + length, NULL, 0);
	if (message_wait(WAIT_MS, false) <= 0 || text->kind != HANDOVER_ANSWER || text->id != 7)
		printf("error no answer\n");
	else
		printf("ok %s\n", text->text);
}

static void remote_send(uint32_t kind, const uint8_t address[16])
{
	struct handover_remote remote = {.kind = kind};

	memcpy(remote.address, address, 16);
	handover_send(dataplane, &remote, sizeof(remote), NULL, 0);
}

static void hold_remote(const uint8_t address[16])
{
	uint64_t end = clock_now() + WAIT_MS * 1000000ULL;
	const struct handover_nexthop *told;

	remote_send(HANDOVER_NEXTHOP_HOLD, address);
	do {
		if (message_wait(WAIT_MS, true) <= 0)
			break;
		told = news_of(address);
	} while ((!told || told->state == XD_NEXTHOP_PENDING) && clock_now() < end);
	told = news_of(address);
	if (!told)
		printf("error no answer\n");
	else if (told->error)
		printf("error %s\n", strerror(-told->error));
	else
		printf("ok %u %u\n", told->index, told->state);
}

static void news_show(const uint8_t address[16])
{
	const struct handover_nexthop *told;

	while (message_wait(0, true) > 0)
		;
	told = news_of(address);
	if (told)
		printf("ok %u %s\n", told->state, told->error ? strerror(-told->error) : "-");
	else
		printf("error nothing was told\n");
}

static void clip(unsigned count)
{
	for (unsigned c = 0; c < count; c++) {
		uint32_t sum = 0;

		chunks[c].payload[0] = (uint8_t)(c >> 8);
		chunks[c].payload[1] = (uint8_t)c;
		for (unsigned i = 2; i < XD_CHUNK_BYTES; i++)
			chunks[c].payload[i] = (uint8_t)(c * 31 + i * 7);
		for (unsigned i = 0; i < XD_CHUNK_BYTES; i += 2) {
			uint16_t word;

			memcpy(&word, chunks[c].payload + i, 2);
			sum += word;
		}
		chunks[c].sum = (sum & 0xffff) + (sum >> 16);
	}
	clip_chunks = count;
	printf("ok\n");
}

static uint64_t generation_next(const struct xd_endpoint *endpoint)
{
	return endpoint->generation + 1;
}

/* What every plan of the tests has; a first plan of the endpoint begins its leg. */
static void plan_start(uint32_t index, uint8_t action, uint16_t port, uint32_t nexthop, struct xd_plan *plan)
{
	struct xd_endpoint *endpoint = &endpoints[index];
	const struct xd_plan_line *before = &endpoint->plan[endpoint->generation & 1];
	uint16_t low = (uint16_t)(generation_next(endpoint) & XD_GENERATION_MASK);
	bool fresh = before->action == XD_IDLE;

	*plan = (struct xd_plan){.action = action,
	        .source_rule = XD_FROM_ADDRESS,
	        .leg_since = fresh ? low : before->leg_since,
	        .media_since = fresh ? low : before->media_since,
	        .remote_port = htons(port),
	        .nexthop = nexthop,
	        .ssrc = 0x70000000 + index,
	        .payloads = {{0, 0, XD_PCMU, 0}, {XD_NO_PAYLOAD, XD_NO_PAYLOAD, 0, 0},
	                {XD_NO_PAYLOAD, XD_NO_PAYLOAD, 0, 0}},
	        .frame_chunks = 2,
	        .chunk_bytes = XD_CHUNK_BYTES,
	        .t0 = clock_now() + 5 * PTIME_NS,
	        .ptime_ns = PTIME_NS,
	        .parts = 1,
	        .first = {0, clip_chunks}};
	memset(plan->source_bits, 0xff, sizeof(plan->source_bits));
}

static void plan_store(uint32_t index, const struct xd_plan *plan)
{
	struct xd_endpoint *endpoint = &endpoints[index];
	uint64_t next = generation_next(endpoint);

	__atomic_exchange_n(&due[index], 0, __ATOMIC_ACQ_REL);
	endpoint->until = clock_now() + 60 * 1000000000ULL;
	endpoint->plan[next & 1] = plan->line;
	rests[index].plan[next & 1] = plan->rest;
	__atomic_store_n(&endpoint->generation, next, __ATOMIC_RELEASE);
	if (plan->action == XD_HOLD) {
		__atomic_store_n(&due[index], plan->t0, __ATOMIC_RELEASE);
		__atomic_add_fetch(&starts[index / XD_STARTS_BLOCK], 1, __ATOMIC_RELEASE);
	}
}

static void mute(uint32_t index, uint16_t port, uint32_t nexthop)
{
	struct xd_plan plan;

	plan_start(index, XD_MUTE, port, nexthop, &plan);
	plan_store(index, &plan);
	printf("ok\n");
}

static void hold(uint32_t index, uint16_t port, uint32_t nexthop)
{
	uint64_t last_in = streams[index].last_in;
	struct xd_plan plan;

	plan_start(index, XD_HOLD, port, nexthop, &plan);
	if (last_in + 5 * PTIME_NS > clock_now())
		plan.t0 = last_in + 5 * PTIME_NS;
	plan_store(index, &plan);
	printf("ok\n");
}

static void forward(uint32_t index, uint32_t peer, uint16_t port, uint32_t nexthop)
{
	unsigned in_use = endpoints[peer].generation & 1;
	struct xd_plan plan = {.line = endpoints[peer].plan[in_use], .rest = rests[peer].plan[in_use]};
	plan.hearer = index;
	plan_store(peer, &plan);
	plan_start(index, XD_FORWARD, port, nexthop, &plan);
	plan.peer = peer;
	plan.hearer = endpoints[index].plan[endpoints[index].generation & 1].hearer;
	plan_store(index, &plan);
	printf("ok\n");
}

static void idle(uint32_t index)
{
	struct xd_plan plan = {.action = XD_IDLE};

	plan_store(index, &plan);
	printf("ok\n");
}

static void stream_show(uint32_t index)
{
	const struct xd_stream *stream = &streams[index];
	uint32_t ingress = (uint32_t)stream->hold_ingress, pump = (uint32_t)stream->hold_pump;
	uint32_t forwarded = (uint32_t)stream->forwarded;

	printf("ok sent=%u hold_ingress=%u hold_pump=%u hold_skipped=%llu forwarded=%u received=%u\n",
	        ingress + pump + forwarded, ingress, pump, (unsigned long long)stream->hold_skipped,
	        forwarded, (uint32_t)stream->received);
}

/* Random kinds and lengths; the dataplane may answer or close, and must go on. */
static void rubbish(unsigned count)
{
	static const size_t lengths[] = {4, 8, 16, 24, 32, 64, 5000, 60000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	srandom(1);
	for (unsigned i = 0; i < count; i++) {
		struct timeval patience = {.tv_sec = 5};
		size_t length = lengths[random() % 8];
		int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		for (size_t at = 0; at < length; at += 4) {
			uint32_t word = at ? (uint32_t)random() * 3 : (uint32_t)random() % 10;

			memcpy(buffer + at, &word, 4);
		}
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
		        send(fd, buffer, length, MSG_NOSIGNAL) < 0 || recv(fd, buffer, 4, 0) < 0)
			fprintf(stderr, "rubbish %u: %s\n", i, strerror(errno));
		close(fd);
	}
	printf("ok\n");
}

static bool index_is_good(unsigned index)
{
	if (endpoints && index && index < terms.endpoints)
		return true;
	printf("error no such endpoint\n");
	return false;
}

static void command_address(const char *word, const char *text)
{
	uint8_t address[16];

	if (ip_parse(text, address))
		printf("error not an address: %s\n", text);
	else if (!strcmp(word, "hold-remote"))
		hold_remote(address);
	else if (!strcmp(word, "news"))
		news_show(address);
	else {
		remote_send(HANDOVER_NEXTHOP_RELEASE, address);
		printf("ok\n");
	}
}

static void command_endpoint(const char *word, const unsigned number[4], int count)
{
	if (!index_is_good(number[0]))
		return;
	if (!strcmp(word, "mute") && count == 3)
		mute(number[0], (uint16_t)number[1], number[2]);
	else if (!strcmp(word, "hold") && count == 3)
		hold(number[0], (uint16_t)number[1], number[2]);
	else if (!strcmp(word, "forward") && count == 4 && index_is_good(number[1]))
		forward(number[0], number[1], (uint16_t)number[2], number[3]);
	else if (!strcmp(word, "idle") && count == 1)
		idle(number[0]);
	else if (!strcmp(word, "stream") && count == 1)
		stream_show(number[0]);
	else
		printf("error no such command: %s\n", word);
}

static void command(const char *line)
{
	char word[32] = "", text[1024] = "";
	unsigned number[4] = {0};
	int count;

	sscanf(line, "%31s %1023[^\n]", word, text);
	count = sscanf(text, "%u %u %u %u", &number[0], &number[1], &number[2], &number[3]);
	if (!strcmp(word, "hello") || !strcmp(word, "hello-wrong"))
		hello(!strcmp(word, "hello-wrong"));
	else if (!strcmp(word, "query"))
		query(text);
	else if (strstr(word, "-remote") || !strcmp(word, "news"))
		command_address(word, text);
	else if (!strcmp(word, "rubbish") && count == 1)
		rubbish(number[0]);
	else if (!strcmp(word, "clip") && count == 1)
		clip(number[0]);
	else if (!strcmp(word, "leave")) {
		close(dataplane);
		dataplane = -1;
		printf("ok\n");
	} else
		command_endpoint(word, number, count);
}

int main(int argc, char **argv)
{
	char line[1100];

	if (argc != 2) {
		fprintf(stderr, "usage: handover_driver SOCKET\n");
		return 2;
	}
	path = argv[1];
	setlinebuf(stdout);
	while (fgets(line, sizeof(line), stdin))
		command(line);
	return 0;
}
