/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP transactions (RFC 3261 17, RFC 6026) on osip's state machines, kept in our own table by branch, sent-by
 * and method. After a final response only a tombstone is left (key and bytes) until J, D, K or L fires.
 *
 * Callbacks run outside osip's callbacks: from them everything here may be called, also the end of the
 * owner. A transaction belongs to the stack. Its user holds a pointer until `ended`, or until it lets go by
 * transaction_forget(); after either, the pointer is dead.
 */
#ifndef XDPARK_SIP_TRANSACTION_H
#define XDPARK_SIP_TRANSACTION_H

#include "ctl/sip/message.h"
#include "ctl/timer.h"

struct sip_stack;
struct transaction;

/* What the transaction user is told about requests. */
struct sip_user {
	/*
	 * A new request, not ACK, not CANCEL. The message is the stack's and dies on return (copy what is
	 * needed). INVITE gets a 100 by itself when nothing was answered within 200 ms.
	 */
	void (*request)(void *context, struct transaction *server, const struct sip_message *request);
	/* CANCEL of an INVITE that has no final response; it was answered 200 already. Answer the INVITE 487.
	 */
	void (*cancel)(void *context, struct transaction *server);
	/* ACK of a 2xx (RFC 3261 13.3.1.4): find the dialog, call transaction_acked(). */
	void (*ack)(void *context, const struct sip_message *ack);
};

/* What the owner of one transaction is told; any member may be NULL. */
struct transaction_user {
	/* Client: a response, provisional or final; each 2xx of a new To tag. Dies on return. */
	void (*response)(void *owner, struct transaction *client, const struct sip_message *response);
	/*
	 * Client: no final response (timer B or F: 408), or it can't be sent (503). Nothing follows.
	 * Server INVITE: a 2xx was never acknowledged in 64*T1 (408), or a non-2xx wasn't (nothing to do).
	 */
	void (*failed)(void *owner, struct transaction *transaction, int status);
	/* The last word: the pointer is dead after it returns. Always comes, but after transaction_forget().
	 */
	void (*ended)(void *owner, struct transaction *transaction);
};

struct sip_stack_options {
	struct timers *timers;
	const struct sip_user *user;
	void *context;
	const char *agent;      /* Server and User-Agent; NULL: none */
	uint32_t t1_ms;         /* 0: 500 */
	uint32_t transactions;  /* live ones at most; more requests get 503. 0: 50,000 */
	size_t tombstone_bytes; /* what may be kept of ended ones; the oldest go first. 0: 256 MiB */
};

/* Result in *stack; 0 or negative errno. */
int sip_stack_new(struct sip_stack **stack, const struct sip_stack_options *options);
void sip_stack_free(struct sip_stack *stack);

/* Takes what a transport received: transport_receive with the stack as context. */
void sip_stack_receive(void *stack, const struct flow *flow, char *bytes, size_t length);

/* Counters since start: received, parsed, rejected, retransmissions absorbed, live transactions, tombstones.
 */
struct sip_counters {
	uint64_t received, parsed, rejected, dropped, retransmitted, resent;
	uint32_t transactions, tombstones;
};
void sip_stack_counters(const struct sip_stack *stack, struct sip_counters *counters);

/* Who is told about this transaction from now on. */
void transaction_set_owner(struct transaction *transaction, const struct transaction_user *user, void *owner);

/* The owner that was set; NULL: none. */
void *transaction_owner(const struct transaction *transaction);

/* No callback any more; the transaction goes on by itself (answers retransmissions, ACKs). NULL is legal. */
void transaction_forget(struct transaction *transaction);

/* The request of the transaction, as long as no final response has been sent or received; else NULL. */
const struct sip_message *transaction_request(const struct transaction *transaction);

/* The flow of the transaction. */
const struct flow *transaction_flow(const struct transaction *transaction);

/*
 * Sends a response; takes `response` over, also on errors. A 2xx to INVITE is retransmitted until
 * transaction_acked(). 0, -EALREADY: a final response was sent before, -ENOMEM.
 */
int transaction_respond(struct transaction *server, osip_message_t *response);

/* As transaction_respond(sip_response(...)) for short answers, with a fresh To tag. */
int transaction_answer(struct transaction *server, int status, const char *reason);

/* Server INVITE: the 2xx was acknowledged. */
void transaction_acked(struct transaction *server);

/*
 * Sends a request over `flow`; takes `request` over, also on errors. A Via with a new branch is put on top.
 * Result in *client (may be NULL when user is NULL); 0 or a negative errno, with no callback. A failing send
 * is told by `failed` later.
 */
int transaction_send(struct sip_stack *stack, osip_message_t *request, const struct flow *flow,
        const struct transaction_user *user, void *owner, struct transaction **client);

/*
 * Client INVITE: CANCEL it (RFC 3261 9.1): at once when a provisional response has come, else when one comes.
 * The INVITE still ends by its own final response. `reason`: value of a Reason header, or NULL.
 */
void transaction_cancel(struct transaction *client, const char *reason);

/*
 * Client INVITE: sends the ACK of a 2xx over `flow` and again for each retransmission of that 2xx (same To
 * tag), as long as the transaction is in state Accepted (RFC 6026). Takes `ack` over. 0 or negative errno.
 */
int transaction_ack(struct transaction *client, osip_message_t *ack, const struct flow *flow);

#endif
