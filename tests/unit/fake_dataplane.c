/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake_dataplane.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/address.h"
#include "ctl/timer.h"
#include "tests/unit/scratch.h"

enum { RUN_MS = 3000, PAUSE_MS = 20 };

static const size_t page = 4096;

struct fake_dataplane_inside {
	char directory[SCRATCH_PATH];
	pthread_t thread;
	pthread_mutex_t lock;
	int listener, connection, wake[2];
	int fds[HANDOVER_FDS];
	unsigned hellos;
	struct fake_remote remotes[FAKE_REMOTES];
	unsigned remote_count;
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

static void lock(struct fake_dataplane *fake)
{
	pthread_mutex_lock(&fake->inside->lock);
}

static void unlock(struct fake_dataplane *fake)
{
	pthread_mutex_unlock(&fake->inside->lock);
}

static void *make_map(struct fake_dataplane *fake, enum handover_fd which, size_t bytes)
{
	size_t whole = (bytes + page - 1) / page * page;
	void *memory;

	if (fake->inside->fds[which] >= 0)
		close(fake->inside->fds[which]);
	fake->inside->fds[which] = memfd_create("fake-map", MFD_CLOEXEC);
	must(fake->inside->fds[which] >= 0 && !ftruncate(fake->inside->fds[which], (off_t)whole), "memfd");
	memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, fake->inside->fds[which], 0);
	must(memory != MAP_FAILED, "mmap");
	return memory;
}

static void make_maps(struct fake_dataplane *fake)
{
	const struct handover_welcome *welcome = &fake->welcome;
	uint8_t *ring;

	fake->endpoints =
	        make_map(fake, HANDOVER_FD_ENDPOINTS, welcome->endpoints * sizeof(*fake->endpoints));
	fake->rests = make_map(fake, HANDOVER_FD_RESTS, welcome->endpoints * sizeof(*fake->rests));
	fake->due = make_map(fake, HANDOVER_FD_DUE, welcome->endpoints * sizeof(*fake->due));
	fake->starts =
	        make_map(fake, HANDOVER_FD_STARTS, XD_STARTS(welcome->endpoints) * sizeof(*fake->starts));
	fake->chunks = make_map(fake, HANDOVER_FD_CHUNKS, welcome->chunks * sizeof(*fake->chunks));
	fake->streams = make_map(fake, HANDOVER_FD_STREAMS, welcome->endpoints * sizeof(*fake->streams));
	ring = make_map(fake, HANDOVER_FD_EVENTS, 2 * page + 2 * (size_t)welcome->events_bytes);
	fake->ring_consumer = (uint64_t *)ring;
	fake->ring_producer = (uint64_t *)(ring + page);
	fake->ring_data = ring + 2 * page;
}

static struct fake_remote *remote_of(struct fake_dataplane *fake, const uint8_t ip[16])
{
	struct fake_dataplane_inside *inside = fake->inside;

	for (unsigned i = 0; i < inside->remote_count; i++)
		if (!memcmp(inside->remotes[i].address, ip, 16))
			return &inside->remotes[i];
	must(inside->remote_count < FAKE_REMOTES, "too many remotes for the fake dataplane");
	inside->remotes[inside->remote_count].index = inside->remote_count + 1;
	memcpy(inside->remotes[inside->remote_count].address, ip, 16);
	return &inside->remotes[inside->remote_count++];
}

static void answer_nexthop(struct fake_dataplane *fake, const struct fake_remote *remote, int error)
{
	struct handover_nexthop answer = {
	        .kind = HANDOVER_NEXTHOP,
	        .error = error,
	        .index = error ? 0 : remote->index,
	        .state = error ? XD_NEXTHOP_UNREACHABLE : XD_NEXTHOP_REACHABLE,
	};

	memcpy(answer.address, remote->address, sizeof(answer.address));
	handover_send(fake->inside->connection, &answer, sizeof(answer), NULL, 0);
}

