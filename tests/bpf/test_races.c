/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two CPUs and a controller at one stream:
 *
 *	CPU 1  pump ──────────┐
 *	                      ├─► CALLER's phone      a third thread switches CALLER's plan all the time,
 *	CPU 0  CALLER, TALKER ┘                       in the order of layout.h
 *
 * Each generation has its own SSRC, so that every packet tells which plan it was sent by. Put in the order of
 * their numbers: no number twice, none missing; generations in their order; no hold frame after talk within
 * one generation; no frame of a playlist twice, and none missing but those that the program counted as
 * dropped.
 */
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum {
	CALLER = 1,
	TALKER = 2,
	SECONDS = 2,
	SENT_MAX = 2000000, /* packets of a thread */
	SWITCHES_MAX = 2000000,
	FRAMES = WORLD_CHUNKS_LARGE / 2, /* of each of the two playlists, a chunk each */
	PTIME = 10,
	RTP = 14 + 20 + 8, /* offset */
};

/* A packet that CALLER's phone was sent. */
struct sent {
	uint32_t number;     /* unwrapped */
	uint32_t generation; /* by its SSRC */
	uint32_t chunk;      /* by its payload; SPEECH: of TALKER */
	uint8_t type;
};

#define SPEECH 0xfefefefe

struct thread {
	struct world *world;
	unsigned cpu;
	struct sent *sent;
	size_t count;
	uint64_t packets;
	uint32_t first; /* number before the race, unwrapped */
};

/* When a plan held, since when its frames are counted: epochs[generation] is that of the stream's last start.
 */
static uint32_t epochs[SWITCHES_MAX];
static volatile bool over;

static void pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Tallies hold packets in their lower halves. */
static uint32_t packets_sent(const struct xd_stream *stream)
{
	return (uint32_t)(__atomic_load_n(&stream->hold_pump, __ATOMIC_RELAXED) +
	                  __atomic_load_n(&stream->hold_ingress, __ATOMIC_RELAXED) +
	                  __atomic_load_n(&stream->forwarded, __ATOMIC_RELAXED));
}

/* Which lap of 65536 a number is of is told by how many had been sent by then. */
static void note(struct thread *thread, const struct outcome *outcome)
{
	const struct xd_stream *stream = &thread->world->streams[CALLER];
	const uint8_t *rtp = outcome->bytes + RTP;
	struct sent *sent = &thread->sent[thread->count];
	uint32_t about = thread->first + packets_sent(stream);

	thread->packets++;
	if (outcome->verdict != XDP_TX && outcome->verdict != XDP_REDIRECT)
		return;
	sent->number = about + (uint32_t)(int16_t)((rtp[2] << 8 | rtp[3]) - (int)(about & 0xffff));
	sent->generation = be32(rtp + 8);
	sent->chunk = __builtin_bswap32(be32(rtp + 12));
	sent->type = rtp[1] & 0x7f;
	thread->count++;
}

/* The pump's clock follows what is due, so that it never waits. */
static void *pump(void *argument)
{
	struct thread *thread = argument;
	struct world *world = thread->world;
	struct xd_todo *todo = &world->todo[thread->cpu];
	struct outcome outcome;
	uint8_t bytes[134] = {0};

	pin(thread->cpu);
	todo->ids[0] = CALLER;
	todo->count = 1;
	while (!over && thread->count < SENT_MAX) {
		todo->now = __atomic_load_n(&world->due[CALLER], __ATOMIC_ACQUIRE) + 5 * MS;
		todo->cursor = 0;
		world_run_quickly(world, XD_PUMP_IFINDEX, bytes, sizeof(bytes), &outcome);
		note(thread, &outcome);
	}
	return NULL;
}

/* The phones' packets, turn by turn. */
static void *phones(void *argument)
{
	struct thread *thread = argument;
	struct wire caller = wire_of_phone(1, CALLER), talker = wire_of_phone(2, TALKER);
	uint8_t speech[160] = {0xfe, 0xfe, 0xfe, 0xfe}, bytes[PACKET_MAX];
	struct outcome outcome;
	size_t length;

	pin(thread->cpu);
	talker.payload = speech;
	while (!over && thread->count < SENT_MAX) {
		caller.sequence++;
		length = wire_build(&caller, bytes);
		world_run_quickly(thread->world, WORLD_WIRE, bytes, length, &outcome);
		note(thread, &outcome);
		talker.sequence++;
		talker.timestamp += 160;
		length = wire_build(&talker, bytes);
		world_run_quickly(thread->world, WORLD_WIRE, bytes, length, &outcome);
		note(thread, &outcome);
	}
	return NULL;
}

