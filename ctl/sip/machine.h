/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boundary to osip's state machines: nothing of osip calls past this. */
#ifndef XDPARK_SIP_MACHINE_H
#define XDPARK_SIP_MACHINE_H

#include <sys/time.h> /* osip.h leaves it out */

#include <osip2/osip.h>

struct transaction;

/* 0 or -ENOMEM. */
int machine_new(osip_t **osip);
void machine_free(osip_t *osip);

/* osip's side of a transaction whose request is there, not yet run. 0, -EINVAL or -ENOMEM. */
int machine_start(struct transaction *transaction, osip_fsm_type_t type);

/* Frees osip's side; the request stays the transaction's. Not from within osip. */
void machine_stop(struct transaction *transaction);

/*
 * Runs the machine with an event: a request or response in or out, taken over, or NULL for a timeout. What
 * came of it is in the transaction when it returns: heard, failed, dead, bytes. -ENOMEM: nothing happened,
 * and the message is still the caller's.
 */
int machine_run(struct transaction *transaction, type_t type, osip_message_t *message);

/* As machine_run() with a response that was received; `heard` becomes the caller's again. */
int machine_hear(struct transaction *transaction, osip_message_t *response);

/* Result in *bytes (to be freed); 0, -ENOMEM, or -EMSGSIZE for more than SIP_MESSAGE_BYTES. */
int machine_serialise(osip_message_t *message, char **bytes, size_t *length);

#endif
