/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may speak to an endpoint: address, networks, latch; RTCP and STUN told apart; media started. */
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bpf/world.h"

enum { EVE = 7, EVE6 = 39 };

static void listen_to(struct world *world, uint32_t index, uint32_t phone, enum xd_source_rule rule)
{
	struct xd_plan plan = world_plan(XD_MUTE, phone);

	plan.source_rule = (uint8_t)rule;
	world_publish(world, index, plan, 0);
}

static enum xd_ending say(struct world *world, const struct wire *wire)
{
	struct outcome outcome = world_run(world, wire);

	return outcome.ending;
}

static void the_address_any_port(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, EVE), in6 = wire_of_phone(3, EVE6);

	world_reset(world);
	listen_to(world, EVE, 1, XD_FROM_ADDRESS);
	assert_int_equal(say(world, &in), XD_END_drop_nobody_hears);
	in.from_port = 9;
	in.ssrc++;
	assert_int_equal(say(world, &in), XD_END_drop_nobody_hears);
	in.from = "192.0.2.3";
	assert_int_equal(say(world, &in), XD_END_drop_source);
	assert_tally(world->streams[EVE].received, 2, 172);
	assert_int_equal(world->streams[EVE].refused, 1);

	listen_to(world, EVE6, 3, XD_FROM_ADDRESS);
	assert_int_equal(say(world, &in6), XD_END_drop_nobody_hears);
	in6.from = "2001:db8:1::3";
	assert_int_equal(say(world, &in6), XD_END_drop_source);

	/* Without a next hop there is nobody to listen to. */
	listen_to(world, EVE, 0, XD_FROM_ADDRESS);
	in.from = world_phone(1);
	assert_int_equal(say(world, &in), XD_END_drop_source);
	assert_all_counted(world);
}

struct network {
	const char *prefix;
	uint8_t bits;
	const char *from;
	bool allowed;
};

static const struct network networks[] = {
        {"192.0.2.0", 120, "192.0.2.255", true},
        {"192.0.2.0", 120, "192.0.3.0", false},
        {"192.0.2.128", 121, "192.0.2.127", false},
        {"192.0.2.128", 121, "192.0.2.200", true},
        {"192.0.2.9", 128, "192.0.2.9", true},
        {"192.0.2.9", 128, "192.0.2.8", false},
        {"0.0.0.0", 96, "203.0.113.1", true},
        {"0.0.0.0", 0, "203.0.113.1", true},
        {"192.0.2.0", 129, "192.0.2.0", false},
        {"192.0.2.0", 255, "192.0.2.0", false},
        {"2001:db8::", 32, "2001:db8:ffff::1", true},
        {"2001:db8::", 32, "2001:db9::1", false},
        {"2001:db8::", 64, "2001:db8::1:0:0:1", true},
        {"2001:db8::", 64, "2001:db8:0:1::1", false},
        {"2001:db8::", 65, "2001:db8::7fff:0:0:1", true},
        {"2001:db8::", 65, "2001:db8::8000:0:0:1", false},
        {"2001:db8::", 1, "7000::1", true},
        {"2001:db8::", 1, "8000::1", false},
        {"0.0.0.0", 96, "2001:db8::1", false},
};

static void networks_each_in_the_first_and_the_last_row(void **state)
{
	struct world *world = *state;
	struct xd_plan plan;
	struct wire in;
	size_t n, row, rule;

	world_reset(world);
	for (n = 0; n < 2 * sizeof(networks) / sizeof(*networks); n++) {
		rule = n % 2 ? XD_FROM_NETWORKS : XD_FROM_EITHER;
		for (row = 0; row < XD_SOURCE_NETWORKS; row += XD_SOURCE_NETWORKS - 1) {
			const struct network *network = &networks[n / 2];
			uint32_t index = strchr(network->from, ':') ? EVE6 : EVE;

			plan = world_plan(XD_MUTE, 1);
			plan.source_rule = (uint8_t)rule;
			wire_address(network->prefix, plan.source_networks[row]);
			plan.source_bits[row] = network->bits;
			world_publish(world, index, plan, 0);
			in = wire_of_phone(index == EVE ? 1 : 3, index);
			in.from = network->from;
			if (say(world, &in) !=
			        (network->allowed ? XD_END_drop_nobody_hears : XD_END_drop_source))
				fail_msg("%s in %s/%d", network->from, network->prefix, network->bits);
		}
	}
}

