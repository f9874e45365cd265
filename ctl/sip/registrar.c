/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users' contacts, static ones among them, from start to end. What a REGISTER does with them is in
 * register.c. */
#include "ctl/sip/registrar.h"

#include <errno.h>
#include <stdlib.h>

#include "ctl/sip/binding.h"

static int static_contact_put(struct registrar *registrar, struct config_user *user,
        const struct config_contact *configured, struct transport *transport, struct contact **link)
{
	struct binding *binding = binding_new(registrar, user, configured->uri, NULL, NULL);

	if (!binding)
		return -ENOMEM;
	binding->contact.flow.transport = transport;
	if (transport)
		binding->contact.flow.local = transport->bound;
	binding->contact.flow.remote = configured->address;
	binding->contact.signalled = configured->address;
	binding_put(binding, link);
	return 0;
}

static int user_open(struct registrar *registrar, struct config_user *user, struct transport *transport)
{
	struct user_state *state = calloc(1, sizeof(*state));
	struct contact **link;

	if (!state)
		return -ENOMEM;
	user->state = state;
	link = &state->contacts;
	for (size_t i = 0; i < user->contact_count; i++) {
		if (static_contact_put(registrar, user, &user->contacts[i], transport, link) < 0)
			return -ENOMEM;
		link = &(*link)->next;
	}
	return 0;
}

static void user_close(struct config_user *user)
{
	struct user_state *state = user->state;

	if (!state)
		return;
	while (state->contacts)
		binding_drop(binding_of(state->contacts));
	free(state);
	user->state = NULL;
}

int registrar_new(struct registrar **registrar, struct timers *timers, const struct config *config,
        struct transport *transport)
{
	struct registrar *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->config = config;
	made->timers = timers;
	error = flow_index_new(&made->flows);
	for (size_t i = 0; i < config->tenant_count; i++) {
		struct config_tenant *tenant = &config->tenants[i];

		for (size_t j = 0; j < tenant->user_count; j++) {
			tenant->users[j].state = NULL;
			if (!error)
				error = user_open(made, &tenant->users[j], transport);
		}
	}
	if (error < 0) {
		registrar_free(made);
		return error;
	}
	*registrar = made;
	return 0;
}

void registrar_free(struct registrar *registrar)
{
	if (!registrar)
		return;
	for (size_t i = 0; i < registrar->config->tenant_count; i++) {
		const struct config_tenant *tenant = &registrar->config->tenants[i];

		for (size_t j = 0; j < tenant->user_count; j++)
			user_close(&tenant->users[j]);
	}
	flow_index_free(registrar->flows);
	free(registrar);
}

const struct contact *registrar_contacts(struct registrar *registrar, const struct config_user *user)
{
	const struct user_state *state = user->state;
	struct contact *contact = state ? state->contacts : NULL;

	/* Their timers may not have had their turn yet. */
	while (contact) {
		struct binding *binding = binding_of(contact);

		contact = contact->next;
		if (binding->contact.expires_at &&
		        binding->contact.expires_at <= timers_now(registrar->timers))
			binding_drop(binding);
	}
	return state ? state->contacts : NULL;
}

struct config_user *registrar_by_flow(const struct registrar *registrar, const struct flow *flow)
{
	return flow_index_owner(registrar->flows, flow);
}

bool contact_behind_nat(const struct contact *contact)
{
	return !address_same_ip(contact->signalled.ip, contact->flow.remote.ip);
}

uint32_t registrar_count(const struct registrar *registrar)
{
	return registrar->registered;
}
