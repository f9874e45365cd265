/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a phone says, as its peer's phone gets it: every byte. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <spandsp.h>

#include "tests/bpf/world.h"

enum { ALICE = 1, BOB = 2, ALICE6 = 33, BOB6 = 34 };

/* A row: who talks and who hears, and what is on the wire and the hop between. */
struct route {
	const char *name;
	uint32_t talker, talker_phone, hearer, hearer_phone;
	unsigned tags_in, tags_out;
};

static const struct route routes[] = {
        {"IPv4", ALICE, 1, BOB, 2, 0, 0},
        {"IPv4, tagged in", ALICE, 1, BOB, 2, 1, 0},
        {"IPv4, tagged out", ALICE, 1, BOB, 2, 0, 1},
        {"IPv4, tagged twice in, once out", ALICE, 1, BOB, 2, 2, 1},
        {"IPv4, tagged twice", ALICE, 1, BOB, 2, 2, 2},
        {"IPv4, tagged twice out", ALICE, 1, BOB, 2, 0, 2},
        {"IPv6", ALICE6, 3, BOB6, 4, 0, 0},
        {"IPv6, tagged in", ALICE6, 3, BOB6, 4, 1, 0},
        {"IPv6, tagged twice out", ALICE6, 3, BOB6, 4, 0, 2},
        {"IPv4 to IPv6", ALICE, 1, BOB6, 4, 0, 0},
        {"IPv4 to IPv6, tagged twice out", ALICE, 1, BOB6, 4, 0, 2},
        {"IPv6 to IPv4", ALICE6, 3, BOB, 2, 0, 0},
        {"IPv6, tagged twice, to IPv4", ALICE6, 3, BOB, 2, 2, 0},
};

static void tag_wire(struct wire *wire, unsigned tags)
{
	wire->tags = tags;
	wire->vlan_type[0] = tags > 1 ? 0x88a8 : 0x8100;
	wire->vlan_tci[0] = 0x0064;
	wire->vlan_type[1] = 0x8100;
	wire->vlan_tci[1] = 0x00c8;
}

static void tag_hop(struct xd_hop *hop, unsigned tags)
{
	hop->tags = tags;
	hop->vlan_proto[0] = __builtin_bswap16(tags > 1 ? 0x88a8 : 0x8100);
	hop->vlan_tci[0] = __builtin_bswap16(0xa12c);
	hop->vlan_proto[1] = __builtin_bswap16(0x8100);
	hop->vlan_tci[1] = __builtin_bswap16(0xa190);
}

/* Both directions of the same call over a route, the first packet an anchor, the second not. */
static void run_route(struct world *world, const struct route *route)
{
	struct wire in, out;
	struct outcome outcome;
	int n;

	world_reset(world);
	world_bridge(world, route->talker, route->talker_phone, route->hearer, route->hearer_phone);
	tag_hop(&world->nexthops[route->hearer_phone].hop[0], route->tags_out);
	in = wire_of_phone(route->talker_phone, route->talker);
	tag_wire(&in, route->tags_in);
	for (n = 0; n < 3; n++) {
		in.sequence++;
		in.timestamp += 160;
		outcome = world_run(world, &in);
		assert_ending(outcome, sent_forward);
		assert_int_equal(outcome.verdict, XDP_TX);
		out = wire_of_relay(world, route->hearer_phone, route->hearer);
		out.marker = n == 0;
		assert_wire(&out, outcome.bytes, outcome.length);
	}
	assert_tally(world->streams[route->talker].received, 3, 172);
	assert_tally(world->streams[route->hearer].forwarded, 3, 172);
	assert_all_counted(world);
}

static void every_route(void **state)
{
	size_t n;

	for (n = 0; n < sizeof(routes) / sizeof(*routes); n++) {
		print_message("\t%s\n", routes[n].name);
		run_route(*state, &routes[n]);
	}
}

