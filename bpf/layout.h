/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel and userspace share: every struct that lies in a BPF map.
 *
 * Fixed-width types, explicit padding, no pointers, no bit-fields. Values are in host order unless the
 * field's type says __be16 or __be32. Times are ns of CLOCK_MONOTONIC. Addresses are 16 bytes, IPv4 as
 * v4-mapped IPv6 (::ffff:a.b.c.d).
 *
 * Who writes what, and in which order
 * -----------------------------------
 * endpoints, rests  The controller. Every change: exchange due[i] with 0; store `until`; write the plan that
 *            is not in use, both pieces of it, plan[(generation + 1) & 1]; store generation + 1 (release);
 *            if the new plan holds, store due[i]: what the exchange gave if t0 and ptime stay and it was not
 *            0, else the first frame of the stream that is not before now. `until` alone may be renewed by
 *            one 64-bit store.
 * due        The controller starts and stops; the program claims by compare-and-swap (d to d + ptime).
 * streams    The program only. Userspace maps it read-only.
 * starts     The controller: counts a word up after it has started the stream of one of its endpoints.
 * chunks     The controller, before any plan names them.
 * todo       The pump, an entry a CPU.
 * nexthops, locals, addresses, settings   The dataplane daemon.
 * hints, local_hints, events, totals   The program.
 */
#ifndef XDPARK_LAYOUT_H
#define XDPARK_LAYOUT_H

#include <linux/stddef.h>
#include <linux/types.h>

#ifndef __bpf__
#include <assert.h>
#include <stddef.h>
#else
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif

/*
 * The version that the hello between the daemons compares, and that pinned maps bear. It counts up when a
 * dataplane can't take over the maps that an older one has pinned, and so not its calls. Maps that no call
 * depends on, as the hints, may come, go and change their names.
 */
#define XD_LAYOUT_VERSION 4U

enum {
	XD_CACHE_LINE = 64,
	XD_PLAYLIST_PARTS = 8,  /* parts of a playlist at most */
	XD_SOURCE_NETWORKS = 7, /* prefixes of a NETWORKS source rule at most */
	XD_PAYLOADS = 3,        /* voice, telephone-event, comfort noise */
	XD_CHUNK_BYTES = 80,    /* payload bytes of a chunk at most: 10 ms of G.711 or G.722 */
	XD_TODO_IDS = 16384,    /* endpoints that one pump call serves at most */
	XD_STARTS_BLOCK = 64,   /* endpoints that share a word of `starts` */
	XD_VLAN_TAGS = 2,
	XD_ADDRESSES = 64,   /* local media addresses at most */
	XD_NEXTHOPS = 16384, /* remote addresses in use at most */
	XD_CPUS = 64,        /* entries of todo */
	XD_EVENTS_BYTES = 1 << 20,
};

/* Words of `starts` for so many endpoints. */
#define XD_STARTS(endpoints) ((endpoints) / XD_STARTS_BLOCK + 1)

/*
 * What falls due within it the pump serves in one wake-up, which costs as much as some hundred frames;
 * streams of silent callers fall due at its multiples. ns; divides every ptime.
 */
#define XD_PHASE_NS 2000000ULL

#define XD_NO_PAYLOAD   0xff         /* a payload type slot that is not negotiated */
#define XD_LATE_NS      100000000ULL /* a frame later than this is skipped, never burst */
#define XD_RTP_CLOCK_NS 125000ULL    /* one tick of the 8000 Hz RTP clock (also G.722: RFC 3551 4.5.2) */
#define XD_CHUNK_TICKS  80           /* of it, in a chunk */
#define XD_PUMP_IFINDEX 1            /* the pump enters as loopback, where nothing is attached */

/* What the phone at an endpoint hears. */
enum xd_action {
	XD_IDLE = 0,             /* not ours: its packets are counted and dropped */
	XD_MUTE = 1,             /* nothing */
	XD_HOLD = 2,             /* the hold stream */
	XD_FORWARD = 3,          /* its peer */
	XD_HOLD_UNTIL_HEARD = 4, /* the hold stream until its peer talks */
};

