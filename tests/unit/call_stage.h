/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call layer on a stage: fake clock, fake network, a dataplane without a kernel, and telephones.
 *
 *   trunk 10.0.0.9      may take and transfer; reaches acme.example only
 *   acme.example        users 101, 102, 103 (static contacts 10.0.0.11, .12, .13), 104 who may not take,
 *                       105 with two contacts (.15, .16), 106 without any, 107 (.17) who has a password;
 *                       park 700, orbits 701-703
 *   globex.example      user 201 (10.0.0.21); the same numbers
 *   initech.example     user 301 (10.0.0.31); the same numbers, and music
 */
#ifndef XDPARK_TESTS_CALL_STAGE_H
#define XDPARK_TESTS_CALL_STAGE_H

#include "ctl/call/calls.h"
#include "tests/unit/fake_dataplane.h"
#include "tests/unit/phone.h"

struct event_base;

struct call_stage {
	struct net net;
	struct event_base *base;
	struct fake_dataplane *fake;
	struct dataplane *dataplane;
	struct audio *audio;
	struct config *config;
	const struct config_tenant *acme, *globex;
	struct calls *calls;
	struct net_end *server;
	struct phone *p101, *p102, *p103, *p104, *p105, *p105b, *p107, *p201, *p301, *trunk;
};

/* Where the spoken digits are, "ctl/audio/sounds"; to be changed before call_stage_open(). */
extern const char *stage_sounds;

/* Whether the dataplane has live frames, true; to be changed before call_stage_open(). */
extern bool stage_live_frames;

/* cmocka set-up and tear-down; *state is the stage. Tear-down asserts that nothing is left of any call. */
int call_stage_open(void **state);
int call_stage_close(void **state);

/* Lets `ms` of fake time pass, and everything happen that is due. */
void stage_run(struct call_stage *stage, uint64_t ms);

/* 101 calls 102 and they talk. */
void stage_talk(struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *callee);

/* One side of a call hangs up; the other is told and answers. */
void stage_hangup(
        struct call_stage *stage, struct phone *leaving, struct phone_dialog *dialog, struct phone *other);

/* 102, who has answered, is hung up on, and 101, who called, is refused with this status line; asserts that
 * no leg is left `ms` later. */
void stage_let_go(struct call_stage *stage, struct phone_dialog *caller, const char *status, uint64_t ms);

/* The caller is parked on an orbit by REFER of 102; 102 has hung up. */
void stage_park(struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *parker,
        const char *orbit);

/* What the phone of a server leg hears, by the phone's RTP address: action of the plan in use; XD_IDLE: no
 * such endpoint. */
enum xd_action stage_hears(struct call_stage *stage, const struct phone *phone);

/* Who is parked on an orbit of acme: state, or -1. */
int stage_parked(struct call_stage *stage, const char *orbit);

#endif
