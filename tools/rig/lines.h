/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The far ends of a load test: a trunk and users' phones, by the ten thousand. A line is one call at a time
 * on one of them: it calls, refers, hangs up, answers who calls it, and is its number, from 0.
 *
 * The transport, the guard and the parser are the controller's own (ctl/sip), so that what the controller
 * sends is read strictly; requests are written from prepared text. Memory is taken once, and whatever happens
 * takes the same time however many lines are up.
 *
 * The trunk is at the first address. User n + 1 of the tenant has his phone at address n. A user's phone that
 * is called from line n (the caller's name tells) answers with line n ^ 1.
 */
#ifndef XDPARK_RIG_LINES_H
#define XDPARK_RIG_LINES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/codec.h"
#include "ctl/loop.h"
#include "tools/rig/causes.h"

struct lines;

enum { LINES_ERROR = 256, LINES_NUMBER = 16 };

/* What is told. From all of them anything may be done with any line. Members may be NULL, but for `media`. */
struct lines_ops {
	/* Where the line wants its RTP: what its SDP says. */
	struct sockaddr_in (*media)(void *context, unsigned line);
	/* Our call was answered; the ACK is out. `relay`: where its RTP goes. */
	void (*answered)(void *context, unsigned line, const struct sockaddr_in *relay);
	/* A user's phone was called, and has answered. NULL: they answer nobody. */
	void (*rung)(void *context, unsigned line, const struct sockaddr_in *relay);
	/* The ACK of that has come. */
	void (*acknowledged)(void *context, unsigned line);
	/* The final answer to our REFER; the call goes on. */
	void (*referred)(void *context, unsigned line, int status);
	/* NOTIFY: the status in it, and whether nothing follows. */
	void (*notified)(void *context, unsigned line, int status, bool final);
	/*
	 * The call is over; the line can be used again. `cause`: CAUSE_NONE: we hung up; otherwise a status
	 * or a cause of causes.h.
	 */
	void (*over)(void *context, unsigned line, int cause);
};

struct lines_options {
	struct loop *loop;
	unsigned count;
	const struct in_addr *addresses; /* a socket on each */
	unsigned address_count;
	uint16_t port; /* of them all; 0: any */
	struct sockaddr_in server;
	const char *domain; /* of the tenant; outlives the lines */
	unsigned ptime_ms;
	enum xd_codec codec;
	const struct lines_ops *ops;
	void *context;
};

struct lines_counters {
	uint64_t sent, received;
	uint64_t resent;    /* requests that went out again */
	uint64_t again;     /* answers and requests that came again */
	uint64_t malformed; /* messages that the guard or the parser refused */
	uint64_t strays;    /* messages for no call of ours */
};

/* 0 or a negative errno with a sentence in `error` (LINES_ERROR). */
int lines_open(struct lines **lines, const struct lines_options *options, char *error);

/* NULL is legal. Calls that are up stay up. */
void lines_close(struct lines *lines);

/*
 * By the trunk. With `referred` an INVITE to an orbit parks, without it takes. A line that has a call already
 * does nothing, and false is returned.
 */
bool line_call(struct lines *lines, unsigned line, const char *number, bool referred);

/* Transfers the other side to a number: by a phone that was called, and whose call is up. */
void line_refer(struct lines *lines, unsigned line, const char *number);

/*
 * `over` comes when it was answered. A line that is calling still hangs up when it has been answered, and
 * `answered` doesn't come any more. Nothing happens to one without a call.
 */
void line_hang_up(struct lines *lines, unsigned line);

/* Has all that are calling hang up. How many they are. */
unsigned lines_leave(struct lines *lines);

bool line_is_up(const struct lines *lines, unsigned line);
bool line_is_free(const struct lines *lines, unsigned line);

void lines_count(const struct lines *lines, struct lines_counters *counters);

#endif
