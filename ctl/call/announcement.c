/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parker is told after a REFER: 202 and NOTIFY 100, the orbit spoken where his leg still listens,
 * the final NOTIFY with the orbit, and BYE if he hasn't hung up by himself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/call/park.h"
#include "ctl/sip/refer.h"

enum { ANNOUNCE_MS = 6000, BYE_AFTER_MS = 2000 };

struct announcement {
	struct leg *parker;
	struct parked_leg *parked; /* NULL: the parked call has gone */
	struct refer_notifier notifier;
	bool subscribed;
	bool told;          /* the final NOTIFY is out, or isn't wanted */
	struct timer timer; /* first of speaking, then of the BYE */
	char number[ORBIT_DIGITS + 1];
};

static void announcement_free(struct announcement *announcement)
{
	if (announcement->parked)
		announcement->parked->announcement = NULL;
	timer_cancel(announcement->parker->calls->timers, &announcement->timer);
	refer_notifier_stop(&announcement->notifier);
	free(announcement);
}

void announcement_forget(struct announcement *announcement)
{
	if (!announcement)
		return;
	leg_set_owner(announcement->parker, NULL, NULL);
	announcement_free(announcement);
}

static void parker_forget(struct leg *parker)
{
	announcement_forget(parker->owner);
}

static void announcement_bye(struct timer *timer)
{
	struct announcement *announcement = owner_of(timer, struct announcement, timer);
	struct leg *parker = announcement->parker;

	announcement_free(announcement);
	leg_hangup(parker, "parked");
}

static void announcement_tell(struct announcement *announcement)
{
	struct leg *parker = announcement->parker;
	char reason[64], contact[320];

	if (announcement->told)
		return;
	announcement->told = true;
	leg_hear_nothing(parker, NULL);
	snprintf(reason, sizeof(reason), "Parked on %s", announcement->number);
	snprintf(contact, sizeof(contact), "<sip:%s@%s>", announcement->number, parker->tenant->domain);
	if (announcement->subscribed)
		refer_notifier_finish(&announcement->notifier, 200, reason, contact);
	if (timer_set(parker->calls->timers, &announcement->timer, BYE_AFTER_MS, announcement_bye) < 0)
		announcement_bye(&announcement->timer);
}

static void announcement_spoken(struct timer *timer)
{
	announcement_tell(owner_of(timer, struct announcement, timer));
}

void announcement_over(struct announcement *announcement)
{
	if (!announcement)
		return;
	announcement->parked = NULL;
	announcement_tell(announcement);
}

static void parker_ended(struct leg *parker, int status, const char *cause)
{
	(void)status;
	(void)cause;
	announcement_free(parker->owner);
}

/* A re-INVITE of the parker's phone while we speak: said again where it listens, or over where it holds. */
static void parker_media_changed(struct leg *parker)
{
	struct announcement *announcement = parker->owner;

	if (announcement->told)
		leg_hear_nothing(parker, NULL);
	else if (!leg_hear_number(parker, announcement->number))
		announcement_tell(announcement);
}

static const struct leg_ops parker_ops = {
        .ended = parker_ended,
        .media_changed = parker_media_changed,
        .forget = parker_forget,
};

const struct announcement *announcement_of(const struct leg *leg)
{
	return leg->ops == &parker_ops ? leg->owner : NULL;
}

static void refer_accept(
        struct leg *parker, struct transaction *server, const struct sip_message *refer, bool subscribe)
{
	osip_message_t *response = sip_response(refer, 202, NULL, NULL);

	if (!response)
		return;
	sip_header_set(response, "Contact", parker->dialog.contact);
	if (!subscribe)
		sip_header_set(response, "Refer-Sub", "false"); /* RFC 4488 4 */
	transaction_respond(server, response);
}

void announcement_start(struct leg *parker, struct parked_leg *parked, struct transaction *server,
        const struct sip_message *refer, bool subscribe)
{
	struct announcement *announcement = calloc(1, sizeof(*announcement));
	uint32_t length_ms = 0;
	uint32_t id = sip_cseq(refer->osip); /* the answer may be the end of the request */

	refer_accept(parker, server, refer, subscribe);
	if (!announcement) {
		/* The call is parked; the parker learns it by our hanging up. */
		leg_hangup(parker, "parked");
		return;
	}
	announcement->parker = parker;
	announcement->parked = parked;
	parked->announcement = announcement;
	snprintf(announcement->number, sizeof(announcement->number), "%s", parked->record->number);
	leg_set_owner(parker, &parker_ops, announcement);
	if (subscribe)
		announcement->subscribed = !refer_notifier_start(
		        &announcement->notifier, parker->calls->stack, &parker->dialog, id);
	if (announcement->subscribed && parker->tenant->park.announce)
		length_ms = leg_hear_number(parker, announcement->number);
	if (length_ms > ANNOUNCE_MS)
		length_ms = ANNOUNCE_MS;
	if (!length_ms ||
	        timer_set(parker->calls->timers, &announcement->timer, length_ms, announcement_spoken) < 0)
		announcement_tell(announcement);
}
