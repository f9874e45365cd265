/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the lines: all of them, and what they do about messages that arrive. */
#ifndef XDPARK_RIG_LINE_HEAR_H
#define XDPARK_RIG_LINE_HEAR_H

#include "ctl/timer.h"
#include "tools/rig/line.h"

enum { LINES_HOMES = 64 };

struct lines {
	const struct lines_ops *ops;
	void *context;
	struct timers *timers;
	struct timer tick; /* requests are sent again */
	struct resend resend;
	struct transport *transports[LINES_HOMES];
	unsigned home_count;
	struct address server;
	struct line_hand hand;
	struct lines_counters counters;
	unsigned count;
	struct line *line;
};

static inline unsigned line_number(const struct lines *lines, const struct line *line)
{
	return (unsigned)(line - lines->line);
}

/* transport_receive, with the lines as context. */
void line_receive(void *lines, const struct flow *flow, char *bytes, size_t length);

/* The ACK of the line's INVITE. */
void line_send_ack(struct lines *lines, const struct line *line, bool refusal);

/* BYE. */
void line_end(struct lines *lines, struct line *line);

/* BYE to a call that was told to be over, or never to have been. */
void line_drop(struct lines *lines, struct line *line);

/* It has no call any more. */
void line_is_over(struct lines *lines, struct line *line, int cause);

#endif
