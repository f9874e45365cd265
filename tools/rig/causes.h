/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why calls failed, counted: a SIP status, or one of what no status tells. */
#ifndef XDPARK_RIG_CAUSES_H
#define XDPARK_RIG_CAUSES_H

#include <jansson.h>
#include <stdint.h>

enum {
	CAUSE_NONE = 0,
	CAUSE_NO_ANSWER,    /* to a request of ours, in 32 s */
	CAUSE_HUNG_UP,      /* by the other side */
	CAUSE_NO_MEDIA,     /* a 200 without SDP that we understand */
	CAUSE_NOT_TOLD,     /* the parker was told nothing of the parking, or no success */
	CAUSE_NOT_HEARD,    /* up, but what was to be heard never came */
	CAUSE_NO_LINE,      /* all lines of the rig were busy */
	CAUSE_UNFINISHED,   /* the run ended first */
	CAUSE_NO_CHALLENGE, /* a 401 without a challenge that we can answer */
	CAUSE_NOT_BOUND,    /* a 200 whose contacts aren't what the REGISTER asked for */
	CAUSES = 700,
};

struct causes {
	uint32_t count[CAUSES];
};

/* CAUSE_NONE isn't counted. */
void causes_add(struct causes *causes, int cause);

uint64_t causes_sum(const struct causes *causes);

/* {"486": 3, "no_answer": 1}; new reference, NULL: no memory. */
json_t *causes_report(const struct causes *causes);

#endif
