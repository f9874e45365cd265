/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A REGISTER is carried out in two steps: first new bindings are made beside the old ones, which are marked
 * as leaving, and the response is written; then, when nothing can fail any more, they change places.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/sip/binding.h"
#include "ctl/sip/registration.h"
#include "ctl/sip/uri.h"

/* A status of ours, or NULL. */
static osip_message_t *status_make(const struct sip_message *request, int status, const char *reason)
{
	char tag[33];

	sip_random(tag);
	return sip_response(request, status, reason, tag);
}

static osip_message_t *brief_make(const struct registrar *registrar, const struct sip_message *request)
{
	osip_message_t *response = status_make(request, 423, "Interval Too Brief");
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%u", registrar->config->register_min_s);
	if (response && sip_header_set(response, "Min-Expires", seconds) < 0) {
		osip_message_free(response);
		response = NULL;
	}
	return response;
}

/* RFC 3261 10.3 step 8: some phones set their clock by it. */
static int date_add(osip_message_t *response)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[40];

	if (!gmtime_r(&now, &utc) || !strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc))
		return 0;
	return sip_header_set(response, "Date", text);
}

/* The contacts of a chain that stay, each with the seconds it has left. Static ones were never registered. */
static int contacts_list(osip_message_t *response, const struct contact *chain, uint64_t now_ms)
{
	char text[URI_BYTES + 32];

	for (; chain; chain = chain->next) {
		uint64_t left_ms;

		if (contact_is_static(chain) || binding_of(chain)->leaving || chain->expires_at <= now_ms)
			continue;
		left_ms = chain->expires_at - now_ms;
		snprintf(text, sizeof(text), "<%s>;expires=%llu", chain->uri,
		        (unsigned long long)(left_ms + 999) / 1000);
		if (osip_message_set_contact(response, text))
			return -ENOMEM;
	}
	return 0;
}

static osip_message_t *success_make(const struct registrar *registrar, const struct sip_message *request,
        const struct contact *joining, const struct user_state *state)
{
	uint64_t now_ms = timers_now(registrar->timers);
	osip_message_t *response = status_make(request, 200, NULL);

	if (response &&
	        (contacts_list(response, joining, now_ms) < 0 ||
	                contacts_list(response, state->contacts, now_ms) < 0 || date_add(response) < 0)) {
		osip_message_free(response);
		response = NULL;
	}
	return response;
}

/* Top Via's sent-by; zero when it is a name. */
static struct address via_address(const struct sip_message *request)
{
	const osip_via_t *via = osip_list_get(&request->osip->vias, 0);
	struct address address = {.port = SIP_PORT};

	if (!via || !via->host || address_parse_ip(via->host, address.ip) < 0)
		return (struct address){0};
	if (via->port)
		address.port = (uint16_t)strtoul(via->port, NULL, 10);
	return address;
}

/*
 * A device is reached the way its REGISTER came. Without NAT between, its Contact's port counts: some phones
 * send from one port and listen on another.
 */
static void flow_take(struct contact *contact, const struct sip_message *request, const struct address *named)
{
	const struct flow *came = &request->flow;

	contact->flow = *came;
	contact->signalled = via_address(request);
	if (!contact_behind_nat(contact) && named->port && address_same_ip(named->ip, came->remote.ip) &&
	        !(came->transport && came->transport->ops->reliable))
		contact->flow.remote.port = named->port;
}

static struct binding *device_find(const struct user_state *state, const char *device)
{
	for (struct contact *contact = state->contacts; contact; contact = contact->next) {
		if (!contact_is_static(contact) && strcmp(binding_of(contact)->device, device) == 0)
			return binding_of(contact);
	}
	return NULL;
}

/* RFC 3261 10.3 steps 6 and 7: within one Call-ID only a higher CSeq may change what is there. */
static int binding_leave(struct binding *binding, const struct registration *registration)
{
	if (strcmp(binding->contact.call_id, registration->call_id) == 0 &&
	        registration->cseq <= binding->contact.cseq)
		return 500;
	binding->leaving = true;
	return 0;
}

