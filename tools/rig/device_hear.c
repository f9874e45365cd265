/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What devices do about messages that arrive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rig/device.h"

enum { MOST_CHALLENGES = 5 /* of one registration */ };

/* Whether the contacts of a 200 hold the device's own. */
static bool is_listed(
        const struct devices *devices, const struct device *device, const osip_message_t *response)
{
	const osip_contact_t *contact;
	char host[64];

	for (int i = 0; (contact = osip_list_get(&response->contacts, i)); i++) {
		const osip_uri_t *uri = contact->url;

		if (!uri || !uri->username || !uri->host)
			continue;
		snprintf(host, sizeof(host), "%s:%s", uri->host, uri->port ? uri->port : "5060");
		if (!strcmp(host, devices->hosts[device->home]) &&
		        !strcmp(uri->username, device_user(devices, device)))
			return true;
	}
	return false;
}

static void accepted(struct devices *devices, struct device *device, const osip_message_t *response)
{
	/* Either it wanted to be in the list, or not to be. */
	if (is_listed(devices, device, response) == device->leaving) {
		device_done(devices, device, CAUSE_NOT_BOUND);
		return;
	}
	if (!device->leaving && device->state == DEVICE_PROVING)
		devices->counters.registered[device->challenge.algorithm]++;
	device_done(devices, device, CAUSE_NONE);
}

/* Who has answered a challenge may only be challenged again if that was too late, and not for ever. */
static void challenged(struct devices *devices, struct device *device, const osip_message_t *response)
{
	bool answered = device->state == DEVICE_PROVING && device->challenges;

	devices->counters.challenged++;
	if (challenge_read(response, &device->challenge) < 0) {
		device_done(devices, device, CAUSE_NO_CHALLENGE);
		return;
	}
	devices->counters.stale += device->challenge.stale;
	if (answered && (!device->challenge.stale || device->challenges == MOST_CHALLENGES)) {
		device_done(devices, device, 401);
		return;
	}
	device->challenges++;
	device->count = 0;
	device_ask(devices, device, true);
}

static void take_response(struct devices *devices, const osip_message_t *response)
{
	struct device *device = device_of_call_id(devices, response->call_id);
	int status = response->status_code;

	if (!device || strcmp(response->cseq->method, "REGISTER") != 0) {
		devices->counters.strays++;
		return;
	}
	if (status < 200)
		return;
	if (device->state == DEVICE_IDLE || sip_cseq(response) != device->cseq)
		devices->counters.again++;
	else if (status < 300)
		accepted(devices, device, response);
	else if (status == 401)
		challenged(devices, device, response);
	else
		device_done(devices, device, status);
}

void device_receive(void *context, const struct flow *flow, char *bytes, size_t length)
{
	struct devices *devices = context;
	struct sip_message *message;
	const char *reason;
	int status;

	devices->counters.received++;
	if (sip_message_parse(&message, flow, bytes, length, &status, &reason) < 0) {
		devices->counters.malformed++;
		return;
	}
	if (MSG_IS_RESPONSE(message->osip))
		take_response(devices, message->osip);
	else
		devices->counters.strays++;
	sip_message_free(message);
}
