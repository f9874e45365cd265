/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hold stream: which frame goes out when, by which entrance, and every byte of it. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum { CAROL = 5, CAROL6 = 37, PTIME = 20 };

/* Any time will do for the pump, whose clock is in todo. */
#define T0 (1000000 * MS + 123456)

/* The chunk at which frame k of world_playlist's list begins: 24 chunks from 100, then 36 from 12 for ever.
 */
static uint32_t chunk_of_frame(uint64_t frame)
{
	uint64_t chunk = frame * 2;

	return (uint32_t)(chunk < 24 ? 100 + chunk : 12 + (chunk - 24) % 36);
}

static void park(struct world *world, uint32_t index, uint32_t phone, uint64_t t0, uint64_t now)
{
	struct xd_plan plan = world_plan(XD_HOLD, phone);

	world_playlist(&plan, t0);
	world_publish(world, index, plan, now);
}

static void assert_frame(struct world *world, const struct outcome *outcome, uint32_t index, uint32_t phone,
        uint64_t frame, bool marker)
{
	struct wire out = wire_of_relay(world, phone, index);
	uint8_t payload[160];

	world_payload(chunk_of_frame(frame), 2, payload);
	out.payload = payload;
	out.marker = marker;
	assert_wire(&out, outcome->bytes, outcome->length);
}

static void the_pump_plays_the_list_and_loops(void **state)
{
	struct world *world = *state;
	struct outcome outcome;
	uint64_t frame;
	uint32_t timestamp = 0;
	uint16_t sequence = 0;

	world_reset(world);
	park(world, CAROL, 1, T0, T0);
	for (frame = 0; frame < 80; frame++) {
		outcome = world_pump(world, CAROL, T0 + frame * PTIME * MS + 6 * MS, 214);
		assert_ending(outcome, sent_hold_pump);
		assert_int_equal(outcome.verdict, XDP_REDIRECT);
		assert_frame(world, &outcome, CAROL, 1, frame, frame == 0);
		assert_int_equal(world->due[CAROL], T0 + (frame + 1) * PTIME * MS);
		if (frame) {
			assert_int_equal(world_sequence(world, CAROL), (uint16_t)(sequence + 1));
			assert_int_equal(world_timestamp(world, CAROL), timestamp + 160);
		}
		sequence = world_sequence(world, CAROL);
		timestamp = world_timestamp(world, CAROL);
	}
	assert_tally(world->streams[CAROL].hold_pump, 80, 172);
	assert_tally(world->streams[CAROL].hold_ingress, 0, 172);
	assert_all_counted(world);
}

/* Music is one part, which starts over within itself. */
static void a_list_of_one_part_loops_from_where_it_says(void **state)
{
	struct world *world = *state;
	struct xd_plan plan = world_plan(XD_HOLD, 1);
	struct outcome outcome;
	uint8_t payload[160];

	world_reset(world);
	world_playlist(&plan, T0);
	plan.parts = 1;
	plan.loop = 12;
	plan.first = (struct xd_part){.first = 30, .end = 36};
	plan.later[0] = (struct xd_part){0};
	world_publish(world, CAROL, plan, T0);
	for (uint32_t frame = 0; frame < 60; frame++) {
		uint32_t chunk = 2 * frame;

		outcome = world_pump(world, CAROL, T0 + frame * PTIME * MS + 6 * MS, 214);
		assert_ending(outcome, sent_hold_pump);
		world_payload(30 + (chunk < 36 ? chunk : 12 + (chunk - 36) % 24), 2, payload);
		assert_memory_equal(outcome.bytes + outcome.length - 160, payload, 160);
	}
}

