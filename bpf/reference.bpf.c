/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `make bench-quick` compares the relay's paths with, in the same run: a fixed amount of the kinds of
 * work that a relay does, in about the same shares, so that another kind of CPU changes both alike. A packet
 * from the wire looks an address up and reads the clock; the pump's frames do neither. Never changed: the
 * ratios in tests/bench/quick.ratios would lose their meaning.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

enum { ROWS = 1024, PAYLOAD_WORDS = 20, HEADER_WORDS = 5, LINE_WORDS = 8 };

struct line {
	__u64 word[LINE_WORDS];
};

struct payload {
	__u64 word[PAYLOAD_WORDS];
};

struct row {
	struct line plan[4];
	struct payload payload;
	__u64 place; /* changed by compare-and-swap */
	__u64 due;   /* the same */
	__u64 count;
};

struct key {
	__u64 half[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct key);
	__type(value, __u32);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ROWS);
	__type(key, __u32);
	__type(value, struct row);
} rows SEC(".maps");

char reference_license[] SEC("license") = "GPL";

static __always_inline struct row *row_at(__u32 index)
{
	return bpf_map_lookup_elem(&rows, &index);
}

/* Takes the next number of a row, and with it the row's turn. */
__noinline __u64 number_take(__u32 index, __u64 time)
{
	struct row *row = row_at(index);
	__u64 place, due;

	if (!row)
		return 0;
	due = *(volatile __u64 *)&row->due;
	if (__sync_val_compare_and_swap(&row->due, due, due + (time - due) / (time | 20000000) + 1) != due)
		return 0;
	place = *(volatile __u64 *)&row->place;
	__sync_val_compare_and_swap(&row->place, place, place + 1);
	return place + time / 125000;
}

/* Writes headers and payload of a packet out of a row. */
__noinline int packet_write(struct xdp_md *ctx, __u32 index, __u64 number)
{
	struct row *row = row_at(index);
	__u64 *data = (void *)(long)ctx->data, sum = number;
	int i;

	if (!row || (void *)(data + HEADER_WORDS + PAYLOAD_WORDS) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
#pragma unroll
	for (i = 0; i < HEADER_WORDS; i++) {
		sum += (data[i] & 0xffffffff) + (data[i] >> 32);
		data[i] = sum;
	}
	*(struct payload *)(data + HEADER_WORDS) = row->payload;
	__sync_fetch_and_add(&row->count, sum << 32 | 1);
	return XDP_DROP;
}

/* A plan is read whole, and again from where it is. */
static __always_inline int work(struct xdp_md *ctx, __u32 index, __u64 time)
{
	struct row *row = row_at(index), *next;
	struct line line;
	__u64 number;

	if (!row)
		return XDP_ABORTED;
	line = *(volatile struct line *)&row->plan[1];
	next = row_at((index + line.word[0]) & (ROWS - 1));
	if (!next || *(volatile __u64 *)&row->plan[1].word[7] != line.word[7])
		return XDP_ABORTED;
	number = number_take(index, time + line.word[2]);
	return packet_write(ctx, index, number + next->plan[2].word[3]);
}

SEC("xdp")
int reference_pump(struct xdp_md *ctx)
{
	return work(ctx, bpf_get_smp_processor_id() & (ROWS - 1), 1000000000);
}

SEC("xdp")
int reference_wire(struct xdp_md *ctx)
{
	struct key key = {{0, ctx->ingress_ifindex}};
	__u32 *number = bpf_map_lookup_elem(&addresses, &key);

	return work(ctx, number ? *number : 7, bpf_ktime_get_ns());
}

/* What a run costs in which nothing is done. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_DROP;
}