static int everything_leave(const struct user_state *state, const struct registration *registration)
{
	int status = 0;

	for (struct contact *contact = state->contacts; contact && !status; contact = contact->next) {
		if (!contact_is_static(contact))
			status = binding_leave(binding_of(contact), registration);
	}
	return status;
}

/* Makes the new bindings, in *joining, and marks those that leave. 0, a status, or -ENOMEM. */
static int bindings_prepare(struct registrar *registrar, struct config_user *user,
        const struct sip_message *request, const struct registration *registration, struct contact **joining)
{
	const struct user_state *state = user->state;
	unsigned added = 0, count = 0;

	for (unsigned i = 0; i < registration->count; i++) {
		const char *device = registration->contacts[i].device;
		struct binding *old = device_find(state, device), *binding;
		int status = old ? binding_leave(old, registration) : 0;

		if (status)
			return status;
		if (!registration->contacts[i].expires_s)
			continue;
		binding = binding_new(
		        registrar, user, registration->contacts[i].uri, device, registration->call_id);
		if (!binding)
			return -ENOMEM;
		binding->contact.next = *joining;
		*joining = &binding->contact;
		binding->contact.cseq = registration->cseq;
		flow_take(&binding->contact, request, &registration->contacts[i].named);
		if (binding_expire_after(binding, registration->contacts[i].expires_s) < 0)
			return -ENOMEM;
		added += !old;
		count++;
	}
	for (const struct contact *contact = state->contacts; contact; contact = contact->next)
		count += !contact_is_static(contact) && !binding_of(contact)->leaving;
	return added && count > user->max_contacts ? 403 : 0;
}

/* New bindings come first, in the place of those that leave. */
static void bindings_commit(struct user_state *state, struct contact *joining)
{
	struct contact *contact = state->contacts;

	while (joining) {
		struct binding *binding = binding_of(joining);

		joining = joining->next;
		if (!device_find(state, binding->device))
			binding_log(binding, "contact-registered");
		binding_put(binding, &state->contacts);
	}
	while (contact) {
		struct binding *binding = binding_of(contact);

		contact = contact->next;
		if (!binding->leaving)
			continue;
		if (device_find(state, binding->device) == binding)
			binding_log(binding, "contact-removed");
		binding_drop(binding);
	}
}

static void bindings_abandon(struct user_state *state, struct contact *joining)
{
	while (joining) {
		struct binding *binding = binding_of(joining);

		joining = joining->next;
		binding_free(binding);
	}
	for (struct contact *contact = state->contacts; contact; contact = contact->next)
		binding_of(contact)->leaving = false;
}

/* 0 with the response to send, or a status to send instead, or -ENOMEM. */
static int registration_carry_out(struct registrar *registrar, struct config_user *user,
        const struct sip_message *request, const struct registration *registration, osip_message_t **response)
{
	struct user_state *state = user->state;
	struct contact *joining = NULL;
	int status;

	status = registration->everything
	                 ? everything_leave(state, registration)
	                 : bindings_prepare(registrar, user, request, registration, &joining);
	if (!status) {
		*response = success_make(registrar, request, joining, state);
		status = *response ? 0 : -ENOMEM;
	}
	if (status)
		bindings_abandon(state, joining);
	else
		bindings_commit(state, joining);
	return status;
}

osip_message_t *registrar_register(
        struct registrar *registrar, struct config_user *user, const struct sip_message *request)
{
	const struct config *config = registrar->config;
	struct registration registration;
	osip_message_t *response = NULL;
	const char *reason;
	int status;

	/* Those that are over mustn't count as devices. */
	registrar_contacts(registrar, user);
	status = registration_read(
	        &registration, request, config->register_min_s, config->register_max_s, &reason);
	if (!status) {
		status = registration_carry_out(registrar, user, request, &registration, &response);
		registration_clear(&registration);
	}
	switch (status) {
	case 0:
		return response;
	case -ENOMEM:
		return NULL;
	case 423:
		return brief_make(registrar, request);
	case 403:
		return status_make(request, 403, "Too Many Devices Registered");
	case 500:
		return status_make(request, 500, "CSeq Out of Order");
	default:
		return status_make(request, status, reason);
	}
}