static void redirected_where_the_hop_is_another_interface(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	struct outcome outcome;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	world->nexthops[2].hop[1] = world->nexthops[2].hop[0];
	world->nexthops[2].hop[1].ifindex = WORLD_OTHER;
	outcome = world_run(world, &in);
	assert_int_equal(outcome.verdict, XDP_TX);
	/* One store of the dataplane moves the call. */
	world->nexthops[2].now = 1;
	in.sequence++;
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_forward);
	assert_int_equal(outcome.verdict, XDP_REDIRECT);
}

static void csrcs_extension_padding_and_trailer_stay(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), out;
	struct outcome outcome;

	in.csrcs = 15;
	in.extension = 4;
	in.padding = 6;
	in.marker = true;
	in.trailer = 3;
	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_forward);
	out = wire_of_relay(world, 2, BOB);
	out.csrcs = 15;
	out.extension = 4;
	out.padding = 6;
	out.marker = true;
	out.trailer = 3;
	assert_wire(&out, outcome.bytes, outcome.length);
}

static void a_zero_checksum_stays_zero_over_ip4(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), out;
	struct outcome outcome;

	in.no_checksum = true;
	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	outcome = world_run(world, &in);
	out = wire_of_relay(world, 2, BOB);
	out.marker = true;
	out.no_checksum = true;
	assert_wire(&out, outcome.bytes, outcome.length);
}

static void a_zero_checksum_is_computed_for_ip6(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), out;
	struct outcome outcome;
	size_t bytes;

	in.no_checksum = true;
	for (bytes = 0; bytes < 12; bytes++) {
		world_reset(world);
		world_bridge(world, ALICE, 1, BOB6, 4);
		in.payload_bytes = 150 + bytes;
		outcome = world_run(world, &in);
		assert_ending(outcome, sent_forward);
		out = wire_of_relay(world, 4, BOB6);
		out.marker = true;
		out.payload_bytes = in.payload_bytes;
		assert_wire(&out, outcome.bytes, outcome.length);
	}
}

/* Zero would mean that there is no checksum (RFC 768). */
static void a_checksum_that_comes_out_as_zero_is_sent_as_ones(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), out;
	uint8_t speech[160] = {0}, bytes[PACKET_MAX];
	struct outcome outcome;
	unsigned word;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	in.payload = speech;
	world_run(world, &in);
	out = wire_of_relay(world, 2, BOB);
	out.sequence++;
	out.timestamp += 160;
	out.payload = speech;
	for (word = 0; word < 0x10000; word++) {
		speech[80] = (uint8_t)(word >> 8);
		speech[81] = (uint8_t)word;
		wire_build(&out, bytes);
		if (bytes[wire_udp(&out) + 6] == 0xff && bytes[wire_udp(&out) + 7] == 0xff)
			break;
	}
	assert_in_range(word, 0, 0xffff);
	in.sequence++;
	in.timestamp += 160;
	outcome = world_run(world, &in);
	assert_wire(&out, outcome.bytes, outcome.length);
}

/* Sends all 256 values through, in payloads of every odd length that the loop could get wrong. */
static void convert(struct world *world, bool to_alaw, uint8_t padding)
{
	uint8_t from[256], to[256];
	struct xd_plan plan;
	struct wire in, out;
	struct outcome outcome;
	size_t bytes;
	unsigned n;

	for (n = 0; n < 256; n++) {
		from[n] = (uint8_t)n;
		to[n] = to_alaw ? ulaw_to_alaw((uint8_t)n) : alaw_to_ulaw((uint8_t)n);
	}
	for (bytes = 240; bytes <= 256; bytes++) {
		world_reset(world);
		world_bridge(world, ALICE, 1, BOB, 2);
		plan = world_plan_of(world, to_alaw ? BOB : ALICE);
		plan.payloads[XD_VOICE] = (struct xd_payload){.type_in = 8, .type_out = 8, .codec = XD_PCMA};
		world_publish(world, to_alaw ? BOB : ALICE, plan, 0);
		in = wire_of_phone(1, ALICE);
		in.type = to_alaw ? 0 : 8;
		in.payload = from;
		in.payload_bytes = bytes;
		in.csrcs = 1;
		in.padding = padding;
		outcome = world_run(world, &in);
		assert_ending(outcome, sent_forward);
		out = wire_of_relay(world, 2, BOB);
		out.type = to_alaw ? 8 : 0;
		out.marker = true;
		out.payload = to;
		out.payload_bytes = bytes;
		out.csrcs = 1;
		out.padding = padding;
		assert_wire(&out, outcome.bytes, outcome.length);
	}
}

