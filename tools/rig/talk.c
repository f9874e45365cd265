/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/talk.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BATCH = 64, /* 256, the kernel's own choice, overflows a veth ring within one batch */
	HEADERS = 14 + 20 + 8 + 12,
	WHEEL = 8192, /* slots of 1 ms: pauses are shorter */
	NOBODY = -1,
	PRIORITY = 10,
	PAUSE_MOST_MS = 6000,
	SLOTS_AT_ONCE = 20, /* who is further behind looks in between whether it is to stop */
};

#define SLOT_NS 1000000ULL
/*
 * Slots begin so long after a millisecond of the clock. Phones don't tick with the relay that they call: its
 * frame and a talker's packet, sent by two CPUs at the same moment, would meet on the wire far more often
 * than phones' do.
 */
#define SLOT_OFFSET (SLOT_NS / 2)
#define SPURT_MS    1000.0 /* ITU-T P.59 */
#define PAUSE_MS    1600.0
#define FRAME_BYTES (HEADERS + CL_FRAME_CHUNKS * CL_CHUNK_BYTES)

/* One caller on the wheel. */
struct speaker {
	int32_t next;    /* in the same slot; NOBODY: the last */
	uint8_t wanted;  /* is to talk; by any thread */
	uint8_t queued;  /* on the wheel, or waiting to be put there */
	uint8_t numbers; /* sequence numbers since its last packet */
	uint8_t flags;   /* of the next turn */
	uint8_t heard;   /* its first packet was sent */
	uint16_t frames; /* frame times since its last packet */
	uint16_t spurt;  /* frames left of this spurt */
	uint64_t turn;   /* slot of its next turn, without jitter */
};

struct thread {
	pthread_t id;
	struct talk *talk;
	unsigned number, cpu;
	int32_t wheel[WHEEL];
	uint64_t slot; /* the last one that was served */
	uint64_t random;
	struct cl_todo *todo;
	uint32_t turns;       /* in todo */
	pthread_mutex_t lock; /* of the two that follow */
	int32_t *coming;
	unsigned coming_count;
	struct talk_counters counters;
};

struct talk {
	struct callers *callers;
	struct talk_manner manner;
	struct speaker *speakers;
	bool stopping;
	unsigned thread_count, started, ptime_ms;
	struct thread *threads;
};

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/* 0 up to 1, xorshift64*. */
static double chance(struct thread *thread)
{
	thread->random ^= thread->random >> 12;
	thread->random ^= thread->random << 25;
	thread->random ^= thread->random >> 27;
	return (double)((thread->random * 0x2545f4914f6cdd1dULL) >> 11) / 9007199254740992.0;
}

/* Milliseconds with this mean, exponentially distributed. */
static double lasting(struct thread *thread, double mean_ms)
{
	double ms = -mean_ms * log(1.0 - chance(thread));

	return ms < PAUSE_MOST_MS ? ms : PAUSE_MOST_MS;
}

static void wheel_put(struct thread *thread, int32_t caller, uint64_t slot)
{
	struct speaker *speaker = &thread->talk->speakers[caller];
	int32_t *head = &thread->wheel[slot % WHEEL];

	speaker->next = *head;
	*head = caller;
}

static int program_run(int program, unsigned ptime_ms, uint32_t repeat)
{
	static const unsigned char frame[FRAME_BYTES];
	uint32_t bytes = HEADERS + ptime_ms / 10 * CL_CHUNK_BYTES;
	struct xdp_md context = {.data_end = bytes, .ingress_ifindex = CL_PUMP_IFINDEX};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = bytes, .ctx_in = &context,
	        .ctx_size_in = sizeof(context), .repeat = (int)repeat, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
	        .batch_size = BATCH);

	return bpf_prog_test_run_opts(program, &run) ? -errno : 0;
}

/* Sends what is in todo. */
static void turns_send(struct thread *thread)
{
	struct cl_todo *todo = thread->todo;
	uint64_t start;

	if (!thread->turns)
		return;
	start = clock_now();
	todo->now = start;
	todo->cursor = 0;
	__atomic_store_n(&todo->count, thread->turns, __ATOMIC_RELEASE);
	if (program_run(callers_program(thread->talk->callers), thread->talk->ptime_ms, thread->turns))
		thread->counters.failed++;
	thread->counters.calls++;
	thread->counters.turns += thread->turns;
	thread->counters.call_ns += clock_now() - start;
	thread->turns = 0;
	__atomic_store_n(&todo->count, 0, __ATOMIC_RELEASE);
}

