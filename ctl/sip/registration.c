/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/registration.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/uri.h"

enum {
	USUAL_EXPIRES_S = 3600, /* RFC 3261 10.2.1.1, also for what can't be read */
	CALL_ID_BYTES = 256,    /* longest that we keep */
};

/* Decimal seconds, at most UINT32_MAX. -EINVAL: anything else. */
static int seconds_read(const char *text, uint32_t *seconds)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (end[strspn(end, " \t")])
		return -EINVAL;
	*seconds = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	return 0;
}

/* By the contact's own parameter, else the Expires header, else the usual. */
static uint32_t expires_of(const osip_contact_t *contact, const char *header)
{
	osip_generic_param_t *param = NULL;
	uint32_t seconds = USUAL_EXPIRES_S;

	osip_contact_param_get_byname((osip_contact_t *)contact, (char *)"expires", &param);
	if (param) {
		if (!param->gvalue || seconds_read(param->gvalue, &seconds) < 0)
			seconds = USUAL_EXPIRES_S;
	} else if (header && seconds_read(header, &seconds) < 0) {
		seconds = USUAL_EXPIRES_S;
	}
	return seconds;
}

static void contact_remove(struct registration *registration, unsigned place)
{
	free(registration->contacts[place].uri);
	free(registration->contacts[place].device);
	registration->contacts[place] = registration->contacts[--registration->count];
}

/* Takes `uri` and `device` over. */
static void contact_add(struct registration *registration, char *uri, char *device, uint32_t expires_s,
        const osip_uri_t *parsed)
{
	unsigned place;

	for (place = 0; place < registration->count; place++) {
		if (strcmp(registration->contacts[place].device, device) == 0)
			contact_remove(registration, place);
	}
	place = registration->count++;
	registration->contacts[place].uri = uri;
	registration->contacts[place].device = device;
	registration->contacts[place].expires_s = expires_s;
	if (uri_address(parsed, &registration->contacts[place].named) < 0)
		registration->contacts[place].named = (struct address){0};
}

/* One that goes needn't be reached. */
static int contact_read(struct registration *registration, const osip_contact_t *contact, uint32_t expires_s,
        const char *transport, const char **reason)
{
	char *uri, *device;
	int error;

	error = contact->url ? uri_text(contact->url, &uri) : -EINVAL;
	if (error == -ENOMEM)
		return error;
	if (error < 0) {
		*reason = "Contact Must Be a Usable sip URI";
		return 400;
	}
	if (expires_s && !uri_takes_transport(contact->url, transport)) {
		free(uri);
		*reason = "Contact Can't Be Reached: UDP Only";
		return 400;
	}
	device = uri_device(contact->url);
	if (!device) {
		free(uri);
		return -ENOMEM;
	}
	contact_add(registration, uri, device, expires_s, contact->url);
	return 0;
}

static bool contact_is_star(const osip_contact_t *contact)
{
	return !contact->url && contact->displayname && *contact->displayname == '*';
}

/* `*` stands alone, and only says that everything goes. */
static int everything_read(struct registration *registration, const osip_contact_t *star, int contacts,
        const char *expires, const char **reason)
{
	uint32_t seconds;

	*reason = "Contact * Needs Expires 0 and No Other Contact";
	if (star->displayname[1 + strspn(star->displayname + 1, " \t")] || contacts != 1 || !expires ||
	        seconds_read(expires, &seconds) < 0 || seconds)
		return 400;
	registration->everything = true;
	return 0;
}

static int contacts_read(struct registration *registration, const struct sip_message *request, uint32_t min_s,
        uint32_t max_s, const char **reason)
{
	const osip_message_t *osip = request->osip;
	const char *expires = sip_header(osip, "Expires", 0);
	osip_list_iterator_t iterator;
	bool brief = false;

	for (osip_contact_t *contact = osip_list_get_first(&osip->contacts, &iterator); contact;
	        contact = osip_list_get_next(&iterator)) {
		uint32_t seconds = expires_of(contact, expires);
		int error;

		if (contact_is_star(contact))
			return everything_read(
			        registration, contact, osip_list_size(&osip->contacts), expires, reason);
		if (registration->count == REGISTRATION_CONTACTS) {
			*reason = "Too Many Contacts";
			return 400;
		}
		brief = brief || (seconds && seconds < min_s);
		error = contact_read(registration, contact, seconds > max_s ? max_s : seconds,
		        request->flow.transport->ops->name, reason);
		if (error)
			return error;
	}
	return brief ? 423 : 0;
}

int registration_read(struct registration *registration, const struct sip_message *request, uint32_t min_s,
        uint32_t max_s, const char **reason)
{
	const osip_message_t *osip = request->osip;
	struct registration read = {0};
	int error;

	*reason = NULL;
	if (osip_call_id_to_str(osip->call_id, &read.call_id))
		return -ENOMEM;
	if (strlen(read.call_id) >= CALL_ID_BYTES) {
		*reason = "Call-ID Too Long";
		error = 400;
	} else {
		error = contacts_read(&read, request, min_s, max_s, reason);
	}
	if (error) {
		registration_clear(&read);
		return error;
	}
	read.cseq = sip_cseq(osip);
	*registration = read;
	return 0;
}

void registration_clear(struct registration *registration)
{
	while (registration->count)
		contact_remove(registration, registration->count - 1);
	free(registration->call_id);
	registration->call_id = NULL;
}
