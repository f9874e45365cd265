/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Next hops in use: shared, lingering, told of changes, and ended from within their own callbacks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dataplane_rig.h"

static void uses_share_a_next_hop(void **state)
{
	struct rig *rig = rig_connected(state);
	struct heard *first = use_start(rig, 0, "10.0.0.9"), *second;

	assert_int_equal(first->calls, 0);
	assert_int_equal(nexthop_use_index(&first->use), 0);
	heard_wait(rig, first);
	assert_int_equal(first->index, 1);
	assert_int_equal(nexthop_use_index(&first->use), 1);
	second = use_start(rig, 1, "10.0.0.9");
	assert_int_equal(second->calls, 1);
	assert_int_equal(second->index, 1);
	assert_holds(rig, "10.0.0.9", 1);
	heard_wait(rig, use_start(rig, 2, "10.0.0.10"));
	assert_int_equal(rig->heard[2].index, 2);
	nexthop_use_end(rig->dataplane, &first->use);
	nexthop_use_end(rig->dataplane, &first->use);
	assert_int_equal(nexthop_use_index(&first->use), 0);
	rig->now += 60000;
	rig_run(rig);
	assert_holds(rig, "10.0.0.9", 1);
}

static void the_last_use_lingers(void **state)
{
	struct rig *rig = rig_connected(state);
	struct heard *heard = use_start(rig, 0, "10.0.0.9");

	heard_wait(rig, heard);
	nexthop_use_end(rig->dataplane, &heard->use);
	rig->now += 4000;
	rig_run(rig);
	assert_holds(rig, "10.0.0.9", 1);
	use_start(rig, 0, "10.0.0.9");
	assert_int_equal(heard->calls, 2);
	rig->now += 4000;
	rig_run(rig);
	assert_holds(rig, "10.0.0.9", 1);
	nexthop_use_end(rig->dataplane, &heard->use);
	rig->now += 5000;
	rig_run(rig);
	assert_holds(rig, "10.0.0.9", 0);
}

static void an_unreachable_remote_is_told(void **state)
{
	struct rig *rig = rig_connected(state);
	struct heard *heard;

	rig->fake->nexthop_error = -EHOSTUNREACH;
	heard = use_start(rig, 0, "10.0.0.9");
	heard_wait(rig, heard);
	assert_int_equal(heard->error, -EHOSTUNREACH);
	assert_int_equal(heard->index, 0);
	use_start(rig, 1, "10.0.0.9");
	assert_int_equal(rig->heard[1].error, -EHOSTUNREACH);
	heard->calls = 0;
	fake_dataplane_news(rig->fake, 0);
	heard_wait(rig, heard);
	assert_int_equal(heard->index, 1);
	assert_int_equal(heard->error, 0);
	assert_int_equal(rig->heard[1].index, 1);
	/* The same news again is none. */
	fake_dataplane_news(rig->fake, 0);
	rig_run(rig);
	assert_int_equal(heard->calls, 1);
	/* One that can't be served isn't kept. */
	fake_dataplane_news(rig->fake, -EADDRINUSE);
	rig_run(rig);
	assert_int_equal(heard->error, -EADDRINUSE);
	nexthop_use_end(rig->dataplane, &heard->use);
	nexthop_use_end(rig->dataplane, &rig->heard[1].use);
	rig_run(rig);
	assert_holds(rig, "10.0.0.9", 0);
}

static void no_answer_in_two_seconds(void **state)
{
	struct rig *rig = rig_connected(state);
	struct heard *heard;

	rig->fake->nexthop_mute = true;
	heard = use_start(rig, 0, "10.0.0.9");
	rig->now += 1999;
	rig_run(rig);
	assert_int_equal(heard->calls, 0);
	rig->now += 1;
	rig_run(rig);
	assert_int_equal(heard->calls, 1);
	assert_int_equal(heard->error, -ETIMEDOUT);
	heard->calls = 0;
	fake_dataplane_news(rig->fake, 0);
	heard_wait(rig, heard);
	assert_int_equal(heard->index, 1);
}

/* Whose turn it is may end itself, its neighbours on both sides, and be the last. */
static void uses_end_in_ready(void **state)
{
	struct rig *rig = rig_connected(state);

	for (unsigned round = 0; round < 2 * USES; round++) {
		memset(rig->heard, 0, sizeof(rig->heard));
		rig->fake->nexthop_error = round < USES ? 0 : -EHOSTUNREACH;
		for (unsigned i = 0; i < USES; i++) {
			use_start(rig, i, "10.0.0.9");
			rig->heard[i].ends = &rig->heard[(i + round) % USES];
		}
		rig_run(rig);
		fake_dataplane_news(rig->fake, -ENOSPC);
		rig_run(rig);
		for (unsigned i = 0; i < USES; i++)
			nexthop_use_end(rig->dataplane, &rig->heard[i].use);
		rig->now += 5000;
		rig_run(rig);
		assert_holds(rig, "10.0.0.9", 0);
	}
}

/* More messages than a socket holds: they wait, none is lost, none comes out of order. */
static void bursts_wait(void **state)
{
	struct rig *rig = rig_connected(state);
	struct heard *heard = &rig->heard[0];

	rig->fake->nexthop_error = -EHOSTUNREACH;
	rig->fake->nexthop_mute = true;
	for (unsigned i = 0; i < 5000; i++) {
		use_start(rig, 0, "10.0.0.9");
		nexthop_use_end(rig->dataplane, &heard->use);
	}
	rig->fake->nexthop_mute = false;
	use_start(rig, 0, "10.0.0.10");
	heard_wait(rig, heard);
	assert_holds(rig, "10.0.0.9", 0);
	assert_holds(rig, "10.0.0.10", 1);
	assert_int_equal(rig->downs, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(uses_share_a_next_hop),
	        TEST(the_last_use_lingers),
	        TEST(an_unreachable_remote_is_told),
	        TEST(no_answer_in_two_seconds),
	        TEST(uses_end_in_ready),
	        TEST(bursts_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