/* The remote address is believed where the controller has found it in one of the networks. */
static void networks_alone_or_the_remote_too(void **state)
{
	struct world *world = *state;
	struct xd_plan plan = world_plan(XD_MUTE, 1);
	struct wire in = wire_of_phone(1, EVE);

	world_reset(world);
	plan.source_rule = XD_FROM_EITHER;
	wire_address("203.0.113.0", plan.source_networks[0]);
	plan.source_bits[0] = 120;
	world_publish(world, EVE, plan, 0);
	assert_int_equal(say(world, &in), XD_END_drop_nobody_hears);
	plan.source_rule = XD_FROM_NETWORKS;
	world_publish(world, EVE, plan, 0);
	assert_int_equal(say(world, &in), XD_END_drop_source);
	assert_all_counted(world);
}

static void the_latch_takes_the_first_with_an_agreed_type(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, EVE), other;

	world_reset(world);
	listen_to(world, EVE, 1, XD_FROM_LATCH);
	in.type = 77 + 20;
	assert_int_equal(say(world, &in), XD_END_drop_payload_type);
	assert_int_equal(world->streams[EVE].latch, 0);
	in.type = 0;
	in.from = "192.0.2.77";
	assert_int_equal(say(world, &in), XD_END_drop_source);
	assert_int_equal(world->streams[EVE].latch, 0);
	in.from = world_phone(1);
	assert_int_equal(say(world, &in), XD_END_drop_nobody_hears);
	assert_int_equal(world->streams[EVE].latch,
	        (0x8000ULL | world->endpoints[EVE].generation) << 48 | 4000ULL << 32 | in.ssrc);
	other = in;
	other.from_port++;
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	other = in;
	other.ssrc++;
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	assert_int_equal(say(world, &in), XD_END_drop_nobody_hears);
	assert_tally(world->streams[EVE].received, 2, 172);
	assert_int_equal(world->streams[EVE].refused, 4);
}

/* The last packet came so long ago. */
static void quiet(struct world *world, uint64_t ms)
{
	world->streams[EVE].last_in = world_now() - ms * MS;
}

static void the_latch_moves_after_half_a_second(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, EVE), other;

	world_reset(world);
	listen_to(world, EVE, 1, XD_FROM_LATCH);
	say(world, &in);
	/* The same stream from another port: a NAT forgot the phone. */
	other = in;
	other.from_port = 5555;
	other.sequence++;
	quiet(world, 490);
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	quiet(world, 501);
	other.sequence = (uint16_t)(in.sequence + 1001);
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	other.sequence = (uint16_t)(in.sequence - 1001);
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	other.sequence = (uint16_t)(in.sequence + 1000);
	assert_int_equal(say(world, &other), XD_END_drop_nobody_hears);
	assert_int_equal(say(world, &in), XD_END_drop_source_port);
	/* Another stream from the same port: the phone started anew. */
	other.ssrc += 2;
	other.sequence = 5;
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	quiet(world, 501);
	assert_int_equal(say(world, &other), XD_END_drop_nobody_hears);
	/* Another stream from another port: somebody else. */
	quiet(world, 5000);
	assert_int_equal(say(world, &in), XD_END_drop_source_port);
	assert_int_equal((uint32_t)world->streams[EVE].latch, other.ssrc);
}

static void new_sdp_starts_the_latch_anew(void **state)
{
	struct world *world = *state;
	struct wire in = wire_of_phone(1, EVE), other = in;
	struct xd_plan plan;

	world_reset(world);
	listen_to(world, EVE, 1, XD_FROM_LATCH);
	say(world, &in);
	other.from_port = 1;
	other.ssrc = 1;
	/* A plan with the old media_since keeps it. */
	plan = world_plan_of(world, EVE);
	world_publish(world, EVE, plan, 0);
	assert_int_equal(say(world, &other), XD_END_drop_source_port);
	plan.media_since = WORLD_NOW;
	world_publish(world, EVE, plan, 0);
	assert_int_equal(say(world, &other), XD_END_drop_nobody_hears);
	assert_int_equal(say(world, &in), XD_END_drop_source_port);
}

struct seen {
	struct xd_event last;
	unsigned count;
};