static void the_pump_writes_every_byte_over_any_frame(void **state)
{
	static const size_t lengths[] = {14, 60, 213, 214, 215, 600, 1500};
	struct world *world = *state;
	struct xd_hop *hop;
	struct outcome outcome;
	unsigned tags;
	size_t n;

	for (tags = 0; tags <= 2; tags++) {
		for (n = 0; n < sizeof(lengths) / sizeof(*lengths); n++) {
			world_reset(world);
			hop = &world->nexthops[1].hop[0];
			hop->tags = world->nexthops[3].hop[0].tags = tags;
			hop->vlan_proto[0] = world->nexthops[3].hop[0].vlan_proto[0] =
			        __builtin_bswap16(0x88a8);
			hop->vlan_proto[1] = world->nexthops[3].hop[0].vlan_proto[1] =
			        __builtin_bswap16(0x8100);
			hop->vlan_tci[0] = hop->vlan_tci[1] = __builtin_bswap16(0xa001);
			park(world, CAROL, 1, T0, T0);
			outcome = world_pump(world, CAROL, T0 + 5 * MS, lengths[n]);
			assert_ending(outcome, sent_hold_pump);
			assert_frame(world, &outcome, CAROL, 1, 0, true);
			park(world, CAROL6, 3, T0, T0);
			outcome = world_pump(world, CAROL6, T0 + 5 * MS, lengths[n]);
			assert_ending(outcome, sent_hold_pump);
			assert_frame(world, &outcome, CAROL6, 3, 0, true);
		}
	}
}

static void every_ptime(void **state)
{
	static const uint8_t chunks[] = {1, 2, 3, 4, 6};
	struct world *world = *state;
	struct outcome outcome;
	struct xd_plan plan;
	struct wire out;
	uint8_t payload[480];
	uint32_t frame, timestamp, first;
	size_t n;

	for (n = 0; n < sizeof(chunks); n++) {
		world_reset(world);
		plan = world_plan(XD_HOLD, 1);
		world_playlist(&plan, T0);
		plan.frame_chunks = chunks[n];
		plan.ptime_ns = (uint32_t)(10 * MS * chunks[n]);
		world_publish(world, CAROL, plan, T0);
		for (frame = 0, timestamp = 0; frame < 70; frame++) {
			outcome =
			        world_pump(world, CAROL, T0 + (uint64_t)frame * plan.ptime_ns + 5 * MS, 214);
			assert_ending(outcome, sent_hold_pump);
			first = frame * chunks[n];
			first = first < 24 ? 100 + first : 12 + (first - 24) % 36;
			world_payload(first, chunks[n], payload);
			out = wire_of_relay(world, 1, CAROL);
			out.marker = frame == 0;
			out.payload = payload;
			out.payload_bytes = 80U * chunks[n];
			assert_wire(&out, outcome.bytes, outcome.length);
			if (frame)
				assert_int_equal(out.timestamp, timestamp + 80U * chunks[n]);
			timestamp = out.timestamp;
		}
	}
}

static void the_phones_own_packet_carries_the_frame_back(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, CAROL), tagged = in;
	struct outcome outcome;
	uint64_t now;

	world_reset(world);
	now = world_now();
	park(world, CAROL, 1, now, now);
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_hold_ingress);
	assert_int_equal(outcome.verdict, XDP_TX);
	assert_frame(world, &outcome, CAROL, 1, 0, true);
	assert_int_equal(world->due[CAROL], now + PTIME * MS);
	assert_tally(world->streams[CAROL].hold_ingress, 1, 172);
	assert_tally(world->streams[CAROL].received, 1, 172);

	/* Not due yet: nothing goes out, nothing is claimed. */
	in.sequence++;
	assert_ending(world_run(world, &in), drop_not_due);
	assert_int_equal(world->due[CAROL], now + PTIME * MS);

	/* A longer packet with two tags and an event in it does as well. */
	now = world_now();
	park(world, CAROL, 1, now, now);
	tagged.tags = 2;
	tagged.vlan_type[0] = tagged.vlan_type[1] = 0x8100;
	tagged.type = 101;
	tagged.csrcs = 3;
	tagged.payload_bytes = 480;
	outcome = world_run(world, &tagged);
	assert_ending(outcome, sent_hold_ingress);
	assert_frame(world, &outcome, CAROL, 1, 0, true);
	assert_all_counted(world);
}

