/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints that any CPU may overwrite at any time. LOCAL4 and LOCAL6 end in 0 and 1, so that packets to
 * them take turns in one hint, and each of the two CPUs sees that of the other: whatever it says, a packet
 * finds the endpoint that it was sent to.
 */
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
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(two_addresses_that_share_a_hint)};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