/* Which packets an endpoint accepts, and where its packets go. */
enum xd_source_rule {
	XD_FROM_ADDRESS = 0,  /* from the remote address, any port; sent to remote_port */
	XD_FROM_NETWORKS = 1, /* from one of source_networks, any port; sent to remote_port */
	XD_FROM_LATCH = 2,    /* from the remote address; port and SSRC latched by the first packet */
	XD_FROM_EITHER =
	        3, /* as NETWORKS, where the remote address lies in one of them: it is compared first */
};

/* Rows of plan.payloads. */
enum xd_payload_kind { XD_VOICE = 0, XD_EVENT = 1, XD_NOISE = 2 };

/* Codecs as the program must tell them apart: it maps between the first two, others must be equal. */
enum xd_codec { XD_PCMU = 0, XD_PCMA = 1, XD_G722 = 2, XD_CODECS };

/* One kind of payload of a leg: the type its phone sends, the type it is sent. XD_NO_PAYLOAD: none. */
struct xd_payload {
	__u8 type_in;  /* RTP payload type that the phone sends to us */
	__u8 type_out; /* RTP payload type that we send to the phone */
	__u8 codec;    /* enum xd_codec; of the voice row only */
	__u8 reserved;
};

/* A run of chunks. The part of chunk number c is the first whose `end` is above c. */
struct xd_part {
	__u32 first; /* index into chunks */
	__u32 end;   /* chunks of the playlist up to the end of this part, cumulative; multiple of 12 */
};

/*
 * A plan lies in the maps in two pieces: the line that every packet to or from the phone needs in
 * `endpoints`, so that entries are small and lie close together, and the rest in `rests`. Both are structs of
 * their own, and their members are the plan's.
 */
/* clang-format off */
struct xd_plan {
	__struct_group(xd_plan_line, line, /* no attribute */,
		__u8 action;        /* enum xd_action */
		__u8 source_rule;   /* enum xd_source_rule */
		__u16 leg_since;    /* low 15 bits of the generation at which the leg began, less than 2^15 ago */
		__u16 media_since;  /* low 15 bits of the generation at which its SDP last changed */
		__be16 remote_port; /* RTP port of the phone by its SDP; RTCP goes one above */
		__u32 peer;         /* endpoint that the phone hears; 0: none */
		__u32 hearer;       /* endpoint that hears the phone; 0: none */
		__u32 nexthop;      /* index into nexthops; 0: none */
		__u32 ssrc;         /* of everything the phone hears; host order */
		struct xd_payload payloads[XD_PAYLOADS];
		__u8 frame_chunks;  /* chunks of a hold frame: ptime / 10 ms; 1, 2, 3, 4, 6 (5 would straddle parts) */
		__u8 chunk_bytes;   /* payload bytes of a chunk: 80 */
		__u8 parts;         /* parts in use; 0: no playlist */
		__u8 reserved;
		__u64 t0;           /* ns; when frame 0 is due */
		__u32 ptime_ns;     /* ns of a hold frame */
		__u32 loop;         /* chunk of the playlist at which it starts over, below its end */
		struct xd_part first; /* part of the playlist: music alone needs no more */
	);
	__struct_group(xd_plan_rest, rest, /* no attribute */,
		struct xd_part later[XD_PLAYLIST_PARTS - 1]; /* parts of the playlist */
		__u64 reserved_later;
		/* read by the rules NETWORKS and EITHER only */
		__u8 source_networks[XD_SOURCE_NETWORKS][16];
		__u8 source_bits[XD_SOURCE_NETWORKS]; /* of 128: an IPv4 /24 is 120; 0xff: row not in use */
		__u8 reserved_end[9];
	);
};
/* clang-format on */

