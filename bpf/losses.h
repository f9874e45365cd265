/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program `losses` counts of an interface: shared with the dataplane daemon. */
#ifndef XDPARK_BPF_LOSSES_H
#define XDPARK_BPF_LOSSES_H

#include <linux/types.h>

enum { XD_LOSSES_INTERFACES = 256 };

/* Packets of a CPU, since the daemon started; the entry's key is the ifindex that they were to leave by. */
struct xd_losses {
	__u64 redirect_sent;
	__u64 redirect_drops;  /* the interface's ring was full, or it is down */
	__u64 redirect_errors; /* refused before they reached the interface */
	__u64 tx_sent;         /* XDP_TX, of drivers that tell (veth) */
	__u64 tx_drops;
	__u64 exceptions; /* XDP_TX that failed, or the program was aborted */
	__u32 last_error; /* positive errno of the last redirect error */
	__u32 reserved;
};

_Static_assert(sizeof(struct xd_losses) == 56, "xd_losses");

#endif
