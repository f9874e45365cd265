/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rtnetlink's messages to the hop that the program is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kmod-free/ip.h"
#include "kmod-free/locals.h"
#include "kmod-free/remotes.h"
#include "kmod-free/verdict.h"

enum { ETH0 = 2, VLAN7 = 3, INNER9 = 4, ETH1 = 5, BRIDGE = 6, TUN = 7 };

static char buffer[4096];

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 0xa}, mac_b[6] = {2, 0, 0, 0, 0, 0xb};

static struct nlmsghdr *link_message(int ifindex, unsigned flags, const char *name)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *head;

	message->nlmsg_type = RTM_NEWLINK;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->ifi_index = ifindex;
	head->ifi_flags = flags;
	head->ifi_type = ARPHRD_ETHER;
	if (name)
		mnl_attr_put_strz(message, IFLA_IFNAME, name);
	mnl_attr_put(message, IFLA_ADDRESS, 6, mac_a);
	return message;
}

static struct nlmsghdr *vlan_message(int ifindex, int lower, uint16_t id, uint16_t proto)
{
	struct nlmsghdr *message = link_message(ifindex, IFF_UP | IFF_LOWER_UP, "vlan");
	struct nlattr *info, *data;

	mnl_attr_put_u32(message, IFLA_LINK, (uint32_t)lower);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	mnl_attr_put_u16(message, IFLA_VLAN_ID, id);
	mnl_attr_put_u16(message, IFLA_VLAN_PROTOCOL, htons(proto));
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	return message;
}

static void test_link_messages(void **state)
{
	struct nlmsghdr *message = link_message(ETH0, IFF_UP | IFF_LOWER_UP, "eth0");
	struct rtnl_link link;

	(void)state;
	assert_int_equal(rtnl_link_read(message, &link), 0);
	assert_string_equal(link.name, "eth0");
	assert_true(link.up && link.ethernet && !link.vlan);
	assert_memory_equal(link.mac, mac_a, 6);
	assert_int_equal(rtnl_link_read(link_message(ETH0, IFF_UP, "eth0"), &link), 0);
	assert_false(link.up);
	assert_int_equal(rtnl_link_read(vlan_message(VLAN7, ETH0, 7, ETH_P_8021Q), &link), 0);
	assert_true(link.vlan);
	assert_int_equal(link.vlan_id, 7);
	assert_int_equal(link.lower, ETH0);
	assert_int_equal(rtnl_link_read(link_message(ETH0, 0, NULL), &link), -EBADMSG);
	message = link_message(ETH0, 0, "eth0");
	message->nlmsg_type = RTM_DELLINK;
	assert_int_equal(rtnl_link_read(message, &link), -EBADMSG);
	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_len = NLMSG_HDRLEN + 4;
	assert_int_equal(rtnl_link_read(message, &link), -EBADMSG);
}

static void test_route_messages(void **state)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtnl_route route;
	struct in_addr gateway;
	uint8_t destination[16], via[16];
	struct rtmsg *head;

	(void)state;
	ip_parse("198.51.100.7", destination);
	message->nlmsg_type = RTM_NEWROUTE;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(message, RTA_OIF, ETH0);
	assert_int_equal(rtnl_route_read(message, destination, &route), 0);
	assert_memory_equal(route.via, destination, 16);
	inet_pton(AF_INET, "192.0.2.1", &gateway);
	mnl_attr_put(message, RTA_GATEWAY, 4, &gateway);
	assert_int_equal(rtnl_route_read(message, destination, &route), 0);
	ip_parse("192.0.2.1", via);
	assert_memory_equal(route.via, via, 16);
	assert_int_equal(route.ifindex, ETH0);
	/* IPv4 by an IPv6 gateway (RFC 5549) */
	message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = RTM_NEWROUTE;
	mnl_nlmsg_put_extra_header(message, sizeof(*head));
	ip_parse("fe80::1", via);
	{
		char attribute[sizeof(struct rtvia) + 16] = {0};

		((struct rtvia *)attribute)->rtvia_family = AF_INET6;
		memcpy(attribute + sizeof(struct rtvia), via, 16);
		mnl_attr_put(message, RTA_VIA, sizeof(attribute), attribute);
	}
	assert_int_equal(rtnl_route_read(message, destination, &route), 0);
	assert_memory_equal(route.via, via, 16);
	/* An address of no family's length. */
	message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = RTM_NEWROUTE;
	mnl_nlmsg_put_extra_header(message, sizeof(*head));
	mnl_attr_put(message, RTA_GATEWAY, 7, "1234567");
	assert_int_equal(rtnl_route_read(message, destination, &route), -EBADMSG);
}

