/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dialogs (RFC 3261 12): what identifies one, and how requests within it are made and checked. */
#ifndef XDPARK_SIP_DIALOG_H
#define XDPARK_SIP_DIALOG_H

#include "ctl/sip/message.h"
#include "ctl/sip/table.h"
#include "ctl/sip/transaction.h"

/* All dialogs, found by Call-ID and tags. */
struct dialogs;

int dialogs_new(struct dialogs **dialogs);
void dialogs_free(struct dialogs *dialogs);

/* State that could be written as a row: plain strings and numbers. */
struct dialog {
	struct dialogs *dialogs;  /* NULL: not in the table */
	struct table_entry entry; /* in it, by local_tag */
	void *owner;              /* the leg */
	char *call_id;
	char local_tag[40];
	char *remote_tag; /* NULL: none yet (UAC before the first response with a tag) */
	char *local;      /* From or To header of our side, without tag: `"Name" <sip:...>` */
	char *remote;     /* of the far end */
	char *contact;    /* our Contact header: `<sip:xdpark@10.90.0.1:5060>` */
	char *target;     /* remote target: URI of the last Contact */
	char **routes;    /* route set, in order of use, each one Route header value */
	unsigned route_count;
	uint32_t local_cseq, remote_cseq; /* 0: none yet */
	bool direct;        /* it names itself by the address that we see it at: no NAT between */
	bool confirmed;     /* a 2xx came or went: the route set stays as it is */
	bool referred;      /* a REFER came: later ones have an id in Event (RFC 3515 2.4.6) */
	struct flow flow;   /* where requests go out: see dialog_choose_flow() */
	uint8_t source[16]; /* the far end's address: requests are taken from there, and from where ours go */
};

/*
 * Our side of an INVITE received: tags, routes (Record-Route in order), target, CSeq from the request; a
 * fresh local tag. Put into the table. -EINVAL: no usable Contact, From, To or route (400). -ENOMEM.
 */
int dialog_open_server(struct dialogs *dialogs, struct dialog *dialog, const struct sip_message *request,
        const char *contact, void *owner);

/*
 * Our side of an INVITE to be sent: fresh Call-ID (unless `call_id`) and local tag. `local` and `remote` are
 * header values, `target` the request URI. The table finds it by its local tag.
 */
int dialog_open_client(struct dialogs *dialogs, struct dialog *dialog, const char *call_id, const char *local,
        const char *remote, const char *target, const char *contact, const struct flow *flow, void *owner);

/*
 * A provisional or 2xx response arrived: remote tag, routes (reversed), target, flow. Others change nothing.
 * The first 2xx confirms: it wins over what provisional responses of other forks said, and later ones (of
 * re-INVITE, UPDATE) only refresh the target. 0; -EEXIST: of another fork; -EINVAL: a route that can't be
 * used; -ENOMEM.
 */
int dialog_established(struct dialog *dialog, const struct sip_message *response);

/* Takes it out of the table and frees what it holds. Zeroed or closed dialogs are legal. */
void dialog_close(struct dialog *dialog);

/*
 * The dialog of an in-dialog request or an ACK (To tag is ours): NULL: none (481). Before the first response
 * with a tag any tag of the far end is right: its request has overtaken the response.
 */
struct dialog *dialog_find(const struct dialogs *dialogs, const osip_message_t *request);

/* By what a Replaces header or a Refer-To names; tags from our point of view. */
struct dialog *dialog_find_tags(
        const struct dialogs *dialogs, const char *call_id, const char *local_tag, const char *remote_tag);

/*
 * Checks an in-dialog request: 0, or a status to answer with: 500 when CSeq is lower than the last, 403 when
 * it came over another flow (address) than the dialog's, 0 otherwise. Updates remote CSeq, which counts what
 * is refused, too.
 */
int dialog_check(struct dialog *dialog, const struct sip_message *request);

/* A request that was checked is taken: of INVITE, UPDATE, SUBSCRIBE and NOTIFY the Contact is the target. */
void dialog_refresh(struct dialog *dialog, const struct sip_message *request);

/* A request within the dialog, with the next CSeq: From, To, Call-ID, CSeq, Route, Max-Forwards, Contact,
 * User-Agent. NULL: no memory. */
osip_message_t *dialog_request(struct dialog *dialog, const char *method);

/* The ACK for a 2xx to the INVITE with this CSeq. */
osip_message_t *dialog_ack(struct dialog *dialog, uint32_t cseq);

#endif
