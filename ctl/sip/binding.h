/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the registrar keeps of a contact: a binding in its user's chain and in the index by flow, until its
 * end. For the registrar's own files.
 */
#ifndef XDPARK_SIP_BINDING_H
#define XDPARK_SIP_BINDING_H

#include "ctl/sip/flow_index.h"
#include "ctl/sip/registrar.h"

struct registrar {
	struct timers *timers;
	const struct config *config;
	struct flow_index *flows;
	uint32_t registered; /* contacts, static ones not counted */
};

struct binding {
	struct contact contact; /* user_state's chain leads through these */
	struct registrar *registrar;
	struct config_user *user;
	char *device; /* uri_device(); NULL: static */
	struct flow_entry entry;
	struct timer expiry;
	bool leaving; /* while a REGISTER is looked at: removed or replaced by it */
};

/* In no chain yet. Copies its strings (device and call_id may be NULL). NULL: no memory. */
struct binding *binding_new(struct registrar *registrar, struct config_user *user, const char *uri,
        const char *device, const char *call_id);

/* Of a binding that is in no chain. NULL is legal. */
void binding_free(struct binding *binding);

/* Sets its end; when it comes, the binding is dropped. 0 or -ENOMEM. */
int binding_expire_after(struct binding *binding, uint32_t seconds);

/* Into its user's chain at `link`, and into the index by its flow. Never fails. */
void binding_put(struct binding *binding, struct contact **link);

/* Out of chain and index, and frees it. */
void binding_drop(struct binding *binding);

struct binding *binding_of(const struct contact *contact);

bool contact_is_static(const struct contact *contact);

/* One line of the log. */
void binding_log(const struct binding *binding, const char *event);

#endif
