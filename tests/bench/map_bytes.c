/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map_bytes: what an endpoint takes in the maps of the relay, in bytes. */
#include <stdint.h>
#include <stdio.h>

#include "bpf/layout.h"

int main(void)
{
	printf("%zu\n", sizeof(struct xd_endpoint) + sizeof(struct xd_rest) + sizeof(struct xd_stream) +
	                        sizeof(uint64_t));
	return 0;
}
