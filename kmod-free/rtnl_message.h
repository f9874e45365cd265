/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rtnetlink messages say (rtnetlink(7)), as plain structs. No socket is needed. */
#ifndef XDPARK_RTNL_MESSAGE_H
#define XDPARK_RTNL_MESSAGE_H

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct rtnl_link {
	uint32_t ifindex;
	uint32_t lower; /* ifindex of the interface below, 0: none */
	char name[IF_NAMESIZE];
	bool up;             /* administratively up, and has a carrier */
	bool ethernet;       /* has a MAC address */
	bool vlan;           /* a VLAN interface: the two below count */
	uint16_t vlan_proto; /* big endian: 802.1Q or 802.1ad */
	uint16_t vlan_id;
	uint8_t mac[6];
	uint32_t send_queues;
	uint64_t sent, send_errors, send_drops; /* packets */
};

struct rtnl_route {
	uint8_t type; /* RTN_UNICAST, RTN_LOCAL... */
	uint32_t ifindex;
	uint8_t via[16]; /* gateway, or the destination itself if it is on the link */
};

struct rtnl_neighbour {
	uint32_t ifindex;
	uint8_t address[16];
	uint16_t state; /* NUD_ bits; NUD_NONE when there is none */
	uint8_t mac[6];
};

/*
 * Each reads one message of its kind into the struct; returns 0, or -EBADMSG if it isn't one or lacks what is
 * needed. For routes `destination` is what was asked for.
 */
int rtnl_link_read(const struct nlmsghdr *message, struct rtnl_link *link);
int rtnl_route_read(const struct nlmsghdr *message, const uint8_t destination[16], struct rtnl_route *route);
int rtnl_neighbour_read(const struct nlmsghdr *message, struct rtnl_neighbour *neighbour);

/* Whether packets can be sent to the neighbour's MAC. */
bool rtnl_neighbour_usable(const struct rtnl_neighbour *neighbour);

#endif
