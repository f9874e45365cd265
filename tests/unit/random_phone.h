/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A telephone that does random things, legal and illegal, in up to RANDOM_DIALOGS dialogs at once. It answers
 * what comes by itself, well or badly; random_phone_act() makes it do something of its own. All its chances
 * come from the net's seeded random.
 */
#ifndef XDPARK_TESTS_RANDOM_PHONE_H
#define XDPARK_TESTS_RANDOM_PHONE_H

#include "tests/unit/fake_net.h"

enum { RANDOM_DIALOGS = 6, RANDOM_TEXT = 4096, RANDOM_HEADER = 300 };

enum random_state { RANDOM_FREE, RANDOM_CALLING, RANDOM_RINGING, RANDOM_UP, RANDOM_OVER };

struct random_dialog {
	enum random_state state;
	bool late;      /* its INVITE in progress has no SDP */
	bool cancelled; /* it has sent a CANCEL */
	bool answered;  /* the INVITE that came last has its final response */
	bool acked;     /* its first 2xx was acknowledged, or it has called: it may say BYE (RFC 3261 15) */
	bool left;      /* it has given the server a reason to end the call */
	char call_id[80];
	char local[RANDOM_HEADER], remote[RANDOM_HEADER], target[RANDOM_HEADER];
	unsigned cseq, invite_cseq, invite_branch;
	char invite[RANDOM_TEXT]; /* that came last */
};

struct random_phone {
	struct net *net;
	struct net_end *end, *server;
	const char *name;
	char text[32]; /* address and port */
	bool polite;   /* answers everything well, and starts nothing */
	unsigned serial;
	struct random_dialog dialogs[RANDOM_DIALOGS];
};

/* Takes over a transport of the net. */
void random_phone_open(struct random_phone *phone, struct net *net, struct net_end *end,
        struct net_end *server, const char *name);

/* Forgets everything. */
void random_phone_reset(struct random_phone *phone);

/* Calls somebody, or does something with one of its dialogs. */
void random_phone_act(struct random_phone *phone);

/* Hangs up, cancels and refuses whatever there is, and is polite from now on. */
void random_phone_finish(struct random_phone *phone);

/* The dialog of a Call-ID; NULL: none. */
const struct random_dialog *random_phone_find(const struct random_phone *phone, const char *call_id);

#endif
