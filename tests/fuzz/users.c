/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: what digest, registrar, dialogs and REFER make of one message that the parser let through.
 * What they write must be parsed again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/dialog.h"
#include "ctl/sip/refer.h"
#include "ctl/sip/registrar.h"
#include "kmod-free/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EXPIRY_MS = 4000000 };

static uint64_t now = 1000;

static uint64_t fake_clock(void *context)
{
	(void)context;
	return now;
}

static const struct transport_ops UDP = {.name = "UDP"};
static struct transport transport = {.ops = &UDP};
static const struct flow FLOW = {.transport = &transport, .remote.port = 5062, .local.port = 5060};

static struct sip_message *parse(char *bytes, size_t length)
{
	struct sip_message *message;
	const char *reason;
	int status;

	return sip_message_parse(&message, &FLOW, bytes, length, &status, &reason) < 0 ? NULL : message;
}

static bool is_read_again(osip_message_t *message)
{
	struct sip_message *again = NULL;
	char *text = NULL;
	size_t length;

	osip_message_force_update(message);
	if (osip_message_to_str(message, &text, &length) == 0)
		again = parse(text, length);
	osip_free(text);
	sip_message_free(again);
	return again != NULL;
}

/* Takes over what we wrote. The stack would give it its Via. */
static void reads_again(osip_message_t *message)
{
	if (!message)
		return;
	if (osip_list_size(&message->vias) == 0)
		osip_message_set_via(message, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1");
	if (!is_read_again(message))
		abort();
	osip_message_free(message);
}

static void run_register(struct timers *timers, const struct sip_message *message)
{
	struct config_user user = {.name = "101", .max_contacts = 5};
	struct config_tenant tenant = {.domain = "acme.example", .users = &user, .user_count = 1};
	struct config config = {
	        .tenants = &tenant, .tenant_count = 1, .register_min_s = 60, .register_max_s = 3600};
	struct registrar *registrar;

	user.tenant = &tenant;
	if (registrar_new(&registrar, timers, &config, &transport) < 0)
		abort();
	reads_again(registrar_register(registrar, &user, message));
	reads_again(registrar_register(registrar, &user, message));
	(void)registrar_contacts(registrar, &user);
	(void)registrar_by_flow(registrar, &FLOW);
	now += EXPIRY_MS;
	timers_run(timers);
	if (registrar_contacts(registrar, &user) || registrar_count(registrar))
		abort();
	registrar_free(registrar);
}

static void run_auth(struct timers *timers, const struct sip_message *message)
{
	const struct auth_secret secret = {.password = "secret-101", .offer = AUTH_OFFER_BOTH};
	struct auth_replay replay = {0};
	char realm[64] = "", name[64];
	struct auth *auth;

	if (auth_new(&auth, timers) < 0)
		abort();
	for (int proxy = 0; proxy < 2; proxy++) {
		osip_message_t *response = sip_response(message, 401, NULL, "t");

		(void)auth_realm(message, proxy, realm, sizeof(realm));
		(void)auth_claimed(message, realm, proxy, name, sizeof(name));
		if (auth_check(auth, message, realm, proxy, NULL, NULL) == AUTH_OK)
			abort();
		(void)auth_check(auth, message, realm, proxy, &secret, &replay);
		if (auth_challenge(auth, response, realm, proxy, false, &secret) == 0)
			reads_again(response);
		else
			osip_message_free(response);
	}
	auth_free(auth);
}

static void run_dialog(const struct sip_message *message)
{
	struct dialog dialog = {0}, client = {0};
	struct dialogs *dialogs;

	if (dialogs_new(&dialogs) < 0)
		abort();
	if (message->osip->status_code == 0 &&
	        dialog_open_server(dialogs, &dialog, message, "<sip:xdpark@10.0.0.1>", NULL) == 0) {
		reads_again(dialog_request(&dialog, "INVITE"));
		(void)dialog_find(dialogs, message->osip);
		if (!dialog_check(&dialog, message))
			dialog_refresh(&dialog, message);
		reads_again(dialog_request(&dialog, "BYE"));
	}
	if (message->osip->status_code &&
	        dialog_open_client(dialogs, &client, NULL, "<sip:a@example.com>", "<sip:b@example.com>",
	                "sip:b@10.0.0.2", "<sip:xdpark@10.0.0.1>", &FLOW, NULL) == 0) {
		(void)dialog_established(&client, message);
		reads_again(dialog_request(&client, "BYE"));
	}
	dialog_close(&dialog);
	dialog_close(&client);
	dialogs_free(dialogs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size < SIP_MESSAGE_BYTES ? size : SIP_MESSAGE_BYTES;
	struct timers *timers = timers_new(fake_clock, NULL);
	char *bytes = malloc(length + 1);
	struct sip_message *message;
	struct refer refer;

	log_open("fuzz", LOG_LEVEL_ERROR);
	memcpy(bytes, data, length);
	message = parse(bytes, length);
	/* What the parser takes in only one of its forms is for its own target. */
	if (message && is_read_again(message->osip)) {
		run_dialog(message);
		if (message->osip->status_code == 0) {
			(void)refer_read(message, &refer);
			run_auth(timers, message);
			run_register(timers, message);
		}
	}
	sip_message_free(message);
	free(bytes);
	timers_free(timers);
	return 0;
}
