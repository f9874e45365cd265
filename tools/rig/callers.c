/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/callers.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/caller.skel.h"
#include "tools/rig/machine.h"
#include "tools/rig/wire.h"

enum { TICKS_A_MS = 8, CHUNK_MS = 10, CLOSING_NS = 1000000 };

struct mapping {
	void *at;
	size_t bytes;
};

struct callers {
	struct caller_bpf *bpf;
	struct wire wire;
	unsigned count, each;
	uint8_t payload_type;
	const struct clip *clip;
	struct in_addr *addresses;
	struct mapping talking, hearing, todo, settings, local;
};

static int refuse(int failed, char *error, const char *what)
{
	snprintf(error, CALLERS_ERROR, "%s (%s)", what, strerror(-failed));
	return failed;
}

static struct cl_hearing *hearing_of(const struct callers *callers, unsigned caller)
{
	return (struct cl_hearing *)callers->hearing.at + caller;
}

static struct cl_talking *talking_of(const struct callers *callers, unsigned caller)
{
	return (struct cl_talking *)callers->talking.at + caller;
}

static struct cl_settings *settings_of(const struct callers *callers)
{
	return callers->settings.at;
}

static int map_in(struct mapping *mapping, const struct bpf_map *map)
{
	size_t bytes = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		return -errno;
	*mapping = (struct mapping){at, bytes};
	return 0;
}

static void map_out(struct mapping *mapping)
{
	if (mapping->at)
		munmap(mapping->at, mapping->bytes);
}

static int maps_in(struct callers *callers)
{
	int failed = map_in(&callers->talking, callers->bpf->maps.talking);

	if (!failed)
		failed = map_in(&callers->hearing, callers->bpf->maps.hearing);
	if (!failed)
		failed = map_in(&callers->todo, callers->bpf->maps.todo);
	if (!failed)
		failed = map_in(&callers->settings, callers->bpf->maps.settings);
	if (!failed)
		failed = map_in(&callers->local, callers->bpf->maps.addresses);
	return failed;
}

static int program_load(struct callers *callers, const struct callers_options *options)
{
	struct caller_bpf *bpf = caller_bpf__open();
	int failed;

	if (!bpf)
		return -errno;
	callers->bpf = bpf;
	bpf_map__set_max_entries(bpf->maps.talking, options->count);
	bpf_map__set_max_entries(bpf->maps.hearing, options->count);
	bpf_map__set_max_entries(bpf->maps.clip, options->clip->count);
	bpf_map__set_max_entries(bpf->maps.places, options->clip->count);
	failed = caller_bpf__load(bpf);
	return failed ? failed : maps_in(callers);
}

/* Where a clip goes on after `place`. */
static uint32_t clip_next(const struct clip *clip, uint32_t place)
{
	return place + 1 < clip->count ? place + 1 : clip->loop;
}

/* Where the frame that begins at `first` is to be found. 0 or a negative errno. */
static int place_fill(int places, const struct clip *clip, const struct cl_chunk *chunks, uint32_t first,
        unsigned frame_chunks)
{
	uint32_t place = first, at = first, before;
	uint64_t key = 0;

	for (unsigned n = 0; n < frame_chunks; n++, at = clip_next(clip, at))
		key = cl_frame_key(key, chunks[at].word);
	if (!bpf_map_lookup_elem(places, &key, &before))
		place = before | CL_PLACE_MANY;
	return bpf_map_update_elem(places, &key, &place, BPF_ANY) ? -errno : 0;
}

/* The clip into the program's memory, and where each of its frames is to be found. */
static int clip_fill(const struct callers *callers, const struct clip *clip)
{
	int places = bpf_map__fd(callers->bpf->maps.places);
	struct mapping chunks = {0};
	int failed = map_in(&chunks, callers->bpf->maps.clip);
	struct cl_chunk *chunk = chunks.at;

	if (failed || !chunk)
		return failed;
	for (uint32_t i = 0; i < clip->count; i++) {
		memcpy(chunk[i].word, clip->chunks[i].payload, CL_CHUNK_BYTES);
		chunk[i].sum = clip->chunks[i].sum;
	}
	for (uint32_t i = 0; i < clip->count && !failed; i++)
		failed = place_fill(places, clip, chunk, i, settings_of(callers)->frame_chunks);
	map_out(&chunks);
	return failed;
}

