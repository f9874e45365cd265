/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REFER (RFC 3515) with Referred-By (RFC 3892), and the NOTIFYs of its implicit subscription. */
#ifndef XDPARK_SIP_REFER_H
#define XDPARK_SIP_REFER_H

#include "ctl/sip/dialog.h"

/* What a REFER asks for. Strings are cut at their sizes: too long is -EINVAL. */
struct refer {
	char user[64];         /* number that Refer-To names: "701"; "": a URI without, as http: or urn: */
	char host[256];        /* its host: a domain or an address; "" of tel:, which leads where we are */
	char method[32];       /* "INVITE" by default */
	char replaces[512];    /* value of a Replaces header in the URI, unescaped; "" if none */
	char referred_by[512]; /* header value; "" if none */
	bool subscribe;        /* false: `Refer-Sub: false` (RFC 4488), no NOTIFY wanted */
};

/* 0; -EINVAL: no Refer-To, several, or one that can't be understood (400); -ENOMEM. */
int refer_read(const struct sip_message *request, struct refer *refer);

/*
 * One implicit subscription. Sends NOTIFYs in order: each waits for the answer to the one before.
 * Embedded in its owner.
 */
struct refer_notifier {
	struct sip_stack *stack;
	struct dialog *dialog; /* of the REFER */
	uint32_t id; /* CSeq of the REFER: Event: refer;id= for all but the first REFER of a dialog */
	bool first;
	bool done; /* the final NOTIFY is queued or sent */
	struct transaction *pending;
	char *queued;       /* sipfrag waiting for the answer */
	bool pending_final; /* it is the final one that waits for its answer */
	bool gone;          /* the far end knows nothing of the subscription any more, or doesn't answer */
	void (*finished)(
	        struct refer_notifier *notifier); /* the final NOTIFY was answered, or failed; may be NULL */
};

/* Starts with NOTIFY `SIP/2.0 100 Trying`, Subscription-State active;expires=60. `id`: CSeq of the REFER. 0
 * or negative errno. */
int refer_notifier_start(
        struct refer_notifier *notifier, struct sip_stack *stack, struct dialog *dialog, uint32_t id);

/*
 * The final one: sipfrag `SIP/2.0 STATUS REASON` and, with contact not NULL, a line `Contact: CONTACT`;
 * Subscription-State terminated;reason=noresource. It waits for the answer to the one before. 0: `finished`
 * will be called; else it won't: -ENOTCONN: the one before found nobody (481, no answer), or stopped;
 * -EALREADY: the final one is on its way; -ENOMEM or an errno of transaction_send().
 */
int refer_notifier_finish(
        struct refer_notifier *notifier, int status, const char *reason, const char *contact);

/* Nothing more is sent, no callback: the dialog ends. Zeroed is legal. */
void refer_notifier_stop(struct refer_notifier *notifier);

#endif