static void ingress_claims_early_and_the_pump_after_grace(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, CAROL);
	uint64_t now;

	world_reset(world);
	world->settings->early_ns = 200 * MS;
	now = world_now();
	park(world, CAROL, 1, now + 150 * MS, now);
	assert_ending(world_run(world, &in), sent_hold_ingress);
	assert_ending(world_run(world, &in), sent_hold_ingress);
	world->settings->early_ns = 0;
	assert_ending(world_run(world, &in), drop_not_due);

	park(world, CAROL, 1, T0, T0);
	world->settings->grace_ns = 7 * MS;
	assert_ending(world_pump(world, CAROL, T0 + 7 * MS - 1, 214), pump_lost_claim);
	assert_ending(world_pump(world, CAROL, T0 + 7 * MS, 214), sent_hold_pump);
}

static void late_frames_are_skipped_not_burst(void **state)
{
	struct world *world = *state;
	struct outcome outcome;
	uint32_t timestamp;
	uint16_t sequence;

	world_reset(world);
	park(world, CAROL, 1, T0, T0);
	world_pump(world, CAROL, T0 + 5 * MS, 214);
	timestamp = world_timestamp(world, CAROL);
	sequence = world_sequence(world, CAROL);

	/* Frame 1 is 100 ms late: not skipped yet. */
	outcome = world_pump(world, CAROL, T0 + 120 * MS, 214);
	assert_frame(world, &outcome, CAROL, 1, 1, false);
	assert_int_equal(world->due[CAROL], T0 + 40 * MS);
	assert_int_equal(world->streams[CAROL].hold_skipped, 0);

	/* Frame 2 is 101 ms late: the last one due goes out, 5 frames later. */
	outcome = world_pump(world, CAROL, T0 + 40 * MS + 101 * MS, 214);
	assert_ending(outcome, sent_hold_pump);
	assert_frame(world, &outcome, CAROL, 1, 7, false);
	assert_int_equal(world->due[CAROL], T0 + 8 * PTIME * MS);
	assert_int_equal(world->streams[CAROL].hold_skipped, 5);

	/* Frame 8 is a second late: the last one due goes out, 50 frames and 19 ms later. */
	outcome = world_pump(world, CAROL, T0 + 160 * MS + 1019 * MS, 214);
	assert_ending(outcome, sent_hold_pump);
	assert_frame(world, &outcome, CAROL, 1, 58, false);
	assert_int_equal(world->due[CAROL], T0 + 59 * PTIME * MS);
	assert_int_equal(world->streams[CAROL].hold_skipped, 55);
	/* Payload and timestamp moved on, the sequence number didn't. */
	assert_int_equal(world_sequence(world, CAROL), (uint16_t)(sequence + 3));
	assert_int_equal(world_timestamp(world, CAROL), timestamp + 58 * 160);
}

static void the_stream_goes_on_over_a_change_of_plan(void **state)
{
	struct world *world = *state;
	struct outcome outcome;
	struct xd_plan plan;
	uint32_t timestamp;
	uint16_t sequence;

	world_reset(world);
	park(world, CAROL, 1, T0, T0);
	world_pump(world, CAROL, T0 + 5 * MS, 214);
	world_pump(world, CAROL, T0 + 25 * MS, 214);
	timestamp = world_timestamp(world, CAROL);
	sequence = world_sequence(world, CAROL);
	/* Another payload type; t0 and ptime stay, so does due. */
	plan = world_plan_of(world, CAROL);
	plan.payloads[XD_VOICE].type_out = 8;
	world_publish(world, CAROL, plan, T0 + 900 * MS);
	assert_int_equal(world->due[CAROL], T0 + 40 * MS);
	outcome = world_pump(world, CAROL, T0 + 45 * MS, 214);
	assert_frame(world, &outcome, CAROL, 1, 2, false);
	assert_int_equal(world_sequence(world, CAROL), (uint16_t)(sequence + 1));
	assert_int_equal(world_timestamp(world, CAROL), timestamp + 160);
	/* Another t0: the first frame that isn't before now. */
	plan.t0 = T0 + 3 * MS;
	world_publish(world, CAROL, plan, T0 + 50 * MS);
	assert_int_equal(world->due[CAROL], T0 + 63 * MS);
	outcome = world_pump(world, CAROL, T0 + 70 * MS, 214);
	assert_frame(world, &outcome, CAROL, 1, 3, false);
	assert_int_equal(world_sequence(world, CAROL), (uint16_t)(sequence + 2));
}

