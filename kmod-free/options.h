/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xdpark-dp: one table yields parsing and --help. */
#ifndef XDPARK_OPTIONS_H
#define XDPARK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bpf/layout.h"
#include "kmod-free/log.h"

enum { OPTIONS_INTERFACES = 16, OPTIONS_PATH = 100, OPTIONS_ERROR = 256 };

enum options_mode {
	OPTIONS_RUN,
	OPTIONS_PREPARE,
	OPTIONS_CHECK,
	OPTIONS_DETACH,
	OPTIONS_HELP,
	OPTIONS_VERSION
};

struct options {
	enum options_mode mode;
	const char *interfaces[OPTIONS_INTERFACES]; /* names; point into argv */
	unsigned interface_count;
	uint8_t addresses[XD_ADDRESSES][16]; /* local media addresses, IPv4 v4-mapped */
	unsigned address_count;
	uint16_t port_first, port_last; /* even, odd */
	uint64_t audio_bytes;
	uint64_t early_ns, grace_ns;
	uint8_t dscp;
	bool generic;
	const char *socket_path; /* shorter than OPTIONS_PATH */
	bool socket_group_given;
	gid_t socket_group;
	const char *pins; /* directory; shorter than OPTIONS_PATH */
	unsigned cpus[XD_CPUS];
	unsigned cpu_count; /* 0: not given */
	bool user_given;
	uid_t user; /* of --prepare */
	gid_t user_group;
	enum log_level level;
};

/*
 * Fills `options` with the defaults and what the command line says (which must outlive it). Returns 0, or
 * -EINVAL with one sentence in `error`.
 */
int options_parse(struct options *options, int argc, char **argv, char error[OPTIONS_ERROR]);

/* Writes the help text. */
void options_help(FILE *to);

/* RTP endpoints of one local address. */
unsigned options_endpoints_each(const struct options *options);

#endif
