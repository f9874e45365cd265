/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bpf/world.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf/relay.skel.h"
#include "tests/bpf/meanwhile.h"
#include "tests/bpf/meanwhile.skel.h"
#include "tests/bpf/wires.h"

static const char *const ending_names[] = {
#define ENDING(name, verdict, meaning) #name,
#include "bpf/endings.def"
#undef ENDING
};

const char *ending_name(enum xd_ending ending)
{
	return ending < XD_ENDINGS ? ending_names[ending] : "no ending";
}

static int world_map_fd(const struct world *world, const char *name)
{
	return bpf_object__find_map_fd_by_name(world->object, name);
}

static void world_size(struct world *world, const char *name, uint32_t entries)
{
	bpf_map__set_max_entries(bpf_object__find_map_by_name(world->object, name), entries);
}

/* NULL: there is no such map, or it can't be mapped. */
static void *world_memory(const struct world *world, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(world->object, name);
	size_t each = map ? (bpf_map__value_size(map) + 7) / 8 * 8 : 0;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = map ? (each * bpf_map__max_entries(map) + page - 1) / page * page : 0;
	void *memory =
	        map ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0) : MAP_FAILED;

	return memory == MAP_FAILED ? NULL : memory;
}

uint8_t world_chunk_byte(uint32_t chunk, uint32_t byte)
{
	return (uint8_t)(byte < 4 ? chunk >> 8 * byte : (chunk * 2654435761U >> 13) ^ byte * 7);
}

void world_payload(uint32_t first, uint32_t count, uint8_t *payload)
{
	uint32_t chunk, byte;

	for (chunk = first; chunk < first + count; chunk++)
		for (byte = 0; byte < XD_CHUNK_BYTES; byte++)
			*payload++ = world_chunk_byte(chunk, byte);
}

static void world_fill_chunks(struct world *world)
{
	uint32_t chunk, n, sum;
	uint16_t word;

	for (chunk = 0; chunk < world->chunk_count; chunk++) {
		struct xd_chunk *to = &world->chunks[chunk];

		world_payload(chunk, 1, to->payload);
		for (sum = 0, n = 0; n < XD_CHUNK_BYTES; n += 2) {
			memcpy(&word, to->payload + n, 2);
			sum += word;
		}
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		to->sum = sum;
	}
}

/* Loads the object that lies in `bytes` and maps its maps. */
static int world_load(struct world *world, const void *bytes, size_t length)
{
	world->object = bpf_object__open_mem(bytes, length, NULL);
	if (!world->object)
		return -1;
	world_size(world, "endpoints", WORLD_ENDPOINTS);
	world_size(world, "rests", WORLD_ENDPOINTS);
	world_size(world, "hints", WORLD_ENDPOINTS);
	world_size(world, "streams", WORLD_ENDPOINTS);
	world_size(world, "due", WORLD_ENDPOINTS);
	world_size(world, "chunks", world->chunk_count);
	world_size(world, "events", WORLD_EVENTS_BYTES);
	if (bpf_object__load(world->object))
		return -1;
	world->program = bpf_program__fd(bpf_object__find_program_by_name(world->object, "relay"));
	world->endpoints = world_memory(world, "endpoints");
	world->rests = world_memory(world, "rests");
	world->streams = world_memory(world, "streams");
	world->due = world_memory(world, "due");
	world->chunks = world_memory(world, "chunks");
	world->todo = world_memory(world, "todo");
	world->nexthops = world_memory(world, "nexthops");
	world->addresses = world_memory(world, "addresses");
	world->settings = world_memory(world, "settings");
	world->meanwhile = world_memory(world, "meanwhile");
	if (world->chunks)
		world_fill_chunks(world);
	return world->endpoints && world->rests && world->streams && world->due && world->chunks &&
	                       world->todo && world->nexthops && world->addresses && world->settings
	               ? 0
	               : -1;
}

