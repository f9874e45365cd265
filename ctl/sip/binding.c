/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/uri.h"
#include "kmod-free/log.h"

static int text_copy(char **to, const char *text)
{
	*to = text ? strdup(text) : NULL;
	return text && !*to ? -ENOMEM : 0;
}

struct binding *binding_new(struct registrar *registrar, struct config_user *user, const char *uri,
        const char *device, const char *call_id)
{
	struct binding *binding = calloc(1, sizeof(*binding));

	if (!binding)
		return NULL;
	binding->registrar = registrar;
	binding->user = user;
	if (text_copy(&binding->contact.uri, uri) < 0 || text_copy(&binding->device, device) < 0 ||
	        text_copy(&binding->contact.call_id, call_id) < 0) {
		binding_free(binding);
		return NULL;
	}
	return binding;
}

void binding_free(struct binding *binding)
{
	if (!binding)
		return;
	timer_cancel(binding->registrar->timers, &binding->expiry);
	flow_index_remove(binding->registrar->flows, &binding->entry);
	free(binding->contact.uri);
	free(binding->contact.call_id);
	free(binding->device);
	free(binding);
}

static void binding_expired(struct timer *timer)
{
	struct binding *binding = owner_of(timer, struct binding, expiry);

	binding_log(binding, "contact-expired");
	binding_drop(binding);
}

int binding_expire_after(struct binding *binding, uint32_t seconds)
{
	struct timers *timers = binding->registrar->timers;

	binding->contact.expires_at = timers_now(timers) + seconds * UINT64_C(1000);
	return timer_set(timers, &binding->expiry, seconds * UINT64_C(1000), binding_expired);
}

void binding_put(struct binding *binding, struct contact **link)
{
	struct user_state *state = binding->user->state;

	binding->contact.next = *link;
	*link = &binding->contact;
	state->contact_count++;
	binding->entry.flow = binding->contact.flow;
	binding->entry.owner = binding->user;
	flow_index_put(binding->registrar->flows, &binding->entry);
	if (!contact_is_static(&binding->contact))
		binding->registrar->registered++;
}

void binding_drop(struct binding *binding)
{
	struct user_state *state = binding->user->state;
	struct contact **link = &state->contacts;

	while (*link != &binding->contact)
		link = &(*link)->next;
	*link = binding->contact.next;
	state->contact_count--;
	if (!contact_is_static(&binding->contact))
		binding->registrar->registered--;
	binding_free(binding);
}

struct binding *binding_of(const struct contact *contact)
{
	return owner_of(contact, struct binding, contact);
}

bool contact_is_static(const struct contact *contact)
{
	return contact->expires_at == 0;
}

void binding_log(const struct binding *binding, const char *event)
{
	struct log_subject subject = {.tenant = binding->user->tenant->domain};
	char user[64], uri[URI_BYTES], source[ADDRESS_TEXT];

	log_info(&subject, event, "user=%s contact=%s source=%s",
	        log_value(user, sizeof(user), binding->user->name),
	        log_value(uri, sizeof(uri), binding->contact.uri),
	        address_format(&binding->contact.flow.remote, source));
}
