/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/features.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* linux/netdev.h */
enum { NETDEV_CMD_DEV_GET = 1, NETDEV_A_DEV_IFINDEX = 1, NETDEV_A_DEV_XDP_FEATURES = 3 };

struct answer {
	uint16_t type; /* attribute looked for */
	uint16_t bytes;
	void *value;
	bool found;
};

static int attribute_take(const struct nlattr *attribute, void *data)
{
	struct answer *answer = data;

	if (mnl_attr_get_type(attribute) == answer->type &&
	        mnl_attr_get_payload_len(attribute) >= answer->bytes) {
		memcpy(answer->value, mnl_attr_get_payload(attribute), answer->bytes);
		answer->found = true;
	}
	return MNL_CB_OK;
}

static int message_take(const struct nlmsghdr *message, void *data)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), attribute_take, data);
}

static struct nlmsghdr *question_start(char *buffer, uint16_t family, uint8_t command, uint8_t version)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *head;

	message->nlmsg_type = family;
	message->nlmsg_flags = NLM_F_REQUEST;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->cmd = command;
	head->version = version;
	return message;
}

static int question_ask(
        struct mnl_socket *socket, struct nlmsghdr *message, char *buffer, size_t size, struct answer *answer)
{
	ssize_t length;

	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	length = mnl_socket_recvfrom(socket, buffer, size);
	if (length < 0)
		return -errno;
	if (mnl_cb_run(buffer, (size_t)length, 0, 0, message_take, answer) < 0)
		return -errno;
	return answer->found ? 0 : -ENOENT;
}

static int ask_both(struct mnl_socket *socket, uint32_t ifindex, uint64_t *features)
{
	char buffer[8192];
	uint16_t family = 0;
	uint64_t value = 0;
	struct answer family_answer = {CTRL_ATTR_FAMILY_ID, sizeof(family), &family, false};
	struct answer answer = {NETDEV_A_DEV_XDP_FEATURES, sizeof(value), &value, false};
	struct nlmsghdr *message = question_start(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	int error;

	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, "netdev");
	error = question_ask(socket, message, buffer, sizeof(buffer), &family_answer);
	if (error)
		return error;
	message = question_start(buffer, family, NETDEV_CMD_DEV_GET, 1);
	mnl_attr_put_u32(message, NETDEV_A_DEV_IFINDEX, ifindex);
	error = question_ask(socket, message, buffer, sizeof(buffer), &answer);
	if (!error)
		*features = value;
	return error;
}

int features_get(uint32_t ifindex, uint64_t *features)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	struct timeval patience = {.tv_sec = 2};
	int error;

	if (!socket)
		return -errno;
	setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	error = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno
	                                                           : ask_both(socket, ifindex, features);
	mnl_socket_close(socket);
	return error;
}
