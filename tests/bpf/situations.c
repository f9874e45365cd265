/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bpf/situations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void hold(struct xd_plan *plan)
{
	plan->action = XD_HOLD;
	plan->peer = plan->hearer = 0;
	world_playlist(plan, 1);
}

static void as_it_is(struct situation *s)
{
	(void)s;
}

static void over_ip6(struct situation *s)
{
	s->in = wire_of_phone(3, ANN6);
	s->ann.nexthop = 3;
}

static void cut_in_udp(struct situation *s)
{
	s->cut = 170;
}

static void cut_in_ip(struct situation *s)
{
	s->cut = 190;
}

static void cut_in_payload(struct situation *s)
{
	s->cut = 1;
}

static void cut_in_tag(struct situation *s)
{
	s->in.tags = 1;
	s->in.vlan_type[0] = 0x8100;
	s->cut = 204;
}

static void udp_shorter_than_its_header(struct situation *s)
{
	s->change = 39;
	s->value = 7;
}

static void udp_longer_than_ip(struct situation *s)
{
	s->in.trailer = 10;
	s->change = 39;
	s->value = 181;
}

static void ip4_header_too_short(struct situation *s)
{
	s->change = 14;
	s->value = 0x44;
}

static void ip4_that_says_6(struct situation *s)
{
	s->change = 14;
	s->value = 0x65;
}

static void ip6_that_says_4(struct situation *s)
{
	over_ip6(s);
	s->change = 14;
	s->value = 0x40;
}

static void arp(struct situation *s)
{
	s->in.ethertype = 0x0806;
}

static void three_tags(struct situation *s)
{
	s->in.tags = 3;
	s->in.vlan_type[0] = 0x88a8;
	s->in.vlan_type[1] = s->in.vlan_type[2] = 0x8100;
}

static void options(struct situation *s)
{
	s->in.ip_options = 2;
}

static void first_fragment(struct situation *s)
{
	s->in.fragment = 0x2000;
}

static void last_fragment(struct situation *s)
{
	s->in.fragment = 0x0010;
}

static void hop_by_hop(struct situation *s)
{
	over_ip6(s);
	s->in.protocol = 0xff; /* wire_build knows no 0 */
}

static void tcp(struct situation *s)
{
	s->in.protocol = 6;
}

static void elsewhere(struct situation *s)
{
	s->in.to = "10.1.0.9";
}

static void below_the_ports(struct situation *s)
{
	s->in.to_port = WORLD_PORT_FIRST - 1;
}

static void above_the_ports(struct situation *s)
{
	s->in.to_port = WORLD_PORT_FIRST + 2 * WORLD_EACH;
}

static void idle(struct situation *s)
{
	s->ann.action = XD_IDLE;
}

static void nobodys_index(struct situation *s)
{
	s->in.to_port = world_port(0);
}

static void talker_expired(struct situation *s)
{
	s->ann_until = 5;
}

static void hearer_expired(struct situation *s)
{
	s->ben_until = 5;
}

static void version_1(struct situation *s)
{
	s->in.version = 1;
}

static void eleven_bytes(struct situation *s)
{
	static const uint8_t raw[11] = {0x80};

	s->in.raw = raw;
	s->in.raw_bytes = sizeof(raw);
}

static void empty_payload(struct situation *s)
{
	s->in.raw = (const uint8_t *)"";
	s->in.raw_bytes = 0;
}

static void extension_beyond_the_end(struct situation *s)
{
	s->in.extension = 1;
	s->in.payload_bytes = 0;
	s->change = 42 + 15;
	s->value = 1;
}

static void csrcs_beyond_the_end(struct situation *s)
{
	s->in.payload_bytes = 40;
	s->change = 42;
	s->value = 0x8f;
}

static void stun(struct situation *s)
{
	static const uint8_t raw[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};

	s->in.raw = raw;
	s->in.raw_bytes = sizeof(raw);
}

static void other_address(struct situation *s)
{
	s->in.from = "203.0.113.9";
}

static void other_port(struct situation *s)
{
	s->ann.source_rule = XD_FROM_LATCH;
	s->ann.media_since = 1;
	s->world->streams[ANN].latch = 0x8001ULL << 48 | 1ULL << 32 | s->in.ssrc;
	s->world->streams[ANN].last_in = world_now();
}

static void unknown_type(struct situation *s)
{
	s->in.type = 18;
}

static void type_that_the_hearer_lacks(struct situation *s)
{
	s->in.type = 101;
	s->ben.payloads[XD_EVENT] = (struct xd_payload){XD_NO_PAYLOAD, XD_NO_PAYLOAD, 0, 0};
}

static void ip6_without_checksum(struct situation *s)
{
	over_ip6(s);
	s->in.no_checksum = true;
}

static void too_long_for_a_checksum(struct situation *s)
{
	static const uint8_t raw[1490] = {0x80};

	s->in.raw = raw;
	s->in.raw_bytes = sizeof(raw);
	s->in.no_checksum = true;
	s->ann.hearer = BEN6;
	s->ben.nexthop = 4;
}

static void rtcp(struct situation *s)
{
	static const uint8_t raw[8] = {0x80, 200};

	s->in.raw = raw;
	s->in.raw_bytes = sizeof(raw);
}

static void no_hearer(struct situation *s)
{
	s->ann.hearer = 0;
}

static void hearer_hears_another(struct situation *s)
{
	s->ben.peer = 9;
}

static void hearer_beyond_the_map(struct situation *s)
{
	s->ann.hearer = 0xffffffff;
}

static void hold_far_away(struct situation *s)
{
	hold(&s->ann);
	s->ann.t0 = ~0ULL >> 1;
}

static void event_until_heard(struct situation *s)
{
	s->ben.action = XD_HOLD_UNTIL_HEARD;
	world_playlist(&s->ben, T0);
	s->in.type = 101;
}

