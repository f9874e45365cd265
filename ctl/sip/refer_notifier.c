/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NOTIFYs of a REFER's implicit subscription (RFC 3515 2.4.4), one at a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/refer.h"

static int notify_send(struct refer_notifier *notifier, const char *sipfrag, bool final);

static void notify_ended(struct refer_notifier *notifier, int status)
{
	char *queued = notifier->queued;
	bool final = notifier->pending_final;

	transaction_forget(notifier->pending);
	notifier->pending = NULL;
	/* RFC 6665 4.2.2: nobody listens any more. Any other refusal doesn't keep the result from being told.
	 */
	if (status == 481 || status == 408)
		notifier->gone = true;
	notifier->queued = NULL;
	if (queued && !notifier->gone && notify_send(notifier, queued, true) == 0)
		final = false;
	else
		final = final || queued;
	free(queued);
	if (final && notifier->finished)
		notifier->finished(notifier);
}

static void on_response(void *owner, struct transaction *client, const struct sip_message *response)
{
	(void)client;
	if (response->osip->status_code >= 200)
		notify_ended(owner, response->osip->status_code);
}

static void on_failed(void *owner, struct transaction *client, int status)
{
	(void)client;
	notify_ended(owner, status);
}

static const struct transaction_user NOTIFY_USER = {.response = on_response, .failed = on_failed};

static int notify_fill(
        const struct refer_notifier *notifier, osip_message_t *notify, const char *sipfrag, bool final)
{
	char event[32] = "refer";

	if (!notifier->first)
		snprintf(event, sizeof(event), "refer;id=%u", notifier->id);
	if (sip_header_set(notify, "Event", event) < 0 ||
	        sip_header_set(notify, "Subscription-State",
	                final ? "terminated;reason=noresource" : "active;expires=60") < 0)
		return -ENOMEM;
	return sip_body_set(notify, "message/sipfrag;version=2.0", sipfrag, strlen(sipfrag));
}

static int notify_send(struct refer_notifier *notifier, const char *sipfrag, bool final)
{
	osip_message_t *notify = dialog_request(notifier->dialog, "NOTIFY");

	if (!notify)
		return -ENOMEM;
	if (notify_fill(notifier, notify, sipfrag, final) < 0) {
		osip_message_free(notify);
		return -ENOMEM;
	}
	notifier->pending_final = final;
	return transaction_send(
	        notifier->stack, notify, &notifier->dialog->flow, &NOTIFY_USER, notifier, &notifier->pending);
}

int refer_notifier_start(
        struct refer_notifier *notifier, struct sip_stack *stack, struct dialog *dialog, uint32_t id)
{
	notifier->stack = stack;
	notifier->dialog = dialog;
	notifier->id = id;
	notifier->first = !dialog->referred;
	notifier->done = notifier->gone = notifier->pending_final = false;
	notifier->pending = NULL;
	notifier->queued = NULL;
	dialog->referred = true;
	return notify_send(notifier, "SIP/2.0 100 Trying\r\n", false);
}

int refer_notifier_finish(
        struct refer_notifier *notifier, int status, const char *reason, const char *contact)
{
	char *sipfrag;
	int error;

	if (!notifier->dialog || notifier->gone)
		return -ENOTCONN;
	if (notifier->done)
		return -EALREADY;
	if (asprintf(&sipfrag, "SIP/2.0 %d %s\r\n%s%s%s", status, reason, contact ? "Contact: " : "",
	            contact ? contact : "", contact ? "\r\n" : "") < 0)
		return -ENOMEM;
	if (notifier->pending) {
		notifier->queued = sipfrag;
		notifier->done = true;
		return 0;
	}
	error = notify_send(notifier, sipfrag, true);
	free(sipfrag);
	if (!error)
		notifier->done = true;
	return error;
}

void refer_notifier_stop(struct refer_notifier *notifier)
{
	transaction_forget(notifier->pending);
	notifier->pending = NULL;
	free(notifier->queued);
	notifier->queued = NULL;
	notifier->dialog = NULL;
}
