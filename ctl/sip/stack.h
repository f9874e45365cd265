/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the transaction layer: the stack, its transactions, and how its files work together. */
#ifndef XDPARK_SIP_STACK_H
#define XDPARK_SIP_STACK_H

#include <sys/time.h> /* osip.h leaves it out */

#include <osip2/osip.h>
#include <sys/queue.h>

#include "ctl/sip/key.h"
#include "ctl/sip/table.h"
#include "ctl/sip/transaction.h"

/*
 * A transaction's life. LIVE: osip's state machine runs it. After the final response osip's objects and the
 * messages go, and what stays is a tombstone: key, flow and the bytes that retransmissions are answered
 * with. osip knows no state Accepted and takes 15 kB for each transaction, so these states are ours.
 */
enum phase {
	PHASE_LIVE,
	PHASE_ACCEPTED,  /* INVITE after 2xx (RFC 6026): client until M, server until L */
	PHASE_COMPLETED, /* any other final response: client until D or K, server until J or, for INVITE, H */
	PHASE_CONFIRMED  /* INVITE server: ACK has come; until I */
};

/* A 2xx to our INVITE, and the ACK that is sent again for each retransmission of it. */
struct accepted {
	struct accepted *next;
	char *tag;   /* To tag */
	char *bytes; /* NULL until the user gives us the ACK */
	size_t length;
	struct flow flow;
};

/*
 * Timers (T1: 500 ms unless told otherwise; T2 = 8*T1, T4 = 10*T1):
 *   again  A and E of requests, G of non-2xx to INVITE, retransmission of 2xx to INVITE, the automatic 100
 *   end    B, F, D, K, M of clients; H, I, J, L of servers. Set from the first moment on, so that setting it
 *          anew can't fail
 */
struct transaction {
	struct table_entry by_key, by_merge; /* by_merge.key.length 0: in no table */
	TAILQ_ENTRY(transaction) grave;      /* in sip_stack.tombstones */
	TAILQ_ENTRY(transaction) farewell;   /* in sip_stack.released */
	struct sip_stack *stack;
	osip_transaction_t *osip;    /* LIVE only */
	struct sip_message *request; /* LIVE only */
	const struct transaction_user *user;
	void *owner;
	struct flow flow;
	struct timer again, end;
	char *bytes; /* what was sent last */
	size_t length;
	struct accepted *accepted;
	char *cancel_reason;
	osip_message_t *heard; /* while osip runs: the response that counts */
	uint32_t interval;     /* of `again`, ms */
	uint16_t back_port;    /* server: port that responses go to (RFC 3261 18.2.2) */
	uint16_t failed;       /* status that `failed` is called with, 0: none */
	uint8_t phase;         /* enum phase */
	bool server, invite;
	bool proceeding; /* a provisional response has come or gone */
	bool cancelled;  /* server: the user was told; client: it is wanted, and sent once `proceeding` */
	bool acknowledged;
	bool dead;     /* osip's machine has ended */
	bool released; /* in sip_stack.released */
	char keys[];
};

TAILQ_HEAD(transactions, transaction);

struct sip_stack {
	struct sip_stack_options options;
	osip_t *osip;
	struct table *keys, *merges;
	struct transactions released;   /* those whose users are to be told `ended` */
	struct timer tell;              /* for them */
	struct transactions tombstones; /* oldest first */
	size_t tombstone_bytes;
	struct sip_counters counters;
	struct key key, merge; /* of the message in hand */
	/* The request that the user is looking at: it stays until he has, though it is answered meanwhile. */
	struct sip_message *in_hand;
	bool in_hand_left;           /* its transaction has let it go */
	char out[SIP_MESSAGE_BYTES]; /* where rejections are written */
};

enum {
	T2_OF_T1 = 8,
	T4_OF_T1 = 10,
	LIFE_OF_T1 = 64, /* B, F, H, J, L, M, and D on datagrams */
};

static inline bool is_reliable(const struct transaction *transaction)
{
	return transaction->flow.transport->ops->reliable;
}

/*
 * life.c. A transaction in the table under stack->key (and stack->merge, unless its length is 0), told to
 * end after `ms`. NULL: no memory.
 */
struct transaction *transaction_new(struct sip_stack *stack, const struct flow *flow, uint64_t ms);
struct transaction *transaction_find(struct sip_stack *stack);

/* With everything, and without a callback. NULL is legal. */
void transaction_free(struct transaction *transaction);

/* The last callbacks, then the end of it. */
void transaction_finish(struct transaction *transaction);

/* Nothing more to tell but `ended`, and that soon, from outside. */
void transaction_release(struct transaction *transaction);

/* A final response has gone or come: osip's objects and the request go, a tombstone stays for `ms`. */
void transaction_bury(struct transaction *transaction, enum phase phase, uint64_t ms);
void transaction_end_after(struct transaction *transaction, uint64_t ms);

/* Sets `again` after its interval, and doubles that up to `most`. */
void transaction_again(struct transaction *transaction, uint32_t most);

/* Sends transaction->bytes. Returns what the transport says. */
int transaction_transmit(const struct transaction *transaction);

/* server.c and client.c: what fires. */
void server_on_again(struct timer *timer);
void server_on_end(struct timer *timer);
void client_on_again(struct timer *timer);
void client_on_end(struct timer *timer);

/* What arrives; both take the message over. */
void server_receive(struct sip_stack *stack, struct sip_message *request);
void client_receive(struct sip_stack *stack, struct sip_message *response);

/* Adds what our own messages carry: Server or User-Agent. 0 or -ENOMEM. */
int stack_sign(const struct sip_stack *stack, osip_message_t *message);

#endif
