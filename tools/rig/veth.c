/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/veth.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MESSAGE = 4096 };

static void end_put(struct nlmsghdr *message, const char *name, unsigned queues)
{
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	mnl_attr_put_u32(message, IFLA_NUM_TX_QUEUES, queues);
	mnl_attr_put_u32(message, IFLA_NUM_RX_QUEUES, queues);
}

static struct nlmsghdr *pair_message(void *buffer, const char *name, const char *peer, unsigned queues)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nlattr *info, *data, *other;

	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	end_put(message, name, queues);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	other = mnl_attr_nest_start(message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	end_put(message, peer, queues);
	mnl_attr_nest_end(message, other);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	return message;
}

static int link_up(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_UP};
	int error = 0, any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (any < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(any, SIOCSIFFLAGS, &request))
		error = -errno;
	close(any);
	return error;
}

int veth_enter(const char *name, const char *peer, unsigned queues)
{
	char buffer[MESSAGE];
	struct mnl_socket *socket;
	const struct nlmsghdr *message;
	ssize_t got;
	int error = 0;

	if (unshare(CLONE_NEWNET))
		return -errno;
	socket = mnl_socket_open(NETLINK_ROUTE);
	if (!socket)
		return -errno;
	message = pair_message(buffer, name, peer, queues);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	        mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ||
	        (got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer))) < 0 ||
	        mnl_cb_run(buffer, (size_t)got, 0, mnl_socket_get_portid(socket), NULL, NULL) < 0)
		error = -errno;
	mnl_socket_close(socket);
	if (!error)
		error = link_up(name);
	return error ? error : link_up(peer);
}