static void test_neighbour_messages(void **state)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtnl_neighbour neighbour;
	struct in_addr address;
	struct ndmsg *head;

	(void)state;
	message->nlmsg_type = RTM_NEWNEIGH;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->ndm_ifindex = ETH0;
	head->ndm_state = NUD_REACHABLE;
	assert_int_equal(rtnl_neighbour_read(message, &neighbour), -EBADMSG);
	inet_pton(AF_INET, "192.0.2.9", &address);
	mnl_attr_put(message, NDA_DST, 4, &address);
	/* Without a MAC nothing can be sent, whatever the state says. */
	assert_int_equal(rtnl_neighbour_read(message, &neighbour), 0);
	assert_false(rtnl_neighbour_usable(&neighbour));
	mnl_attr_put(message, NDA_LLADDR, 6, mac_b);
	assert_int_equal(rtnl_neighbour_read(message, &neighbour), 0);
	assert_true(rtnl_neighbour_usable(&neighbour));
	assert_memory_equal(neighbour.mac, mac_b, 6);
	message->nlmsg_type = RTM_DELNEIGH;
	assert_int_equal(rtnl_neighbour_read(message, &neighbour), 0);
	assert_int_equal(neighbour.state, 0);
}

static struct rtnl_link list[] = {
        {.ifindex = ETH0, .up = true, .ethernet = true, .mac = {2, 0, 0, 0, 0, 0xa}},
        {.ifindex = VLAN7,
                .lower = ETH0,
                .up = true,
                .ethernet = true,
                .vlan = true,
                .vlan_id = 7,
                .mac = {2, 0, 0, 0, 0, 0x7}},
        {.ifindex = INNER9, .lower = VLAN7, .up = true, .ethernet = true, .vlan = true, .vlan_id = 9},
        {.ifindex = ETH1, .up = true, .ethernet = true},
        {.ifindex = BRIDGE, .up = true, .ethernet = true},
        {.ifindex = TUN, .up = true},
};

static struct links links(void)
{
	list[1].vlan_proto = htons(ETH_P_8021Q);
	list[2].vlan_proto = htons(ETH_P_8021Q);
	return (struct links){
	        .list = list, .count = 6, .attached = {ETH0}, .attached_count = 1, .priority = 5};
}

static void test_hops(void **state)
{
	struct links here = links();
	struct xd_hop hop;

	(void)state;
	assert_int_equal(links_hop(&here, ETH0, &hop), 0);
	assert_int_equal(hop.ifindex, ETH0);
	assert_int_equal(hop.tags, 0);
	assert_memory_equal(hop.source_mac, mac_a, 6);
	assert_int_equal(links_hop(&here, VLAN7, &hop), 0);
	assert_int_equal(hop.ifindex, ETH0);
	assert_int_equal(hop.tags, 1);
	assert_int_equal(hop.vlan_proto[0], htons(ETH_P_8021Q));
	assert_int_equal(hop.vlan_tci[0], htons(5 << 13 | 7));
	assert_int_equal(hop.source_mac[5], 7);
	/* Outermost first. */
	list[1].vlan_proto = htons(ETH_P_8021AD);
	assert_int_equal(links_hop(&here, INNER9, &hop), 0);
	assert_int_equal(hop.tags, 2);
	assert_int_equal(hop.vlan_tci[0], htons(5 << 13 | 7));
	assert_int_equal(hop.vlan_tci[1], htons(5 << 13 | 9));
	assert_int_equal(hop.vlan_proto[0], htons(ETH_P_8021AD));
	/* Three tags, not attached, no MAC, not there, down. */
	here.attached[0] = ETH1;
	list[0].vlan = true;
	list[0].lower = ETH1;
	assert_int_equal(links_hop(&here, INNER9, &hop), -ENODEV);
	list[0].vlan = false;
	assert_int_equal(links_hop(&here, ETH0, &hop), -ENODEV);
	here.attached[0] = ETH0;
	assert_int_equal(links_hop(&here, BRIDGE, &hop), -ENODEV);
	assert_int_equal(links_hop(&here, TUN, &hop), -ENODEV);
	assert_int_equal(links_hop(&here, 99, &hop), -ENODEV);
	list[0].up = false;
	assert_int_equal(links_hop(&here, VLAN7, &hop), -ENETDOWN);
	list[0].up = true;
}

