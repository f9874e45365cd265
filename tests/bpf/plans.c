/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans, published as the controller publishes them. */
#include <string.h>

#include "tests/bpf/world.h"

struct xd_plan world_plan(enum xd_action action, uint32_t phone)
{
	struct xd_plan plan = {
	        .action = (uint8_t)action,
	        .source_rule = XD_FROM_ADDRESS,
	        .leg_since = WORLD_NOW,
	        .media_since = WORLD_NOW,
	        .remote_port = __builtin_bswap16(4000),
	        .nexthop = phone,
	        .ssrc = 0x11110000 + phone,
	        .payloads = {{.type_in = 0, .type_out = 0, .codec = XD_PCMU},
	                {.type_in = 101, .type_out = 101}, {.type_in = 13, .type_out = 13}},
	};

	memset(plan.source_bits, 0xff, sizeof(plan.source_bits));
	return plan;
}

void world_playlist(struct xd_plan *plan, uint64_t t0)
{
	plan->frame_chunks = 2;
	plan->chunk_bytes = XD_CHUNK_BYTES;
	plan->ptime_ns = 20 * MS;
	plan->t0 = t0;
	plan->parts = 2;
	plan->loop = 24;
	plan->first = (struct xd_part){.first = 100, .end = 24};
	plan->later[0] = (struct xd_part){.first = 12, .end = 60};
}

static uint64_t first_frame(const struct xd_plan *plan, uint64_t now)
{
	if (now <= plan->t0)
		return plan->t0;
	return plan->t0 + (now - plan->t0 + plan->ptime_ns - 1) / plan->ptime_ns * plan->ptime_ns;
}

void world_store(struct world *world, uint32_t index, uint64_t generation, const struct xd_plan *plan)
{
	world->endpoints[index].plan[generation & 1] = plan->line;
	world->rests[index].plan[generation & 1] = plan->rest;
}

bool world_publish(struct world *world, uint32_t index, struct xd_plan plan, uint64_t now)
{
	struct xd_endpoint *endpoint = &world->endpoints[index];
	uint64_t generation = endpoint->generation + 1;
	const struct xd_plan_line *old = &endpoint->plan[endpoint->generation & 1];
	bool same = old->t0 == plan.t0 && old->ptime_ns == plan.ptime_ns;
	uint64_t frame = __atomic_exchange_n(&world->due[index], 0, __ATOMIC_SEQ_CST);

	if (plan.leg_since == WORLD_NOW)
		plan.leg_since = generation & XD_GENERATION_MASK;
	if (plan.media_since == WORLD_NOW)
		plan.media_since = generation & XD_GENERATION_MASK;
	endpoint->until = ~0ULL;
	world_store(world, index, generation, &plan);
	__atomic_store_n(&endpoint->generation, generation, __ATOMIC_RELEASE);
	if (plan.action == XD_HOLD || plan.action == XD_HOLD_UNTIL_HEARD)
		__atomic_store_n(&world->due[index], same && frame ? frame : first_frame(&plan, now),
		        __ATOMIC_RELEASE);
	return same && frame;
}

void world_bridge(struct world *world, uint32_t a, uint32_t phone_a, uint32_t b, uint32_t phone_b)
{
	struct xd_plan one = world_plan(XD_FORWARD, phone_a), other = world_plan(XD_FORWARD, phone_b);

	one.peer = one.hearer = b;
	other.peer = other.hearer = a;
	world_publish(world, a, one, 0);
	world_publish(world, b, other, 0);
}

struct xd_plan world_plan_of(const struct world *world, uint32_t index)
{
	unsigned in_use = world->endpoints[index].generation & 1;

	return (struct xd_plan){
	        .line = world->endpoints[index].plan[in_use], .rest = world->rests[index].plan[in_use]};
}

uint16_t world_port(uint32_t index)
{
	return (uint16_t)(WORLD_PORT_FIRST + index % WORLD_EACH * 2);
}

const char *world_phone(uint32_t phone)
{
	static const char *const phones[] = {
	        "0.0.0.0", "192.0.2.1", "192.0.2.2", "2001:db8::3", "2001:db8::4"};

	return phones[phone];
}

uint16_t world_sequence(const struct world *world, uint32_t index)
{
	return (uint16_t)(world->streams[index].pos >> XD_POS_SEQUENCE_SHIFT);
}

uint32_t world_timestamp(const struct world *world, uint32_t index)
{
	return (uint32_t)world->streams[index].pos;
}

/* Speech is whatever it is: bytes that all differ from their neighbours. */
static const uint8_t *speech(void)
{
	static uint8_t bytes[XD_CHUNK_BYTES * 6];
	size_t n;

	for (n = 0; n < sizeof(bytes); n++)
		bytes[n] = (uint8_t)(n * 37 + 11);
	return bytes;
}

struct wire wire_of_phone(uint32_t phone, uint32_t index)
{
	struct wire wire = {
	        .to_mac = {0x02, 0x51, 0x52, 0x53, 0x54, 0x55},
	        .from_mac = {0x02, 0xb1, 0xb2, 0xb3, 0xb4, (uint8_t)phone},
	        .from = world_phone(phone),
	        .to = index < WORLD_EACH ? LOCAL4 : LOCAL6,
	        .from_port = 4000,
	        .to_port = world_port(index),
	        .tos = 0x68,
	        .ttl = 57,
	        .id = 0x1234,
	        .sequence = 1000,
	        .timestamp = 160000,
	        .ssrc = 0x99990000 + phone,
	        .payload = speech(),
	        .payload_bytes = 160,
	};

	return wire;
}

struct wire wire_of_relay(const struct world *world, uint32_t phone, uint32_t index)
{
	const struct xd_nexthop *nexthop = &world->nexthops[phone];
	const struct xd_hop *hop = &nexthop->hop[nexthop->now & 1];
	struct xd_plan plan = world_plan_of(world, index);
	struct wire wire = {
	        .tags = hop->tags,
	        .from = index < WORLD_EACH ? LOCAL4 : LOCAL6,
	        .to = world_phone(phone),
	        .from_port = world_port(index),
	        .to_port = __builtin_bswap16(plan.remote_port),
	        .tos = 46 << 2,
	        .ttl = 64,
	        .fragment = 0x4000,
	        .sequence = world_sequence(world, index),
	        .timestamp = world_timestamp(world, index),
	        .ssrc = plan.ssrc,
	        .type = plan.payloads[XD_VOICE].type_out,
	        .payload = speech(),
	        .payload_bytes = 160,
	};
	unsigned n;

	memcpy(wire.to_mac, hop->destination_mac, 6);
	memcpy(wire.from_mac, hop->source_mac, 6);
	for (n = 0; n < hop->tags; n++) {
		wire.vlan_type[n] = __builtin_bswap16(hop->vlan_proto[n]);
		wire.vlan_tci[n] = __builtin_bswap16(hop->vlan_tci[n]);
	}
	return wire;
}
