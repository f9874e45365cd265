/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/pump.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kmod-free/log.h"
#include "kmod-free/scan.h"

enum {
	/* Ethernet, IPv4, UDP, RTP and 20 ms of G.711: the program resizes only what is otherwise. */
	FRAME_BYTES = 14 + 20 + 8 + 12 + 160,
	BATCH = 64, /* 256, the kernel's own choice, overflows a veth ring within one batch */
	COST_TRIES = 9,
	PRIORITY = 20,
	REST_SHARE = 16, /* of the time that a phase took */
	BEHIND_LONG = 4, /* phases in a row that took nearly as long as they last, or longer */
	WOKEN_LATE = 10, /* phases; a host that slept is told of once, not made up for */
};

/* Whoever is started is due at once, and by the pump after `grace`: so late the pump may see it. */
#define SLEEP_MOST_NS (2 * XD_PHASE_NS)
#define LONGEST_NS    (50 * XD_PHASE_NS) /* a host that slept needs no rest */

/* On cache lines of its own: its counters change hundreds of times a second. */
struct thread {
	pthread_t id;
	const struct pump_work *work;
	const bool *stopping;
	unsigned cpu;
	struct scan_share share;
	uint32_t from;
	struct scan_block *blocks; /* of all endpoints */
	uint64_t grace;            /* by which it looked last */
	unsigned behind;           /* phases in a row that took nearly as long as they last, or longer */
	struct log_limit limit;
	struct pump_counters counters; /* written by the thread alone, read by anybody */
} __attribute__((aligned(XD_CACHE_LINE)));

