/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program of the simulated callers (bpf/caller.bpf.c) and xdpark-rig share. It knows nothing of the
 * relay that is measured: only what RTP, UDP and IPv4 are.
 *
 * Fixed-width types, explicit padding. Host order unless the type says __be16 or __be32. Times are ns of
 * CLOCK_MONOTONIC. Caller numbers count from 0.
 *
 * Who writes what
 * ---------------
 * talking   The rig before the caller sends; then the program, by the one thread that sends for this caller.
 * hearing   The rig before it sets `expects` (release), the program from then on.
 * todo      The thread of that CPU; the program counts `cursor` up.
 * settings, addresses, clip, places   The rig.
 * totals    The program, an entry a CPU.
 */
#ifndef XDPARK_CALLER_LAYOUT_H
#define XDPARK_CALLER_LAYOUT_H

#include <linux/types.h>

#ifndef __bpf__
#include <assert.h>
#include <stddef.h>
#elif !defined(offsetof)
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif

enum cl_count {
#define COUNT(name, meaning) CL_##name,
#include "bpf/caller_counts.def"
#undef COUNT
	CL_COUNTS
};

enum {
	CL_CPUS = 64,
	CL_TODO = 16384,     /* callers that one call of the kernel serves at most */
	CL_CHUNK_WORDS = 10, /* 64-bit words of 10 ms of G.711 or G.722 */
	CL_CHUNK_BYTES = 80,
	CL_CHUNK_TICKS = 80,  /* of the RTP clock */
	CL_FRAME_CHUNKS = 6,  /* at most: 60 ms */
	CL_ADDRESSES = 65536, /* local addresses are told apart by their last 16 bits */
	CL_SEEN = 64,         /* numbers that a late packet may be behind and still be recognised */
	CL_JUMP = 1000,       /* a larger step of the numbers is none: they began anew */
	CL_WRONG_IN_ROW = 3,  /* wrong payloads after which the place in the clip is looked for again */
	CL_AHEAD_MS = 200, /* more than this a stream's timestamps mustn't run ahead of the clock at a take */
	CL_SPEECH_WORDS = 4,
	CL_BUCKETS = 576,
	CL_BUCKETS_EXACT = 64,  /* the first ones are one unit wide */
	CL_BUCKETS_OCTAVE = 32, /* then each doubling has this many */
	CL_BUCKET_SHIFT = 9,    /* a unit is 512 ns */
};

#define CL_TICK_NS      125000ULL   /* of the 8000 Hz RTP clock */
#define CL_PUMP_IFINDEX 1           /* live frames enter as the loopback interface */
#define CL_PLACE_MANY   0x80000000U /* in `places`: the clip has this frame more than once */
#define CL_PLACE_NONE   0xffffffffU
#define CL_MAGIC        0x4b504458 /* first bytes of what callers say: "XDPK" */

/* What a caller is to hear. */
enum cl_expects {
	CL_NOTHING = 0,        /* no call */
	CL_HOLD = 1,           /* the clip, from any place on, then frame by frame */
	CL_TALK = 2,           /* its peer */
	CL_HOLD_THEN_TALK = 3, /* the clip until the peer is heard; the program makes it CL_TALK then */
};

/* Whether it is known where in the clip a caller is. */
enum cl_placed {
	CL_UNPLACED = 0,
	CL_PLACED = 1,
	CL_GUESSED = 2, /* at one of several places that have all sounded the same so far */
};

/* What a caller says, at the start of its payload; a pattern made from the first word follows. */
struct cl_speech {
	__u32 magic;
	__u32 caller;
	__u32 count;     /* packets that this caller has sent so far, whatever their sequence numbers */
	__u32 timestamp; /* as sent */
	__u16 sequence;  /* as sent */
	__u16 check[3];  /* cl_speech_check() of all the others */
	__u64 sent;      /* ns; when its turn began */
};

struct cl_talking {
	__be32 address; /* of the caller */
	__be32 relay;   /* where it sends to */
	__be16 port;
	__be16 relay_port;
	__u32 ssrc;
	__u32 timestamp; /* of the last frame in turn */
	__u16 sequence;
	__u8 type;    /* RTP payload type */
	__u8 swapped; /* the frame after the last one in turn was sent in its place */
	__u32 count;  /* packets sent */
	__u32 sent;   /* of them, in the measured time */
	__u64 reserved[4];
};

struct cl_hearing {
	/* first cache line: every packet */
	__be32 relay; /* where it comes from */
	__be16 relay_port;
	__u8 expects; /* enum cl_expects; release */
	__u8 type;    /* RTP payload type */
	__u32 ssrc;
	__u16 order;  /* last number: RTP sequence of the clip, low bits of `count` of a talker */
	__u8 started; /* there was a packet: what follows is valid */
	__u8 placed;  /* enum cl_placed: of `position` */
	__u32 timestamp;
	__u32 position; /* chunk of the clip with which the last frame began */
	__u64 grid;     /* ns; where the last frame belongs on the stream's own best-fitting grid */
	__u64 seen;     /* bit n: number `order` - n was there */
	__u64 last;     /* ns; arrival of the last frame in order; before the first, when the call came up */
	__u32 received; /* different packets in the measured time */
	__u32 lost;     /* gaps in the measured time */
	__u32 peer;     /* caller whom it is to hear */
	__u16 frames;   /* since the stream began, 64 at most: how settled the grid is */
	__u16 wrong_in_row;
	/* second: talk and what is wrong; not touched by a frame of the clip as it should be */
	__u32 timestamp_offset; /* of what is heard to what the talker sent */
	__u16 sequence_offset;
	__u16 reserved_offset;
	__u64 gap_ns;     /* between the last frame of the clip and the first of talk; 0: not yet */
	__u32 errors;     /* packets with any error but loss, in the measured time */
	__u32 unmeasured; /* the same outside of it */
	__u32 talk;       /* of `received`, what its peer said */
	__u32 reserved_talk;
	__u64 reserved[4];
};

