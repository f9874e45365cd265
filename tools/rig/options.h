/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of all subcommands. What one doesn't take, it refuses. */
#ifndef XDPARK_RIG_OPTIONS_H
#define XDPARK_RIG_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "ctl/codec.h"
#include "tools/rig/talk.h"

enum { RIG_ADDRESSES = 64, RIG_PATH = 512, RIG_NAME = 32 };

struct rig_options {
	char **files; /* of page and compare: what stands behind the options */
	int file_count;
	const char *command; /* name of the subcommand */
	unsigned calls;
	double seconds;
	double warmup;    /* seconds */
	unsigned talking; /* percent of the callers */
	struct talk_manner manner;
	unsigned threads; /* that talk; 0: one a CPU */
	unsigned ptime_ms;
	enum xd_codec codec;
	bool json;
	bool direct;
	bool no_cpu; /* leave out what takes idle time: baseline and the rig's own share */
	const char *interface;
	struct in_addr addresses[RIG_ADDRESSES];
	unsigned address_count;
	struct sockaddr_in server;
	const char *domain;
	const char *number; /* to park at */
	unsigned orbit;     /* first of those that are used */
	unsigned pending;   /* requests that wait for their answer, at most */
	double rate;        /* of calls that begin, a second */
	unsigned parked;    /* calls that are parked before */
	bool by_refer;
	const char *users;     /* of register: a list, see users.h */
	const char *password;  /* of register: of them all, %u is the user */
	bool reuse_nonce;      /* of register */
	double wait;           /* seconds that a call of churn stays parked */
	double packets;        /* of garbage, a second */
	unsigned many;         /* of compare: xdpark's calls in runs of its own; 0: none */
	bool most;             /* of compare: find how many calls rtpengine keeps up with */
	unsigned rounds;       /* of compare: runs of each relay */
	struct sockaddr_in ng; /* of compare: an rtpengine that runs; port 0: one is to be started ... */
	char relay_namespace[RIG_NAME]; /* ... in this network namespace */
	char clip[RIG_PATH];
	char dataplane[RIG_PATH];
};

/*
 * Reads the command line, whose first word is the subcommand. 0: go on; else an exit code + 1, everything
 * said.
 */
int rig_options_read(struct rig_options *options, int argc, char **argv);

/* The list for --help: what this subcommand takes; NULL: all, with who takes it. */
void rig_options_help(const char *command);

#endif