/* Local addresses into the program's table: two with the same last 16 bits can't be told apart. */
static int addresses_fill(struct callers *callers, const struct callers_options *options, char *error)
{
	struct cl_address *local = callers->local.at;

	callers->each = (options->count + options->address_count - 1) / options->address_count;
	if (callers->each > CALLERS_AN_ADDRESS) {
		snprintf(error, CALLERS_ERROR,
		        "%u callers need %u local addresses (%d callers an address); name more with --local",
		        options->count, (options->count + CALLERS_AN_ADDRESS - 1) / CALLERS_AN_ADDRESS,
		        CALLERS_AN_ADDRESS);
		return -ENOSPC;
	}
	for (unsigned i = 0; i < options->address_count; i++) {
		struct cl_address *entry = &local[ntohl(options->addresses[i].s_addr) & (CL_ADDRESSES - 1)];

		if (entry->number)
			return refuse(-EEXIST, error, "--local: the last 16 bits of addresses must differ");
		*entry = (struct cl_address){.address = options->addresses[i].s_addr, .number = i + 1};
	}
	callers->addresses = calloc(options->address_count, sizeof(*callers->addresses));
	if (!callers->addresses)
		return refuse(-ENOMEM, error, "out of memory");
	memcpy(callers->addresses, options->addresses, options->address_count * sizeof(*callers->addresses));
	return 0;
}

static int settings_fill(struct callers *callers, const struct callers_options *options, char *error)
{
	struct cl_settings *settings = settings_of(callers);

	*settings = (struct cl_settings){
	        .port_first = CALLERS_PORT_FIRST,
	        .ports_each = (uint16_t)callers->each,
	        .ifindex = callers->wire.ifindex,
	        .frame_samples = (uint16_t)(options->ptime_ms * TICKS_A_MS),
	        .frame_chunks = (uint8_t)(options->ptime_ms / CHUNK_MS),
	        .clip_end = options->clip->count,
	        .clip_loop = options->clip->loop,
	};
	memcpy(settings->source_mac, callers->wire.mac, 6);
	if (options->next_hop) {
		memcpy(settings->destination_mac, options->next_hop, 6);
		return 0;
	}
	return wire_next_hop(&callers->wire, options->relay, settings->destination_mac, error);
}

static int callers_make(struct callers *callers, const struct callers_options *options, char *error)
{
	int failed = wire_open(&callers->wire, options->interface, error);

	if (failed)
		return failed;
	failed = program_load(callers, options);
	if (failed)
		return refuse(failed, error, "the callers' XDP program can't be loaded: it takes root");
	failed = addresses_fill(callers, options, error);
	if (!failed)
		failed = settings_fill(callers, options, error);
	if (failed)
		return failed;
	failed = clip_fill(callers, options->clip);
	if (failed)
		return refuse(failed, error, "no memory for the clip");
	return wire_attach(&callers->wire, bpf_program__fd(callers->bpf->progs.caller), error);
}

int callers_open(struct callers **callers, const struct callers_options *options, char *error)
{
	struct callers *made = calloc(1, sizeof(*made));
	int failed;

	if (!made)
		return refuse(-ENOMEM, error, "out of memory");
	made->count = options->count;
	made->clip = options->clip;
	made->payload_type = options->payload_type;
	failed = callers_make(made, options, error);
	if (failed) {
		callers_close(made);
		return failed;
	}
	*callers = made;
	return 0;
}

void callers_close(struct callers *callers)
{
	if (!callers)
		return;
	wire_close(&callers->wire);
	map_out(&callers->talking);
	map_out(&callers->hearing);
	map_out(&callers->todo);
	map_out(&callers->settings);
	map_out(&callers->local);
	caller_bpf__destroy(callers->bpf);
	free(callers->addresses);
	free(callers);
}

unsigned callers_count(const struct callers *callers)
{
	return callers->count;
}

const struct clip *callers_clip(const struct callers *callers)
{
	return callers->clip;
}

struct sockaddr_in callers_address(const struct callers *callers, unsigned caller)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	        .sin_addr = callers->addresses[caller / callers->each],
	        .sin_port = htons((uint16_t)(CALLERS_PORT_FIRST + 2 * (caller % callers->each)))};
}

void callers_connect(struct callers *callers, unsigned caller, const struct sockaddr_in *relay,
        enum cl_expects expects, unsigned peer)
{
	struct cl_hearing *hearing = hearing_of(callers, caller);
	struct cl_talking *talking = talking_of(callers, caller);
	struct sockaddr_in local = callers_address(callers, caller);
	uint32_t ssrc = arc4random();

	callers_disconnect(callers, caller);
	*talking = (struct cl_talking){.address = local.sin_addr.s_addr,
	        .port = local.sin_port,
	        .relay = relay->sin_addr.s_addr,
	        .relay_port = relay->sin_port,
	        .ssrc = ssrc,
	        .type = callers->payload_type,
	        .sequence = (uint16_t)arc4random(),
	        .timestamp = arc4random()};
	*hearing = (struct cl_hearing){.relay = relay->sin_addr.s_addr,
	        .relay_port = relay->sin_port,
	        .type = callers->payload_type,
	        .last = machine_clock_ns(),
	        .peer = peer};
	__atomic_store_n(&hearing->expects, (uint8_t)expects, __ATOMIC_RELEASE);
}