static void turn_add(struct thread *thread, int32_t caller, struct speaker *speaker)
{
	thread->todo->turns[thread->turns++] = (struct cl_turn){.caller = (uint32_t)caller,
	        .frames = speaker->frames,
	        .numbers = speaker->numbers,
	        .flags = speaker->flags};
	speaker->frames = 0;
	speaker->numbers = 0;
	speaker->flags = 0;
	speaker->heard = 1;
	if (thread->turns == CL_TODO)
		turns_send(thread);
}

/* A spurt is over: the next turn comes after a pause, which the timestamp goes on through. */
static void speaker_pause(struct thread *thread, struct speaker *speaker)
{
	unsigned ptime = thread->talk->ptime_ms;
	unsigned frames = (unsigned)(lasting(thread, PAUSE_MS) / ptime);

	speaker->spurt = (uint16_t)(1 + lasting(thread, SPURT_MS) / ptime);
	speaker->frames = (uint16_t)(speaker->frames + frames);
	speaker->flags |= CL_MARKER;
	speaker->turn += (uint64_t)frames * ptime;
}

/* A caller's turn: what it sends, and when its next one is. */
static void speaker_serve(struct thread *thread, int32_t caller)
{
	struct talk *talk = thread->talk;
	const struct talk_manner *manner = &talk->manner;
	struct speaker *speaker = &talk->speakers[caller];
	uint64_t slot;

	if (!__atomic_load_n(&speaker->wanted, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&speaker->queued, 0, __ATOMIC_SEQ_CST);
		/* Who wanted it again meanwhile may have seen it queued still. */
		if (!__atomic_load_n(&speaker->wanted, __ATOMIC_SEQ_CST) ||
		        __atomic_exchange_n(&speaker->queued, 1, __ATOMIC_ACQ_REL))
			return;
	}
	speaker->frames++;
	if (speaker->numbers < UINT8_MAX)
		speaker->numbers++;
	if (manner->reorder > 0 && chance(thread) < manner->reorder)
		speaker->flags |= CL_SWAP;
	/* Until the first one comes the other hears hold audio, and a pause might follow it. */
	if (!speaker->heard || manner->loss <= 0 || chance(thread) >= manner->loss)
		turn_add(thread, caller, speaker);
	speaker->turn += talk->ptime_ms;
	if (manner->vad && !speaker->spurt--)
		speaker_pause(thread, speaker);
	slot = speaker->turn;
	if (manner->jitter_ms > 0)
		slot += (uint64_t)(chance(thread) * (manner->jitter_ms + 1));
	wheel_put(thread, caller, slot > thread->slot ? slot : thread->slot + 1);
}

