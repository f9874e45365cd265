/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/recall_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "Park 701: NAME" with the caller's own number: who is back is seen at once, and can be called later. */
static void recall_from(const struct parked_leg *parked, char *from, size_t size)
{
	const char *identity = parked->caller->identity;
	const char *uri = identity + strcspn(identity, "<");
	char name[96] = "";

	if (identity[0] == '"')
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(identity + 1, "\""), identity + 1);
	snprintf(from, size, "\"Park %s: %s\" %s", parked->record->number,
	        name[0] ? name : parked->caller->number, uri);
}

static void recall_answered(void *owner, struct leg *leg)
{
	struct parked_leg *parked = owner;
	struct parked_call *record = parked->record;
	int result;

	parked->recall = NULL;
	parked_codecs(parked);
	if (parking_take(record->parking, record->number, leg->number, true, &record) < 0) {
		leg_hangup(leg, "taken by somebody else");
		return;
	}
	result = park_taken(parked, leg);
	if (result < 0) {
		parking_return(record);
		leg_hangup(leg, result == -ENOENT ? "no common codec" : "no memory");
	}
}

static void recall_failed(void *owner, int status)
{
	struct parked_leg *parked = owner;

	parked->recall = NULL;
	parked_codecs(parked);
	log_info(&parked->caller->subject, "recall_failed", "orbit=%s parker=%s status=%d",
	        parked->record->number, parked->record->parker, status);
	parking_recall_failed(parked->record);
}

static const struct hunt_ops recall_hunt_ops = {.answered = recall_answered, .failed = recall_failed};

void recall_start_call(const struct config_tenant *tenant, struct parked_call *record)
{
	struct parked_leg *parked = record->call;
	struct leg *caller = parked->caller;
	char from[2 * LEG_IDENTITY];
	struct hunt_options options = {
	        .calls = parked->calls,
	        .user = config_user_find(tenant, record->parker),
	        .from = from,
	        .alert = "<urn:alert:service:recall:hold>",
	        .codecs = caller->codecs,
	        .call = caller->call,
	        .hops = LEG_HOPS,
	        .ring_ms = tenant->park.recall_ring_s * 1000,
	        .ops = &recall_hunt_ops,
	        .owner = parked,
	};
	int result = -1;

	if (!options.ring_ms)
		options.ring_ms = HUNT_RING_MS;
	leg_codecs_for(caller, caller->agreement.codec);
	options.codec_count = caller->codec_count;
	recall_from(parked, from, sizeof(from));
	log_info(&caller->subject, "recall", "orbit=%s parker=%s", record->number, record->parker);
	caller->calls->counters.recalls++;
	if (options.user && caller->agreed)
		result = hunt_start(&parked->recall, &options);
	if (result < 0) {
		parked->recall = NULL;
		recall_failed(parked, 480);
	}
}
