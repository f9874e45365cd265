/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests within a dialog (RFC 3261 12.2.1.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/dialog.h"
#include "ctl/sip/uri.h"

/* Requests that carry our Contact: those that open or refresh a dialog, and OPTIONS (RFC 3261 20, table 2).
 */
static bool method_has_contact(const char *method)
{
	static const char *const METHODS[] = {"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER", "OPTIONS"};

	for (size_t i = 0; i < sizeof(METHODS) / sizeof(*METHODS); i++) {
		if (strcmp(method, METHODS[i]) == 0)
			return true;
	}
	return false;
}

static int tag_set(osip_from_t *header, const char *tag)
{
	char *copy;

	/* Far ends of RFC 2543 have none. */
	if (!tag || !*tag)
		return 0;
	copy = osip_strdup(tag);
	if (copy && osip_from_set_tag(header, copy) == 0)
		return 0;
	osip_free(copy);
	return -1;
}

static int set_parties(osip_message_t *request, const struct dialog *dialog)
{
	if (osip_message_set_from(request, dialog->local) || osip_message_set_to(request, dialog->remote))
		return -1;
	return tag_set(request->from, dialog->local_tag) || tag_set(request->to, dialog->remote_tag);
}

/* The first route doesn't know ;lr (RFC 2543): it becomes the Request-URI, and the target the last route. */
static int set_strict_routes(osip_message_t *request, const struct dialog *dialog, osip_uri_t *first)
{
	char last[URI_BYTES + 2];

	for (unsigned i = 1; i < dialog->route_count; i++) {
		if (osip_message_set_route(request, dialog->routes[i]))
			return -1;
	}
	if (snprintf(last, sizeof(last), "<%s>", dialog->target) >= (int)sizeof(last))
		return -1;
	/* RFC 3261 19.1.5: a Request-URI has no headers. */
	osip_list_special_free(&first->url_headers, (void (*)(void *))osip_uri_param_free);
	osip_message_set_uri(request, first);
	return osip_message_set_route(request, last);
}

static int set_loose_routes(osip_message_t *request, const struct dialog *dialog)
{
	osip_uri_t *target;

	if (osip_uri_init(&target))
		return -1;
	osip_message_set_uri(request, target);
	if (osip_uri_parse(target, dialog->target))
		return -1;
	for (unsigned i = 0; i < dialog->route_count; i++) {
		if (osip_message_set_route(request, dialog->routes[i]))
			return -1;
	}
	return 0;
}

static int set_routes(osip_message_t *request, const struct dialog *dialog)
{
	osip_route_t *first;
	int error;

	if (!dialog->route_count)
		return set_loose_routes(request, dialog);
	if (osip_route_init(&first))
		return -1;
	error = osip_route_parse(first, dialog->routes[0]);
	if (!error && !uri_parameter(first->url, "lr")) {
		osip_uri_t *uri = first->url;

		first->url = NULL;
		error = set_strict_routes(request, dialog, uri);
		if (!request->req_uri)
			osip_uri_free(uri);
	} else if (!error) {
		error = set_loose_routes(request, dialog);
	}
	osip_route_free(first);
	return error;
}

static osip_message_t *request_make(const struct dialog *dialog, const char *method, uint32_t cseq)
{
	osip_message_t *request;
	char number[48];

	if (osip_message_init(&request))
		return NULL;
	osip_message_set_method(request, osip_strdup(method));
	osip_message_set_version(request, osip_strdup("SIP/2.0"));
	if (!request->sip_method || !request->sip_version)
		goto fail;
	snprintf(number, sizeof(number), "%u %s", cseq, method);
	if (set_routes(request, dialog) || set_parties(request, dialog) ||
	        osip_message_set_call_id(request, dialog->call_id) ||
	        osip_message_set_cseq(request, number) || osip_message_set_max_forwards(request, "70"))
		goto fail;
	if (method_has_contact(method) && osip_message_set_contact(request, dialog->contact))
		goto fail;
	return request;

fail:
	osip_message_free(request);
	return NULL;
}

osip_message_t *dialog_request(struct dialog *dialog, const char *method)
{
	osip_message_t *request = request_make(dialog, method, dialog->local_cseq + 1);

	if (request)
		dialog->local_cseq++;
	return request;
}

osip_message_t *dialog_ack(struct dialog *dialog, uint32_t cseq)
{
	return request_make(dialog, "ACK", cseq);
}
