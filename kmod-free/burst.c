/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/burst.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BURST_EACH = 1024,
	BURST_LEAST = 64,
	WIRE_BITS = 238 * 8, /* a frame with preamble, check sum and gap */
	WIRE_US = 500,
};

/* Mbit/s; 0: unknown. */
static uint32_t link_speed(int socket, const char *name)
{
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
	struct ifreq request = {.ifr_data = (void *)&command};
	uint32_t speed;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(socket, SIOCETHTOOL, &request))
		return 0;
	speed = ethtool_cmd_speed(&command);
	return speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed;
}

static uint32_t slowest_speed(const struct links *links)
{
	int asking = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t slowest = 0;

	if (asking < 0)
		return 0;
	for (unsigned i = 0; i < links->attached_count; i++) {
		const struct rtnl_link *link = links_find(links, links->attached[i]);
		uint32_t speed = link ? link_speed(asking, link->name) : 0;

		if (speed && (!slowest || speed < slowest))
			slowest = speed;
	}
	close(asking);
	return slowest;
}

uint32_t burst_for(unsigned threads, uint32_t megabits)
{
	uint64_t burst = (uint64_t)BURST_EACH * (threads ? threads : 1);
	uint64_t wire = (uint64_t)megabits * WIRE_US / WIRE_BITS;

	if (megabits && wire < burst)
		burst = wire;
	return burst < BURST_LEAST ? BURST_LEAST : (uint32_t)burst;
}

uint32_t burst_choose(const struct links *links, unsigned threads)
{
	return burst_for(threads, slowest_speed(links));
}
