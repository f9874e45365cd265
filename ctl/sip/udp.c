/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP over UDP: one socket, batches of datagrams both ways. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctl/sip/transport.h"

enum {
	BATCH = 32,              /* datagrams a system call */
	TURNS = 8,               /* batches received before others get their turn */
	DSCP_CS3 = 24 << 2,      /* as TOS byte; RFC 4594 */
	SOCKET_BUFFER = 4 << 20, /* what we ask for; the host may grant less */
	CONTROL_BYTES = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

/* One datagram on its way, with everything that the system call points to. */
struct datagram {
	struct sockaddr_storage remote;
	struct iovec vector;
	_Alignas(struct cmsghdr) char control[CONTROL_BYTES];
	char bytes[SIP_MESSAGE_BYTES + 1]; /* one more, so that receivers may end the text */
};

struct udp {
	struct transport transport;
	int fd;
	bool any; /* bound to all addresses: each datagram names its own */
	struct event *readable;
	struct event *flush;
	unsigned waiting; /* in `out` */
	struct mmsghdr in_headers[BATCH], out_headers[BATCH];
	struct datagram in[BATCH], out[BATCH];
};

/* Which of our addresses a datagram came to. */
static void read_local(const struct msghdr *header, struct address *local)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control;
	        control = CMSG_NXTHDR((struct msghdr *)header, control)) {
		if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(control), sizeof(info));
			memcpy(local->ip + 12, &info.ipi_addr, sizeof(info.ipi_addr));
		} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(control), sizeof(info));
			memcpy(local->ip, &info.ipi6_addr, sizeof(local->ip));
		}
	}
}

/* From which of our addresses a datagram goes out. */
static void write_local(struct msghdr *header, struct datagram *datagram, const struct address *local)
{
	bool ipv4 = address_is_ipv4(local->ip);
	struct cmsghdr *control;

	header->msg_control = datagram->control;
	header->msg_controllen = CMSG_SPACE(ipv4 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo));
	memset(datagram->control, 0, sizeof(datagram->control));
	control = CMSG_FIRSTHDR(header);
	if (ipv4) {
		struct in_pktinfo info = {0};

		memcpy(&info.ipi_spec_dst, local->ip + 12, sizeof(info.ipi_spec_dst));
		control->cmsg_level = IPPROTO_IP;
		control->cmsg_type = IP_PKTINFO;
		control->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(control), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {0};

		memcpy(&info.ipi6_addr, local->ip, sizeof(local->ip));
		control->cmsg_level = IPPROTO_IPV6;
		control->cmsg_type = IPV6_PKTINFO;
		control->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(control), &info, sizeof(info));
	}
}

/* Sends what waits. What the socket doesn't take is lost, as any datagram may be: SIP sends it again. */
static void flush(struct udp *udp)
{
	unsigned done = 0;

	while (done < udp->waiting) {
		int sent = sendmmsg(udp->fd, udp->out_headers + done, udp->waiting - done, 0);

		if (sent > 0)
			done += (unsigned)sent;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			done++; /* this one can't be sent (no route, too long), the others may */
	}
	udp->waiting = 0;
}

static void on_flush(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	flush(context);
}

static int udp_send(struct transport *transport, const struct flow *flow, const char *bytes, size_t length)
{
	struct udp *udp = (struct udp *)transport;
	struct datagram *datagram = &udp->out[udp->waiting];
	struct msghdr *header = &udp->out_headers[udp->waiting].msg_hdr;

	if (length > SIP_MESSAGE_BYTES)
		return -EMSGSIZE;
	if (address_is_ipv4(flow->remote.ip) != address_is_ipv4(transport->bound.ip))
		return -EAFNOSUPPORT;
	memcpy(datagram->bytes, bytes, length);
	datagram->vector = (struct iovec){.iov_base = datagram->bytes, .iov_len = length};
	*header =
	        (struct msghdr){.msg_iov = &datagram->vector, .msg_iovlen = 1, .msg_name = &datagram->remote};
	header->msg_namelen = address_to_socket(&flow->remote, &datagram->remote);
	if (udp->any && !address_is_any(flow->local.ip))
		write_local(header, datagram, &flow->local);
	if (udp->waiting++ == 0)
		event_active(udp->flush, EV_TIMEOUT, 0);
	if (udp->waiting == BATCH)
		flush(udp);
	return 0;
}