/* Entry of `endpoints`. */
struct xd_endpoint {
	__u64 generation; /* counts every change; the low bit picks the plan, the low 15 bits tag pos */
	__u64 until;      /* ns; nothing goes out after it */
	__u64 reserved[6];
	struct xd_plan_line plan[2];
};

/* Entry of `rests`. */
struct xd_rest {
	struct xd_plan_rest plan[2];
};

/*
 * pos: the numbers of what the phone hears, one word, changed by compare-and-swap only.
 * bits 63..49 generation, 48 talking, 47..32 last sequence number, 31..0 last timestamp.
 */
#define XD_GENERATION_MASK      0x7fffULL
#define XD_POS_GENERATION_SHIFT 49
#define XD_POS_TALKING          (1ULL << 48)
#define XD_POS_SEQUENCE_SHIFT   32

/*
 * anchor: how the talker's numbers become the hearer's, one word.
 * bits 63..49 tag (generation and talker's SSRC folded), 48 young (within 1000 packets of anchor_first),
 * 47..32 sequence offset, 31..0 timestamp offset.
 */
#define XD_ANCHOR_TAG_SHIFT      49
#define XD_ANCHOR_YOUNG          (1ULL << 48)
#define XD_ANCHOR_SEQUENCE_SHIFT 32

/*
 * latch: whom the endpoint listens to, one word; 0: nobody yet.
 * bits 63..48 tag (media_since with bit 15 set), 47..32 UDP source port (host order), 31..0 SSRC (host
 * order).
 */
#define XD_LATCH_TAG_SHIFT  48
#define XD_LATCH_TAG_VALID  0x8000U
#define XD_LATCH_PORT_SHIFT 32

/*
 * A tally: packets and their RTP bytes (header and payload) in one word, so that a packet costs one add,
 * atomic but for hold_pump. bits 63..32 bytes, 31..0 packets; both wrap.
 */
#define XD_TALLY_BYTES_SHIFT 32

struct xd_stream {
	/* first cache line: out, towards the phone */
	__u64 pos;
	__u64 anchor;
	__u64 anchor_first; /* the first sequence number that the anchor gave */
	__u64 hold_ingress; /* tally: hold frames that the phone's own packets carried */
	__u64 hold_pump;    /* tally: hold frames that the pump carried; it alone writes it, by plain adds */
	__u64 forwarded;    /* tally: packets of the peer */
	__u64 hold_skipped; /* hold frames left out because they were more than XD_LATE_NS late */
	__u64 reserved_out;
	/* second: in, from the phone */
	__u64 latch;
	__u64 last_in;       /* ns; last accepted packet */
	__u64 last_sequence; /* sequence number of the last accepted packet */
	__u64 received;      /* tally: accepted RTP packets */
	__u64 refused;       /* packets that the source check or the payload types refused */
	__u64 rtcp;          /* RTCP packets received */
	__u64 reserved_in[2];
};

struct xd_chunk {
	__u8 payload[XD_CHUNK_BYTES];
	__u32 sum; /* ones'-complement sum of payload as 16-bit words in memory order, folded to 16 bits */
	__u32 reserved;
} __attribute__((aligned(8)));

/* One way out. Tags are outermost first; tci 0 with proto 0: no tag. */
struct xd_hop {
	__u32 ifindex;
	__u8 source_mac[6];
	__u8 destination_mac[6];
	__be16 vlan_proto[XD_VLAN_TAGS];
	__be16 vlan_tci[XD_VLAN_TAGS];
	__u32 tags; /* VLAN tags in use */
	__u32 reserved;
};

enum xd_nexthop_state {
	XD_NEXTHOP_FREE = 0,
	XD_NEXTHOP_PENDING = 1, /* asked for, the neighbour isn't known yet */
	XD_NEXTHOP_REACHABLE = 2,
	XD_NEXTHOP_UNREACHABLE = 3, /* no route, neighbour failed, or an address of this host */
};

