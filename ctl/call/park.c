/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/park.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/call/bridge.h"
#include "ctl/call/recall_call.h"
#include "ctl/call/route.h"
#include "ctl/sip/refer.h"

static const struct leg_ops parked_leg_ops;

const struct parked_leg *parked_leg_of(const struct leg *leg)
{
	return leg->ops == &parked_leg_ops ? leg->owner : NULL;
}

/* Reserves an orbit for a leg that isn't touched yet. 0 or negative errno of parking_reserve. */
static int park_reserve(
        struct leg *caller, const char *number, const struct config_user *parker, struct parked_leg **result)
{
	struct tenant_state *state = tenant_state(caller->tenant);
	struct parked_leg *parked = calloc(1, sizeof(*parked));
	int error;

	if (!parked)
		return -ENOMEM;
	parked->calls = caller->calls;
	parked->caller = caller;
	error = parking_reserve(
	        state->parking, number, parker ? parker->name : NULL, parked, &parked->record);
	if (error < 0) {
		char value[64];

		caller->calls->counters.park_refused++;
		log_info(&caller->subject, "park_refused", "caller=%s orbit=%s error=\"%s\"", caller->number,
		        log_value(value, sizeof(value), number ? number : "any"), strerror(-error));
		free(parked);
		return error;
	}
	*result = parked;
	return 0;
}

/* The second phase: nothing in it can fail. */
static void park_commit(struct parked_leg *parked)
{
	struct leg *caller = parked->caller;
	const struct parked_call *record = parked->record;

	leg_set_owner(caller, &parked_leg_ops, parked);
	leg_codecs_for(caller, XD_CODECS);
	leg_hear_hold(caller, NULL);
	parking_park(parked->record);
	caller->calls->counters.parked++;
	log_info(&caller->subject, "parked", "orbit=%s caller=%s parker=%s", record->number, caller->number,
	        record->parker ? record->parker : "-");
}

static int park_status(int error)
{
	switch (error) {
	case -EBUSY:
		return 486;
	case -ENOENT:
		return 404;
	default:
		return 500;
	}
}

static bool park_allowed(const struct leg *parker)
{
	return parker->user ? parker->user->park : parker->trunk && parker->trunk->transfer;
}

/* 0 with *number (NULL: the next free orbit), or the status that refuses the REFER. */
static int park_target(const struct leg *parker, const struct refer *refer, const char **number)
{
	const struct config_park *park = &parker->tenant->park;

	if (!park_allowed(parker) || strcasecmp(refer->method, "INVITE") != 0 || refer->replaces[0] ||
	        (refer->host[0] && !route_leads_to(parker->tenant, &parker->dialog.flow, refer->host)))
		return 403;
	*number = NULL;
	if (park->number && !strcmp(refer->user, park->number))
		return 0;
	*number = refer->user;
	return parking_has_orbit(tenant_state(parker->tenant)->parking, refer->user) ? 0 : 403;
}

/* A re-INVITE that isn't settled: whoever parks now would leave the two with codecs that don't connect. */
static bool leg_unsettled(const struct leg *leg)
{
	return leg->invite && (leg->invite_ours || leg->reinvite_waits);
}

void park_referred(struct leg *parker, struct transaction *server, const struct sip_message *request)
{
	struct bridge *bridge = bridge_of(parker);
	struct leg *caller = bridge_other(bridge, parker);
	struct parked_leg *parked;
	const char *number;
	struct refer refer;
	int status;

	status = refer_read(request, &refer) < 0 ? 400 : park_target(parker, &refer, &number);
	if (!status && (!caller || (caller->state != LEG_UP && caller->state != LEG_ANSWERED)))
		status = 403;
	if (!status && (leg_unsettled(parker) || leg_unsettled(caller)))
		status = 491;
	if (!status) {
		int error = park_reserve(caller, number, parker->user, &parked);

		status = error < 0 ? park_status(error) : 0;
	}
	if (status) {
		transaction_answer(server, status, status == 403 ? "Only parking is possible" : NULL);
		return;
	}
	bridge_dissolve(bridge);
	leg_hear_nothing(parker, NULL);
	park_commit(parked);
	announcement_start(parker, parked, server, request, refer.subscribe);
}

