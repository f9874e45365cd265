/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface towards the relay: its XDP program, and the next hop. */
#ifndef XDPARK_RIG_WIRE_H
#define XDPARK_RIG_WIRE_H

#include <netinet/in.h>
#include <stdint.h>

struct wire {
	uint32_t ifindex;
	uint8_t mac[6];
	int lock;              /* socket whose name says that a rig runs here */
	int former;            /* fd of the program that was there; -1: none */
	int program;           /* fd of ours; -1: not attached */
	struct pass_bpf *pass; /* stands in for a former program that was a rig's */
};

enum { WIRE_ERROR = 256 };

/* Whether there is such an interface: 0, or -ENODEV and a sentence in `error` (WIRE_ERROR). */
int wire_check(const char *interface, char *error);

/*
 * Finds the interface. -ENODEV; -EADDRINUSE: another rig runs there. A sentence in `error` (WIRE_ERROR).
 */
int wire_open(struct wire *wire, const char *interface, char *error);

/* Puts the program in the place of what is there. 0 or a negative errno and a sentence. */
int wire_attach(struct wire *wire, int program, char *error);

/* Packets that the interface refused to send, since it is there. */
uint64_t wire_dropped(const struct wire *wire);

/* Puts the former program back. Legal on a zeroed struct that wire_open() refused. */
void wire_close(struct wire *wire);

/* The MAC of the next hop towards an address, by this interface. 0 or a negative errno and a sentence. */
int wire_next_hop(const struct wire *wire, struct in_addr towards, uint8_t mac[6], char *error);

#endif
