/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caller: thousands of simulated callers in one XDP program, on the phones' side of a wire. It shares nothing
 * with the relay that it measures. Like the relay it has two entrances: from the wire come packets for
 * callers, which are checked and end here (everything else passes to the host); as loopback come live frames,
 * which become packets of callers and leave by the wire.
 */
#include "bpf/caller_hear.h"
#include "bpf/caller_say.h"

char caller_license[] SEC("license") = "GPL";

SEC("xdp")
int caller(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == CL_PUMP_IFINDEX ? say_turn(ctx) : hear_packet(ctx);
}

/* The far end of a wire without a relay: what the rig itself costs is measured against it. */
SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}
