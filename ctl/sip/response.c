/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Responses made from their request (RFC 3261 8.2.6). */
#include <string.h>

#include "ctl/sip/message.h"

/* Requests that make a dialog when they are accepted (RFC 3261 12.1, RFC 3515, RFC 6665). */
static bool makes_dialog(const osip_message_t *request, int status)
{
	return status > 100 && status < 300 &&
	       (MSG_IS_INVITE(request) || MSG_IS_SUBSCRIBE(request) || MSG_IS_REFER(request));
}

static int set_to(const osip_message_t *request, osip_message_t *response, const char *tag)
{
	osip_generic_param_t *there = NULL;
	char *copy;

	if (osip_to_clone(request->to, &response->to))
		return -1;
	osip_to_get_tag(response->to, &there);
	if (there || !tag)
		return 0;
	copy = osip_strdup(tag);
	return copy ? osip_to_set_tag(response->to, copy) : -1;
}

static int copy_headers(const osip_message_t *request, osip_message_t *response)
{
	if (osip_list_clone(&request->vias, &response->vias, (int (*)(void *, void **))osip_via_clone) ||
	        osip_from_clone(request->from, &response->from) ||
	        osip_call_id_clone(request->call_id, &response->call_id) ||
	        osip_cseq_clone(request->cseq, &response->cseq))
		return -1;
	if (makes_dialog(request, response->status_code) &&
	        osip_list_clone(&request->record_routes, &response->record_routes,
	                (int (*)(void *, void **))osip_record_route_clone))
		return -1;
	return 0;
}

osip_message_t *sip_response(
        const struct sip_message *request, int status, const char *reason, const char *tag)
{
	const char *timestamp = sip_header(request->osip, "Timestamp", 0);
	osip_message_t *response;
	char fresh[33];

	if (osip_message_init(&response))
		return NULL;
	if (!reason)
		reason = osip_message_get_reason(status);
	osip_message_set_version(response, osip_strdup("SIP/2.0"));
	osip_message_set_status_code(response, status);
	osip_message_set_reason_phrase(response, osip_strdup(reason ? reason : "Unknown"));
	if (!response->sip_version || !response->reason_phrase)
		goto fail;
	if (!tag && status > 100) {
		/* Every response but 100 names one (RFC 3261 8.2.6.2). */
		sip_random(fresh);
		tag = fresh;
	}
	if (copy_headers(request->osip, response) || set_to(request->osip, response, tag))
		goto fail;
	/* RFC 3261 8.2.6.1: so that the client can tell how long the way is. */
	if (status == 100 && timestamp && sip_header_set(response, "Timestamp", timestamp))
		goto fail;
	return response;

fail:
	osip_message_free(response);
	return NULL;
}