struct pump {
	struct pump_work work;
	bool stopping;
	unsigned started;
	struct thread threads[XD_CPUS];
};

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void counter_add(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

static void counter_raise(uint64_t *counter, uint64_t value)
{
	if (value > *counter)
		__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

int pump_call(int program, uint32_t repeat)
{
	static const unsigned char frame[FRAME_BYTES];
	struct xdp_md context = {.data_end = FRAME_BYTES, .ingress_ifindex = XD_PUMP_IFINDEX};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = FRAME_BYTES, .ctx_in = &context,
	        .ctx_size_in = sizeof(context), .repeat = (int)repeat, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
	        .batch_size = BATCH);

	return bpf_prog_test_run_opts(program, &run) ? -errno : 0;
}

static int cost_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int64_t pump_call_cost(int program)
{
	int64_t costs[COST_TRIES];

	for (unsigned i = 0; i < COST_TRIES; i++) {
		uint64_t start = clock_now();
		/* Two, because one alone leaves the kernel's dispatcher as it is and would seem cheap always.
		 */
		int error = pump_call(program, 2);

		if (error)
			return error;
		costs[i] = (int64_t)(clock_now() - start);
	}
	qsort(costs, COST_TRIES, sizeof(*costs), cost_compare);
	return costs[COST_TRIES / 2];
}

/* Sleeps until a phase begins, and returns which has: those that went by since are left out. */
static uint64_t phase_wait(struct thread *thread, uint64_t phase)
{
	struct timespec until;
	uint64_t now, missed;

	until.tv_sec = (time_t)(phase / 1000000000ULL);
	until.tv_nsec = (long)(phase % 1000000000ULL);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	now = clock_now();
	missed = now > phase ? (now - phase) / XD_PHASE_NS : 0;
	if (missed >= WOKEN_LATE)
		log_warn(NULL, "pump-late",
		        "cpu=%u ms=%llu remedy=\"leave the CPU to the pump (--pump-cpus)\"", thread->cpu,
		        (unsigned long long)(missed * XD_PHASE_NS / 1000000));
	counter_add(&thread->counters.missed, missed);
	return phase + missed * XD_PHASE_NS;
}

/* Pins the calling thread: the program finds its entry of todo by the CPU it runs on. 0 or an errno. */
static int thread_pin(const struct thread *thread)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(thread->cpu, &set);
	return pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Somebody has moved the thread, or taken its CPU away: the frames are still to be sent, from where it
 * belongs. */
static void thread_return(struct thread *thread)
{
	int on = sched_getcpu(), error = thread_pin(thread);

	if (error)
		log_limited(&thread->limit, NULL, "pump-strayed",
		        "cpu=%u on=%d error=\"%s\" follows=\"silent phones of its share hear nothing\" "
		        "remedy=\"give the CPU back, or name another in --pump-cpus\"",
		        thread->cpu, on, strerror(error));
	else
		log_limited(&thread->limit, NULL, "pump-strayed", "cpu=%u on=%d follows=\"it goes back\"",
		        thread->cpu, on);
}

/* Nothing is known any more of who is due when: what was asked hasn't been sent. */
static void blocks_forget(struct thread *thread)
{
	memset(thread->blocks, 0, XD_STARTS(thread->work->endpoints) * sizeof(*thread->blocks));
}

static void frames_ask(struct thread *thread, struct xd_todo *todo, const struct scan_found *found)
{
	struct pump_counters *counters = &thread->counters;
	uint64_t start = clock_now(), took;
	uint32_t taken;
	int error;

	todo->now = start;
	todo->cursor = 0;
	__atomic_store_n(&todo->count, found->count, __ATOMIC_RELEASE);
	error = pump_call(thread->work->program, found->count);
	took = clock_now() - start;
	taken = __atomic_load_n(&todo->cursor, __ATOMIC_RELAXED);
	__atomic_store_n(&todo->count, 0, __ATOMIC_RELEASE);
	if (error || taken < found->count)
		blocks_forget(thread);
	if (!error && !taken) {
		counter_add(&counters->failed, 1);
		thread_return(thread);
		return;
	}
	if (error) {
		counter_add(&counters->failed, 1);
		log_limited(&thread->limit, NULL, "pump-call", "cpu=%u frames=%u error=\"%s\"", thread->cpu,
		        found->count, strerror(-error));
		return;
	}
	counter_add(&counters->calls, 1);
	counter_add(&counters->asked, found->count);
	counter_add(&counters->late, found->late);
	counter_add(&counters->skipping, found->skipped);
	counter_add(&counters->call_ns, took);
	counter_raise(&counters->call_ns_max, took);
}

/*
 * Sends who is due; returns before which time (ns) nobody else is, unless he is started meanwhile; 0: there
 * are more now than one call takes.
 */
static uint64_t phase_run(struct thread *thread)
{
	const struct pump_work *work = thread->work;
	struct xd_todo *todo = &work->todo[thread->cpu];
	uint64_t grace = __atomic_load_n(&work->settings->grace_ns, __ATOMIC_RELAXED);
	uint64_t now = clock_now();
	struct scan scan = {.due = work->due,
	        .starts = work->starts,
	        .blocks = thread->blocks,
	        .share = thread->share,
	        .from = thread->from,
	        .limit = now - grace,
	        .late_before = now - grace - 2 * XD_PHASE_NS,
	        .skip_before = now - XD_LATE_NS};
	struct scan_found found;

	/* Told anew meanwhile, the program may have left frames that were found. */
	if (grace != thread->grace)
		blocks_forget(thread);
	thread->grace = grace;
	found = scan_due(&scan, todo->ids, XD_TODO_IDS);
	thread->from = found.next;
	counter_add(&thread->counters.phases, 1);
	counter_raise(&thread->counters.scan_ns_max, clock_now() - now);
	if (found.more)
		counter_add(&thread->counters.waited, 1);
	if (found.count)
		frames_ask(thread, todo, &found);
	return found.more ? 0 : found.again + grace;
}

/* The next phase to look at, when nobody is due before `due`. Streams that are started are to be seen in
 * time. */
static uint64_t phase_next(const struct thread *thread, uint64_t phase, uint64_t due)
{
	uint64_t longest = thread->grace < SLEEP_MOST_NS ? thread->grace : SLEEP_MOST_NS;

	if (!due)
		return phase;
	due = (due + XD_PHASE_NS - 1) / XD_PHASE_NS * XD_PHASE_NS;
	if (due > phase + longest)
		due = phase + longest / XD_PHASE_NS * XD_PHASE_NS;
	return due > phase ? due : phase + XD_PHASE_NS;
}

/* Pins the calling thread and makes it real-time if that can be had. */
static void thread_place(const struct thread *thread)
{
	struct sched_param priority = {.sched_priority = PRIORITY};
	const char *policy = "other";
	int error = thread_pin(thread);

	if (error)
		log_error(NULL, "pump-cpu",
		        "cpu=%u error=\"%s\" remedy=\"name CPUs that are online in --pump-cpus\"",
		        thread->cpu, strerror(error));
	if (thread->work->real_time && !pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority))
		policy = "fifo";
	log_info(NULL, "pump", "cpu=%u share=%u/%u endpoints=%u scheduling=%s%s", thread->cpu,
	        thread->share.first / SCAN_BLOCK + 1, thread->work->cpu_count,
	        scan_share_count(&thread->share), policy,
	        strcmp(policy, "fifo") ? " follows=\"frames may be late under load: give CAP_SYS_NICE\""
	                               : "");
}

/*
 * A pump that can't keep up for a while leaves a seventeenth of its CPU to others, the controller among them.
 * Otherwise the kernel would take a twentieth by its limit for real-time threads, in one piece of 50 ms a
 * second. Who was only held up once has no time to rest.
 */