struct case_of_verdict {
	int route_error;
	uint8_t type;
	uint32_t ifindex;
	int neighbour; /* NUD_ state, -1: none */
	int error;
	enum xd_nexthop_state state;
	bool solicit;
};

static void test_verdicts(void **state)
{
	static const struct case_of_verdict cases[] = {
	        {-ENETUNREACH, 0, 0, -1, -EHOSTUNREACH, XD_NEXTHOP_UNREACHABLE, false},
	        {0, RTN_LOCAL, 1, -1, -EADDRINUSE, XD_NEXTHOP_UNREACHABLE, false},
	        {0, RTN_BLACKHOLE, 0, -1, -EHOSTUNREACH, XD_NEXTHOP_UNREACHABLE, false},
	        {0, RTN_BROADCAST, ETH0, -1, -EHOSTUNREACH, XD_NEXTHOP_UNREACHABLE, false},
	        {0, RTN_MULTICAST, ETH0, -1, -EHOSTUNREACH, XD_NEXTHOP_UNREACHABLE, false},
	        {0, RTN_UNICAST, ETH1, NUD_REACHABLE, -EHOSTUNREACH, XD_NEXTHOP_UNREACHABLE, false},
	        {0, RTN_UNICAST, ETH0, -1, 0, XD_NEXTHOP_PENDING, true},
	        {0, RTN_UNICAST, ETH0, NUD_NONE, 0, XD_NEXTHOP_PENDING, true},
	        {0, RTN_UNICAST, ETH0, NUD_INCOMPLETE, 0, XD_NEXTHOP_PENDING, false},
	        {0, RTN_UNICAST, ETH0, NUD_FAILED, -EHOSTUNREACH, XD_NEXTHOP_UNREACHABLE, true},
	        {0, RTN_UNICAST, ETH0, NUD_REACHABLE, 0, XD_NEXTHOP_REACHABLE, false},
	        {0, RTN_UNICAST, ETH0, NUD_DELAY, 0, XD_NEXTHOP_REACHABLE, false},
	        {0, RTN_UNICAST, ETH0, NUD_PERMANENT, 0, XD_NEXTHOP_REACHABLE, false},
	        {0, RTN_UNICAST, ETH0, NUD_STALE, 0, XD_NEXTHOP_REACHABLE, true},
	};
	struct links here = links();

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct case_of_verdict *one = &cases[i];
		struct rtnl_route route = {.type = one->type, .ifindex = one->ifindex};
		struct rtnl_neighbour neighbour = {
		        .state = (uint16_t)one->neighbour, .mac = {2, 0, 0, 0, 0, 0xb}};
		struct verdict verdict =
		        verdict_make(&here, one->route_error, &route, one->neighbour < 0 ? NULL : &neighbour);

		if (verdict.error != one->error || verdict.state != one->state ||
		        verdict.solicit != one->solicit)
			fail_msg("case %u: error %d, state %d, solicit %d", i, verdict.error, verdict.state,
			        verdict.solicit);
		if (verdict.state == XD_NEXTHOP_REACHABLE)
			assert_memory_equal(verdict.hop.destination_mac, mac_b, 6);
	}
}