/*
 * A remote address in use. The dataplane writes the hop that is not in use, then stores `now`
 * (release): a change reaches every call by one store.
 */
struct xd_nexthop {
	__u8 address[16];
	__u32 now;   /* low bit: which hop is in use; the rest counts changes; release */
	__u32 state; /* enum xd_nexthop_state */
	__u64 reserved[5];
	struct xd_hop hop[2];
};

/* A local media address. Endpoint index = number x endpoints an address + (port - first port) / 2. */
struct xd_address {
	__u8 address[16];
	__u32 in_use; /* 1: named by an option of the dataplane */
	__u32 reserved;
};

struct xd_address_key {
	__u8 address[16];
};

struct xd_settings {
	__u64 early_ns;       /* ingress may claim a frame this long before it is due */
	__u64 grace_ns;       /* the pump leaves a frame to ingress this long after it is due */
	__u16 port_first;     /* first RTP port, even; host order */
	__u16 endpoints_each; /* endpoints an address: (last port + 1 - first port) / 2 */
	__u8 dscp;            /* 46 (EF) */
	__u8 live_frames;     /* 1: the pump works; 0: substitution alone */
	__u16 reserved;
	__u32 addresses; /* entries of `addresses` in use */
	__u32 endpoints; /* endpoints in all: addresses x endpoints_each */
	__u64 reserved_end[4];
};

/* What the pump asks of the program, one entry a CPU. */
struct xd_todo {
	__u64 now;    /* ns; the pump's clock reading for this call */
	__u32 count;  /* ids in use */
	__u32 cursor; /* the next id that the program takes; the program counts it up */
	__u64 reserved[6];
	__u32 ids[XD_TODO_IDS];
};

enum xd_event_kind { XD_EVENT_MEDIA_STARTED = 1 };

/* A record of the events ring: a hint, may be lost (counted). */
struct xd_event {
	__u32 kind; /* enum xd_event_kind */
	__u32 endpoint;
	__u64 generation; /* of the entry when it happened */
	__u64 time;       /* ns */
	__u32 argument;   /* media started: SSRC of the talker */
	__u32 reserved;
};

_Static_assert(sizeof(struct xd_payload) == 4, "xd_payload");
_Static_assert(sizeof(struct xd_part) == 8, "xd_part");
_Static_assert(offsetof(struct xd_plan_line, t0) == 40, "xd_plan_line.t0");
_Static_assert(offsetof(struct xd_plan_line, first) == 56, "xd_plan_line.first");
_Static_assert(sizeof(struct xd_plan_line) == XD_CACHE_LINE, "xd_plan_line");
_Static_assert(offsetof(struct xd_plan_rest, source_networks) == 64, "xd_plan_rest.source_networks");
_Static_assert(sizeof(struct xd_plan_rest) == 192, "xd_plan_rest");
_Static_assert(offsetof(struct xd_plan, rest) == sizeof(struct xd_plan_line), "xd_plan.rest");
_Static_assert(sizeof(struct xd_plan) == 256, "xd_plan");
_Static_assert(offsetof(struct xd_endpoint, plan) == 64, "xd_endpoint.plan");
_Static_assert(sizeof(struct xd_endpoint) == 192, "xd_endpoint");
_Static_assert(offsetof(struct xd_stream, latch) == 64, "xd_stream.latch");
_Static_assert(sizeof(struct xd_stream) == 128, "xd_stream");
_Static_assert(sizeof(struct xd_chunk) == 88, "xd_chunk");
_Static_assert(sizeof(struct xd_hop) == 32, "xd_hop");
_Static_assert(sizeof(struct xd_nexthop) == 128, "xd_nexthop");
_Static_assert(sizeof(struct xd_settings) == 64, "xd_settings");
_Static_assert(offsetof(struct xd_todo, ids) == 64, "xd_todo.ids");
_Static_assert(sizeof(struct xd_event) == 32, "xd_event");

#endif
