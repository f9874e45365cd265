/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens while a packet is under way: a test says at which moment, and what another CPU has changed by
 * then. A packet that is run alone meets what it would only meet in a race.
 */
#ifndef XDPARK_TESTS_MEANWHILE_H
#define XDPARK_TESTS_MEANWHILE_H

#include <linux/types.h>

enum meanwhile_moment {
	MEANWHILE_NEVER,
	MEANWHILE_CLOCK,  /* the clock is read: the talker's plan has been, nobody else's */
	MEANWHILE_RESIZE, /* the packet is resized: every plan has been read, nothing claimed or numbered */
};

struct meanwhile {
	__u32 moment;
	__u32 index;      /* of the endpoint that changes */
	__u64 generation; /* of its entry, from then on */
	__u64 pos;        /* of its stream, from then on; 0: as it is */
	__u64 due;        /* from then on; 0: as it is */
	__u32 no_room;    /* the packet can't be resized */
	__u32 count;      /* how often it has happened; a test wants 1 */
};

#endif
