/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes between the two daemons over the dataplane's SOCK_SEQPACKET unix socket.
 *
 * The controller connects and sends HELLO. The dataplane answers WELCOME with the map file descriptors
 * (SCM_RIGHTS), or REFUSED with a reason in words (another controller is connected; versions or struct sizes
 * differ) and closes. After that, at any time: NEXTHOP_HOLD and NEXTHOP_RELEASE from the controller, NEXTHOP
 * from the dataplane (the answer, and again whenever the state changes), QUERY (JSON) and its ANSWER (JSON,
 * same `id`). One message is one packet of the socket. All integers in host order.
 */
#ifndef XDPARK_HANDOVER_H
#define XDPARK_HANDOVER_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/layout.h"

enum { HANDOVER_VERSION = 3, HANDOVER_TEXT = 65536 };

enum handover_kind {
	HANDOVER_HELLO = 1,
	HANDOVER_WELCOME = 2,
	HANDOVER_REFUSED = 3,
	HANDOVER_NEXTHOP_HOLD = 4,
	HANDOVER_NEXTHOP_RELEASE = 5,
	HANDOVER_NEXTHOP = 6,
	HANDOVER_QUERY = 7,
	HANDOVER_ANSWER = 8,
};

/* The file descriptors that come with WELCOME, in this order; daemon.c names the maps in the same. */
enum handover_fd {
	HANDOVER_FD_ENDPOINTS, /* mmap read-write */
	HANDOVER_FD_RESTS,     /* mmap read-write */
	HANDOVER_FD_DUE,       /* mmap read-write */
	HANDOVER_FD_STARTS,    /* mmap read-write */
	HANDOVER_FD_CHUNKS,    /* mmap read-write */
	HANDOVER_FD_STREAMS,   /* mmap read-only (frozen) */
	HANDOVER_FD_EVENTS,    /* ring buffer: consumer page read-write, the rest read-only, epoll */
	HANDOVER_FDS
};

/* What both sides must agree on; the first part of HELLO and WELCOME. */
struct handover_terms {
	uint32_t version;        /* HANDOVER_VERSION */
	uint32_t layout_version; /* XD_LAYOUT_VERSION */
	uint32_t endpoint_bytes; /* sizeof(struct xd_endpoint), and so on */
	uint32_t stream_bytes;
	uint32_t chunk_bytes;
	uint32_t event_bytes;
	uint32_t rest_bytes;
	uint32_t reserved;
};

struct handover_hello {
	uint32_t kind;
	uint32_t reserved;
	struct handover_terms terms;
};

struct handover_welcome {
	uint32_t kind;
	uint32_t reserved;
	struct handover_terms terms;
	uint32_t endpoints;      /* entries of endpoints, rests, due and streams */
	uint32_t chunks;         /* entries of chunks */
	uint32_t events_bytes;   /* size of the events ring */
	uint32_t addresses;      /* local media addresses in use */
	uint16_t port_first;     /* first RTP port */
	uint16_t endpoints_each; /* endpoints an address */
	uint32_t live_frames;    /* 1: the pump works; 0: substitution alone (HOLD_UNTIL_HEARD isn't used) */
	uint32_t burst;          /* hold frames that may fall due at once, before they are spread */
	uint32_t reserved2;
	uint64_t early_ns;
	uint64_t grace_ns;
	uint8_t address[XD_ADDRESSES][16];
};

struct handover_refused {
	uint32_t kind;
	uint32_t reserved;
	char reason[256]; /* NUL-terminated, one sentence that names both sides' values */
};

/*
 * Ask for the next hop towards a remote address, or give it back. The dataplane counts the holds of an
 * address: every HOLD wants one RELEASE, whatever the answer said; an address that can't be served now is
 * asked for again, and news come when it can. `kind` is HANDOVER_NEXTHOP_HOLD or HANDOVER_NEXTHOP_RELEASE.
 */
struct handover_remote {
	uint32_t kind;
	uint32_t reserved;
	uint8_t address[16];
};

/* Answer to HOLD, and news. The index stays the same as long as the address is held. */
struct handover_nexthop {
	uint32_t kind;
	int32_t error; /* 0, or why it can't be served: -EHOSTUNREACH no route, -EADDRINUSE an address of this
	                * host, -ENOSPC table full */
	uint8_t address[16];
	uint32_t index; /* into nexthops; 0 with an error */
	uint32_t state; /* enum xd_nexthop_state */
};

/*
 * JSON both ways. Questions: {"get":"kernel"} the table of what the kernel has, {"get":"counters"} every
 * ending and the pump's counters, {"get":"nexthops"}, {"get":"settings"},
 * {"set":{"early_us":N,"grace_us":N}}. Answers: an object with the same keys, or {"error":"..."}.
 */
struct handover_text {
	uint32_t kind; /* HANDOVER_QUERY or HANDOVER_ANSWER */
	uint32_t id;   /* chosen by the asker */
	char text[];   /* NUL-terminated JSON, HANDOVER_TEXT bytes at most */
};

_Static_assert(sizeof(struct handover_terms) == 32, "handover_terms");
_Static_assert(sizeof(struct handover_hello) == 40, "handover_hello");
_Static_assert(sizeof(struct handover_nexthop) == 32, "handover_nexthop");
_Static_assert(offsetof(struct handover_welcome, early_ns) == 72, "handover_welcome.early_ns");

/* Terms of this build. */
struct handover_terms handover_terms(void);

/*
 * Sends one message with `count` file descriptors (0 to HANDOVER_FDS). Never blocks.
 * Returns 0 or a negative errno (-EAGAIN: the socket is full).
 */
int handover_send(int socket, const void *message, size_t bytes, const int *fds, unsigned count);

/*
 * Receives one message of at most `size` bytes and up to HANDOVER_FDS descriptors (*count of them; the caller
 * owns them, -1 elsewhere). `fds` and `count` may be NULL: descriptors are then closed. Never blocks. Returns
 * its length, 0 at end of file, or a negative errno (-EAGAIN: nothing there; -EMSGSIZE: too long).
 */
long handover_receive(int socket, void *message, size_t size, int *fds, unsigned *count);

#endif
