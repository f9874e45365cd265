/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests within the dialog of a leg, by method. */
#include <string.h>

#include "ctl/call/leg_private.h"

static void leg_byed(struct leg *leg, struct transaction *server)
{
	transaction_answer(server, 200, NULL);
	if (leg->state == LEG_CALLING) {
		leg_left_early(leg);
		return;
	}
	if (leg->invite && !leg->invite_ours)
		transaction_acked(leg->invite); /* who hangs up needs our 2xx no more */
	if (leg->state == LEG_CLOSING && !leg->bye_when_acked)
		return; /* ours crossed theirs: ours ends the leg */
	if (leg->invite && !leg->invite_ours && transaction_request(leg->invite))
		leg_reject(leg, leg->invite, 487, NULL); /* RFC 3261 15.1.2 */
	leg_ended(leg, 487, "BYE");
	leg_gone(leg);
}

static void leg_refer(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	if (leg->state == LEG_UP && leg->ops && leg->ops->referred)
		leg->ops->referred(leg, server, request);
	else
		transaction_answer(server, 403, "This call can't be transferred now");
}

void leg_request(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	const char *method = request->osip->sip_method;

	if (!strcmp(method, "BYE")) {
		leg_byed(leg, server);
		return;
	}
	/* What the ACK begins may fail, and then the leg closes. */
	leg_ack_implied(leg);
	if (leg->state == LEG_CLOSING)
		transaction_answer(server, 481, NULL);
	else if (!strcmp(method, "INVITE"))
		leg_reinvited(leg, server, request);
	else
		leg_refer(leg, server, request); /* the only other one that gets here */
}