/* Those who were added meanwhile begin at the next slot of their phase. */
static void coming_take(struct thread *thread)
{
	struct talk *talk = thread->talk;

	if (!__atomic_load_n(&thread->coming_count, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&thread->lock);
	for (unsigned i = 0; i < thread->coming_count; i++) {
		int32_t caller = thread->coming[i];
		struct speaker *speaker = &talk->speakers[caller];
		uint64_t phase = (unsigned)caller / talk->thread_count % talk->ptime_ms;
		uint64_t next = thread->slot + 1;

		speaker->turn = next + (phase + talk->ptime_ms - next % talk->ptime_ms) % talk->ptime_ms;
		speaker->flags = CL_MARKER;
		speaker->heard = 0;
		speaker->spurt = (uint16_t)(chance(thread) * SPURT_MS / talk->ptime_ms);
		wheel_put(thread, caller, speaker->turn);
	}
	thread->coming_count = 0;
	pthread_mutex_unlock(&thread->lock);
}

static void slot_serve(struct thread *thread)
{
	int32_t *head = &thread->wheel[++thread->slot % WHEEL];
	int32_t caller = *head;

	*head = NOBODY;
	while (caller != NOBODY) {
		int32_t next = thread->talk->speakers[caller].next;

		speaker_serve(thread, caller);
		caller = next;
	}
}

/* Sleeps until the next slot begins; returns how many are to be served now. */
static uint64_t slots_wait(const struct thread *thread)
{
	uint64_t next = (thread->slot + 1) * SLOT_NS + SLOT_OFFSET, now;
	struct timespec until = {
	        .tv_sec = (time_t)(next / 1000000000ULL), .tv_nsec = (long)(next % 1000000000ULL)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	now = (clock_now() - SLOT_OFFSET) / SLOT_NS;
	if (now > thread->slot + SLOTS_AT_ONCE)
		return SLOTS_AT_ONCE;
	return now > thread->slot ? now - thread->slot : 1;
}

static void thread_place(const struct thread *thread)
{
	struct sched_param priority = {.sched_priority = PRIORITY};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(thread->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	/* Without the right to it, turns are late under load, and `late` says so. */
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
	pthread_setname_np(pthread_self(), "rig-talk");
}

static void *thread_run(void *data)
{
	struct thread *thread = data;

	thread_place(thread);
	thread->slot = (clock_now() - SLOT_OFFSET) / SLOT_NS;
	while (!__atomic_load_n(&thread->talk->stopping, __ATOMIC_RELAXED)) {
		uint64_t begun = slots_wait(thread);

		thread->counters.late += begun - 1;
		while (begun--) {
			coming_take(thread);
			slot_serve(thread);
		}
		turns_send(thread);
	}
	return NULL;
}

static int thread_start(struct talk *talk, unsigned cpu)
{
	struct thread *thread = &talk->threads[talk->started];
	int error;

	thread->talk = talk;
	thread->number = talk->started;
	thread->cpu = cpu;
	thread->random = clock_now() | 1;
	thread->todo = callers_todo(talk->callers, cpu);
	thread->coming =
	        calloc(callers_count(talk->callers) / talk->thread_count + 1, sizeof(*thread->coming));
	if (!thread->coming)
		return -ENOMEM;
	for (unsigned i = 0; i < WHEEL; i++)
		thread->wheel[i] = NOBODY;
	pthread_mutex_init(&thread->lock, NULL);
	error = pthread_create(&thread->id, NULL, thread_run, thread);
	if (error) {
		free(thread->coming);
		return -error;
	}
	talk->started++;
	return 0;
}

/* A thread on each of the first CPUs that are ours. A signal would break off the kernel's call: blocked. */
static int threads_start(struct talk *talk, const cpu_set_t *set)
{
	sigset_t all, before;
	int error = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned cpu = 0; cpu < CL_CPUS && talk->started < talk->thread_count && !error; cpu++)
		if (CPU_ISSET(cpu, set))
			error = thread_start(talk, cpu);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int talk_start(
        struct talk **talk, struct callers *callers, const struct talk_manner *manner, unsigned threads)
{
	struct talk *made = calloc(1, sizeof(*made));
	unsigned cpus;
	cpu_set_t set;
	int error;

	if (!made)
		return -ENOMEM;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set)) {
		free(made);
		return -errno;
	}
	cpus = (unsigned)CPU_COUNT(&set) < CL_CPUS ? (unsigned)CPU_COUNT(&set) : CL_CPUS;
	made->callers = callers;
	made->manner = *manner;
	made->ptime_ms = callers_ptime_ms(callers);
	made->thread_count = threads && threads < cpus ? threads : cpus;
	made->threads = calloc(made->thread_count, sizeof(*made->threads));
	made->speakers = calloc(callers_count(callers), sizeof(*made->speakers));
	error = made->threads && made->speakers ? threads_start(made, &set) : -ENOMEM;
	if (error) {
		talk_stop(made);
		return error;
	}
	*talk = made;
	return 0;
}

void talk_stop(struct talk *talk)
{
	if (!talk)
		return;
	__atomic_store_n(&talk->stopping, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < talk->started; i++) {
		pthread_join(talk->threads[i].id, NULL);
		pthread_mutex_destroy(&talk->threads[i].lock);
		free(talk->threads[i].coming);
	}
	free(talk->threads);
	free(talk->speakers);
	free(talk);
}

void talk_add(struct talk *talk, unsigned caller)
{
	struct speaker *speaker = &talk->speakers[caller];
	struct thread *thread = &talk->threads[caller % talk->thread_count];

	__atomic_store_n(&speaker->wanted, 1, __ATOMIC_SEQ_CST);
	/* Still on the wheel: it just goes on. */
	if (__atomic_exchange_n(&speaker->queued, 1, __ATOMIC_ACQ_REL))
		return;
	pthread_mutex_lock(&thread->lock);
	thread->coming[thread->coming_count] = (int32_t)caller;
	__atomic_store_n(&thread->coming_count, thread->coming_count + 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&thread->lock);
}

void talk_remove(struct talk *talk, unsigned caller)
{
	__atomic_store_n(&talk->speakers[caller].wanted, 0, __ATOMIC_RELEASE);
}

struct talk_counters talk_count(const struct talk *talk)
{
	struct talk_counters sum = {0};

	for (unsigned i = 0; talk && i < talk->started; i++) {
		const struct talk_counters *one = &talk->threads[i].counters;

		sum.calls += one->calls;
		sum.turns += one->turns;
		sum.call_ns += one->call_ns;
		sum.late += one->late;
		sum.failed += one->failed;
	}
	return sum;
}
