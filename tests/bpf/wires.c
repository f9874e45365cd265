/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bpf/wires.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <time.h>

/* RTM_NEWLINK of a veth pair, with the indices that the tests know. */
static struct nlmsghdr *wires_message(void *buffer, unsigned one, unsigned other)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *link;

	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
	message->nlmsg_seq = (unsigned)time(NULL);
	link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
	link->ifi_index = (int)one;
	mnl_attr_put_strz(message, IFLA_IFNAME, "wire");
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
	link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
	link->ifi_index = (int)other;
	mnl_attr_put_strz(message, IFLA_IFNAME, "other");
	mnl_attr_nest_end(message, peer);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	return message;
}

int wires_make(unsigned one, unsigned other)
{
	char buffer[4096];
	struct mnl_socket *socket;
	struct nlmsghdr *message;
	ssize_t got;
	int error = 0;

	if (unshare(CLONE_NEWNET))
		return -errno;
	socket = mnl_socket_open(NETLINK_ROUTE);
	if (!socket)
		return -errno;
	message = wires_message(buffer, one, other);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	        mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ||
	        (got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer))) < 0 ||
	        mnl_cb_run(buffer, (size_t)got, 0, mnl_socket_get_portid(socket), NULL, NULL) < 0)
		error = -errno;
	mnl_socket_close(socket);
	return error;
}
