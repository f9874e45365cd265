/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quick: what the relay's paths cost, against a fixed program in the same run, so that another machine or a
 * busy neighbour changes little. Each path is run packet by packet, in turn with the others; what counts is
 * the quarter of the blocks that was fastest, and the median of rounds.
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
#include "tests/bench/ratios.h"
#include "tests/bpf/world.h"
#include "tools/rig/median.h"

enum {
	CAROL = 5,
	ALICE = 1,
	BOB = 2,
	BLOCK = 100,  /* runs of a path before the next one's turn */
	COUNTED = 80, /* of them, without the slowest */
	BLOCKS = 40,  /* of a round */
	FASTEST = 10, /* of them, that count */
	ROUNDS = 45,
	FRAME = 214,
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
	double blocks[BLOCKS];            /* ns of a run, of this round */
	double ns[ROUNDS], ratio[ROUNDS]; /* of a run, less what an empty one takes; to the reference's */
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

/* The mean of the `counted` least. */
static double mean_of_least(double *figures, unsigned count, unsigned counted)
{
	double sum = 0;

	figures_ascend(figures, count);
	for (unsigned i = 0; i < counted; i++)
		sum += figures[i];
	return sum / counted;
}

static void block_of(struct bench *bench, struct path *path, int program, uint32_t block)
{
	static uint8_t bytes[PACKET_MAX];
	double times[BLOCK];
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
		times[i] =
		        run_ns(program, path->ifindex ? path->ifindex : WORLD_WIRE, bytes, length, &verdict);
		if (path->packet && verdict != path->verdict)
			errx(2, "%s: verdict %u instead of %u", path->name, verdict, path->verdict);
	}
	/* Means, because the kernel's clock has steps of 10 ns on some machines. */
	path->blocks[block] = mean_of_least(times, BLOCK, COUNTED);
}

/* What the path cost in those blocks that were fastest. */
static double path_ns(struct path *path)
{
	return mean_of_least(path->blocks, BLOCKS, FASTEST);
}

static void path_settle(struct path *path, const struct path *reference, double idle, uint32_t round)
{
	path->ns[round] = path_ns(path) - idle;
	path->ratio[round] = path->ns[round] / reference->ns[round];
}

/* One round, with programs and maps loaded anew: where they lie in memory is worth some percent. */
static void round_run(struct bench *bench, uint32_t round)
{
	double idle;
	void *state;

	bench->reference = reference_bpf__open_and_load();
	if (!bench->reference || world_open(&state))
		errx(2, "the programs can't be loaded: it takes root");
	bench->world = state;
	for (uint32_t block = 0; block < BLOCKS; block++) {
		block_of(bench, &nothing, bpf_program__fd(bench->reference->progs.nothing), block);
		block_of(bench, &wire, bpf_program__fd(bench->reference->progs.reference_wire), block);
		block_of(bench, &pump, bpf_program__fd(bench->reference->progs.reference_pump), block);
		for (unsigned i = 0; i < PATHS; i++)
			block_of(bench, &paths[i], bench->world->program, block);
	}
	idle = path_ns(&nothing);
	path_settle(&wire, &wire, idle, round);
	path_settle(&pump, &pump, idle, round);
	for (unsigned i = 0; i < PATHS; i++)
		path_settle(&paths[i], paths[i].ifindex == XD_PUMP_IFINDEX ? &pump : &wire, idle, round);
	reference_bpf__destroy(bench->reference);
	world_close((void **)&bench->world);
}

static double median(const double *values)
{
	double sorted[ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	figures_ascend(sorted, ROUNDS);
	return figures_median(sorted, ROUNDS);
}

static void measure(struct ratio *measured)
{
	struct bench bench = {0};

	for (uint32_t round = 0; round < ROUNDS; round++)
		round_run(&bench, round);
	for (unsigned i = 0; i < PATHS; i++)
		measured[i].value = median(paths[i].ratio);
}

/* How many paths have lost too much. */
static unsigned losses_show(const struct ratio *measured, const struct ratio *stored)
{
	unsigned lost = 0;

	printf("%-16s %8s %8s %8s %8s\n", "path", "ns", "ratio", "stored", "change");
	printf("%-16s %8.1f %8.3f\n", wire.name, median(wire.ns), 1.0);
	printf("%-16s %8.1f %8.3f\n", pump.name, median(pump.ns), 1.0);
	for (unsigned i = 0; i < PATHS; i++) {
		double change = measured[i].value / stored[i].value;
		bool bad = !(change <= LOSS_MOST);

		printf("%-16s %8.1f %8.3f %8.3f %+7.1f%%%s\n", paths[i].name, median(paths[i].ns),
		        measured[i].value, stored[i].value, 100 * (change - 1), bad ? "  too slow" : "");
		lost += bad;
	}
	return lost;
}

static void ratios_name(struct ratio *ratios)
{
	for (unsigned i = 0; i < PATHS; i++)
		snprintf(ratios[i].name, sizeof(ratios[i].name), "%s", paths[i].name);
}

/* Returns how many paths have lost too much. */
static unsigned compare(const char *file, const char *cpu)
{
	struct ratio measured[PATHS], stored[PATHS];

	ratios_name(stored);
	if (!ratios_read(file, cpu, stored, PATHS))
		printf("%s has no ratios of this CPU (%s): compared with the largest of any. To store them: "
		       "build/tests/bench/quick %s --store\n",
		        file, cpu, file);
	measure(measured);
	return losses_show(measured, stored);
}

int main(int argc, char **argv)
{
	bool store = argc == 3 && !strcmp(argv[2], "--store");
	struct ratio measured[PATHS];
	char cpu[RATIOS_CPU];
	cpu_set_t first;

	if (argc != 2 && !store) {
		fputs("usage: quick RATIOS [--store]\n", stderr);
		return 2;
	}
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		err(2, "CPU 0");
	ratios_cpu(cpu);
	if (!store)
		return compare(argv[1], cpu) ? 1 : 0;
	ratios_name(measured);
	measure(measured);
	ratios_write(argv[1], cpu, measured, PATHS);
	return 0;
}