static void test_remotes(void **state)
{
	struct remotes *remotes = calloc(1, sizeof(*remotes));
	uint8_t address[16], gateway[16];
	uint32_t index, seen = 0;

	(void)state;
	ip_parse("192.0.2.1", gateway);
	ip_parse("::ffff:10.0.0.0", address);
	for (unsigned i = 1; i < XD_NEXTHOPS; i++) {
		address[14] = (uint8_t)(i >> 8);
		address[15] = (uint8_t)i;
		index = remotes_free_index(remotes);
		assert_int_equal(index, i);
		remotes_put(remotes, index, address);
		remotes_via_set(remotes, index, i % 2 ? ETH0 : ETH1, gateway);
	}
	assert_int_equal(remotes_free_index(remotes), 0);
	for (index = 0; (index = remotes_via_next(remotes, index, ETH0, gateway));)
		seen += index % 2;
	assert_int_equal(seen, XD_NEXTHOPS / 2);
	address[14] = 0;
	address[15] = 77;
	assert_int_equal(remotes_find(remotes, address), 77);
	remotes_remove(remotes, 77);
	assert_int_equal(remotes_find(remotes, address), 0);
	assert_int_equal(remotes_free_index(remotes), 77);
	address[15] = 78;
	remotes_remove(remotes, remotes_find(remotes, address));
	/* The one that was freed first is used first. */
	remotes_put(remotes, remotes_free_index(remotes), address);
	assert_int_equal(remotes_find(remotes, address), 77);
	assert_int_equal(remotes->count, XD_NEXTHOPS - 2);
	free(remotes);
}

static void test_ports(void **state)
{
	char to[64];

	(void)state;
	assert_int_equal(locals_ports_add("\n", 10000, 32767, to, sizeof(to)), 1);
	assert_string_equal(to, "10000-32767\n");
	assert_int_equal(locals_ports_add("80,8000-9000\n", 10000, 32767, to, sizeof(to)), 1);
	assert_string_equal(to, "80,8000-9000,10000-32767\n");
	assert_int_equal(locals_ports_add("80,9000-40000\n", 10000, 32767, to, sizeof(to)), 0);
	assert_int_equal(locals_ports_add("80,10000-32766\n", 10000, 32767, to, sizeof(to)), 1);
	assert_int_equal(locals_ports_add("80\n", 10000, 32767, to, 10), -ENOSPC);
}

static void test_sockets(void **state)
{
	uint8_t address[16], wanted[16];
	uint16_t port;
	unsigned uid;

	(void)state;
	assert_int_equal(locals_socket_read(
	                         "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"
	                         "   uid  timeout inode ref pointer drops\n",
	                         address, &port, &uid),
	        -EBADMSG);
	assert_int_equal(
	        locals_socket_read("  123: 0100007F:2904 00000000:0000 07 00000000:00000000 00:00000000 "
	                           "00000000   101        0 1234 2 0000000000000000 0\n",
	                address, &port, &uid),
	        0);
	ip_parse("127.0.0.1", wanted);
	assert_memory_equal(address, wanted, 16);
	assert_int_equal(port, 10500);
	assert_int_equal(uid, 101);
	assert_int_equal(
	        locals_socket_read(
	                "  9: 000099FD000000000000000001000000:0035 00000000000000000000000000000000:0000 07 "
	                "00000000:00000000 00:00000000 00000000     7        0 1 2 0000000000000000 0\n",
	                address, &port, &uid),
	        0);
	ip_parse("fd99::1", wanted);
	assert_memory_equal(address, wanted, 16);
	assert_int_equal(locals_socket_read("", address, &port, &uid), -EBADMSG);
	assert_int_equal(locals_socket_read("  9: 01:0035 0", address, &port, &uid), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_link_messages),
	        cmocka_unit_test(test_route_messages),
	        cmocka_unit_test(test_neighbour_messages),
	        cmocka_unit_test(test_hops),
	        cmocka_unit_test(test_verdicts),
	        cmocka_unit_test(test_remotes),
	        cmocka_unit_test(test_ports),
	        cmocka_unit_test(test_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
