/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What really left, and what was lost behind the relay's back: a redirect always returns success to the
 * program, and BPF_PROG_RUN 0 to the pump. The truth passes by at XDP's tracepoints.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/losses.h"

char _license[] SEC("license") = "GPL";

/* Of the kernel's own structs, what is read here; libbpf finds the true offsets by BTF. */
struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));

typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} __attribute__((preserve_access_index));

/* The daemon's network namespace: tracepoints see those of everybody. */
const volatile __u32 our_net = 0;

/* An entry a CPU: every bulk of packets is counted, and CPUs that send at the same time shan't wait for it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, XD_LOSSES_INTERFACES);
	__type(key, __u32);
	__type(value, struct xd_losses);
} interfaces SEC(".maps");

static __always_inline struct xd_losses *losses_of(const struct net_device *device, __u32 ifindex)
{
	struct xd_losses none = {0};
	struct xd_losses *found;

	if (BPF_CORE_READ(device, nd_net.net, ns.inum) != our_net)
		return NULL;
	found = bpf_map_lookup_elem(&interfaces, &ifindex);
	if (found)
		return found;
	bpf_map_update_elem(&interfaces, &ifindex, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&interfaces, &ifindex);
}

/* from_dev, to_dev, sent, drops, err */
SEC("raw_tp/xdp_devmap_xmit")
int on_redirect_sent(struct bpf_raw_tracepoint_args *ctx)
{
	const struct net_device *to = (const void *)ctx->args[1];
	struct xd_losses *losses = losses_of(to, BPF_CORE_READ(to, ifindex));

	if (!losses)
		return 0;
	__sync_fetch_and_add(&losses->redirect_sent, (__u32)ctx->args[2]);
	__sync_fetch_and_add(&losses->redirect_drops, (__u32)ctx->args[3]);
	return 0;
}

/* dev, program, target, err, map type, map id, index: the ifindex, as the relay redirects without a map */
SEC("raw_tp/xdp_redirect_err")
int on_redirect_error(struct bpf_raw_tracepoint_args *ctx)
{
	struct xd_losses *losses = losses_of((const void *)ctx->args[0], (__u32)ctx->args[6]);

	if (!losses)
		return 0;
	__sync_fetch_and_add(&losses->redirect_errors, 1);
	losses->last_error = -(int)ctx->args[3];
	return 0;
}

/* dev, sent, drops, err */
SEC("raw_tp/xdp_bulk_tx")
int on_tx(struct bpf_raw_tracepoint_args *ctx)
{
	const struct net_device *device = (const void *)ctx->args[0];
	struct xd_losses *losses = losses_of(device, BPF_CORE_READ(device, ifindex));

	if (!losses)
		return 0;
	__sync_fetch_and_add(&losses->tx_sent, (__u32)ctx->args[1]);
	__sync_fetch_and_add(&losses->tx_drops, (__u32)ctx->args[2]);
	return 0;
}

/* dev, program, action */
SEC("raw_tp/xdp_exception")
int on_exception(struct bpf_raw_tracepoint_args *ctx)
{
	const struct net_device *device = (const void *)ctx->args[0];
	struct xd_losses *losses = losses_of(device, BPF_CORE_READ(device, ifindex));

	if (losses)
		__sync_fetch_and_add(&losses->exceptions, 1);
	return 0;
}