static void phase_rest(struct thread *thread, uint64_t began)
{
	uint64_t took = clock_now() - began;
	struct timespec rest = {.tv_nsec = (long)(took / REST_SHARE)};

	thread->behind = took < XD_PHASE_NS / 16 * 15 ? 0 : thread->behind + 1;
	if (thread->behind > BEHIND_LONG && took < LONGEST_NS)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
}

static void *thread_run(void *data)
{
	struct thread *thread = data;
	uint64_t phase;

	pthread_setname_np(pthread_self(), "xdpark-pump");
	thread_place(thread);
	phase = clock_now() / XD_PHASE_NS * XD_PHASE_NS + XD_PHASE_NS;
	while (!__atomic_load_n(thread->stopping, __ATOMIC_RELAXED)) {
		uint64_t began, due;

		phase = phase_wait(thread, phase);
		began = clock_now();
		due = phase_run(thread);
		phase_rest(thread, began);
		phase = phase_next(thread, phase, due);
	}
	return NULL;
}

unsigned pump_cpus(unsigned cpus[XD_CPUS], unsigned most)
{
	unsigned count = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned cpu = 0; cpu < XD_CPUS; cpu++)
		if (CPU_ISSET(cpu, &set) && (cpu < most || !count))
			cpus[count++] = cpu;
	return count;
}

/* Whether a CPU is there to be pinned to: the program finds its entry of todo by the CPU it runs on. */
static int cpu_check(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	if (CPU_ISSET(cpu, &set))
		return 0;
	log_error(NULL, "pump-cpu",
	        "cpu=%u error=\"not online, or not ours\" remedy=\"name another in --pump-cpus\"", cpu);
	return -EINVAL;
}

static int threads_start(struct pump *pump)
{
	const struct pump_work *work = &pump->work;

	for (unsigned i = 0; i < work->cpu_count; i++) {
		struct thread *thread = &pump->threads[i];
		int error = cpu_check(work->cpus[i]);

		if (error)
			return error;
		thread->work = work;
		thread->stopping = &pump->stopping;
		thread->cpu = work->cpus[i];
		thread->limit.burst = 1;
		thread->share = scan_share(work->endpoints, i, work->cpu_count);
		thread->from = thread->share.first;
		thread->blocks = calloc(XD_STARTS(work->endpoints), sizeof(*thread->blocks));
		if (!thread->blocks)
			return -ENOMEM;
		error = pthread_create(&thread->id, NULL, thread_run, thread);
		if (error)
			return -error;
		pump->started++;
	}
	return 0;
}

int pump_start(struct pump **pump, const struct pump_work *work)
{
	struct pump *made = aligned_alloc(XD_CACHE_LINE, sizeof(*made));
	sigset_t all, before;
	int error;

	if (!made)
		return -ENOMEM;
	memset(made, 0, sizeof(*made));
	made->work = *work;
	for (unsigned cpu = 0; cpu < XD_CPUS; cpu++)
		work->todo[cpu].count = work->todo[cpu].cursor = 0;
	/* A signal breaks off BPF_PROG_RUN: threads inherit that all are blocked. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = threads_start(made);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		pump_stop(made);
		return error;
	}
	*pump = made;
	return 0;
}

void pump_stop(struct pump *pump)
{
	if (!pump)
		return;
	__atomic_store_n(&pump->stopping, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < pump->started; i++)
		pthread_join(pump->threads[i].id, NULL);
	for (unsigned i = 0; i < pump->work.cpu_count; i++)
		free(pump->threads[i].blocks);
	free(pump);
}

static uint64_t counter_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

struct pump_counters pump_count(const struct pump *pump)
{
	struct pump_counters sum = {0};

	for (unsigned i = 0; pump && i < pump->started; i++) {
		const struct pump_counters *one = &pump->threads[i].counters;

		sum.phases += counter_get(&one->phases);
		sum.missed += counter_get(&one->missed);
		sum.calls += counter_get(&one->calls);
		sum.asked += counter_get(&one->asked);
		sum.late += counter_get(&one->late);
		sum.skipping += counter_get(&one->skipping);
		sum.waited += counter_get(&one->waited);
		sum.failed += counter_get(&one->failed);
		sum.call_ns += counter_get(&one->call_ns);
		if (counter_get(&one->call_ns_max) > sum.call_ns_max)
			sum.call_ns_max = counter_get(&one->call_ns_max);
		if (counter_get(&one->scan_ns_max) > sum.scan_ns_max)
			sum.scan_ns_max = counter_get(&one->scan_ns_max);
	}
	return sum;
}
