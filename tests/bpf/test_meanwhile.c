/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan changes while a packet is under way: whoever read the older one claims nothing, numbers nothing and
 * lets nothing go by it. The races of test_races meet these moments once in millions of packets.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bpf/meanwhile.h"
#include "tests/bpf/world.h"

enum { ANN = 1, BEN = 2, CAROL = 5, OTHER_CHUNK = 200, RTP = 14 + 20 + 8, SHORT = 60 };

#define T0 (1000000 * MS)

/* What is published as `plan` will be in use from `moment` on, and not before. `due` goes on as it is. */
static struct meanwhile *soon(
        struct world *world, enum meanwhile_moment moment, uint32_t index, struct xd_plan plan)
{
	struct xd_endpoint *entry = &world->endpoints[index];
	uint64_t generation = entry->generation, due = world->due[index];

	world_publish(world, index, plan, T0);
	*world->meanwhile =
	        (struct meanwhile){.moment = moment, .index = index, .generation = entry->generation};
	entry->generation = generation;
	world->due[index] = due;
	return world->meanwhile;
}

static void happened_once(struct world *world)
{
	assert_int_equal(world->meanwhile->count, 1);
	*world->meanwhile = (struct meanwhile){.moment = MEANWHILE_NEVER};
}

static uint32_t chunk_of(const struct outcome *outcome)
{
	uint32_t chunk;

	memcpy(&chunk, outcome->bytes + RTP + 12, 4);
	return chunk;
}

static struct xd_plan parked(struct world *world, uint64_t t0)
{
	struct xd_plan plan = world_plan(XD_HOLD, 1);

	world_reset(world);
	world_playlist(&plan, t0);
	world_publish(world, CAROL, plan, t0);
	plan = world_plan_of(world, CAROL);
	plan.first.first = OTHER_CHUNK;
	return plan;
}

static void a_claim_belongs_to_its_plan(void **state)
{
	struct world *world = *state;
	struct xd_plan next = parked(world, T0);
	struct outcome outcome;

	soon(world, MEANWHILE_RESIZE, CAROL, next);
	outcome = world_pump(world, CAROL, T0 + 6 * MS, SHORT);
	assert_ending(outcome, drop_old_generation);
	happened_once(world);
	assert_int_equal(world->due[CAROL], T0);
	assert_int_equal(world->streams[CAROL].pos, 0);
	/* The frame is there for whoever comes next, by the newer plan. */
	outcome = world_pump(world, CAROL, T0 + 6 * MS, SHORT);
	assert_ending(outcome, sent_hold_pump);
	assert_int_equal(chunk_of(&outcome), OTHER_CHUNK);
	assert_all_counted(world);
}

static void ingress_claims_by_its_plan_too(void **state)
{
	struct world *world = *state;
	struct xd_plan next = parked(world, world_now() + 3600 * 1000 * MS);
	struct wire in = wire_of_phone(1, CAROL);
	struct outcome outcome;

	in.payload_bytes = 80;
	/* For ingress, whose clock is the kernel's, everything is due, however early. */
	world->settings->early_ns = 1ULL << 62;
	soon(world, MEANWHILE_RESIZE, CAROL, next);
	outcome = world_run(world, &in);
	assert_ending(outcome, drop_old_generation);
	happened_once(world);
	assert_int_equal(world->streams[CAROL].pos, 0);
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_hold_ingress);
	assert_int_equal(chunk_of(&outcome), OTHER_CHUNK);
}

/* A frame that can't be sent is let go by the plan in use, or not at all. */
static void nothing_is_let_go_by_an_older_plan(void **state)
{
	struct world *world = *state;
	struct xd_plan next = parked(world, T0), now = world_plan_of(world, CAROL);
	struct outcome outcome;

	soon(world, MEANWHILE_RESIZE, CAROL, next)->no_room = 1;
	outcome = world_pump(world, CAROL, T0 + 6 * MS, SHORT);
	assert_ending(outcome, drop_resize);
	happened_once(world);
	assert_int_equal(world->due[CAROL], T0);
	/* The same plan all the time: the scan shan't find it again a millisecond later. */
	soon(world, MEANWHILE_RESIZE, CAROL, now)->no_room = 1;
	world->meanwhile->generation = world->endpoints[CAROL].generation;
	outcome = world_pump(world, CAROL, T0 + 6 * MS, SHORT);
	assert_ending(outcome, drop_resize);
	happened_once(world);
	assert_int_equal(world->due[CAROL], T0 + 20 * MS);
}