/* One caller's turn. */
struct cl_turn {
	__u32 caller;
	__u16 frames; /* frame times since its last turn: the timestamp goes on by so many frames */
	__u8 numbers; /* the sequence number goes on by so many: more than 1 if packets are to be lost */
	__u8 flags;   /* enum cl_turn_flag */
};

enum cl_turn_flag {
	CL_MARKER = 1, /* a talkspurt begins */
	CL_SWAP = 2,   /* change places with the next one */
};

struct cl_todo {
	__u64 now;    /* ns; the thread's clock reading for this call */
	__u32 count;  /* turns in use */
	__u32 cursor; /* the next one that the program takes */
	__u64 reserved[6];
	struct cl_turn turns[CL_TODO];
};

struct cl_settings {
	__u64 window_start, window_end; /* ns; the measured time */
	__u16 port_first;               /* caller n of an address has port_first + 2 n; host order */
	__u16 ports_each;               /* callers an address */
	__u32 ifindex;                  /* of the interface towards the relay */
	__u16 frame_samples;
	__u8 frame_chunks; /* ptime / 10 ms */
	__u8 reserved;
	__u32 clip_end;  /* chunks of the clip ... */
	__u32 clip_loop; /* ... which goes on here after the last */
	__u8 source_mac[6];
	__u8 destination_mac[6]; /* next hop towards the relay */
	__u32 reserved_end[3];
};

struct cl_address {
	__be32 address;
	__u32 number; /* counts from 1; 0: not in use */
};

struct cl_chunk {
	__u64 word[CL_CHUNK_WORDS];
	__u64 sum; /* of its 32-bit words */
};

/* Counts and histograms; of durations in units of 2^CL_BUCKET_SHIFT ns. */
struct cl_totals {
	__u64 count[CL_COUNTS];
	__u64 deviation_max;         /* ns */
	__u64 latency_max;           /* ns */
	__u64 deviation[CL_BUCKETS]; /* from the stream's own grid */
	__u64 latency[CL_BUCKETS];   /* of talk: from the turn of the talker to the hearer */
};

_Static_assert(sizeof(struct cl_speech) == CL_SPEECH_WORDS * sizeof(__u64), "cl_speech");
_Static_assert(offsetof(struct cl_speech, sent) == 24, "cl_speech.sent");
_Static_assert(sizeof(struct cl_talking) == 64, "cl_talking");
_Static_assert(offsetof(struct cl_hearing, timestamp_offset) == 64, "cl_hearing.timestamp_offset");
_Static_assert(sizeof(struct cl_hearing) == 128, "cl_hearing");
_Static_assert(sizeof(struct cl_turn) == 8, "cl_turn");
_Static_assert(offsetof(struct cl_todo, turns) == 64, "cl_todo.turns");
_Static_assert(sizeof(struct cl_settings) == 64, "cl_settings");
_Static_assert(sizeof(struct cl_chunk) == 88, "cl_chunk");

/* The key by which the place of a frame in the clip is found: of its chunks one by one, 0 before the first.
 */
static inline __u64 cl_frame_key(__u64 key, const __u64 word[CL_CHUNK_WORDS])
{
	int i;

	for (i = 0; i < CL_CHUNK_WORDS; i++)
		key = (key ^ word[i]) * 0x9e3779b97f4a7c15ULL + (key >> 29);
	return key;
}

/* 48 bits that no change of the other members leaves as they are. */
static inline __u64 cl_speech_check(const struct cl_speech *speech)
{
	__u64 check = ((__u64)speech->caller << 32 | speech->count) * 0x9e3779b97f4a7c15ULL;

	check = (check ^ ((__u64)speech->timestamp << 16 | speech->sequence)) * 0xbf58476d1ce4e5b9ULL;
	check = (check ^ speech->sent ^ (check >> 31)) * 0x94d049bb133111ebULL;
	return check >> 16;
}

/* Word `number` of a speaker's payload, after struct cl_speech. */
static inline __u64 cl_pattern(__u32 caller, __u32 count, __u32 number)
{
	return (((__u64)caller << 32 | count) + number) * 0x9e3779b97f4a7c15ULL;
}

/* The bucket of a duration. */
static inline __u32 cl_bucket(__u64 ns)
{
	__u64 units = ns >> CL_BUCKET_SHIFT;
	__u32 octave = 0, bucket;

	if (units < CL_BUCKETS_EXACT)
		return (__u32)units;
	if (units >> 22)
		return CL_BUCKETS - 1;
	units >>= 6;
	if (units >> 8) {
		units >>= 8;
		octave += 8;
	}
	if (units >> 4) {
		units >>= 4;
		octave += 4;
	}
	if (units >> 2) {
		units >>= 2;
		octave += 2;
	}
	if (units >> 1)
		octave += 1;
	units = ns >> CL_BUCKET_SHIFT;
	bucket = CL_BUCKETS_EXACT + octave * CL_BUCKETS_OCTAVE + (__u32)(units >> (octave + 1)) -
	         CL_BUCKETS_OCTAVE;
	return bucket < CL_BUCKETS ? bucket : CL_BUCKETS - 1;
}

#endif
