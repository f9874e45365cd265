/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quick: what the relay's paths cost, against a fixed program in the same run, so that another machine or a
 * busy neighbour changes little. Each path is run packet by packet, in turn with the others; what counts is
 * the quarter of the runs that was fastest.
 */
#include <bpf/bpf.h>
#include <err.h>
#include <linux/bpf.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bpf/reference.skel.h"
#include "tests/bpf/world.h"

enum {
	CAROL = 5,
	ALICE = 1,
	BOB = 2,
	BLOCK = 100, /* runs of a path before the next one's turn */
	BLOCKS = 200,
	ATTEMPTS = 3, /* a loss must show in all of them */
	FRAME = 214,
	VENDOR = 32,
	NAME = 64,
	LINE = 128,
};

#define LOSS_MOST 1.15 /* of the ratio that is stored */

struct bench {
	struct world *world;
	struct reference_bpf *reference;
	uint32_t count; /* runs of the path so far */
};

/* A path of the relay. */
struct path {
	const char *name;
	uint32_t verdict;
	void (*prepare)(struct world *world);
	/* The next packet into `bytes`; its length. */
	size_t (*packet)(struct bench *bench, uint8_t *bytes);
	uint32_t ifindex;
	double ns, stored;
	uint32_t times[BLOCK * BLOCKS];
};

/* Frames are due each ns: whenever a packet comes, there is one for it. */
static void prepare_hold(struct world *world)
{
	struct xd_plan plan = world_plan(XD_HOLD, 1);

	world_playlist(&plan, world_now() - 50 * MS); /* beyond any grace */
	plan.ptime_ns = 1;
	world_publish(world, CAROL, plan, plan.t0);
}

static void prepare_early(struct world *world)
{
	struct xd_plan plan = world_plan(XD_HOLD, 1);

	world_playlist(&plan, world_now() + 3600 * 1000 * MS);
	world_publish(world, CAROL, plan, plan.t0);
}

static void prepare_bridge(struct world *world)
{
	world_bridge(world, ALICE, 1, BOB, 2);
}

static void prepare_alaw(struct world *world)
{
	struct xd_plan plan;

	world_bridge(world, ALICE, 1, BOB, 2);
	plan = world_plan_of(world, BOB);
	plan.payloads[XD_VOICE] = (struct xd_payload){.type_in = 8, .type_out = 8, .codec = XD_PCMA};
	world_publish(world, BOB, plan, 0);
}

static size_t packet_of_phone(uint32_t phone, uint32_t index, const struct bench *bench, uint8_t *bytes)
{
	struct wire wire = wire_of_phone(phone, index);

	wire.sequence = (uint16_t)bench->count;
	wire.timestamp = 160 * bench->count;
	return wire_build(&wire, bytes);
}

static size_t packet_parked(struct bench *bench, uint8_t *bytes)
{
	return packet_of_phone(1, CAROL, bench, bytes);
}

static size_t packet_bridged(struct bench *bench, uint8_t *bytes)
{
	return packet_of_phone(1, ALICE, bench, bytes);
}

static size_t packet_elsewhere(struct bench *bench, uint8_t *bytes)
{
	struct wire wire = wire_of_phone(1, ALICE);

	(void)bench;
	wire.to = "198.51.100.9";
	return wire_build(&wire, bytes);
}

static size_t packet_pump(struct bench *bench, uint8_t *bytes)
{
	struct xd_todo *todo = &bench->world->todo[0];

	memset(bytes, 0, FRAME);
	todo->now = world_now();
	todo->ids[0] = CAROL;
	todo->cursor = 0;
	todo->count = 1;
	return FRAME;
}

