/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/low_port.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/rig/callers.h"

enum { FIRST = 1024, PORTS = CALLERS_PORT_FIRST - FIRST };

int low_port_bind(int socket, struct in_addr address)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = address};
	unsigned from = arc4random_uniform(PORTS);

	for (unsigned i = 0; i < PORTS; i++) {
		local.sin_port = htons((uint16_t)(FIRST + (from + i) % PORTS));
		if (!bind(socket, (struct sockaddr *)&local, sizeof(local)))
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}
