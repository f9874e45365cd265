/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Situations that packets from the wire come into, each with the ending that it must have. */
#ifndef XDPARK_TESTS_SITUATIONS_H
#define XDPARK_TESTS_SITUATIONS_H

#include "tests/bpf/world.h"

enum { ANN = 1, BEN = 2, ANN6 = 33, BEN6 = 34 };

/* When frames are due for the pump. */
#define T0 (1000000 * MS)

/*
 * A packet from ANN (or ANN6), whom BEN (or BEN6) hears, and the world around it. An arrangement changes what
 * it is about.
 */
struct situation {
	struct world *world;
	struct wire in;
	struct xd_plan ann, ben;       /* published after the case has changed them */
	uint64_t ann_until, ben_until; /* ns; 0: far away */
	size_t cut;                    /* bytes that the frame is shortened by */
	size_t change;                 /* offset of a byte that is changed, 0: none */
	uint8_t value;
};

struct situation_case {
	enum xd_ending ending;
	const char *what;
	void (*arrange)(struct situation *);
};

extern const struct situation_case situation_cases[];
extern const size_t situation_count;

#endif