static struct path paths[] = {
        {.name = "pass_elsewhere",
                .verdict = XDP_PASS,
                .prepare = prepare_bridge,
                .packet = packet_elsewhere,
                .ifindex = WORLD_WIRE},
        {.name = "drop_not_due",
                .verdict = XDP_DROP,
                .prepare = prepare_early,
                .packet = packet_parked,
                .ifindex = WORLD_WIRE},
        {.name = "hold_ingress",
                .verdict = XDP_TX,
                .prepare = prepare_hold,
                .packet = packet_parked,
                .ifindex = WORLD_WIRE},
        {.name = "hold_pump",
                .verdict = XDP_REDIRECT,
                .prepare = prepare_hold,
                .packet = packet_pump,
                .ifindex = XD_PUMP_IFINDEX},
        {.name = "forward",
                .verdict = XDP_TX,
                .prepare = prepare_bridge,
                .packet = packet_bridged,
                .ifindex = WORLD_WIRE},
        {.name = "forward_alaw",
                .verdict = XDP_TX,
                .prepare = prepare_alaw,
                .packet = packet_bridged,
                .ifindex = WORLD_WIRE},
};

enum { PATHS = sizeof(paths) / sizeof(paths[0]) };

static struct path wire = {.name = "reference_wire"}, pump = {.name = "reference_pump"},
                   nothing = {.name = "nothing"};

static uint32_t run_ns(int program, uint32_t ifindex, const uint8_t *bytes, size_t length, uint32_t *verdict)
{
	struct xdp_md context = {.data_end = (uint32_t)length, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = (uint32_t)length,
	        .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);

	if (bpf_prog_test_run_opts(program, &options))
		err(2, "BPF_PROG_RUN");
	*verdict = options.retval;
	return options.duration;
}

static void block_of(struct bench *bench, struct path *path, int program, uint32_t block)
{
	static uint8_t bytes[PACKET_MAX];
	uint32_t verdict;
	size_t length = FRAME;

	if (path->prepare) {
		world_reset(bench->world);
		path->prepare(bench->world);
	}
	for (uint32_t i = 0; i < BLOCK; i++) {
		bench->count++;
		if (path->packet)
			length = path->packet(bench, bytes);
		path->times[block * BLOCK + i] =
		        run_ns(program, path->ifindex ? path->ifindex : WORLD_WIRE, bytes, length, &verdict);
		if (path->packet && verdict != path->verdict)
			errx(2, "%s: verdict %u instead of %u", path->name, verdict, path->verdict);
	}
}

static int time_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void path_settle(struct path *path)
{
	enum { QUARTER = BLOCK * BLOCKS / 4 };
	double sum = 0;

	qsort(path->times, BLOCK * BLOCKS, sizeof(path->times[0]), time_compare);
	for (uint32_t i = 0; i < QUARTER; i++)
		sum += path->times[i];
	path->ns = sum / QUARTER;
}

static void measure(struct bench *bench)
{
	for (uint32_t block = 0; block < BLOCKS; block++) {
		block_of(bench, &nothing, bpf_program__fd(bench->reference->progs.nothing), block);
		block_of(bench, &wire, bpf_program__fd(bench->reference->progs.reference_wire), block);
		block_of(bench, &pump, bpf_program__fd(bench->reference->progs.reference_pump), block);
		for (unsigned i = 0; i < PATHS; i++)
			block_of(bench, &paths[i], bench->world->program, block);
	}
	path_settle(&nothing);
	path_settle(&wire);
	path_settle(&pump);
	for (unsigned i = 0; i < PATHS; i++)
		path_settle(&paths[i]);
}

static double ratio_of(const struct path *path)
{
	const struct path *reference = path->ifindex == XD_PUMP_IFINDEX ? &pump : &wire;

	return (path->ns - nothing.ns) / (reference->ns - nothing.ns);
}

/* How CPUs are told apart: atomic operations and divisions cost more on some, in terms of the reference. */
static void vendor_read(char vendor[VENDOR])
{
	FILE *info = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(vendor, VENDOR, "unknown");
	while (info && fgets(line, sizeof(line), info) && sscanf(line, "vendor_id : %31s", vendor) != 1)
		;
	if (info)
		fclose(info);
}

/* A line of ratios: VENDOR PATH RATIO. False: it is none. */
static bool ratio_read(const char *line, char vendor[VENDOR], char name[NAME], double *ratio)
{
	return *line != '#' && sscanf(line, "%31s %63s %lf", vendor, name, ratio) == 3;
}

