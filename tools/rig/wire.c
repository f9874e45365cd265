/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/wire.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bpf/pass.skel.h"
#include "kmod-free/ip.h"
#include "kmod-free/links.h"

enum { RESOLVE_MS = 2000, RESOLVE_STEP_MS = 10 };

#define OUR_PROGRAM "caller"

static int refuse(int failed, char *error, const char *interface, const char *what)
{
	snprintf(error, WIRE_ERROR, "%s: %s (%s)", interface, what, strerror(-failed));
	return failed;
}

/* An abstract name belongs to the network namespace and ends with the process. */
static int lock_take(uint32_t ifindex)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int length, lock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (lock < 0)
		return -errno;
	length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "xdpark-rig-%u", ifindex);
	if (bind(lock, (struct sockaddr *)&name,
	            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length))) {
		int error = -errno;

		close(lock);
		return error;
	}
	return lock;
}

static int mac_read(const char *interface, uint8_t mac[6])
{
	struct ifreq request = {0};
	int error = 0, any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (any < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(any, SIOCGIFHWADDR, &request))
		error = -errno;
	else
		memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(any);
	return error;
}

int wire_check(const char *interface, char *error)
{
	return if_nametoindex(interface)
	               ? 0
	               : refuse(-ENODEV, error, interface,
	                         "no such interface here; in the lab: tools/lab exec phones ...");
}

int wire_open(struct wire *wire, const char *interface, char *error)
{
	int failed = wire_check(interface, error);

	*wire = (struct wire){.lock = -1, .former = -1, .program = -1};
	if (failed)
		return failed;
	wire->ifindex = if_nametoindex(interface);
	failed = mac_read(interface, wire->mac);
	if (failed)
		return refuse(failed, error, interface, "its MAC address can't be read");
	wire->lock = lock_take(wire->ifindex);
	if (wire->lock < 0)
		return refuse(wire->lock, error, interface, "another xdpark-rig runs on it");
	return 0;
}

/* The program that is attached now; -1: none. *ours: a rig left it. */
static int former_open(const struct wire *wire, bool *ours)
{
	struct bpf_prog_info info = {0};
	uint32_t id = 0, length = sizeof(info);
	int program;

	*ours = false;
	if (bpf_xdp_query_id((int)wire->ifindex, XDP_FLAGS_DRV_MODE, &id) || !id)
		return -1;
	program = bpf_prog_get_fd_by_id(id);
	if (program >= 0 && !bpf_obj_get_info_by_fd(program, &info, &length))
		*ours = strcmp(info.name, OUR_PROGRAM) == 0;
	return program;
}

static int program_put(const struct wire *wire, int now, int next)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = now);

	return bpf_xdp_attach((int)wire->ifindex, next,
	        XDP_FLAGS_DRV_MODE | (now >= 0 ? XDP_FLAGS_REPLACE : 0), now >= 0 ? &options : NULL);
}

int wire_attach(struct wire *wire, int program, char *error)
{
	char name[IF_NAMESIZE] = "";
	bool ours;
	int now = former_open(wire, &ours), failed;

	if_indextoname(wire->ifindex, name);
	failed = program_put(wire, now, program);
	if (failed) {
		if (now >= 0)
			close(now);
		return refuse(failed, error, name, "the callers' XDP program can't be attached");
	}
	wire->program = program;
	wire->former = now;
	if (ours) {
		close(now);
		wire->former = -1;
		wire->pass = pass_bpf__open_and_load();
		if (wire->pass)
			wire->former = bpf_program__fd(wire->pass->progs.pass);
	}
	return 0;
}

uint64_t wire_dropped(const struct wire *wire)
{
	const struct rtnl_link *link = NULL;
	struct links links = {0};
	struct rtnl *rtnl = NULL;
	uint64_t dropped;

	if (!rtnl_open(&rtnl) && !links_read(&links, rtnl))
		link = links_find(&links, wire->ifindex);
	dropped = link ? link->send_drops : 0;
	links_clear(&links);
	rtnl_close(rtnl);
	return dropped;
}

void wire_close(struct wire *wire)
{
	if (wire->program >= 0)
		program_put(wire, wire->program, wire->former);
	if (wire->former >= 0 && !wire->pass)
		close(wire->former);
	pass_bpf__destroy(wire->pass);
	if (wire->lock >= 0)
		close(wire->lock);
	*wire = (struct wire){.lock = -1, .former = -1, .program = -1};
}

static int neighbour_find(struct rtnl *rtnl, uint32_t ifindex, const uint8_t via[16], uint8_t mac[6])
{
	struct rtnl_neighbour neighbour;

	for (unsigned waited = 0; waited < RESOLVE_MS; waited += RESOLVE_STEP_MS) {
		if (!rtnl_neighbour_get(rtnl, ifindex, via, &neighbour) &&
		        rtnl_neighbour_usable(&neighbour)) {
			memcpy(mac, neighbour.mac, 6);
			return 0;
		}
		rtnl_neighbour_resolve(rtnl, ifindex, via);
		usleep(RESOLVE_STEP_MS * 1000);
	}
	return -EHOSTUNREACH;
}

int wire_next_hop(const struct wire *wire, struct in_addr towards, uint8_t mac[6], char *error)
{
	char text[INET_ADDRSTRLEN] = "";
	struct rtnl_route route;
	uint8_t address[16];
	struct rtnl *rtnl;
	int failed;

	inet_ntop(AF_INET, &towards, text, sizeof(text));
	ip_from_bytes(address, &towards, sizeof(towards));
	failed = rtnl_open(&rtnl);
	if (failed)
		return refuse(failed, error, text, "no rtnetlink");
	failed = rtnl_route_get(rtnl, address, &route);
	if (!failed && route.ifindex != wire->ifindex)
		failed = -EHOSTUNREACH;
	if (!failed)
		failed = neighbour_find(rtnl, wire->ifindex, route.via, mac);
	rtnl_close(rtnl);
	return failed ? refuse(failed, error, text, "no way there by the interface of the callers") : 0;
}