void callers_expect(struct callers *callers, unsigned caller, enum cl_expects expects, unsigned peer)
{
	struct cl_hearing *hearing = hearing_of(callers, caller);

	hearing->peer = peer;
	hearing->gap_ns = 0;
	if (expects == CL_HOLD)
		hearing->started = hearing->placed = 0;
	__atomic_store_n(&hearing->expects, (uint8_t)expects, __ATOMIC_RELEASE);
}

void callers_disconnect(struct callers *callers, unsigned caller)
{
	__atomic_store_n(&hearing_of(callers, caller)->expects, CL_NOTHING, __ATOMIC_RELEASE);
}

const struct cl_hearing *callers_hearing(const struct callers *callers, unsigned caller)
{
	return hearing_of(callers, caller);
}

const struct cl_talking *callers_talking(const struct callers *callers, unsigned caller)
{
	return talking_of(callers, caller);
}

/* Room for all CPUs' totals, zeroed; to be freed. NULL: no memory. */
static struct cl_totals *totals_new(int *cpus)
{
	*cpus = libbpf_num_possible_cpus();
	return *cpus > 0 ? calloc((size_t)*cpus, sizeof(struct cl_totals)) : NULL;
}

void callers_window(struct callers *callers, uint64_t start_ns, uint64_t end_ns)
{
	struct cl_settings *settings = settings_of(callers);
	uint32_t only = 0;
	int cpus;
	struct cl_totals *all = totals_new(&cpus);

	__atomic_store_n(&settings->window_end, 0, __ATOMIC_RELEASE);
	if (all)
		bpf_map_update_elem(bpf_map__fd(callers->bpf->maps.totals), &only, all, BPF_ANY);
	free(all);
	for (unsigned i = 0; i < callers->count; i++) {
		struct cl_hearing *hearing = hearing_of(callers, i);

		hearing->received = hearing->lost = hearing->errors = hearing->talk = 0;
		talking_of(callers, i)->sent = 0;
	}
	__atomic_store_n(&settings->window_start, start_ns, __ATOMIC_RELEASE);
	__atomic_store_n(&settings->window_end, end_ns, __ATOMIC_RELEASE);
}

void callers_window_close(struct callers *callers)
{
	/* A little later, so that nobody counts what is said in between and others don't. */
	__atomic_store_n(
	        &settings_of(callers)->window_end, machine_clock_ns() + CLOSING_NS, __ATOMIC_RELEASE);
}

uint64_t callers_window_end(const struct callers *callers)
{
	return __atomic_load_n(&settings_of(callers)->window_end, __ATOMIC_RELAXED);
}

static void totals_add(struct cl_totals *sum, const struct cl_totals *more)
{
	for (unsigned i = 0; i < CL_COUNTS; i++)
		sum->count[i] += more->count[i];
	for (unsigned i = 0; i < CL_BUCKETS; i++) {
		sum->deviation[i] += more->deviation[i];
		sum->latency[i] += more->latency[i];
	}
	if (more->deviation_max > sum->deviation_max)
		sum->deviation_max = more->deviation_max;
	if (more->latency_max > sum->latency_max)
		sum->latency_max = more->latency_max;
}

int callers_totals(const struct callers *callers, struct cl_totals *totals)
{
	uint32_t only = 0;
	int cpus, failed = 0;
	struct cl_totals *all = totals_new(&cpus);

	memset(totals, 0, sizeof(*totals));
	if (!all)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(callers->bpf->maps.totals), &only, all))
		failed = -errno;
	for (int cpu = 0; !failed && cpu < cpus; cpu++)
		totals_add(totals, &all[cpu]);
	free(all);
	return failed;
}

int callers_program(const struct callers *callers)
{
	return bpf_program__fd(callers->bpf->progs.caller);
}

int callers_drop(const struct callers *callers)
{
	return bpf_program__fd(callers->bpf->progs.drop);
}

struct cl_todo *callers_todo(struct callers *callers, unsigned cpu)
{
	return (struct cl_todo *)callers->todo.at + cpu;
}

uint64_t callers_dropped(const struct callers *callers)
{
	return wire_dropped(&callers->wire);
}

unsigned callers_ptime_ms(const struct callers *callers)
{
	return settings_of(callers)->frame_samples / TICKS_A_MS;
}
