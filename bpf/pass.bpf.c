/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passes everything. In labs it sits on the phones' end of a veth pair: without an XDP program there,
 * packets that the relay sends by XDP_TX or redirect vanish or hang.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