static void g722_to_pcmu(struct situation *s)
{
	s->ann.payloads[XD_VOICE].codec = XD_G722;
}

static void too_long_for_the_table(struct situation *s)
{
	static const uint8_t raw[1450] = {0x80};

	s->ben.payloads[XD_VOICE].codec = XD_PCMA;
	s->in.raw = raw;
	s->in.raw_bytes = sizeof(raw);
}

static void before_the_anchor(struct situation *s)
{
	s->ben.peer = ANN;
	world_publish(s->world, ANN, s->ann, 0);
	world_publish(s->world, BEN, s->ben, 0);
	assert_ending(world_run(s->world, &s->in), sent_forward);
	s->ann = world_plan_of(s->world, ANN);
	s->ben.action = 0xff; /* as it was: see reach */
	s->in.sequence--;
}

static void no_playlist(struct situation *s)
{
	hold(&s->ann);
	s->ann.parts = 0;
}

static void chunks_beyond_the_map(struct situation *s)
{
	hold(&s->ann);
	s->ann.first.first = s->ann.later[0].first = WORLD_CHUNKS - 1;
}

static void chunks_that_wrap(struct situation *s)
{
	hold(&s->ann);
	/* Frame 0, or the wrapped index would be one that is there. */
	s->ann.t0 = world_now();
	s->ann.first.first = 0xffffffff;
}

static void frame_that_straddles(struct situation *s)
{
	hold(&s->ann);
	s->ann.parts = 1;
	s->ann.loop = 0;
	s->ann.first.end = 1;
}

static void empty_loop(struct situation *s)
{
	hold(&s->ann);
	s->ann.loop = s->ann.later[0].end;
}

static void unreachable(struct situation *s)
{
	s->world->nexthops[2].state = XD_NEXTHOP_UNREACHABLE;
}

static void no_nexthop(struct situation *s)
{
	s->ben.nexthop = 0;
}

static void nexthop_of_the_other_family(struct situation *s)
{
	s->ben.nexthop = 4;
}

static void too_many_tags(struct situation *s)
{
	s->world->nexthops[2].hop[0].tags = 3;
}

static void not_latched(struct situation *s)
{
	s->ben.source_rule = XD_FROM_LATCH;
}

static void into_the_loopback(struct situation *s)
{
	s->world->nexthops[2].hop[0].ifindex = XD_PUMP_IFINDEX;
}

static void hold_now(struct situation *s)
{
	hold(&s->ann);
}

#define CASE(name, arrange)                                                                                  \
	{                                                                                                    \
		XD_END_##name, #arrange, arrange                                                             \
	}

const struct situation_case situation_cases[] = {
        CASE(pass_short, cut_in_udp),
        CASE(pass_short, cut_in_ip),
        CASE(pass_short, cut_in_payload),
        CASE(pass_short, cut_in_tag),
        CASE(pass_short, udp_shorter_than_its_header),
        CASE(pass_short, udp_longer_than_ip),
        CASE(pass_short, ip4_header_too_short),
        CASE(pass_short, ip4_that_says_6),
        CASE(pass_short, ip6_that_says_4),
        CASE(pass_ethertype, arp),
        CASE(pass_vlan_depth, three_tags),
        CASE(pass_ip_options, options),
        CASE(pass_fragment, first_fragment),
        CASE(pass_fragment, last_fragment),
        CASE(pass_extension, hop_by_hop),
        CASE(pass_not_udp, tcp),
        CASE(pass_address, elsewhere),
        CASE(pass_port, below_the_ports),
        CASE(pass_port, above_the_ports),
        CASE(drop_idle, idle),
        CASE(drop_idle, nobodys_index),
        CASE(drop_expired, talker_expired),
        CASE(drop_expired, hearer_expired),
        CASE(drop_not_rtp, version_1),
        CASE(drop_not_rtp, eleven_bytes),
        CASE(drop_not_rtp, empty_payload),
        CASE(drop_not_rtp, extension_beyond_the_end),
        CASE(drop_not_rtp, csrcs_beyond_the_end),
        CASE(drop_stun, stun),
        CASE(drop_source, other_address),
        CASE(drop_source_port, other_port),
        CASE(drop_payload_type, unknown_type),
        CASE(drop_payload_type, type_that_the_hearer_lacks),
        CASE(drop_udp_checksum, ip6_without_checksum),
        CASE(drop_udp_checksum, too_long_for_a_checksum),
        CASE(rtcp, rtcp),
        CASE(drop_nobody_hears, no_hearer),
        CASE(drop_hearer_elsewhere, hearer_hears_another),
        CASE(drop_hearer_elsewhere, hearer_beyond_the_map),
        CASE(drop_not_due, hold_far_away),
        CASE(drop_not_voice, event_until_heard),
        CASE(drop_codec, g722_to_pcmu),
        CASE(drop_codec, too_long_for_the_table),
        CASE(drop_before_anchor, before_the_anchor),
        CASE(drop_playlist, no_playlist),
        CASE(drop_playlist, chunks_beyond_the_map),
        CASE(drop_playlist, chunks_that_wrap),
        CASE(drop_playlist, frame_that_straddles),
        CASE(drop_playlist, empty_loop),
        CASE(drop_nexthop, unreachable),
        CASE(drop_nexthop, no_nexthop),
        CASE(drop_nexthop, nexthop_of_the_other_family),
        CASE(drop_nexthop, too_many_tags),
        CASE(drop_not_latched, not_latched),
        CASE(drop_redirect, into_the_loopback),
        CASE(sent_hold_ingress, hold_now),
        CASE(sent_forward, as_it_is),
};

const size_t situation_count = sizeof(situation_cases) / sizeof(*situation_cases);
