/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which endpoint a leg gets: families, addresses, rest, and what a former controller left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/endpoint_rig.h"

static void ports_and_addresses(void **state)
{
	uint32_t used, resting, all;
	struct endpoint endpoint;

	opened(state);
	endpoint = leg(ipv4);
	assert_int_equal(endpoint.index, 1);
	assert_int_equal(endpoint.local.port, 10002);
	assert_memory_equal(endpoint.local.ip, media[0].advertise, 16);
	endpoint = leg(ipv6);
	assert_int_equal(endpoint.index, 8);
	assert_int_equal(endpoint.local.port, 10000);
	assert_memory_equal(endpoint.local.ip, media[1].advertise, 16);
	endpoints_count(endpoints, &used, &resting, &all);
	assert_int_equal(used, 2);
	assert_int_equal(resting, 0);
	assert_int_equal(all, 15);
}

static void an_address_that_is_not_the_dataplanes(void **state)
{
	struct rig *rig = rig_connected(state);

	address_parse_ip("10.0.0.77", media[1].address.ip);
	assert_int_equal(open_all(rig, 2), -ENOENT);
	assert_non_null(strstr(rig->reason, "10.0.0.77"));
	assert_null(endpoints);
}

static void families_do_not_mix(void **state)
{
	struct rig *rig = rig_connected(state);
	struct endpoint endpoint;

	assert_int_equal(open_all(rig, 1), 0);
	assert_int_equal(endpoint_open(endpoints, ipv6, &endpoint), -EAFNOSUPPORT);
	assert_int_equal(endpoint_open(endpoints, ipv4, &endpoint), 0);
}

static void the_oldest_is_reused_first(void **state)
{
	struct rig *rig = opened(state);
	struct endpoint endpoint, legs[7];
	uint32_t used, resting, all;

	for (unsigned i = 0; i < 7; i++)
		legs[i] = leg(ipv4);
	assert_int_equal(endpoint_open(endpoints, ipv4, &endpoint), -ENOSPC);
	endpoint_close(&legs[4]);
	assert_int_equal(legs[4].index, 0);
	endpoint_close(&legs[4]);
	rig->now += 1000;
	endpoint_close(&legs[2]);
	endpoints_count(endpoints, &used, &resting, &all);
	assert_int_equal(used, 5);
	assert_int_equal(resting, 2);
	assert_int_equal(endpoint_open(endpoints, ipv4, &endpoint), -ENOSPC);
	rig->now += 1000;
	assert_int_equal(leg(ipv4).index, 5);
	assert_int_equal(endpoint_open(endpoints, ipv4, &endpoint), -ENOSPC);
	rig->now += 1000;
	assert_int_equal(leg(ipv4).index, 3);
}

/* By turns of 64. */
static void addresses_share_the_load(void **state)
{
	struct rig *rig = *state;

	address_parse_ip("10.0.0.2", rig->fake->welcome.address[1]);
	address_parse_ip("10.0.0.2", media[1].address.ip);
	rig->fake->welcome.endpoints_each = 1000;
	rig->fake->welcome.endpoints = 2000;
	opened(state);
	for (unsigned i = 0; i < 6 * 64; i++) {
		uint32_t index = i / 128 * 64 + i % 64;

		assert_int_equal(leg(ipv4).index, i / 64 % 2 ? 1000 + index : 1 + index);
	}
}

static void a_former_controllers_endpoints_are_stopped(void **state)
{
	struct rig *rig = *state;
	struct xd_endpoint *entry;

	fake_dataplane_start(rig->fake);
	entry = &rig->fake->endpoints[1];
	entry->generation = 41;
	entry->plan[1] = (struct xd_plan_line){.action = XD_HOLD, .t0 = 5, .ptime_ns = 20000000, .peer = 3};
	rig->fake->due[1] = 12345;
	rig->fake->endpoints[2].generation = 8;
	rig->fake->streams[2].last_in = clock_monotonic_ns();
	rig->fake->endpoints[3].generation = 8;
	rig->fake->streams[3].last_in = 1;
	assert_int_equal(rig_connect(rig), 0);
	assert_int_equal(open_all(rig, 2), 0);
	assert_int_equal(entry->generation, 42);
	assert_int_equal(entry->plan[0].action, XD_IDLE);
	assert_int_equal(entry->plan[0].peer, 0);
	assert_int_equal(rig->fake->due[1], 0);
	assert_int_equal(rig->fake->endpoints[2].generation, 8);
	/* 1 was in use and 2 had just been: they come last, and not before 2 s are over. */
	for (unsigned i = 3; i < 8; i++)
		assert_int_equal(leg(ipv4).index, i);
	assert_int_equal(endpoint_open(endpoints, ipv4, &(struct endpoint){0}), -ENOSPC);
	rig->now += 2000;
	assert_int_equal(leg(ipv4).leg_since, 43);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, endpoint_setup, endpoint_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(ports_and_addresses),
	        TEST(an_address_that_is_not_the_dataplanes),
	        TEST(families_do_not_mix),
	        TEST(the_oldest_is_reused_first),
	        TEST(addresses_share_the_load),
	        TEST(a_former_controllers_endpoints_are_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
