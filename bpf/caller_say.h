/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What callers send: live frames, written from the first byte, as the thread's list of turns says. */
#ifndef XDPARK_CALLER_SAY_H
#define XDPARK_CALLER_SAY_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>

#include "bpf/caller_maps.h"

#define SAY_TTL  64
#define SAY_TOS  0xb8 /* DSCP EF */
#define SAY_DONT bpf_htons(0x4000)

/* The numbers of a packet. */
struct say {
	__u16 sequence;
	__u32 timestamp;
	__u8 marker;
};

/* The next turn of this CPU; NULL: none. */
static __always_inline const struct cl_turn *turn_next(__u64 *now)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct cl_todo *mine = bpf_map_lookup_elem(&todo, &cpu);
	__u32 cursor;

	if (!mine)
		return NULL;
	cursor = mine->cursor;
	if (cursor >= mine->count || cursor >= CL_TODO)
		return NULL;
	mine->cursor = cursor + 1;
	*now = mine->now;
	return &mine->turns[cursor];
}

/* Moves the caller's numbers on, and says which of them this packet bears. */
static __always_inline struct say say_numbers(
        struct cl_talking *talking, const struct cl_turn *turn, const struct cl_settings *settings)
{
	__u32 frame = settings->frame_samples;
	struct say say;

	talking->sequence += turn->numbers;
	talking->timestamp += turn->frames * frame;
	say.sequence = talking->sequence;
	say.timestamp = talking->timestamp;
	say.marker = turn->flags & CL_MARKER ? RTP_MARKER : 0;
	if (talking->swapped) {
		talking->swapped = 0;
		say.sequence -= turn->numbers;
		say.timestamp -= turn->frames * frame;
	} else if (turn->flags & CL_SWAP) {
		talking->swapped = 1;
		say.sequence += 1;
		say.timestamp += frame;
	}
	return say;
}

/* Writes the payload; the frame has room for it. Returns its sum. */
static __always_inline __u64 say_payload(__u64 *word, void *end, __u32 chunks, const struct cl_speech *speech)
{
	const __u64 *head = (const __u64 *)speech;
	__u64 value, sum = 0;
	__u32 chunk, i, number = 0;

	for (chunk = 0; chunk < CL_FRAME_CHUNKS && chunk < chunks; chunk++) {
		if ((void *)(word + CL_CHUNK_WORDS) > end)
			return sum;
#pragma unroll
		for (i = 0; i < CL_CHUNK_WORDS; i++) {
			value = chunk || i >= CL_SPEECH_WORDS
			                ? cl_pattern(speech->caller, speech->count, number + i)
			                : head[i & (CL_SPEECH_WORDS - 1)];
			word[i] = value;
			sum += sum_word(value);
		}
		word += CL_CHUNK_WORDS;
		number += CL_CHUNK_WORDS;
	}
	return sum;
}

static __always_inline void say_headers(
        struct rtp_packet *packet, const struct cl_talking *talking, const struct say *say, __u32 payload)
{
	packet->version = 0x45;
	packet->tos = SAY_TOS;
	packet->length = bpf_htons(sizeof(*packet) + payload);
	packet->id = 0;
	packet->fragment = SAY_DONT;
	packet->ttl = SAY_TTL;
	packet->protocol = IPPROTO_UDP;
	packet->check = 0;
	packet->source = talking->address;
	packet->destination = talking->relay;
	packet->check = ~sum_fold(sum_ip(packet));
	packet->source_port = talking->port;
	packet->destination_port = talking->relay_port;
	packet->udp_length = bpf_htons(UDP_BYTES + RTP_BYTES + payload);
	packet->udp_check = 0;
	packet->rtp_version = 0x80;
	packet->type = talking->type | say->marker;
	packet->sequence = bpf_htons(say->sequence);
	packet->timestamp = bpf_htonl(say->timestamp);
	packet->ssrc = bpf_htonl(talking->ssrc);
}

/* One caller's packet. */
static __always_inline int say_packet(struct xdp_md *ctx, const struct cl_turn *turn, __u64 now,
        const struct cl_settings *settings, struct cl_talking *talking)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethernet_header *ethernet = (void *)(long)ctx->data;
	struct rtp_packet *packet = (void *)(ethernet + 1);
	struct say say = say_numbers(talking, turn, settings);
	struct cl_speech speech = {.magic = CL_MAGIC,
	        .caller = turn->caller,
	        .count = talking->count,
	        .timestamp = say.timestamp,
	        .sequence = say.sequence,
	        .sent = now};
	__u64 speech_check = cl_speech_check(&speech);
	__u32 payload = settings->frame_chunks * CL_CHUNK_BYTES;
	const __u16 *from = (const __u16 *)settings->source_mac;
	const __u16 *to = (const __u16 *)settings->destination_mac;
	__u16 check;
	__u64 sum;
	int i;

	if ((void *)(packet + 1) > end)
		return XDP_ABORTED;
	speech.check[0] = speech_check;
	speech.check[1] = speech_check >> 16;
	speech.check[2] = speech_check >> 32;
#pragma unroll
	for (i = 0; i < 3; i++) {
		ethernet->destination_mac[i] = to[i];
		ethernet->source_mac[i] = from[i];
	}
	ethernet->type = bpf_htons(ETH_P_IP);
	say_headers(packet, talking, &say, payload);
	sum = sum_headers(packet);
	sum += say_payload((__u64 *)(packet + 1), end, settings->frame_chunks, &speech);
	check = ~sum_fold(sum);
	packet->udp_check = check ? check : 0xffff;
	talking->count++;
	return bpf_redirect(settings->ifindex, 0);
}

static __always_inline int say_turn(struct xdp_md *ctx)
{
	const struct cl_settings *settings = settings_now();
	struct cl_totals *mine = totals_mine();
	struct cl_talking *talker;
	const struct cl_turn *turn;
	__u32 caller;
	__u64 now;

	turn = turn_next(&now);
	if (!turn || !settings || !mine)
		return XDP_DROP;
	caller = turn->caller;
	talker = bpf_map_lookup_elem(&talking, &caller);
	if (!talker)
		return XDP_DROP;
	if (now >= settings->window_start && now < settings->window_end) {
		talker->sent++;
		mine->count[CL_sent]++;
	}
	return say_packet(ctx, turn, now, settings, talker);
}

#endif
