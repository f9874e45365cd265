/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What really left, and what was lost behind the relay's back: a redirect always returns success to the
 * program, and BPF_PROG_RUN 0 to the pump. The truth passes by at XDP's tracepoints.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

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

struct bpf_prog;

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

	if (device->nd_net.net->ns.inum != our_net)
		return NULL;
	found = bpf_map_lookup_elem(&interfaces, &ifindex);
	if (found)
		return found;
	bpf_map_update_elem(&interfaces, &ifindex, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&interfaces, &ifindex);
}

/* Typed tracepoints, whose arguments are read like one's own memory: they run for each bulk that leaves. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(on_redirect_sent, const struct net_device *from, const struct net_device *to, int sent,
        int drops, int error)
{
	struct xd_losses *losses = losses_of(to, to->ifindex);

	if (!losses)
		return 0;
	__sync_fetch_and_add(&losses->redirect_sent, sent);
	if (drops)
		__sync_fetch_and_add(&losses->redirect_drops, drops);
	return 0;
}

/* `index` is the ifindex, as the relay redirects without a map. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(on_redirect_error, const struct net_device *device, const struct bpf_prog *program,
        const void *target, int error, __u32 map_type, __u32 map, __u32 index)
{
	struct xd_losses *losses = losses_of(device, index);

	if (!losses)
		return 0;
	__sync_fetch_and_add(&losses->redirect_errors, 1);
	losses->last_error = -error;
	return 0;
}

SEC("tp_btf/xdp_bulk_tx")
int BPF_PROG(on_tx, const struct net_device *device, int sent, int drops, int error)
{
	struct xd_losses *losses = losses_of(device, device->ifindex);

	if (!losses)
		return 0;
	__sync_fetch_and_add(&losses->tx_sent, sent);
	if (drops)
		__sync_fetch_and_add(&losses->tx_drops, drops);
	return 0;
}

SEC("tp_btf/xdp_exception")
int BPF_PROG(on_exception, const struct net_device *device, const struct bpf_prog *program, __u32 action)
{
	struct xd_losses *losses = losses_of(device, device->ifindex);

	if (losses)
		__sync_fetch_and_add(&losses->exceptions, 1);
	return 0;
}