/* The plan of a generation: SSRC, payload type and playlist belong together. */
static struct xd_plan plan_of(const struct xd_plan *first, uint64_t generation, enum xd_action action)
{
	struct xd_plan plan = *first;
	unsigned other = generation / 3 & 1;

	plan.action = (uint8_t)action;
	plan.peer = TALKER;
	plan.ssrc = (uint32_t)generation;
	/* More generations than a call will ever see: 15 bits can't tell a leg that began 32768 ago. */
	plan.leg_since = (uint16_t)((generation - 30000) & XD_GENERATION_MASK);
	plan.payloads[XD_VOICE].type_out = other ? 97 : 0;
	plan.parts = 1;
	plan.loop = 0;
	plan.first = (struct xd_part){.first = other ? FRAMES : 0, .end = FRAMES};
	return plan;
}

static void switch_plan(struct world *world, const struct xd_plan *first, enum xd_action action)
{
	uint64_t generation = world->endpoints[CALLER].generation + 1;
	uint32_t epoch = epochs[generation - 1];
	bool goes_on = world_publish(world, CALLER, plan_of(first, generation, action), 0);

	epochs[generation] = goes_on ? epoch : epoch + 1;
}

static int by_number(const void *a, const void *b)
{
	const struct sent *one = a, *other = b;

	return one->number < other->number ? -1 : one->number > other->number;
}