/* BEN hears ANN; his hop has a VLAN tag more than hers, so that her packets are resized. */
static struct xd_plan bridged(struct world *world, struct wire *in)
{
	struct xd_hop *hop;

	world_reset(world);
	world_bridge(world, ANN, 1, BEN, 2);
	hop = &world_nexthop(world, 2, world_phone(2), WORLD_OTHER)->hop[0];
	hop->tags = 1;
	hop->vlan_proto[0] = __builtin_bswap16(0x8100);
	*in = wire_of_phone(1, ANN);
	return world_plan_of(world, BEN);
}

static uint64_t pos_of(uint64_t generation, uint16_t sequence, uint32_t timestamp)
{
	return (generation & XD_GENERATION_MASK) << XD_POS_GENERATION_SHIFT |
	       (uint64_t)sequence << XD_POS_SEQUENCE_SHIFT | timestamp;
}

/* The plan changes, and others have taken a number by the newer one. */
static void no_number_after_those_of_a_newer_plan(void **state)
{
	struct world *world = *state;
	struct wire in;
	struct xd_plan next = bridged(world, &in);
	const struct xd_stream *stream = &world->streams[BEN];
	struct meanwhile *what;
	uint64_t anchor, pos;

	assert_ending(world_run(world, &in), sent_forward);
	anchor = stream->anchor;
	next.action = XD_HOLD;
	world_playlist(&next, T0);
	what = soon(world, MEANWHILE_RESIZE, BEN, next);
	pos = pos_of(what->generation, (uint16_t)(world_sequence(world, BEN) + 1), 4711);
	what->pos = pos;
	in.sequence++;
	assert_ending(world_run(world, &in), drop_old_generation);
	happened_once(world);
	assert_int_equal(stream->pos, pos);
	assert_int_equal(stream->anchor, anchor);
	assert_int_equal((uint32_t)(stream->hold_pump + stream->hold_ingress + stream->forwarded), 1);
}

/* The plan changes, and nobody has taken a number by it: the older plan's first packet comes too late, too.
 */
static void no_number_before_those_of_a_newer_plan(void **state)
{
	struct world *world = *state;
	struct wire in;
	struct xd_plan next = bridged(world, &in);
	const struct xd_stream *stream = &world->streams[BEN];

	soon(world, MEANWHILE_RESIZE, BEN, next);
	assert_ending(world_run(world, &in), drop_old_generation);
	happened_once(world);
	assert_int_equal(stream->pos, 0);
	/* But when its generation is the last that numbers were given in, it is the next of them. */
	assert_ending(world_run(world, &in), sent_forward);
	soon(world, MEANWHILE_RESIZE, BEN, next);
	in.sequence++;
	assert_ending(world_run(world, &in), sent_forward);
	happened_once(world);
	assert_int_equal((uint32_t)(stream->hold_pump + stream->hold_ingress + stream->forwarded), 2);
}

/* Two changes, and the rows that are read are those of another plan. */
static void networks_are_those_of_the_plan(void **state)
{
	struct world *world = *state;
	struct wire in;
	struct xd_plan plan = world_plan(XD_MUTE, 1), next;

	world_reset(world);
	plan.source_rule = XD_FROM_NETWORKS;
	world_publish(world, ANN, plan, 0);
	next = world_plan_of(world, ANN);
	next.source_bits[0] = 0;
	in = wire_of_phone(1, ANN);
	assert_ending(world_run(world, &in), drop_source);
	soon(world, MEANWHILE_CLOCK, ANN, next);
	world->meanwhile->generation++;
	world_store(world, ANN, world->meanwhile->generation, &next);
	assert_ending(world_run(world, &in), drop_old_generation);
	happened_once(world);
	assert_int_equal(world->streams[ANN].received, 0);
	assert_ending(world_run(world, &in), drop_nobody_hears);
	assert_int_equal(world->streams[ANN].refused, 1);
	assert_all_counted(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_claim_belongs_to_its_plan),
	        cmocka_unit_test(ingress_claims_by_its_plan_too),
	        cmocka_unit_test(nothing_is_let_go_by_an_older_plan),
	        cmocka_unit_test(no_number_after_those_of_a_newer_plan),
	        cmocka_unit_test(no_number_before_those_of_a_newer_plan),
	        cmocka_unit_test(networks_are_those_of_the_plan),
	};

	return cmocka_run_group_tests(tests, world_open_meanwhile, world_close);
}