static void answer_hello(struct fake_dataplane *fake)
{
	struct handover_refused refused = {.kind = HANDOVER_REFUSED};

	fake->inside->hellos++;
	for (unsigned i = 0; i < fake->inside->remote_count; i++)
		fake->inside->remotes[i].holds = 0;
	if (fake->silent)
		return;
	if (fake->refusal) {
		snprintf(refused.reason, sizeof(refused.reason), "%s", fake->refusal);
		handover_send(fake->inside->connection, &refused, sizeof(refused), NULL, 0);
		close(fake->inside->connection);
		fake->inside->connection = -1;
		return;
	}
	handover_send(fake->inside->connection, &fake->welcome, sizeof(fake->welcome), fake->inside->fds,
	        fake->fds);
}

static void answer_query(struct fake_dataplane *fake, const struct handover_text *query)
{
	char message[sizeof(struct handover_text) + 4096] = {0};
	struct handover_text *answer = (struct handover_text *)message;

	if (!fake->answer)
		return;
	answer->kind = HANDOVER_ANSWER;
	answer->id = query->id;
	snprintf(answer->text, 4096, "%s", fake->answer);
	handover_send(fake->inside->connection, message, sizeof(*answer) + strlen(answer->text) + 1, NULL, 0);
}

static void take(struct fake_dataplane *fake, const void *message)
{
	const struct handover_remote *asked = message;
	struct fake_remote *remote;

	switch (asked->kind) {
	case HANDOVER_HELLO:
		answer_hello(fake);
		break;
	case HANDOVER_NEXTHOP_HOLD:
		remote = remote_of(fake, asked->address);
		remote->holds++;
		if (!fake->nexthop_mute)
			answer_nexthop(fake, remote, fake->nexthop_error);
		break;
	case HANDOVER_NEXTHOP_RELEASE:
		remote = remote_of(fake, asked->address);
		must(--remote->holds >= 0, "RELEASE without HOLD");
		break;
	case HANDOVER_QUERY:
		answer_query(fake, message);
		break;
	default:
		must(false, "the controller sent an unknown message");
	}
}

static void *serve(void *context)
{
	static _Thread_local _Alignas(8) char message[HANDOVER_TEXT + 64];
	struct fake_dataplane *fake = context;
	struct fake_dataplane_inside *inside = fake->inside;

	for (;;) {
		struct pollfd fds[] = {
		        {inside->wake[0], POLLIN, 0},
		        {inside->connection < 0 ? inside->listener : inside->connection, POLLIN, 0},
		};
		long bytes;

		poll(fds, 2, -1);
		if (fds[0].revents)
			return NULL;
		lock(fake);
		if (inside->connection < 0) {
			inside->connection = accept4(inside->listener, NULL, NULL, SOCK_CLOEXEC);
		} else {
			bytes = handover_receive(
			        inside->connection, message, sizeof(message) - 1, NULL, NULL);
			if (bytes > 0) {
				message[bytes] = '\0';
				take(fake, message);
			} else if (bytes != -EAGAIN) {
				close(inside->connection);
				inside->connection = -1;
			}
		}
		unlock(fake);
	}
}

struct fake_dataplane *fake_dataplane_new(void)
{
	struct fake_dataplane *fake = calloc(1, sizeof(*fake));
	struct handover_welcome *welcome = &fake->welcome;

	fake->inside = calloc(1, sizeof(*fake->inside));
	must(fake->inside != NULL, "calloc");
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		fake->inside->fds[i] = -1;
	fake->inside->connection = fake->inside->listener = -1;
	fake->fds = HANDOVER_FDS;
	pthread_mutex_init(&fake->inside->lock, NULL);
	scratch_folder(fake->inside->directory, sizeof(fake->inside->directory));
	snprintf(fake->path, sizeof(fake->path), "%s/dp.sock", fake->inside->directory);
	*welcome = (struct handover_welcome){
	        .kind = HANDOVER_WELCOME,
	        .terms = handover_terms(),
	        .endpoints = 16,
	        .chunks = 240,
	        .events_bytes = 65536,
	        .addresses = 2,
	        .port_first = 10000,
	        .endpoints_each = 8,
	        .live_frames = 1,
	        .burst = 1024,
	        .early_ns = 5000000,
	        .grace_ns = 5000000,
	};
	must(!address_parse_ip("10.0.0.1", welcome->address[0]), "address");
	must(!address_parse_ip("fd00::1", welcome->address[1]), "address");
	return fake;
}

