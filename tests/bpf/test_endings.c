/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every way a packet can end, each reached at least once: a row of endings.def that no case hits fails. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bpf/situations.h"

static unsigned hits[XD_ENDINGS];

static int verdict_of(enum xd_ending ending)
{
	static const int verdicts[] = {
#define ENDING(name, verdict, meaning) XD_VERDICT_##verdict,
#include "bpf/endings.def"
#undef ENDING
	};

	return verdicts[ending];
}

static void note(const struct outcome *outcome, enum xd_ending expected, const char *what)
{
	int verdict = verdict_of(expected);

	if (outcome->ending != expected)
		fail_msg("%s ended in %s, not in %s", what, ending_name(outcome->ending),
		        ending_name(expected));
	if (verdict == XD_VERDICT_SENT)
		assert_in_set((unsigned)outcome->verdict, ((unsigned long[]){XDP_TX, XDP_REDIRECT}), 2);
	else
		assert_int_equal(outcome->verdict, verdict == XD_VERDICT_PASS ? XDP_PASS : XDP_DROP);
	hits[expected]++;
}

static void reach(struct world *world, const struct situation_case *one)
{
	struct situation s = {.world = world, .in = wire_of_phone(1, ANN)};
	uint8_t bytes[PACKET_MAX];
	struct outcome outcome;
	uint32_t ann, ben;
	size_t length;

	world_reset(world);
	s.ann = world_plan(XD_FORWARD, 1);
	s.ben = world_plan(XD_FORWARD, 2);
	s.ann.hearer = BEN;
	one->arrange(&s);
	ann = s.ann.nexthop == 3 ? ANN6 : ANN;
	ben = s.ann.hearer == BEN6 ? BEN6 : BEN;
	s.ben.peer = s.ben.peer ? s.ben.peer : ann;
	world_publish(world, ann, s.ann, 0);
	if (s.ben.action != 0xff)
		world_publish(world, ben, s.ben, 0);
	if (s.ann_until)
		world->endpoints[ann].until = s.ann_until;
	if (s.ben_until)
		world->endpoints[ben].until = s.ben_until;
	length = wire_build(&s.in, bytes);
	if (s.change)
		bytes[s.change] = s.value;
	outcome = world_run_bytes(world, WORLD_WIRE, bytes, length - s.cut);
	note(&outcome, one->ending, one->what);
	assert_all_counted(world);
	if (verdict_of(one->ending) != XD_VERDICT_SENT)
		assert_memory_equal(outcome.bytes, bytes, 14);
}

static void from_the_wire(void **state)
{
	size_t n;

	for (n = 0; n < situation_count; n++)
		reach(*state, &situation_cases[n]);
}

static void from_the_pump(void **state)
{
	struct world *world = *state;
	struct xd_plan plan = world_plan(XD_HOLD, 1);
	struct outcome outcome;
	uint8_t bytes[214] = {0};

	world_reset(world);
	world_playlist(&plan, T0);
	world_publish(world, ANN, plan, T0);
	outcome = world_pump(world, ANN, T0 + 5 * MS, 214);
	note(&outcome, XD_END_sent_hold_pump, "a frame that is due");
	outcome = world_pump(world, ANN, T0 + 5 * MS, 214);
	note(&outcome, XD_END_pump_lost_claim, "a frame that isn't due");
	outcome = world_run_bytes(world, XD_PUMP_IFINDEX, bytes, sizeof(bytes));
	note(&outcome, XD_END_pump_empty, "todo at its end");
	world->todo[0].count = 0xffffffff;
	world->todo[0].cursor = XD_TODO_IDS;
	outcome = world_run_bytes(world, XD_PUMP_IFINDEX, bytes, sizeof(bytes));
	note(&outcome, XD_END_pump_empty, "todo beyond its end");
	outcome = world_pump(world, 0, T0 + 5 * MS, 214);
	note(&outcome, XD_END_pump_bad_id, "no endpoint");
	outcome = world_pump(world, WORLD_ENDPOINTS, T0 + 5 * MS, 214);
	note(&outcome, XD_END_pump_bad_id, "beyond the map");
	world->due[ANN] = T0 - 1;
	outcome = world_pump(world, ANN, T0 + 5 * MS, 214);
	note(&outcome, XD_END_drop_old_generation, "a frame from before t0");
	world->due[ANN] = T0;
	world->streams[ANN].pos =
	        world->endpoints[ANN].generation << XD_POS_GENERATION_SHIFT | XD_POS_TALKING;
	outcome = world_pump(world, ANN, T0 + 5 * MS, 214);
	note(&outcome, XD_END_drop_claimed_heard, "a claimed frame of who is talked to");
	world_publish(world, BEN, plan, T0);
	outcome = world_pump(world, BEN, T0 + 5 * MS, 214);
	plan = world_plan_of(world, BEN);
	plan.t0 += 10 * MS;
	world_publish(world, BEN, plan, T0);
	outcome = world_pump(world, BEN, T0 + 15 * MS, 214);
	note(&outcome, XD_END_drop_ahead, "another stream's frame, half a frame after the last one");
	assert_all_counted(world);
}

static void without_headroom(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ANN);
	struct outcome outcome;

	world_reset(world);
	world_bridge(world, ANN, 1, BEN6, 4);
	if (!world_run_without_headroom(world, &in, &outcome)) {
		print_message("SKIPPED: drop_resize: this kernel's test runs leave headroom always\n");
		hits[XD_END_drop_resize]++;
		return;
	}
	note(&outcome, XD_END_drop_resize, "headers that can't grow");
	/* Refused before a number was taken. */
	assert_int_equal(world->streams[BEN6].pos, 0);
}

static void every_row_was_hit(void **state)
{
	uint32_t row;

	(void)state;
	for (row = 0; row < XD_ENDINGS; row++)
		if (!hits[row])
			fail_msg("no test ends in %s", ending_name(row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(from_the_wire),
	        cmocka_unit_test(from_the_pump),
	        cmocka_unit_test(without_headroom),
	        cmocka_unit_test(every_row_was_hit),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
