/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/rtnl_message.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "kmod-free/ip.h"

/* Attributes of one message by type; those above `most` are left out. */
struct attributes {
	const struct nlattr **table;
	unsigned most;
};

static int attribute_take(const struct nlattr *attribute, void *data)
{
	struct attributes *attributes = data;
	unsigned type = mnl_attr_get_type(attribute);

	if (type <= attributes->most)
		attributes->table[type] = attribute;
	return MNL_CB_OK;
}

/* The payload of an attribute of at least `length` bytes, NULL if it is missing or shorter. */
static const void *attribute_bytes(const struct nlattr *attribute, unsigned length)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) < length)
		return NULL;
	return mnl_attr_get_payload(attribute);
}

static uint32_t attribute_u32(const struct nlattr *attribute)
{
	const void *bytes = attribute_bytes(attribute, 4);
	uint32_t value = 0;

	if (bytes)
		memcpy(&value, bytes, 4);
	return value;
}

static uint16_t attribute_u16(const struct nlattr *attribute)
{
	const void *bytes = attribute_bytes(attribute, 2);
	uint16_t value = 0;

	if (bytes)
		memcpy(&value, bytes, 2);
	return value;
}

static int address_take(const struct nlattr *attribute, uint8_t address[16])
{
	if (!attribute)
		return -EBADMSG;
	return ip_from_bytes(address, mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute))
	               ? -EBADMSG
	               : 0;
}

static void vlan_read(const struct nlattr *info, struct rtnl_link *link)
{
	const struct nlattr *outer[IFLA_INFO_MAX + 1] = {0}, *inner[IFLA_VLAN_MAX + 1] = {0};
	struct attributes outer_to = {outer, IFLA_INFO_MAX}, inner_to = {inner, IFLA_VLAN_MAX};
	const char *kind;

	mnl_attr_parse_nested(info, attribute_take, &outer_to);
	kind = attribute_bytes(outer[IFLA_INFO_KIND], 4);
	if (!kind || memcmp(kind, "vlan", 4) != 0 || !outer[IFLA_INFO_DATA])
		return;
	mnl_attr_parse_nested(outer[IFLA_INFO_DATA], attribute_take, &inner_to);
	if (!inner[IFLA_VLAN_ID] || !inner[IFLA_VLAN_PROTOCOL])
		return;
	link->vlan = true;
	link->vlan_id = attribute_u16(inner[IFLA_VLAN_ID]);
	link->vlan_proto = attribute_u16(inner[IFLA_VLAN_PROTOCOL]);
}

static void link_counters_read(const struct nlattr *attribute, struct rtnl_link *link)
{
	const void *bytes = attribute_bytes(attribute, offsetof(struct rtnl_link_stats64, multicast));
	struct rtnl_link_stats64 counters;

	if (!bytes)
		return;
	memcpy(&counters, bytes, offsetof(struct rtnl_link_stats64, multicast));
	link->sent = counters.tx_packets;
	link->send_errors = counters.tx_errors;
	link->send_drops = counters.tx_dropped;
}

int rtnl_link_read(const struct nlmsghdr *message, struct rtnl_link *link)
{
	const struct nlattr *table[IFLA_NUM_TX_QUEUES + 1] = {0};
	struct attributes attributes = {table, IFLA_NUM_TX_QUEUES};
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
	const char *name;
	const void *mac;

	if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return -EBADMSG;
	mnl_attr_parse(message, sizeof(*head), attribute_take, &attributes);
	name = attribute_bytes(table[IFLA_IFNAME], 1);
	if (!name || head->ifi_index <= 0)
		return -EBADMSG;
	*link = (struct rtnl_link){.ifindex = (uint32_t)head->ifi_index,
	        .lower = attribute_u32(table[IFLA_LINK]),
	        .send_queues = attribute_u32(table[IFLA_NUM_TX_QUEUES]),
	        .up = (head->ifi_flags & IFF_UP) && (head->ifi_flags & IFF_LOWER_UP)};
	strncpy(link->name, name, sizeof(link->name) - 1);
	mac = attribute_bytes(table[IFLA_ADDRESS], sizeof(link->mac));
	if (mac && head->ifi_type == ARPHRD_ETHER) {
		link->ethernet = true;
		memcpy(link->mac, mac, sizeof(link->mac));
	}
	if (table[IFLA_LINKINFO])
		vlan_read(table[IFLA_LINKINFO], link);
	link_counters_read(table[IFLA_STATS64], link);
	return 0;
}

/* RTA_VIA: a gateway of the other family. */
static int via_read(const struct nlattr *attribute, uint8_t via[16])
{
	const struct rtvia *head = attribute_bytes(attribute, sizeof(*head));

	if (!head)
		return -EBADMSG;
	return ip_from_bytes(
	               via, head->rtvia_addr, (unsigned)(mnl_attr_get_payload_len(attribute) - sizeof(*head)))
	               ? -EBADMSG
	               : 0;
}

int rtnl_route_read(const struct nlmsghdr *message, const uint8_t destination[16], struct rtnl_route *route)
{
	const struct nlattr *table[RTA_MAX + 1] = {0};
	struct attributes attributes = {table, RTA_MAX};
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	struct rtnl_route read = {0};

	if (message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return -EBADMSG;
	mnl_attr_parse(message, sizeof(*head), attribute_take, &attributes);
	read.type = head->rtm_type;
	read.ifindex = attribute_u32(table[RTA_OIF]);
	memcpy(read.via, destination, 16);
	if (table[RTA_GATEWAY] && address_take(table[RTA_GATEWAY], read.via))
		return -EBADMSG;
	if (table[RTA_VIA] && via_read(table[RTA_VIA], read.via))
		return -EBADMSG;
	*route = read;
	return 0;
}

int rtnl_neighbour_read(const struct nlmsghdr *message, struct rtnl_neighbour *neighbour)
{
	const struct nlattr *table[NDA_MAX + 1] = {0};
	struct attributes attributes = {table, NDA_MAX};
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	struct rtnl_neighbour read = {0};
	const void *mac;

	if ((message->nlmsg_type != RTM_NEWNEIGH && message->nlmsg_type != RTM_DELNEIGH) ||
	        mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return -EBADMSG;
	mnl_attr_parse(message, sizeof(*head), attribute_take, &attributes);
	if (address_take(table[NDA_DST], read.address))
		return -EBADMSG;
	read.ifindex = (uint32_t)head->ndm_ifindex;
	mac = attribute_bytes(table[NDA_LLADDR], sizeof(read.mac));
	if (message->nlmsg_type == RTM_NEWNEIGH)
		read.state = head->ndm_state;
	if (mac)
		memcpy(read.mac, mac, sizeof(read.mac));
	else
		read.state &= (uint16_t)(NUD_INCOMPLETE | NUD_FAILED);
	*neighbour = read;
	return 0;
}

bool rtnl_neighbour_usable(const struct rtnl_neighbour *neighbour)
{
	return neighbour->state &
	       (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP);
}
