/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "kmod-free/ip.h"

enum { BUFFER_BYTES = 32768, NEWS_BYTES = 4 << 20, DUMP_TRIES = 5 };

struct rtnl {
	struct mnl_socket *questions, *news;
	unsigned sequence;
	char buffer[BUFFER_BYTES];
};

static int socket_open(struct mnl_socket **to)
{
	struct mnl_socket *made = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct timeval patience = {.tv_sec = 2};
	int error;

	if (!made)
		return -errno;
	if (mnl_socket_bind(made, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		mnl_socket_close(made);
		return error;
	}
	setsockopt(mnl_socket_get_fd(made), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*to = made;
	return 0;
}

static int news_join(struct mnl_socket *news)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	        RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE};
	int bytes = NEWS_BYTES, fd = mnl_socket_get_fd(news);

	/* More than rmem_max takes CAP_NET_ADMIN, which we have; if not, we only lose and ask again. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	for (unsigned i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(news, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

int rtnl_open(struct rtnl **rtnl)
{
	struct rtnl *made = calloc(1, sizeof(*made));
	int error, strict = 1;

	if (!made)
		return -ENOMEM;
	error = socket_open(&made->questions);
	if (!error)
		error = socket_open(&made->news);
	if (!error)
		error = news_join(made->news);
	if (!error &&
	        mnl_socket_setsockopt(made->questions, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict)) < 0)
		error = -errno;
	if (error) {
		rtnl_close(made);
		return error;
	}
	*rtnl = made;
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	if (rtnl->questions)
		mnl_socket_close(rtnl->questions);
	if (rtnl->news)
		mnl_socket_close(rtnl->news);
	free(rtnl);
}

static struct nlmsghdr *question_start(struct rtnl *rtnl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(rtnl->buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++rtnl->sequence;
	return message;
}

static void address_put(struct nlmsghdr *message, uint16_t type, const uint8_t address[16])
{
	unsigned length;
	uint8_t family;
	const void *bytes = ip_bytes(address, &length, &family);

	mnl_attr_put(message, type, length, bytes);
}

static uint8_t address_family(const uint8_t address[16])
{
	return ip_is_v4(address) ? AF_INET : AF_INET6;
}

/* Throws away what is left of an answer that was broken off: it would be taken for the next one's. */
static void answer_drain(struct rtnl *rtnl)
{
	char rest[64];
	ssize_t length;

	do {
		length = recv(mnl_socket_get_fd(rtnl->questions), rest, sizeof(rest), MSG_DONTWAIT);
	} while (length >= 0 || errno == EINTR || errno == ENOBUFS);
}

/* Sends the question and runs `each` over the answer. Returns 0 or a negative errno; -EINTR: dump
 * interrupted. */
static int question_ask(struct rtnl *rtnl, struct nlmsghdr *message, mnl_cb_t each, void *data)
{
	bool dump = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	bool acked = message->nlmsg_flags & NLM_F_ACK;
	unsigned sequence = message->nlmsg_seq, port = mnl_socket_get_portid(rtnl->questions);
	int more;

	answer_drain(rtnl);
	if (mnl_socket_sendto(rtnl->questions, message, message->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t length = mnl_socket_recvfrom(rtnl->questions, rtnl->buffer, sizeof(rtnl->buffer));

		if (length < 0)
			return -errno;
		more = mnl_cb_run(rtnl->buffer, (size_t)length, sequence, port, each, data);
		if (more < 0)
			return -errno;
	} while (more > 0 && (dump || acked));
	return 0;
}

struct route_answer {
	const uint8_t *destination;
	struct rtnl_route *route;
	int error;
};

static int route_take(const struct nlmsghdr *message, void *data)
{
	struct route_answer *answer = data;

	answer->error = rtnl_route_read(message, answer->destination, answer->route);
	return MNL_CB_OK;
}

int rtnl_route_get(struct rtnl *rtnl, const uint8_t destination[16], struct rtnl_route *route)
{
	struct nlmsghdr *message = question_start(rtnl, RTM_GETROUTE, 0);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	struct route_answer answer = {destination, route, -EBADMSG};
	int error;

	head->rtm_family = address_family(destination);
	head->rtm_dst_len = head->rtm_family == AF_INET ? 32 : 128;
	address_put(message, RTA_DST, destination);
	error = question_ask(rtnl, message, route_take, &answer);
	return error ? error : answer.error;
}

static int neighbour_take(const struct nlmsghdr *message, void *data)
{
	if (!rtnl_neighbour_read(message, data))
		return MNL_CB_OK;
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

int rtnl_neighbour_get(
        struct rtnl *rtnl, uint32_t ifindex, const uint8_t address[16], struct rtnl_neighbour *neighbour)
{
	struct nlmsghdr *message = question_start(rtnl, RTM_GETNEIGH, 0);
	struct ndmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	head->ndm_family = address_family(address);
	head->ndm_ifindex = (int)ifindex;
	address_put(message, NDA_DST, address);
	return question_ask(rtnl, message, neighbour_take, neighbour);
}

int rtnl_neighbour_resolve(struct rtnl *rtnl, uint32_t ifindex, const uint8_t address[16])
{
	struct nlmsghdr *message = question_start(rtnl, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE);
	struct ndmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	head->ndm_family = address_family(address);
	head->ndm_ifindex = (int)ifindex;
	head->ndm_flags = NTF_USE;
	head->ndm_state = NUD_NONE;
	address_put(message, NDA_DST, address);
	return question_ask(rtnl, message, NULL, NULL);
}

struct links_answer {
	void (*each)(void *data, const struct rtnl_link *link, bool first);
	void *data;
	bool first;
};

static int link_take(const struct nlmsghdr *message, void *data)
{
	struct links_answer *answer = data;
	struct rtnl_link link;

	if (!rtnl_link_read(message, &link)) {
		answer->each(answer->data, &link, answer->first);
		answer->first = false;
	}
	return MNL_CB_OK;
}

int rtnl_links_get(
        struct rtnl *rtnl, void (*each)(void *data, const struct rtnl_link *link, bool first), void *data)
{
	int error = -EINTR;

	for (unsigned tries = 0; error == -EINTR && tries < DUMP_TRIES; tries++) {
		struct nlmsghdr *message = question_start(rtnl, RTM_GETLINK, NLM_F_DUMP);
		struct links_answer answer = {each, data, true};

		mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
		error = question_ask(rtnl, message, link_take, &answer);
	}
	return error;
}

int rtnl_news_fd(const struct rtnl *rtnl)
{
	return mnl_socket_get_fd(rtnl->news);
}

struct news {
	void (*each)(void *data, const struct rtnl_neighbour *neighbour);
	void *data;
	unsigned changed;
};

static int news_take(const struct nlmsghdr *message, void *data)
{
	struct news *news = data;
	struct rtnl_neighbour neighbour;

	switch (message->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (!rtnl_neighbour_read(message, &neighbour))
			news->each(news->data, &neighbour);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		news->changed |= RTNL_LINKS;
		break;
	default:
		news->changed |= RTNL_ROUTES;
		break;
	}
	return MNL_CB_OK;
}

unsigned rtnl_news_read(
        struct rtnl *rtnl, void (*each)(void *data, const struct rtnl_neighbour *neighbour), void *data)
{
	struct news news = {each, data, 0};
	/* Of its own: `each` may ask questions, which use the other buffer. */
	char buffer[BUFFER_BYTES];

	for (;;) {
		ssize_t length =
		        recv(mnl_socket_get_fd(rtnl->news), buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return news.changed;
		if (length < 0 || length > (ssize_t)sizeof(buffer))
			news.changed |= RTNL_LOST;
		if (length < 0 && errno != ENOBUFS)
			return news.changed;
		if (length > 0 && length <= (ssize_t)sizeof(buffer))
			mnl_cb_run(buffer, (size_t)length, 0, 0, news_take, &news);
	}
}