static int world_make(void **state, uint32_t chunks, const void *bytes, size_t length)
{
	struct world *world = calloc(1, sizeof(*world));
	cpu_set_t first;
	int error;

	*state = world;
	if (!world)
		return -1;
	world->chunk_count = chunks;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	error = wires_make(WORLD_WIRE, WORLD_OTHER);
	if (error)
		fprintf(stderr, "no veth pair in a network namespace: %s\n", strerror(-error));
	else if ((error = world_load(world, bytes, length)))
		fprintf(stderr, "the relay object could not be loaded\n");
	return error;
}

static int world_make_relay(void **state, uint32_t chunks)
{
	size_t length;
	const void *bytes = relay_bpf__elf_bytes(&length);

	return world_make(state, chunks, bytes, length);
}

int world_open(void **state)
{
	return world_make_relay(state, WORLD_CHUNKS);
}

int world_open_large(void **state)
{
	return world_make_relay(state, WORLD_CHUNKS_LARGE);
}

int world_open_meanwhile(void **state)
{
	size_t length;
	const void *bytes = meanwhile_bpf__elf_bytes(&length);

	return world_make(state, WORLD_CHUNKS, bytes, length);
}

int world_close(void **state)
{
	struct world *world = *state;

	bpf_object__close(world->object);
	free(world);
	return 0;
}

static void world_local(struct world *world, uint32_t number, const char *address)
{
	struct xd_address_key key;

	wire_address(address, key.address);
	memcpy(world->addresses[number].address, key.address, sizeof(key.address));
	world->addresses[number].in_use = 1;
	bpf_map_update_elem(world_map_fd(world, "locals"), &key, &number, BPF_ANY);
}

static void world_clear_totals(struct world *world)
{
	uint64_t *zeros = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*zeros));
	uint32_t row;

	for (row = 0; row < XD_TOTALS; row++)
		bpf_map_update_elem(world_map_fd(world, "totals"), &row, zeros, BPF_ANY);
	free(zeros);
	world->packets = 0;
}

void world_reset(struct world *world)
{
	uint32_t phone;

	memset(world->endpoints, 0, WORLD_ENDPOINTS * sizeof(*world->endpoints));
	memset(world->rests, 0, WORLD_ENDPOINTS * sizeof(*world->rests));
	memset(world->streams, 0, WORLD_ENDPOINTS * sizeof(*world->streams));
	memset(world->due, 0, WORLD_ENDPOINTS * sizeof(*world->due));
	memset(world->nexthops, 0, XD_NEXTHOPS * sizeof(*world->nexthops));
	memset(world->addresses, 0, XD_ADDRESSES * sizeof(*world->addresses));
	*world->settings = (struct xd_settings){
	        .early_ns = 5 * MS,
	        .grace_ns = 5 * MS,
	        .port_first = WORLD_PORT_FIRST,
	        .endpoints_each = WORLD_EACH,
	        .dscp = 46,
	        .live_frames = 1,
	        .addresses = WORLD_ADDRESSES,
	        .endpoints = WORLD_ENDPOINTS,
	};
	world_local(world, 0, LOCAL4);
	world_local(world, 1, LOCAL6);
	for (phone = 1; phone <= WORLD_PHONES; phone++)
		world_nexthop(world, phone, world_phone(phone), WORLD_WIRE);
	world_clear_totals(world);
	if (world->meanwhile)
		*world->meanwhile = (struct meanwhile){.moment = MEANWHILE_NEVER};
}

struct xd_nexthop *world_nexthop(struct world *world, uint32_t index, const char *address, uint32_t ifindex)
{
	struct xd_nexthop *nexthop = &world->nexthops[index];
	uint8_t last = (uint8_t)index;

	memset(nexthop, 0, sizeof(*nexthop));
	wire_address(address, nexthop->address);
	nexthop->hop[0] = (struct xd_hop){
	        .ifindex = ifindex,
	        .source_mac = {0x02, 0x51, 0x52, 0x53, 0x54, 0x55},
	        .destination_mac = {0x02, 0xa1, 0xa2, 0xa3, 0xa4, last},
	};
	nexthop->state = XD_NEXTHOP_REACHABLE;
	return nexthop;
}