static int see(void *context, void *record, size_t bytes)
{
	struct seen *seen = context;

	assert_int_equal(bytes, sizeof(seen->last));
	memcpy(&seen->last, record, bytes);
	seen->count++;
	return 0;
}

static void media_started_is_told_once_per_sdp(void **state)
{
	struct world *world = *state;
	struct seen seen = {.count = 0};
	struct ring_buffer *ring = ring_buffer__new(world_events(world), see, &seen, NULL);
	struct wire in = wire_of_phone(1, EVE);
	enum xd_source_rule rule;
	uint64_t before;

	assert_non_null(ring);
	world_reset(world);
	ring_buffer__consume(ring);
	seen.count = 0;
	for (rule = XD_FROM_ADDRESS; rule <= XD_FROM_LATCH; rule += 2) {
		before = world_now();
		listen_to(world, EVE, 1, rule);
		say(world, &in);
		say(world, &in);
		world_publish(world, EVE, world_plan_of(world, EVE), 0);
		say(world, &in);
		ring_buffer__consume(ring);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.last.kind, XD_EVENT_MEDIA_STARTED);
		assert_int_equal(seen.last.endpoint, EVE);
		assert_int_equal(seen.last.generation, world->endpoints[EVE].generation - 1);
		assert_int_equal(seen.last.argument, in.ssrc);
		assert_in_range(seen.last.time, before, world_now());
		seen.count = 0;
	}
	ring_buffer__free(ring);
}

static void events_that_find_the_ring_full_are_counted(void **state)
{
	struct world *world = *state;
	struct seen seen = {.count = 0};
	struct ring_buffer *ring = ring_buffer__new(world_events(world), see, &seen, NULL);
	struct wire in = wire_of_phone(1, EVE);
	unsigned n;

	world_reset(world);
	ring_buffer__consume(ring);
	seen.count = 0;
	for (n = 0; n < 150; n++) {
		listen_to(world, EVE, 1, XD_FROM_ADDRESS);
		say(world, &in);
	}
	ring_buffer__consume(ring);
	assert_in_range(seen.count, 50, 149);
	assert_int_equal(world_total(world, XD_EVENTS_LOST), 150 - seen.count);
	assert_all_counted(world);
	ring_buffer__free(ring);
}

static void rtcp_on_its_port_or_muxed_is_counted(void **state)
{
	static const uint8_t report[] = {0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78};
	static const uint8_t goodbye[] = {0x81, 203, 0, 1, 0x12, 0x34, 0x56, 0x78, 0, 0};
	struct world *world = *state;
	struct wire in = wire_of_phone(1, EVE);

	world_reset(world);
	listen_to(world, EVE, 1, XD_FROM_LATCH);
	in.raw = report;
	in.raw_bytes = sizeof(report);
	assert_int_equal(say(world, &in), XD_END_rtcp);
	in.to_port++;
	in.from_port++;
	assert_int_equal(say(world, &in), XD_END_rtcp);
	in.raw = goodbye;
	in.raw_bytes = sizeof(goodbye);
	assert_int_equal(say(world, &in), XD_END_rtcp);
	assert_int_equal(world->streams[EVE].rtcp, 3);
	/* It isn't media: nothing is latched, nothing received. */
	assert_int_equal(world->streams[EVE].latch, 0);
	assert_int_equal(world->streams[EVE].received, 0);
	assert_int_equal(world->streams[EVE].last_in, 0);
	/* Not from anybody. */
	in.from = "192.0.2.66";
	assert_int_equal(say(world, &in), XD_END_drop_source);
	/* RTP has no business on the RTCP port. */
	in = wire_of_phone(1, EVE);
	in.to_port++;
	assert_int_equal(say(world, &in), XD_END_drop_not_rtp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_address_any_port),
	        cmocka_unit_test(networks_each_in_the_first_and_the_last_row),
	        cmocka_unit_test(networks_alone_or_the_remote_too),
	        cmocka_unit_test(the_latch_takes_the_first_with_an_agreed_type),
	        cmocka_unit_test(the_latch_moves_after_half_a_second),
	        cmocka_unit_test(new_sdp_starts_the_latch_anew),
	        cmocka_unit_test(media_started_is_told_once_per_sdp),
	        cmocka_unit_test(events_that_find_the_ring_full_are_counted),
	        cmocka_unit_test(rtcp_on_its_port_or_muxed_is_counted),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
