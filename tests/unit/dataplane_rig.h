/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dataplane client on a fake dataplane, with an injected clock, and what it was told. */
#ifndef XDPARK_DATAPLANE_RIG_H
#define XDPARK_DATAPLANE_RIG_H

#include "ctl/dataplane.h"
#include "tests/unit/fake_dataplane.h"

enum { USES = 4 };

/* One use, and what it heard. */
struct heard {
	struct nexthop_use use;
	struct dataplane *dataplane;
	unsigned calls;
	uint32_t index;
	int error;
	struct heard *ends; /* a use that `ready` ends */
	bool ended;         /* by that: it may hear nothing any more */
};

struct rig {
	struct fake_dataplane *fake;
	struct event_base *base;
	uint64_t now; /* ms, the injected clock */
	struct timers *timers;
	struct dataplane *dataplane;
	char reason[256];
	unsigned events, ups, downs;
	struct xd_event last;
	struct heard heard[USES];
	unsigned answers;
	int answer_error;
	long long answer_number;
};

/* For cmocka: a rig in *state; the fake isn't started, nothing is connected. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* dataplane_connect() with the rig's own. */
int rig_connect(struct rig *rig);

/* Starts the fake and connects. */
struct rig *rig_connected(void **state);

/* Loop and timers for a moment of real time; the rig's clock stands. */
void rig_run(struct rig *rig);

/* A second passes for the timers. */
void rig_tick(struct rig *rig);

/* The dataplane dies, and the controller notices. */
void rig_lose(struct rig *rig);

/* It comes back, and is connected to. */
void rig_regain(struct rig *rig);

/* Starts use `number`. */
struct heard *use_start(struct rig *rig, unsigned number, const char *ip);

/* Waits until a use was told something. */
void heard_wait(struct rig *rig, struct heard *heard);

/* HOLDs less RELEASEs that the fake has seen are `count`, or come to be. */
void assert_holds(struct rig *rig, const char *ip, int count);

#endif
