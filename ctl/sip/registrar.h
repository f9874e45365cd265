/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where users are: registered contacts (RFC 3261 10) and static ones. */
#ifndef XDPARK_SIP_REGISTRAR_H
#define XDPARK_SIP_REGISTRAR_H

#include "ctl/config.h"
#include "ctl/sip/auth.h"
#include "ctl/sip/message.h"
#include "ctl/timer.h"

struct registrar;

/* One device of a user. */
struct contact {
	struct contact *next;
	char *uri;           /* as registered */
	struct flow flow;    /* the way the REGISTER came (NAT), or to the static address */
	uint64_t expires_at; /* ms of the timers' clock; 0: static */
	char *call_id;       /* of the REGISTER */
	uint32_t cseq;
	struct address signalled; /* top Via's sent-by, to tell NAT: differs from flow.remote behind one */
};

/* Lies behind config_user.state. */
struct user_state {
	struct contact *contacts;
	unsigned contact_count;
	struct auth_replay replay;
};

/* transport: over which static contacts are reached. Makes the state of every user of `config`. */
int registrar_new(struct registrar **registrar, struct timers *timers, const struct config *config,
        struct transport *transport);
void registrar_free(struct registrar *registrar);

/*
 * An authenticated REGISTER of `user`: adds, refreshes, removes contacts (also `*`), all or nothing; expiry
 * within the config's bounds (423 with Min-Expires); Call-ID and CSeq order (RFC 3261 10.3); 403 above
 * max_contacts. Returns the response to send (200 lists every contact with its expires), or NULL for no
 * memory.
 */
osip_message_t *registrar_register(
        struct registrar *registrar, struct config_user *user, const struct sip_message *request);

/* Contacts of a user that are good now, the newest first, static ones last; NULL: none. Good until the next
 * call. */
const struct contact *registrar_contacts(struct registrar *registrar, const struct config_user *user);

/* The user whose contact has this flow (address and transport): who sends without a challenge yet? NULL:
 * nobody, or several. */
struct config_user *registrar_by_flow(const struct registrar *registrar, const struct flow *flow);

/* Whether a contact's device is behind NAT: its Via differs from where it sends. */
bool contact_behind_nat(const struct contact *contact);

/* Registered contacts in all. */
uint32_t registrar_count(const struct registrar *registrar);

#endif
