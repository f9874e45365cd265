/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hunt rings every contact of a user at once, a leg each; the first to answer has it. */
#ifndef XDPARK_HUNT_H
#define XDPARK_HUNT_H

#include "ctl/call/leg.h"

enum { HUNT_RING_MS = 180000 };

struct hunt;

/* `answered` or `failed` comes once, and the hunt is gone before it does. Never called from hunt_start(). */
struct hunt_ops {
	void (*progress)(void *owner, struct leg *leg, int status, bool early_media);
	/* This leg isn't in the race any more; its endpoint is about to go. */
	void (*dropped)(void *owner, struct leg *leg);
	/* The winner; it is the owner's from now on. The others are cancelled. */
	void (*answered)(void *owner, struct leg *leg);
	/* Nobody answered: the best status of all (RFC 3261 16.7). */
	void (*failed)(void *owner, int status);
};

struct hunt_options {
	struct calls *calls;
	const struct config_user *user;
	const char *from;            /* header value: who calls */
	const char *alert;           /* Alert-Info, or NULL */
	const enum xd_codec *codecs; /* to offer */
	unsigned codec_count;
	const char *call; /* call id for operators */
	unsigned hops;    /* Max-Forwards */
	uint32_t ring_ms; /* at most */
	const struct hunt_ops *ops;
	void *owner;
};

/* Result in *hunt; -ENOENT: the user has no contact; -ENOMEM; or why no contact could be called. */
int hunt_start(struct hunt **hunt, const struct hunt_options *options);

/* The legs that ring, by leg->sibling. NULL: none, or no hunt. */
const struct leg *hunt_legs(const struct hunt *hunt);

/* Cancels all, without a callback. NULL is legal. */
void hunt_stop(struct hunt *hunt, const char *cause);

/* The daemon stops: freed without a word to anybody. NULL is legal. */
void hunt_forget(struct hunt *hunt);

#endif