void park_incoming(struct leg *caller, const char *number, const struct config_user *parker)
{
	struct parked_leg *parked;
	int error = park_reserve(caller, number, parker, &parked);

	if (error < 0) {
		leg_refuse(caller, park_status(error), NULL);
		return;
	}
	leg_codecs_for(caller, XD_CODECS);
	error = leg_agree(caller, XD_CODECS);
	if (!error) {
		/* Before the answer: its hold audio is there when the caller's phone is. */
		leg_hear_hold(caller, NULL);
		error = leg_answer(caller, NULL);
	}
	if (error < 0) {
		parking_undo(parked->record);
		free(parked);
		leg_refuse(caller, error == -ENOMEM ? 500 : 488, NULL);
		return;
	}
	park_commit(parked);
}

void parked_codecs(const struct parked_leg *parked)
{
	struct leg *caller = parked->caller;
	bool asked_for = (parked->taker || parked->recall) && caller->agreed;

	leg_codecs_for(caller, asked_for ? caller->agreement.codec : XD_CODECS);
}

void parked_hear(const struct parked_leg *parked)
{
	const struct handover_welcome *terms = dataplane_terms(parked->calls->dataplane);

	if (parked->taker && parked->taker->agreed && terms->live_frames)
		leg_hear_leg(parked->caller, parked->taker, true);
	else
		leg_hear_hold(parked->caller, NULL);
}

/* After a change of the parked caller's SDP, or with his first SDP in the ACK. */
static void parked_media(struct leg *caller)
{
	parked_hear(caller->owner);
}

static void parked_free(struct parked_leg *parked)
{
	announcement_over(parked->announcement);
	hunt_stop(parked->recall, "the call has gone");
	free(parked);
}

static void parked_ended(struct leg *caller, int status, const char *cause)
{
	struct parked_leg *parked = caller->owner;
	struct leg *taker = parked->taker;

	(void)status;
	log_info(&caller->subject, "abandoned", "orbit=%s caller=%s", parked->record->number, caller->number);
	caller->calls->counters.abandoned++;
	leg_set_owner(caller, NULL, NULL);
	parking_leave(parked->record);
	if (taker) {
		leg_hear_nothing(taker, NULL);
		leg_hangup(taker, cause);
	}
	parked_free(parked);
}

static void parked_forget(struct leg *caller)
{
	struct parked_leg *parked = caller->owner;

	hunt_forget(parked->recall);
	announcement_forget(parked->announcement);
	if (parked->taker)
		leg_set_owner(parked->taker, NULL, NULL);
	leg_set_owner(caller, NULL, NULL);
	free(parked);
}

static const struct leg_ops parked_leg_ops = {
        .forget = parked_forget,
        .confirmed = parked_media,
        .ended = parked_ended,
        .media_changed = parked_media,
};

int park_taken(struct parked_leg *parked, struct leg *taker)
{
	struct leg *caller = parked->caller;
	struct bridge *bridge;

	if (!codecs_connect(taker->agreement.codec, caller->agreement.codec))
		return -ENOENT;
	if (bridge_join(taker, caller, &bridge) < 0)
		return -ENOMEM;
	bridge->since_ms = timers_now(parked->calls->timers);
	log_info(&caller->subject, "taken", "orbit=%s caller=%s taker=%s taker_call=%s",
	        parked->record->number, caller->number, taker->number, taker->call);
	leg_set_call(taker, caller->call);
	parked->calls->counters.taken++;
	parking_taken(parked->record);
	parked_free(parked);
	return 0;
}

static void park_recall(void *context, struct parked_call *record)
{
	const struct tenant_state *state = context;

	recall_start_call(state->tenant, record);
}

static void park_recall_stop(void *context, struct parked_call *record)
{
	struct parked_leg *parked = record->call;
	struct hunt *recall = parked->recall;

	(void)context;
	parked->recall = NULL;
	parked_codecs(parked);
	hunt_stop(recall, "recall is over");
}

const struct parking_ops park_ops = {.recall = park_recall, .recall_stop = park_recall_stop};