static void ratios_read(const char *file)
{
	FILE *stored = fopen(file, "r");
	char ours[VENDOR], vendor[VENDOR], name[NAME], line[LINE];
	double ratio;
	bool known = false;

	if (!stored)
		err(2, "%s", file);
	vendor_read(ours);
	while (fgets(line, sizeof(line), stored)) {
		if (!ratio_read(line, vendor, name, &ratio) || strcmp(vendor, ours) != 0)
			continue;
		known = true;
		for (unsigned i = 0; i < PATHS; i++)
			if (!strcmp(paths[i].name, name))
				paths[i].stored = ratio;
	}
	fclose(stored);
	if (!known)
		errx(2, "%s: no ratios of CPUs by %s yet: quick %s --store adds them", file, ours, file);
}

/* What is stored of other CPUs, into memory of its own. */
static char *ratios_of_others(const char *file, const char *ours)
{
	FILE *stored = fopen(file, "r"), *kept;
	char vendor[VENDOR], name[NAME], line[LINE], *text = NULL;
	size_t length;
	double ratio;

	kept = open_memstream(&text, &length);
	if (!kept)
		err(2, "memory");
	while (stored && fgets(line, sizeof(line), stored))
		if (ratio_read(line, vendor, name, &ratio) && strcmp(vendor, ours) != 0)
			fputs(line, kept);
	if (stored)
		fclose(stored);
	fclose(kept);
	return text;
}

static void ratios_write(const char *file)
{
	char ours[VENDOR], *others;
	FILE *stored;

	vendor_read(ours);
	others = ratios_of_others(file, ours);
	stored = fopen(file, "w");
	if (!stored)
		err(2, "%s", file);
	fputs("# SPDX-License-Identifier: GPL-2.0-or-later\n"
	      "# What a path of the relay costs, in terms of bpf/reference.bpf.c, by vendor of the CPU: "
	      "make\n"
	      "# bench-quick compares, and build/tests/bench/quick tests/bench/quick.ratios --store writes "
	      "those of\n"
	      "# this machine anew.\n",
	        stored);
	fputs(others, stored);
	for (unsigned i = 0; i < PATHS; i++)
		fprintf(stored, "%s %s %.3f\n", ours, paths[i].name, ratio_of(&paths[i]));
	fclose(stored);
	free(others);
}

/* How many paths have lost too much. */
static unsigned losses_show(void)
{
	unsigned lost = 0;

	printf("%-16s %8s %8s %8s %8s\n", "path", "ns", "ratio", "stored", "change");
	printf("%-16s %8.1f %8.3f\n", wire.name, wire.ns - nothing.ns, 1.0);
	printf("%-16s %8.1f %8.3f\n", pump.name, pump.ns - nothing.ns, 1.0);
	for (unsigned i = 0; i < PATHS; i++) {
		double ratio = ratio_of(&paths[i]), change = ratio / paths[i].stored;
		bool bad = !(change <= LOSS_MOST);

		printf("%-16s %8.1f %8.3f %8.3f %+7.1f%%%s\n", paths[i].name, paths[i].ns - nothing.ns, ratio,
		        paths[i].stored, 100 * (change - 1), bad ? "  too slow" : "");
		lost += bad;
	}
	return lost;
}

static void bench_open(struct bench *bench)
{
	cpu_set_t first;
	void *state;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		err(2, "CPU 0");
	bench->reference = reference_bpf__open_and_load();
	if (!bench->reference || world_open(&state))
		errx(2, "the programs can't be loaded: it takes root");
	bench->world = state;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	bool store = argc == 3 && !strcmp(argv[2], "--store");
	unsigned lost = 1;

	if (argc != 2 && !store) {
		fputs("usage: quick RATIOS [--store]\n", stderr);
		return 2;
	}
	bench_open(&bench);
	if (!store)
		ratios_read(argv[1]);
	for (unsigned attempt = 0; attempt < (store ? 1 : ATTEMPTS) && lost; attempt++) {
		measure(&bench);
		if (store) {
			ratios_write(argv[1]);
			break;
		}
		lost = losses_show();
	}
	reference_bpf__destroy(bench.reference);
	world_close((void **)&bench.world);
	return store || !lost ? 0 : 1;
}
