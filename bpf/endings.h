/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The indices of the map `totals`: a row of endings.def each, then what else the program counts. */
#ifndef XDPARK_ENDINGS_H
#define XDPARK_ENDINGS_H

enum xd_verdict { XD_VERDICT_PASS, XD_VERDICT_DROP, XD_VERDICT_SENT };

enum xd_ending {
#define ENDING(name, verdict, meaning) XD_END_##name,
#include "bpf/endings.def"
#undef ENDING
	XD_ENDINGS,
	/* Not endings: a packet that is counted here is counted above, too. */
	XD_EVENTS_LOST = XD_ENDINGS, /* events that found the ring full */
	XD_TOTALS
};

#endif
