/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `make bench-quick` compares the relay's paths with, in the same run: a fixed amount of the kinds of
 * work that a relay does (clock, hash, arrays, 160 bytes copied and summed). Never changed: the ratios in
 * tests/bench/quick.ratios would lose their meaning.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WORDS 20

struct row {
	__u64 word[WORDS];
	__u64 time;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct row);
} rows SEC(".maps");

char reference_license[] SEC("license") = "GPL";

SEC("xdp")
int reference(struct xdp_md *ctx)
{
	__u64 *data = (void *)(long)ctx->data;
	__u64 time = bpf_ktime_get_ns(), sum = 0;
	__u32 index = time >> 10 & 1023;
	__u64 key = index & 63, *number;
	struct row *row;
	int i;

	if ((void *)(data + WORDS) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	number = bpf_map_lookup_elem(&numbers, &key);
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return XDP_ABORTED;
#pragma unroll
	for (i = 0; i < WORDS; i++) {
		sum += data[i] & 0xffffffff;
		sum += data[i] >> 32;
		row->word[i] = data[i];
	}
	row->time = time;
	__sync_fetch_and_add(&row->count, sum + (number ? *number : 0));
	return XDP_DROP;
}

/* What a run costs in which nothing is done. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_DROP;
}