void fake_dataplane_start(struct fake_dataplane *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fake_dataplane_inside *inside = fake->inside;

	if (!fake->endpoints || fake->new_maps)
		make_maps(fake);
	memcpy(address.sun_path, fake->path, sizeof(fake->path));
	unlink(fake->path);
	inside->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	must(inside->listener >= 0 && !bind(inside->listener, (struct sockaddr *)&address, sizeof(address)) &&
	                !listen(inside->listener, 8),
	        "listen");
	must(!pipe(inside->wake), "pipe");
	must(!pthread_create(&inside->thread, NULL, serve, fake), "thread");
}

void fake_dataplane_stop(struct fake_dataplane *fake)
{
	struct fake_dataplane_inside *inside = fake->inside;

	if (inside->listener < 0)
		return;
	must(write(inside->wake[1], "", 1) == 1, "write");
	pthread_join(inside->thread, NULL);
	close(inside->wake[0]);
	close(inside->wake[1]);
	close(inside->listener);
	if (inside->connection >= 0)
		close(inside->connection);
	inside->listener = inside->connection = -1;
	unlink(fake->path);
}

void fake_dataplane_free(struct fake_dataplane *fake)
{
	if (!fake)
		return;
	fake_dataplane_stop(fake);
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		if (fake->inside->fds[i] >= 0)
			close(fake->inside->fds[i]);
	rmdir(fake->inside->directory);
	free(fake->inside);
	free(fake);
}

/* BPF maps its data twice in a row; a file can't, so every byte is written twice. */
static void ring_write(struct fake_dataplane *fake, uint64_t at, const void *bytes, uint32_t count)
{
	uint32_t size = fake->welcome.events_bytes;
	const uint8_t *from = bytes;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t place = (at + i) & (size - 1);

		memcpy(fake->ring_data + place, from + i, 1);
		memcpy(fake->ring_data + place + size, from + i, 1);
	}
}

void fake_dataplane_record(struct fake_dataplane *fake, const void *record, uint32_t bytes, uint32_t flags)
{
	uint32_t header[2] = {bytes | flags, 0};
	uint64_t at = *fake->ring_producer;

	ring_write(fake, at, header, sizeof(header));
	ring_write(fake, at + sizeof(header), record, bytes);
	__atomic_store_n(fake->ring_producer, at + ((sizeof(header) + bytes + 7) & ~7ULL), __ATOMIC_RELEASE);
}

void fake_dataplane_event(struct fake_dataplane *fake, const struct xd_event *event)
{
	fake_dataplane_record(fake, event, sizeof(*event), 0);
}

void fake_dataplane_send(struct fake_dataplane *fake, const void *message, size_t bytes)
{
	lock(fake);
	must(!handover_send(fake->inside->connection, message, bytes, NULL, 0), "send");
	unlock(fake);
}

void fake_dataplane_news(struct fake_dataplane *fake, int error)
{
	lock(fake);
	for (unsigned i = 0; i < fake->inside->remote_count; i++)
		if (fake->inside->remotes[i].holds > 0)
			answer_nexthop(fake, &fake->inside->remotes[i], error);
	unlock(fake);
}

int fake_dataplane_holds(struct fake_dataplane *fake, const uint8_t ip[16])
{
	int holds = 0;

	lock(fake);
	for (unsigned i = 0; i < fake->inside->remote_count; i++)
		if (!ip || !memcmp(fake->inside->remotes[i].address, ip, 16))
			holds += fake->inside->remotes[i].holds;
	unlock(fake);
	return holds;
}

unsigned fake_dataplane_hellos(struct fake_dataplane *fake)
{
	unsigned hellos;

	lock(fake);
	hellos = fake->inside->hellos;
	unlock(fake);
	return hellos;
}

bool fake_dataplane_run(
        struct event_base *base, struct timers *timers, bool (*done)(void *context), void *context)
{
	uint64_t end = clock_monotonic_ms(NULL) + (done ? RUN_MS : PAUSE_MS);

	while (clock_monotonic_ms(NULL) < end) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		timers_run(timers);
		if (done && done(context))
			return true;
		usleep(500);
	}
	return false;
}
