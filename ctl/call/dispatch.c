/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/call/leg.h"
#include "ctl/call/route.h"

enum method { METHOD_UNKNOWN, METHOD_NOT_TAKEN, METHOD_TAKEN };

static enum method method_of(const char *name)
{
	static const struct {
		const char *name;
		enum method kind;
	} methods[] = {
	        {"INVITE", METHOD_TAKEN},
	        {"BYE", METHOD_TAKEN},
	        {"OPTIONS", METHOD_TAKEN},
	        {"REFER", METHOD_TAKEN},
	        {"REGISTER", METHOD_TAKEN},
	        {"SUBSCRIBE", METHOD_NOT_TAKEN},
	        {"NOTIFY", METHOD_NOT_TAKEN},
	        {"INFO", METHOD_NOT_TAKEN},
	        {"UPDATE", METHOD_NOT_TAKEN},
	        {"PRACK", METHOD_NOT_TAKEN},
	        {"MESSAGE", METHOD_NOT_TAKEN},
	        {"PUBLISH", METHOD_NOT_TAKEN},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcmp(name, methods[i].name))
			return methods[i].kind;
	return METHOD_UNKNOWN;
}

static void answer_with(struct transaction *server, const struct sip_message *request, int status,
        const char *header, const char *value)
{
	osip_message_t *response = sip_response(request, status, NULL, NULL);

	if (!response)
		return;
	sip_header_set(response, header, value);
	transaction_respond(server, response);
}

/* Adds the extensions of a Require header that we lack to `lacking`. */
static void note_lacking(const char *list, char *lacking, size_t size)
{
	size_t used = strlen(lacking);

	while (*(list += strspn(list, " \t,"))) {
		size_t length = strcspn(list, " \t,");
		bool known = length == strlen(SIP_SUPPORTED) && !strncasecmp(list, SIP_SUPPORTED, length);

		if (!known && used + length + 3 < size)
			used += (size_t)sprintf(
			        lacking + used, "%s%.*s", used ? ", " : "", (int)length, list);
		list += length;
	}
}

/* 420 names every extension that is required of us and that we lack (RFC 3261 8.2.2.3). */
static bool requires_extension(struct transaction *server, const struct sip_message *request)
{
	static const char *const headers[] = {"Require", "Proxy-Require"};
	char lacking[512] = "";
	const char *value;

	for (size_t i = 0; i < 2; i++)
		for (int n = 0; (value = sip_header(request->osip, headers[i], n)); n++)
			note_lacking(value, lacking, sizeof(lacking));
	if (!lacking[0])
		return false;
	answer_with(server, request, 420, "Unsupported", lacking);
	return true;
}

static bool hops_used_up(struct transaction *server, const struct sip_message *request)
{
	const char *value = sip_header(request->osip, "Max-Forwards", 0);

	if (!value || strtol(value, NULL, 10) > 0)
		return false;
	transaction_answer(server, 483, NULL);
	return true;
}

/* Checks that hold for every method (RFC 3261 8.2). True: answered. */
static bool dispatch_refused(struct transaction *server, const struct sip_message *request)
{
	osip_content_encoding_t *encoding = NULL;

	switch (method_of(request->osip->sip_method)) {
	case METHOD_UNKNOWN:
		answer_with(server, request, 501, "Allow", SIP_ALLOW);
		return true;
	case METHOD_NOT_TAKEN:
		answer_with(server, request, 405, "Allow", SIP_ALLOW);
		return true;
	case METHOD_TAKEN:
		break;
	}
	if (requires_extension(server, request))
		return true;
	osip_message_get_content_encoding(request->osip, 0, &encoding);
	if (encoding && request->body_bytes &&
	        (!encoding->value || strcasecmp(encoding->value, "identity") != 0)) {
		answer_with(server, request, 415, "Accept-Encoding", "identity");
		return true;
	}
	return false;
}

static void dispatch_options(struct transaction *server, const struct sip_message *request)
{
	osip_message_t *response = sip_response(request, 200, NULL, NULL);

	if (!response)
		return;
	sip_header_set(response, "Allow", SIP_ALLOW);
	sip_header_set(response, "Accept", "application/sdp");
	sip_header_set(response, "Accept-Encoding", "identity");
	sip_header_set(response, "Supported", SIP_SUPPORTED);
	transaction_respond(server, response);
}

static void dispatch_in_dialog(
        struct dialog *dialog, struct transaction *server, const struct sip_message *request)
{
	if (!dialog) {
		transaction_answer(server, 481, NULL);
		return;
	}
	dialog_refresh(dialog, request);
	if (!strcmp(request->osip->sip_method, "OPTIONS"))
		dispatch_options(server, request);
	else
		leg_request(dialog->owner, server, request);
}

static void dispatch_register(
        struct calls *calls, struct transaction *server, const struct sip_message *request)
{
	const osip_uri_t *to = request->osip->to ? request->osip->to->url : NULL;
	osip_message_t *response;
	struct sender sender;

	if (!sender_identify(calls, server, request, &sender))
		return;
	/* One registers oneself only, and where one is at home (RFC 3261 10.3). */
	if (!to || !route_leads_to(sender.tenant, &request->flow, to->host)) {
		transaction_answer(server, 404, "Not a domain of yours");
		return;
	}
	if (!to->username || strcmp(to->username, sender.user->name) != 0) {
		transaction_answer(server, 403, "Not your address of record");
		return;
	}
	response = registrar_register(calls->registrar, sender.user, request);
	if (response)
		transaction_respond(server, response);
	else
		transaction_answer(server, 500, NULL);
}

static bool in_dialog(const osip_message_t *request)
{
	osip_generic_param_t *tag = NULL;

	return request->to && !osip_to_get_tag(request->to, &tag) && tag && tag->gvalue;
}

static void dispatch_request(void *context, struct transaction *server, const struct sip_message *request)
{
	const char *method = request->osip->sip_method;
	struct calls *calls = context;
	struct dialog *dialog = in_dialog(request->osip) ? dialog_find(calls->dialogs, request->osip) : NULL;
	int status = 0;

	if (dialog && !dialog->owner)
		dialog = NULL;
	if (dialog && strcmp(method, "REGISTER") != 0)
		status = dialog_check(dialog, request);
	if (status) {
		transaction_answer(server, status, NULL);
		return;
	}
	if (dispatch_refused(server, request))
		return;
	if (!strcmp(method, "REGISTER"))
		dispatch_register(calls, server, request);
	else if (in_dialog(request->osip))
		dispatch_in_dialog(dialog, server, request);
	else if (!strcmp(method, "OPTIONS"))
		dispatch_options(server, request);
	else if (hops_used_up(server, request))
		return;
	else if (!strcmp(method, "INVITE"))
		route_invite(calls, server, request);
	else if (!strcmp(method, "REFER"))
		transaction_answer(server, 403, "REFER is taken within a call only");
	else
		transaction_answer(server, 481, NULL);
}

static void dispatch_cancel(void *context, struct transaction *server)
{
	struct leg *leg = transaction_owner(server);

	(void)context;
	if (leg)
		leg_cancelled(leg);
}

static void dispatch_ack(void *context, const struct sip_message *ack)
{
	struct calls *calls = context;
	struct dialog *dialog = dialog_find(calls->dialogs, ack->osip);

	if (dialog && dialog->owner && !dialog_check(dialog, ack))
		leg_acked(dialog->owner, ack);
}

const struct sip_user dispatch_user = {
        .request = dispatch_request,
        .cancel = dispatch_cancel,
        .ack = dispatch_ack,
};