/* Hands one received datagram on. Longer than any message that we take: cut off, for the guard to refuse. */
static void take(struct udp *udp, struct mmsghdr *message, struct datagram *datagram)
{
	struct flow flow = {.transport = &udp->transport, .local = udp->transport.bound};
	size_t length = message->msg_len < SIP_MESSAGE_BYTES ? message->msg_len : SIP_MESSAGE_BYTES;

	if (address_from_socket(&datagram->remote, &flow.remote))
		return;
	if (udp->any)
		read_local(&message->msg_hdr, &flow.local);
	udp->transport.receive(udp->transport.context, &flow, datagram->bytes, length);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct udp *udp = context;

	(void)fd;
	(void)what;
	for (int turn = 0; turn < TURNS; turn++) {
		int count;

		for (int i = 0; i < BATCH; i++) {
			struct datagram *datagram = &udp->in[i];

			datagram->vector =
			        (struct iovec){.iov_base = datagram->bytes, .iov_len = SIP_MESSAGE_BYTES};
			udp->in_headers[i].msg_hdr = (struct msghdr){
			        .msg_name = &datagram->remote,
			        .msg_namelen = sizeof(datagram->remote),
			        .msg_iov = &datagram->vector,
			        .msg_iovlen = 1,
			        .msg_control = udp->any ? datagram->control : NULL,
			        .msg_controllen = udp->any ? CONTROL_BYTES : 0,
			};
		}
		count = recvmmsg(udp->fd, udp->in_headers, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < count; i++)
			take(udp, &udp->in_headers[i], &udp->in[i]);
		if (count < BATCH)
			return;
	}
}

static void udp_free(struct transport *transport)
{
	struct udp *udp = (struct udp *)transport;

	if (udp->flush) {
		flush(udp);
		event_free(udp->flush);
	}
	if (udp->readable)
		event_free(udp->readable);
	if (udp->fd >= 0)
		close(udp->fd);
	free(udp);
}

static const struct transport_ops UDP = {.name = "UDP", .send = udp_send, .free = udp_free};

static int set_number(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

static int set_options(struct udp *udp, bool ipv4)
{
	int error;

	/* The host's limits decide how much of this is granted; less is no error. */
	set_number(udp->fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	set_number(udp->fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
	if (ipv4) {
		error = set_number(udp->fd, IPPROTO_IP, IP_TOS, DSCP_CS3);
		return error || !udp->any ? error : set_number(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
	}
	error = set_number(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!error)
		error = set_number(udp->fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_CS3);
	return error || !udp->any ? error : set_number(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static int open_socket(struct udp *udp, const struct address *wanted)
{
	bool ipv4 = address_is_ipv4(wanted->ip);
	struct sockaddr_storage name;
	socklen_t length = address_to_socket(wanted, &name);
	int error;

	udp->fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (udp->fd < 0)
		return -errno;
	udp->any = address_is_any(wanted->ip);
	error = set_options(udp, ipv4);
	if (error)
		return error;
	if (bind(udp->fd, (struct sockaddr *)&name, length))
		return -errno;
	length = sizeof(name);
	if (getsockname(udp->fd, (struct sockaddr *)&name, &length))
		return -errno;
	return address_from_socket(&name, &udp->transport.bound);
}

int udp_transport_new(struct transport **transport, struct event_base *base, const struct address *bind,
        transport_receive receive, void *context)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	int error;

	if (!udp)
		return -ENOMEM;
	udp->fd = -1;
	udp->transport.ops = &UDP;
	udp->transport.receive = receive;
	udp->transport.context = context;
	error = open_socket(udp, bind);
	if (error)
		goto fail;
	udp->readable = event_new(base, udp->fd, EV_READ | EV_PERSIST, on_readable, udp);
	udp->flush = event_new(base, -1, 0, on_flush, udp);
	error = -ENOMEM;
	if (!udp->readable || !udp->flush || event_add(udp->readable, NULL))
		goto fail;
	*transport = &udp->transport;
	return 0;

fail:
	udp_free(&udp->transport);
	return error;
}