static void nothing_goes_out_after_until(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, CAROL);
	struct xd_plan plan;
	uint64_t now;

	world_reset(world);
	now = world_now();
	plan = world_plan(XD_HOLD, 1);
	world_playlist(&plan, now);
	world_publish(world, CAROL, plan, now);
	world->endpoints[CAROL].until = now - 1;
	assert_ending(world_run(world, &in), drop_expired);
	assert_int_equal(world->due[CAROL], now);
	/* Renewed by one store. */
	world->endpoints[CAROL].until = ~0ULL;
	assert_ending(world_run(world, &in), sent_hold_ingress);
	/* The pump stops what is over, so that its scan doesn't find it for ever. */
	world->endpoints[CAROL].until = now + 19 * MS;
	assert_ending(world_pump(world, CAROL, now + 26 * MS, 214), drop_expired);
	assert_int_equal(world->due[CAROL], 0);
	assert_all_counted(world);
}

static void the_pump_lets_go_what_it_cant_send(void **state)
{
	struct world *world = *state;
	struct xd_plan plan;

	world_reset(world);
	park(world, CAROL, 1, T0, T0);
	world->nexthops[1].state = XD_NEXTHOP_UNREACHABLE;
	assert_ending(world_pump(world, CAROL, T0 + 5 * MS, 214), drop_nexthop);
	assert_int_equal(world->due[CAROL], T0 + PTIME * MS);
	assert_int_equal(world->streams[CAROL].pos, 0);
	/* A playlist without a frame length would stand still: the stream stops. */
	world->nexthops[1].state = XD_NEXTHOP_REACHABLE;
	plan = world_plan_of(world, CAROL);
	plan.ptime_ns = 0;
	world_store(world, CAROL, world->endpoints[CAROL].generation, &plan);
	assert_ending(world_pump(world, CAROL, T0 + 25 * MS, 214), drop_playlist);
	assert_int_equal(world->due[CAROL], 0);
	/* And one that runs though the plan doesn't hold. */
	world_publish(world, CAROL, world_plan(XD_MUTE, 1), T0);
	world->due[CAROL] = T0;
	assert_ending(world_pump(world, CAROL, T0 + 25 * MS, 214), pump_lost_claim);
	assert_int_equal(world->due[CAROL], 0);
}

static void a_todo_of_many(void **state)
{
	struct world *world = *state;
	uint8_t bytes[214] = {0};
	uint32_t n;

	world_reset(world);
	for (n = 1; n < 30; n++) {
		park(world, n, 1, T0, T0);
		world->todo[0].ids[n - 1] = n;
	}
	world->todo[0].now = T0 + 5 * MS;
	world->todo[0].cursor = 0;
	world->todo[0].count = 29;
	for (n = 1; n < 30; n++)
		assert_ending(world_run_bytes(world, XD_PUMP_IFINDEX, bytes, sizeof(bytes)), sent_hold_pump);
	assert_ending(world_run_bytes(world, XD_PUMP_IFINDEX, bytes, sizeof(bytes)), pump_empty);
	for (n = 1; n < 30; n++)
		assert_tally(world->streams[n].hold_pump, 1, 172);
	assert_int_equal(world->todo[0].cursor, 29);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_pump_plays_the_list_and_loops),
	        cmocka_unit_test(a_list_of_one_part_loops_from_where_it_says),
	        cmocka_unit_test(the_pump_writes_every_byte_over_any_frame),
	        cmocka_unit_test(every_ptime),
	        cmocka_unit_test(the_phones_own_packet_carries_the_frame_back),
	        cmocka_unit_test(ingress_claims_early_and_the_pump_after_grace),
	        cmocka_unit_test(late_frames_are_skipped_not_burst),
	        cmocka_unit_test(the_stream_goes_on_over_a_change_of_plan),
	        cmocka_unit_test(nothing_goes_out_after_until),
	        cmocka_unit_test(the_pump_lets_go_what_it_cant_send),
	        cmocka_unit_test(a_todo_of_many),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