static int by_frame(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

/* `sent` in the order of numbers. */
static void assert_stream(const struct sent *sent, size_t count, uint32_t first)
{
	uint32_t talked = 0;
	size_t n;

	for (n = 0; n < count; n++) {
		unsigned other = sent[n].generation / 3 & 1;

		if (sent[n].number != first + 1 + n)
			fail_msg("number %u where %zu was expected", sent[n].number, first + 1 + n);
		if (n && sent[n].generation < sent[n - 1].generation)
			fail_msg("number %u is of generation %u, the one before of %u", sent[n].number,
			        sent[n].generation, sent[n - 1].generation);
		if (sent[n].type != (other ? 97 : 0))
			fail_msg("type %u in generation %u, chunk %u, the %zuth", sent[n].type,
			        sent[n].generation, sent[n].chunk, n);
		if (sent[n].chunk == SPEECH)
			talked = sent[n].generation;
		else if (sent[n].chunk / FRAMES != other || talked == sent[n].generation)
			fail_msg("chunk %u in generation %u", sent[n].chunk, sent[n].generation);
	}
}

/* No frame twice since its stream started. Returns how many frames there are. */
static uint64_t assert_frames(const struct sent *sent, size_t count, uint32_t first)
{
	uint64_t *frames = calloc(count, sizeof(*frames));
	size_t n, held = 0;

	for (n = 0; n < count; n++) {
		uint64_t lap;

		if (sent[n].chunk == SPEECH)
			continue;
		/* A stream that isn't stopped plays its list several times: it is where the numbers are. */
		lap = (sent[n].number - first + FRAMES / 2 - sent[n].chunk % FRAMES) / FRAMES;
		frames[held++] =
		        (uint64_t)epochs[sent[n].generation] << 32 | (lap * FRAMES + sent[n].chunk % FRAMES);
	}
	qsort(frames, held, sizeof(*frames), by_frame);
	for (n = 1; n < held; n++)
		if (frames[n] == frames[n - 1])
			fail_msg("frame %u of stream %u twice", (uint32_t)frames[n],
			        (uint32_t)(frames[n] >> 32));
	free(frames);
	return held;
}

/* Lets all three loose. Returns how many times the plan was switched. */
static unsigned race(struct world *world, struct thread *threads, const struct xd_plan *first,
        const enum xd_action *actions, unsigned pause_us)
{
	uint64_t now, end = world_now() + SECONDS * 1000 * MS;
	unsigned switches = 0;
	pthread_t ids[2];

	over = false;
	pthread_create(&ids[0], NULL, pump, &threads[0]);
	pthread_create(&ids[1], NULL, phones, &threads[1]);
	while ((now = world_now()) < end && world->endpoints[CALLER].generation < SWITCHES_MAX - 1) {
		switch_plan(world, first, actions[++switches % 4]);
		if (pause_us >= 50)
			usleep(pause_us);
		while (world_now() < now + pause_us * 1000)
			;
	}
	over = true;
	pthread_join(ids[0], NULL);
	pthread_join(ids[1], NULL);
	world->packets += threads[0].packets + threads[1].packets;
	return switches;
}

/* A stream that has begun, and a plan to go on with. */
static struct xd_plan prepare(struct world *world)
{
	struct xd_plan plan = world_plan(XD_HOLD, 1), talker = world_plan(XD_MUTE, 2);
	uint64_t t0 = world_now() + 36000 * 1000 * MS;

	world_reset(world);
	/* For ingress everything is due, however early. */
	world->settings->early_ns = 1ULL << 62;
	talker.hearer = CALLER;
	world_publish(world, TALKER, talker, 0);
	world_playlist(&plan, t0);
	plan.frame_chunks = 1;
	plan.ptime_ns = PTIME * MS;
	plan = plan_of(&plan, 1, XD_HOLD);
	plan.leg_since = WORLD_NOW;
	world_publish(world, CALLER, plan, 0);
	return world_plan_of(world, CALLER);
}

static void run(struct world *world, const char *what, const enum xd_action *actions, unsigned pause_us)
{
	struct thread threads[2] = {
	        {.world = world, .cpu = sysconf(_SC_NPROCESSORS_ONLN) > 1}, {.world = world}};
	struct xd_plan plan = prepare(world);
	const struct xd_stream *stream = &world->streams[CALLER];
	struct sent *sent = calloc(2 * SENT_MAX + 2, sizeof(*sent));
	uint64_t dropped, held;
	unsigned switches;
	size_t count;

	assert_non_null(sent);
	threads[0].sent = sent;
	threads[1].sent = sent + SENT_MAX + 1;
	assert_ending(world_pump(world, CALLER, plan.t0 + 5 * MS, 134), sent_hold_pump);
	threads[0].first = threads[1].first = 0xfffff + world_sequence(world, CALLER);
	switches = race(world, threads, &plan, actions, pause_us);

	count = threads[0].count + threads[1].count;
	memmove(sent + threads[0].count, threads[1].sent, threads[1].count * sizeof(*sent));
	qsort(sent, count, sizeof(*sent), by_number);
	assert_stream(sent, count, threads[0].first + 1);
	held = assert_frames(sent, count, threads[0].first);
	dropped = world_total(world, XD_END_drop_old_generation) +
	          world_total(world, XD_END_drop_claimed_heard);
	print_message("\t%s: %u switches; %u frames by pump, %u by ingress, %u talk; %llu dropped\n", what,
	        switches, (uint32_t)stream->hold_pump - 1, (uint32_t)stream->hold_ingress,
	        (uint32_t)stream->forwarded, (unsigned long long)dropped);
	assert_int_equal(count + 1, packets_sent(stream));
	assert_int_equal(held + 1, (uint32_t)(stream->hold_pump + stream->hold_ingress));
	if (epochs[switches + 1] == epochs[1]) {
		uint64_t claimed = (world->due[CALLER] - plan.t0) / plan.ptime_ns;

		assert_in_range(claimed - held - 1, 0, dropped);
	}
	assert_all_counted(world);
	free(sent);
}

static void pump_against_ingress(void **state)
{
	static const enum xd_action actions[] = {XD_HOLD, XD_HOLD, XD_HOLD, XD_HOLD};
	struct world *world = *state;

	run(world, "hold, renewed every 2 us", actions, 2);
	run(world, "hold, renewed every 100 us", actions, 100);
	assert_true(world->streams[CALLER].hold_pump > 1);
	assert_true(world->streams[CALLER].hold_ingress > 0);
}

static void hold_against_talk(void **state)
{
	static const enum xd_action actions[] = {XD_HOLD, XD_FORWARD, XD_HOLD, XD_FORWARD};
	struct world *world = *state;

	run(world, "hold, talk, 2 us each", actions, 2);
	run(world, "hold, talk, 50 us each", actions, 50);
	assert_true(world->streams[CALLER].forwarded > 0);
}

static void until_heard(void **state)
{
	static const enum xd_action actions[] = {
	        XD_HOLD, XD_HOLD_UNTIL_HEARD, XD_FORWARD, XD_HOLD_UNTIL_HEARD};
	struct world *world = *state;

	run(world, "hold, until heard, talk, 2 us each", actions, 2);
	run(world, "hold, until heard, talk, 50 us each", actions, 50);
	assert_true(world->streams[CALLER].forwarded > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pump_against_ingress),
	        cmocka_unit_test(hold_against_talk),
	        cmocka_unit_test(until_heard),
	};

	return cmocka_run_group_tests(tests, world_open_large, world_close);
}
