/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints that any CPU may overwrite at any time. LOCAL4 and LOCAL6 end in 0 and 1, so that packets to
 * them take turns in one hint, and each of the two CPUs sees that of the other: whatever it says, a packet
 * finds the endpoint that it was sent to.
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

enum { FOUR = 3, SIX = WORLD_EACH + 3, PHONE4 = 1, PHONE6 = 3, PACKETS = 300000 };

struct sender {
	struct world *world;
	unsigned cpu;
	uint32_t phone, index;
};

static void *send_all(void *data)
{
	const struct sender *sender = data;
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
	return NULL;
}

static void two_addresses_that_share_a_hint(void **state)
{
	struct world *world = *state;
	struct sender senders[2] = {
	        {world, 0, PHONE4, FOUR}, {world, sysconf(_SC_NPROCESSORS_ONLN) > 1, PHONE6, SIX}};
	pthread_t ids[2];

	world_reset(world);
	world_publish(world, FOUR, world_plan(XD_MUTE, PHONE4), 0);
	world_publish(world, SIX, world_plan(XD_MUTE, PHONE6), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, send_all, &senders[i]), 0);
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
	static const uint32_t wrong[] = {0, FOUR, SIX, WORLD_ENDPOINTS, 0xffffffff};
	struct world *world = *state;
	uint32_t talker = FOUR + 1, hearer = FOUR + 2;
	int hearers = bpf_object__find_map_fd_by_name(world->object, "hearers");
	struct wire in = wire_of_phone(PHONE4, talker);

	world_reset(world);
	world_bridge(world, talker, PHONE4, hearer, PHONE4 + 1);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(bpf_map_update_elem(hearers, &talker, &wrong[i], BPF_ANY), 0);
		in.sequence++;
		in.timestamp += 160;
		assert_ending(world_run(world, &in), sent_forward);
		assert_int_equal((uint32_t)world->streams[hearer].forwarded, i + 1);
	}
	assert_all_counted(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(two_addresses_that_share_a_hint),
	        cmocka_unit_test(a_wrong_hearer_is_no_harm)};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
