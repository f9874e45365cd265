/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* CMSG_LEN, not CMSG_SPACE: the padding would let the kernel hand us one descriptor more than we take. */
enum { RIGHTS_BYTES = HANDOVER_FDS * sizeof(int) };

union rights {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(RIGHTS_BYTES)];
};

struct handover_terms handover_terms(void)
{
	return (struct handover_terms){
	        .version = HANDOVER_VERSION,
	        .layout_version = XD_LAYOUT_VERSION,
	        .endpoint_bytes = sizeof(struct xd_endpoint),
	        .stream_bytes = sizeof(struct xd_stream),
	        .chunk_bytes = sizeof(struct xd_chunk),
	        .event_bytes = sizeof(struct xd_event),
	        .rest_bytes = sizeof(struct xd_rest),
	};
}

int handover_send(int socket, const void *message, size_t bytes, const int *fds, unsigned count)
{
	struct iovec part = {.iov_base = (void *)message, .iov_len = bytes};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	union rights rights = {0};

	if (!bytes || count > HANDOVER_FDS)
		return -EINVAL;
	if (count) {
		packet.msg_control = rights.bytes;
		packet.msg_controllen = CMSG_SPACE(count * sizeof(int));
		rights.header.cmsg_level = SOL_SOCKET;
		rights.header.cmsg_type = SCM_RIGHTS;
		rights.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&rights.header), fds, count * sizeof(int));
	}
	for (;;) {
		if (sendmsg(socket, &packet, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* Descriptors that came with a packet into `fds` (HANDOVER_FDS places); returns how many. */
static unsigned take_rights(struct msghdr *packet, int *fds)
{
	unsigned count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(packet); header; header = CMSG_NXTHDR(packet, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= header->cmsg_len && count < HANDOVER_FDS;
		        at += sizeof(int))
			memcpy(&fds[count++], (const char *)header + at, sizeof(int));
	}
	return count;
}

static void close_all(const int *fds, unsigned count)
{
	while (count)
		close(fds[--count]);
}

long handover_receive(int socket, void *message, size_t size, int *fds, unsigned *count)
{
	struct iovec part = {.iov_base = message, .iov_len = size};
	union rights rights;
	struct msghdr packet = {.msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = rights.bytes,
	        .msg_controllen = CMSG_LEN(RIGHTS_BYTES)};
	int received[HANDOVER_FDS];
	unsigned number;
	ssize_t length;

	do {
		length = recvmsg(socket, &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	number = take_rights(&packet, received);
	if (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		close_all(received, number);
		return -EMSGSIZE;
	}
	if (!fds || !count) {
		close_all(received, number);
		return length;
	}
	for (unsigned i = 0; i < HANDOVER_FDS; i++)
		fds[i] = i < number ? received[i] : -1;
	*count = number;
	return length;
}
