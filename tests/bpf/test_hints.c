/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints that may change on any CPU at any time. LOCAL4 and LOCAL6 share one, as both end in 0 and 1: whatever
 * it says, a packet finds the endpoint that it was sent to, and the two don't take it from each other. And
 * what a talker's packet needed is kept for its next one.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum { FOUR = 3, SIX = WORLD_EACH + 3, PHONE4 = 1, PHONE6 = 3, PACKETS = 300000, ROW = 1 };

struct sender {
	struct world *world;
	unsigned cpu;
	uint32_t phone, index;
	bool done;
};

static void *send_all(void *data)
{
	struct sender *sender = data;
	struct wire wire = wire_of_phone(sender->phone, sender->index);
	uint8_t bytes[PACKET_MAX];
	size_t length = wire_build(&wire, bytes);
	struct outcome outcome;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sender->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		return NULL;
	for (unsigned i = 0; i < PACKETS; i++)
		world_run_quickly(sender->world, WORLD_WIRE, bytes, length, &outcome);
	__atomic_store_n(&sender->done, true, __ATOMIC_RELAXED);
	return NULL;
}

static void a_hint_stays(void **state)
{
	struct world *world = *state;
	int hints = bpf_object__find_map_fd_by_name(world->object, "local_hints");
	struct wire four = wire_of_phone(PHONE4, FOUR), six = wire_of_phone(PHONE6, SIX);
	uint32_t row = ROW, number = 1;

	world_reset(world);
	world_publish(world, FOUR, world_plan(XD_MUTE, PHONE4), 0);
	world_publish(world, SIX, world_plan(XD_MUTE, PHONE6), 0);
	assert_int_equal(bpf_map_update_elem(hints, &row, &number, BPF_ANY), 0);
	for (unsigned i = 0; i < 10; i++) {
		six.sequence++;
		four.sequence++;
		world_run(world, &four);
		world_run(world, &six);
		assert_int_equal(bpf_map_lookup_elem(hints, &row, &number), 0);
		assert_int_equal(number, 1);
	}
	/* Of an address that has gone it isn't any more. */
	number = XD_ADDRESSES - 1;
	assert_int_equal(bpf_map_update_elem(hints, &row, &number, BPF_ANY), 0);
	world_run(world, &four);
	assert_int_equal(bpf_map_lookup_elem(hints, &row, &number), 0);
	assert_int_equal(number, 0);
	assert_all_counted(world);
}

/* Changes the hint as quickly as it can until one of the senders is done. */
static void hint_change(int hints, const struct sender senders[2])
{
	uint32_t row = ROW, number = 0;

	while (!__atomic_load_n(&senders[0].done, __ATOMIC_RELAXED) &&
	        !__atomic_load_n(&senders[1].done, __ATOMIC_RELAXED)) {
		number = !number;
		bpf_map_update_elem(hints, &row, &number, BPF_ANY);
	}
}

static void two_addresses_that_share_a_hint(void **state)
{
	struct world *world = *state;
	struct sender senders[2] = {{world, 0, PHONE4, FOUR, false},
	        {world, sysconf(_SC_NPROCESSORS_ONLN) > 1, PHONE6, SIX, false}};
	int hints = bpf_object__find_map_fd_by_name(world->object, "local_hints");
	pthread_t ids[2];

	world_reset(world);
	world_publish(world, FOUR, world_plan(XD_MUTE, PHONE4), 0);
	world_publish(world, SIX, world_plan(XD_MUTE, PHONE6), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, send_all, &senders[i]), 0);
	hint_change(hints, senders);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(ids[i], NULL);
	world->packets += 2 * PACKETS;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal((uint32_t)world->streams[senders[i].index].received, PACKETS);
		assert_int_equal(world->streams[senders[i].index].refused, 0);
	}
	assert_all_counted(world);
}

/* Whom the talker's packets went to last is only fetched early: the plan says whom they go to. */
static void a_wrong_hearer_is_no_harm(void **state)
{
	static const uint64_t wrong[] = {0, FOUR, SIX, WORLD_ENDPOINTS, UINT64_MAX};
	struct world *world = *state;
	uint32_t talker = FOUR + 1, hearer = FOUR + 2;
	int hints = bpf_object__find_map_fd_by_name(world->object, "hints");
	struct wire in = wire_of_phone(PHONE4, talker);

	world_reset(world);
	world_bridge(world, talker, PHONE4, hearer, PHONE4 + 1);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(bpf_map_update_elem(hints, &talker, &wrong[i], BPF_ANY), 0);
		in.sequence++;
		in.timestamp += 160;
		assert_ending(world_run(world, &in), sent_forward);
		assert_int_equal((uint32_t)world->streams[hearer].forwarded, i + 1);
	}
	assert_all_counted(world);
}

static uint64_t plan_in_use(const struct world *world, uint32_t index)
{
	return world->endpoints[index].generation & 1;
}

static uint64_t hint_read(const struct world *world, uint32_t talker)
{
	uint64_t hint = UINT64_MAX;

	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(world->object, "hints"), &talker, &hint);
	return hint;
}

/* Bits 31..0 the hearer, 32 which plan of the talker was in use, 33 which of the hearer. */
static void a_hint_names_the_hearer_and_the_plans(void **state)
{
	struct world *world = *state;
	uint32_t talker = FOUR + 1, hearer = FOUR + 2, seen = 0;
	struct wire in = wire_of_phone(PHONE4, talker);

	world_reset(world);
	world_bridge(world, talker, PHONE4, hearer, PHONE4 + 1);
	for (unsigned i = 0; i < 8; i++) {
		/* In turns, so that each pair of plans is in use some time. */
		uint32_t change = i % 2 ? talker : hearer;

		world_publish(world, change, world_plan_of(world, change), 0);
		in.sequence++;
		in.timestamp += 160;
		assert_ending(world_run(world, &in), sent_forward);
		assert_int_equal(hint_read(world, talker),
		        hearer | plan_in_use(world, talker) << 32 | plan_in_use(world, hearer) << 33);
		seen |= 1U << (plan_in_use(world, talker) << 1 | plan_in_use(world, hearer));
	}
	assert_int_equal(seen, 0xf);
	assert_all_counted(world);
}

static void a_hint_of_a_talker_whom_nobody_hears(void **state)
{
	struct world *world = *state;
	uint32_t talker = FOUR + 1, hearer = FOUR + 2;
	struct wire in = wire_of_phone(PHONE4, talker);

	world_reset(world);
	world_bridge(world, talker, PHONE4, hearer, PHONE4 + 1);
	assert_ending(world_run(world, &in), sent_forward);
	assert_int_equal((uint32_t)hint_read(world, talker), hearer);
	for (unsigned i = 0; i < 4; i++) {
		world_publish(world, talker, world_plan(XD_MUTE, PHONE4), 0);
		in.sequence++;
		in.timestamp += 160;
		assert_ending(world_run(world, &in), drop_nobody_hears);
		assert_int_equal(plan_in_use(world, talker), i % 2);
		assert_int_equal(hint_read(world, talker), plan_in_use(world, talker) << 32);
	}
	assert_all_counted(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_hint_stays),
	        cmocka_unit_test(two_addresses_that_share_a_hint),
	        cmocka_unit_test(a_wrong_hearer_is_no_harm),
	        cmocka_unit_test(a_hint_names_the_hearer_and_the_plans),
	        cmocka_unit_test(a_hint_of_a_talker_whom_nobody_hears)};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
