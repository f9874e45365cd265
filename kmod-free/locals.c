/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/locals.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmod-free/ip.h"
#include "kmod-free/log.h"

static const char reserved_ports[] = "/proc/sys/net/ipv4/ip_local_reserved_ports";

enum { PORTS_LIST = 4096 };

int locals_socket_read(const char *line, uint8_t address[16], uint16_t *port, unsigned *uid)
{
	char hex[33], port_hex[5], owner[11];
	uint8_t bytes[16];
	unsigned words;

	/* sl local:port remote:port state tx:rx tr:when retransmits uid */
	if (sscanf(line, " %*u: %32[0-9A-F]:%4[0-9A-F] %*s %*x %*s %*s %*x %10[0-9]", hex, port_hex, owner) !=
	        3)
		return -EBADMSG;
	words = (unsigned)strlen(hex) / 8;
	for (unsigned i = 0; i < words; i++) {
		char one[9] = {0};
		uint32_t word;

		memcpy(one, hex + 8UL * i, 8);
		word = (uint32_t)strtoul(one, NULL, 16);
		memcpy(bytes + 4UL * i, &word, 4);
	}
	*port = (uint16_t)strtoul(port_hex, NULL, 16);
	*uid = (unsigned)strtoul(owner, NULL, 10);
	return ip_from_bytes(address, bytes, words * 4) ? -EBADMSG : 0;
}

static bool address_takes_ours(const uint8_t bound[16], const struct options *options)
{
	static const uint8_t any6[16], any4[16] = {[10] = 0xff, [11] = 0xff};

	if (!memcmp(bound, any6, 16) || !memcmp(bound, any4, 16))
		return true;
	for (unsigned i = 0; i < options->address_count; i++)
		if (!memcmp(bound, options->addresses[i], 16))
			return true;
	return false;
}

static int sockets_check(const char *path, const struct options *options, char reason[LOCALS_REASON])
{
	FILE *file = fopen(path, "re");
	char line[512];
	int error = 0;

	/* No udp6 without IPv6. */
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (!error && fgets(line, sizeof(line), file)) {
		uint8_t bound[16];
		uint16_t port;
		unsigned uid;
		char text[IP_TEXT];

		if (locals_socket_read(line, bound, &port, &uid) || port < options->port_first ||
		        port > options->port_last || !address_takes_ours(bound, options))
			continue;
		snprintf(reason, LOCALS_REASON,
		        "the host has a UDP socket open on %s port %u (of uid %u), within --ports %u-%u: "
		        "stop it, or choose "
		        "another range",
		        ip_format(bound, text), port, uid, options->port_first, options->port_last);
		error = -EADDRINUSE;
	}
	fclose(file);
	return error;
}

int locals_check(const struct options *options, struct rtnl *rtnl, bool adopted, char reason[LOCALS_REASON])
{
	int error;

	for (unsigned i = 0; i < options->address_count; i++) {
		struct rtnl_route route;
		char text[IP_TEXT];

		error = rtnl_route_get(rtnl, options->addresses[i], &route);
		if (!error && route.type == RTN_LOCAL)
			continue;
		if (adopted) {
			log_warn(NULL, "address-missing",
			        "address=%s error=\"this host doesn't have it\" follows=\"calls on it are "
			        "silent "
			        "until it is back\"",
			        ip_format(options->addresses[i], text));
			continue;
		}
		snprintf(reason, LOCALS_REASON,
		        "--address %s: this host doesn't have it (ip address add %s/... dev IF)",
		        ip_format(options->addresses[i], text), text);
		return -EADDRNOTAVAIL;
	}
	error = sockets_check("/proc/net/udp", options, reason);
	return error ? error : sockets_check("/proc/net/udp6", options, reason);
}

/* The adopted numbering must be of the same addresses and ports. */
static int adopted_check(
        const struct options *options, const struct object *object, char reason[LOCALS_REASON])
{
	const struct xd_settings *settings = object->settings;
	char text[IP_TEXT];

	if (settings->port_first != options->port_first ||
	        settings->endpoints_each != options_endpoints_each(options) ||
	        settings->addresses != options->address_count) {
		snprintf(reason, LOCALS_REASON,
		        "pinned: ports %u-%u on %u addresses, the options ask for %u-%u on %u: start with "
		        "the options of "
		        "before, or run xdpark-dp --detach when the calls have ended",
		        settings->port_first, settings->port_first + settings->endpoints_each * 2 - 1,
		        settings->addresses, options->port_first, options->port_last, options->address_count);
		return -ESTALE;
	}
	for (unsigned i = 0; i < options->address_count; i++) {
		unsigned number = 0;

		while (number < settings->addresses &&
		        memcmp(object->addresses[number].address, options->addresses[i], 16) != 0)
			number++;
		if (number < settings->addresses)
			continue;
		snprintf(reason, LOCALS_REASON,
		        "--address %s isn't among the pinned ones: start with the addresses of before, or "
		        "run xdpark-dp "
		        "--detach when the calls have ended",
		        ip_format(options->addresses[i], text));
		return -ESTALE;
	}
	return 0;
}

int locals_write(
        const struct options *options, struct object *object, bool adopted, char reason[LOCALS_REASON])
{
	struct xd_settings *settings = object->settings;
	int locals = object_map(object, "locals");

	/* Maps may have been pinned by a daemon that didn't get as far as here. */
	if (adopted && settings->addresses)
		return adopted_check(options, object, reason);
	for (uint32_t number = 0; number < options->address_count; number++) {
		struct xd_address_key key;

		memcpy(key.address, options->addresses[number], 16);
		memcpy(object->addresses[number].address, options->addresses[number], 16);
		object->addresses[number].in_use = 1;
		if (bpf_map_update_elem(locals, &key, &number, BPF_ANY)) {
			int error = -errno;

			snprintf(reason, LOCALS_REASON, "map locals: %s", strerror(-error));
			return error;
		}
	}
	settings->port_first = options->port_first;
	settings->endpoints_each = (uint16_t)options_endpoints_each(options);
	settings->endpoints = object->endpoints;
	settings->addresses = options->address_count;
	return 0;
}

int locals_ports_add(const char *list, uint16_t first, uint16_t last, char *to, size_t size)
{
	size_t length = strcspn(list, "\n");
	const char *at = list;
	int written;

	while (*at && *at != '\n') {
		char *end;
		unsigned long from = strtoul(at, &end, 10), until = from;

		if (*end == '-')
			until = strtoul(end + 1, &end, 10);
		if (from <= first && last <= until)
			return 0;
		at = *end == ',' ? end + 1 : end + strlen(end);
	}
	written = snprintf(to, size, "%.*s%s%u-%u\n", (int)length, list, length ? "," : "", first, last);
	return written < 0 || (size_t)written >= size ? -ENOSPC : 1;
}

int locals_reserve_ports(uint16_t first, uint16_t last)
{
	char list[PORTS_LIST], changed[PORTS_LIST];
	int fd = open(reserved_ports, O_RDWR | O_CLOEXEC), todo, error = 0;
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, list, sizeof(list) - 1);
	if (length < 0)
		error = -errno;
	list[length < 0 ? 0 : length] = '\0';
	todo = error ? 0 : locals_ports_add(list, first, last, changed, sizeof(changed));
	if (todo > 0 && pwrite(fd, changed, strlen(changed), 0) < 0)
		error = -errno;
	close(fd);
	return todo < 0 ? todo : error;
}