static void ulaw_becomes_alaw(void **state)
{
	convert(*state, true, 0);
	convert(*state, true, 5);
}

static void alaw_becomes_ulaw(void **state)
{
	convert(*state, false, 0);
	convert(*state, false, 8);
}

static void padding_that_claims_more_than_there_is_converts_nothing(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE);
	uint8_t bytes[PACKET_MAX], *last;
	struct xd_plan plan;
	struct outcome outcome;
	size_t length;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	plan = world_plan_of(world, BOB);
	plan.payloads[XD_VOICE] = (struct xd_payload){.type_in = 8, .type_out = 8, .codec = XD_PCMA};
	world_publish(world, BOB, plan, 0);
	in.padding = 1;
	length = wire_build(&in, bytes);
	last = bytes + length - 1;
	*last = 255;
	outcome = world_run_bytes(world, WORLD_WIRE, bytes, length);
	assert_ending(outcome, sent_forward);
	assert_memory_equal(outcome.bytes + wire_udp(&in) + 20, bytes + wire_udp(&in) + 20, 161);
}

static void telephone_events_get_the_hearers_type(void **state)
{
	static const uint8_t digit[] = {5, 0x0a, 0x01, 0x40};
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), out;
	struct xd_plan plan;
	struct outcome outcome;
	uint32_t start;
	int n;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	plan = world_plan_of(world, BOB);
	plan.payloads[XD_EVENT] = (struct xd_payload){.type_in = 96, .type_out = 110};
	world_publish(world, BOB, plan, 0);
	world_run(world, &in);
	start = world_timestamp(world, BOB);
	in.type = 101;
	in.payload = digit;
	in.payload_bytes = sizeof(digit);
	in.timestamp += 160;
	for (n = 0; n < 4; n++) {
		in.sequence++;
		in.marker = n == 0;
		outcome = world_run(world, &in);
		assert_ending(outcome, sent_forward);
		out = wire_of_relay(world, 2, BOB);
		out.type = 110;
		out.marker = n == 0;
		out.timestamp = start + 160;
		out.payload = digit;
		out.payload_bytes = sizeof(digit);
		assert_wire(&out, outcome.bytes, outcome.length);
	}
}

static void the_hearers_latched_port_is_where_it_goes(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, ALICE), back = wire_of_phone(2, BOB), out;
	struct xd_plan plan;
	struct outcome outcome;

	world_reset(world);
	world_bridge(world, ALICE, 1, BOB, 2);
	plan = world_plan_of(world, BOB);
	plan.source_rule = XD_FROM_LATCH;
	world_publish(world, BOB, plan, 0);
	assert_ending(world_run(world, &in), drop_not_latched);
	back.from_port = 61234;
	assert_ending(world_run(world, &back), sent_forward);
	in.sequence++;
	outcome = world_run(world, &in);
	assert_ending(outcome, sent_forward);
	out = wire_of_relay(world, 2, BOB);
	out.to_port = 61234;
	out.marker = true;
	assert_wire(&out, outcome.bytes, outcome.length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_route),
	        cmocka_unit_test(redirected_where_the_hop_is_another_interface),
	        cmocka_unit_test(csrcs_extension_padding_and_trailer_stay),
	        cmocka_unit_test(a_zero_checksum_stays_zero_over_ip4),
	        cmocka_unit_test(a_zero_checksum_is_computed_for_ip6),
	        cmocka_unit_test(a_checksum_that_comes_out_as_zero_is_sent_as_ones),
	        cmocka_unit_test(ulaw_becomes_alaw),
	        cmocka_unit_test(alaw_becomes_ulaw),
	        cmocka_unit_test(padding_that_claims_more_than_there_is_converts_nothing),
	        cmocka_unit_test(telephone_events_get_the_hearers_type),
	        cmocka_unit_test(the_hearers_latched_port_is_where_it_goes),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
