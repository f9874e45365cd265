/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map_bytes: what an endpoint takes in the maps of the relay, in bytes. */
#include <stdint.h>
#include <stdio.h>

#include "bpf/layout.h"

int main(void)
{
	/* Of due, and of whom it talks to. */
	size_t words = 2 * sizeof(uint64_t);

	printf("%zu\n",
	        sizeof(struct xd_endpoint) + sizeof(struct xd_rest) + sizeof(struct xd_stream) + words);
	return 0;
}
