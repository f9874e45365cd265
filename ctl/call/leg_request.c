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

static void refer_ended(void *owner, struct transaction *server)
{
	struct leg *leg = owner;

	(void)server;
	leg->refer = NULL;
}

/* Unanswered for so long that its client has given up. */
static const struct transaction_user refer_user = {.ended = refer_ended};

/* Whom it is about gets to know the leg in a moment. A second one may be tried again then. */
static void refer_wait(struct leg *leg, struct transaction *server)
{
	if (leg->refer) {
		transaction_answer(server, 491, NULL);
		return;
	}
	leg->refer = server;
	transaction_set_owner(server, &refer_user, leg);
}

/* The request's transaction, which is the leg's no more. */
static struct transaction *refer_let_go(struct leg *leg)
{
	struct transaction *server = leg->refer;

	leg->refer = NULL;
	transaction_forget(server);
	return server;
}

static void leg_refer(struct leg *leg, struct transaction *server, const struct sip_message *request)
{
	if (leg_answer_waits(leg))
		refer_wait(leg, server);
	else if (leg->state == LEG_UP && leg->ops && leg->ops->referred)
		leg->ops->referred(leg, server, request);
	else
		transaction_answer(server, 403, "This call can't be transferred now");
}

void leg_refer_resume(struct leg *leg)
{
	struct transaction *server = refer_let_go(leg);

	if (server)
		leg_refer(leg, server, transaction_request(server));
}

void leg_refer_over(struct leg *leg)
{
	struct transaction *server = refer_let_go(leg);

	if (server)
		transaction_answer(server, 481, NULL);
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