uint64_t world_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* `metadata` bytes of `bytes` lie before the packet. Returns 0 or a negative errno; the ending isn't filled
 * in. */
static int world_test_run(struct world *world, uint32_t ifindex, const uint8_t *bytes, size_t length,
        uint32_t metadata, struct outcome *outcome)
{
	struct xdp_md context = {.data = metadata, .data_end = (uint32_t)length, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = (uint32_t)length,
	        .data_out = outcome->bytes, .data_size_out = PACKET_MAX, .ctx_in = &context,
	        .ctx_size_in = sizeof(context), .repeat = 1);
	int error = bpf_prog_test_run_opts(world->program, &options);

	outcome->verdict = (int)options.retval;
	outcome->length = options.data_size_out;
	return error;
}

/* The same, and finds out how the packet ended. */
static int world_run_in(struct world *world, uint32_t ifindex, const uint8_t *bytes, size_t length,
        uint32_t metadata, struct outcome *outcome)
{
	uint64_t before[XD_ENDINGS], changes = 0;
	uint32_t row;
	int error;

	for (row = 0; row < XD_ENDINGS; row++)
		before[row] = world_total(world, row);
	error = world_test_run(world, ifindex, bytes, length, metadata, outcome);
	if (error)
		return error;
	world->packets++;
	outcome->ending = XD_ENDINGS;
	for (row = 0; row < XD_ENDINGS; row++) {
		uint64_t change = world_total(world, row) - before[row];

		changes += change;
		if (change)
			outcome->ending = row;
	}
	/* One packet, one ending. */
	assert_int_equal(changes, 1);
	return 0;
}

void world_run_quickly(
        struct world *world, uint32_t ifindex, const uint8_t *bytes, size_t length, struct outcome *outcome)
{
	assert_int_equal(world_test_run(world, ifindex, bytes, length, 0, outcome), 0);
}

struct outcome world_run_bytes(struct world *world, uint32_t ifindex, const uint8_t *bytes, size_t length)
{
	struct outcome outcome;

	assert_int_equal(world_run_in(world, ifindex, bytes, length, 0, &outcome), 0);
	return outcome;
}

bool world_run_without_headroom(struct world *world, const struct wire *wire, struct outcome *outcome)
{
	enum { METADATA = 216 };
	uint8_t bytes[METADATA + PACKET_MAX] = {0};
	size_t length = METADATA + wire_build(wire, bytes + METADATA);
	int error = world_run_in(world, WORLD_WIRE, bytes, length, METADATA, outcome);

	assert_true(!error || error == -EINVAL);
	return !error;
}

struct outcome world_run(struct world *world, const struct wire *wire)
{
	uint8_t bytes[PACKET_MAX];
	size_t length = wire_build(wire, bytes);

	return world_run_bytes(world, WORLD_WIRE, bytes, length);
}

struct outcome world_pump(struct world *world, uint32_t index, uint64_t now, size_t length)
{
	uint8_t bytes[PACKET_MAX];

	memset(bytes, 0x5a, sizeof(bytes));
	world->todo[0].now = now;
	world->todo[0].ids[0] = index;
	world->todo[0].cursor = 0;
	world->todo[0].count = 1;
	return world_run_bytes(world, XD_PUMP_IFINDEX, bytes, length);
}

uint64_t world_total(const struct world *world, uint32_t row)
{
	uint64_t each[1024], total = 0;
	int cpu, cpus = libbpf_num_possible_cpus();

	assert_in_range(cpus, 1, 1024);
	assert_int_equal(bpf_map_lookup_elem(world_map_fd(world, "totals"), &row, each), 0);
	for (cpu = 0; cpu < cpus; cpu++)
		total += each[cpu];
	return total;
}

int world_events(const struct world *world)
{
	return world_map_fd(world, "events");
}

void assert_all_counted(const struct world *world)
{
	uint64_t total = 0;
	uint32_t row;

	for (row = 0; row < XD_ENDINGS; row++)
		total += world_total(world, row);
	assert_int_equal(total, world->packets);
}
