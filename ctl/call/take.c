/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking a parked call by INVITE to its orbit, in two phases: reserved for the taker, then his on his ACK. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/call/park.h"

/* The taker's side failed: everything is as before, and the caller has heard on. */
static void take_undone(struct leg *taker, int status, const char *cause)
{
	struct parked_leg *parked = taker->owner;

	(void)status;
	log_info(&parked->caller->subject, "take_failed", "orbit=%s taker=%s cause=\"%s\"",
	        parked->record->number, taker->number, cause);
	parked->taker = NULL;
	parked_codecs(parked);
	leg_hear_nothing(taker, NULL);
	leg_hear_hold(parked->caller, NULL);
	parking_return(parked->record);
}

static void take_confirmed(struct leg *taker)
{
	struct parked_leg *parked = taker->owner;
	int result = park_taken(parked, taker);

	if (result < 0) {
		const char *cause = result == -ENOENT ? "no common codec" : "no memory";

		take_undone(taker, 500, cause);
		leg_set_owner(taker, NULL, NULL);
		leg_hangup(taker, cause);
	}
}

static void take_forget(struct leg *taker)
{
	struct parked_leg *parked = taker->owner;

	parked->taker = NULL;
	leg_set_owner(taker, NULL, NULL);
}

static const struct leg_ops taker_ops = {
        .confirmed = take_confirmed,
        .ended = take_undone,
        .forget = take_forget,
};

static bool take_allowed(const struct leg *taker)
{
	return taker->user ? taker->user->take : taker->trunk && taker->trunk->take;
}

static void take_refuse(struct leg *taker, const char *number, int status)
{
	char reason[64];

	taker->calls->counters.take_refused++;
	snprintf(reason, sizeof(reason), "Nobody is parked on %s", number);
	leg_refuse(taker, status, status == 404 ? reason : NULL);
}

/* 0, or the status to refuse with. Nobody but the taker is touched: a recall that rings rings on. */
static int take_agree(const struct leg *caller, struct leg *taker)
{
	enum xd_codec codec = caller->agreement.codec;
	int result;

	/* He came without SDP, and the ACK that brings it is still under way. */
	if (!caller->agreed)
		return 480;
	leg_codecs_for(taker, codec);
	result = leg_agree(taker, codec);
	if (!result)
		return 0;
	return result == -ENOMEM ? 500 : 488;
}

/* Media first, then the 200: the taker's first word reaches the caller. */
static int take_answer(struct parked_leg *parked, struct leg *taker)
{
	struct leg *caller = parked->caller;

	parked->taker = taker;
	parked_codecs(parked);
	leg_set_owner(taker, &taker_ops, parked);
	leg_hear_leg(taker, caller, false);
	parked_hear(parked);
	return leg_answer(taker, caller->identity);
}

void take_incoming(struct leg *taker, const char *number)
{
	struct parking *parking = tenant_state(taker->tenant)->parking;
	struct parked_call *record = parking_at(parking, number);
	struct parked_leg *parked;
	int result = 0;

	if (!take_allowed(taker))
		result = 403;
	else if (record && record->state == PARKED_PARKED)
		result = take_agree(((struct parked_leg *)record->call)->caller, taker);
	if (result) {
		take_refuse(taker, number, result);
		return;
	}
	result = parking_take(parking, number, taker->number, false, &record);
	if (result < 0) {
		take_refuse(taker, number, result == -EALREADY ? 410 : result == -ENOENT ? 404 : 500);
		return;
	}
	parked = record->call;
	result = take_answer(parked, taker);
	if (!result)
		return;
	take_undone(taker, 500, strerror(-result));
	leg_set_owner(taker, NULL, NULL);
	take_refuse(taker, number, 500);
}
