/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a dialog begins, is checked, and ends. dialog_request.c speaks in it. */
#include "ctl/sip/dialog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/sip/dialog_route.h"
#include "ctl/sip/dialog_table.h"
#include "ctl/sip/uri.h"

/* Puts `text` at `at`, unless `to` is NULL; returns where it ends. */
static size_t put(char *to, size_t at, const char *text)
{
	size_t length = strlen(text);

	if (to)
		memcpy(to + at, text, length + 1);
	return at + length;
}

/* What party_of() gives, to `to`; NULL: nothing is written. Returns its length. */
static size_t party_write(char *to, const osip_from_t *header, const char *uri)
{
	osip_list_iterator_t iterator;
	size_t at = 0;

	if (header->displayname) {
		at = put(to, at, header->displayname);
		at = put(to, at, " ");
	}
	at = put(to, at, "<");
	at = put(to, at, uri);
	at = put(to, at, ">");
	for (osip_generic_param_t *param = osip_list_get_first(&header->gen_params, &iterator); param;
	        param = osip_list_get_next(&iterator)) {
		if (strcasecmp(param->gname, "tag") == 0)
			continue;
		at = put(to, at, ";");
		at = put(to, at, param->gname);
		at = put(to, at, param->gvalue ? "=" : "");
		at = put(to, at, param->gvalue ? param->gvalue : "");
	}
	return at;
}

/* A From or To header without its tag, and without any more of them that somebody hid there. */
static char *party_of(const osip_from_t *header)
{
	char *text, *uri;

	if (osip_uri_to_str(header->url, &uri))
		return NULL;
	text = malloc(party_write(NULL, header, uri) + 1);
	if (text)
		party_write(text, header, uri);
	osip_free(uri);
	return text;
}

/* We repeat its URI, so it mustn't hold what no URI may. */
static bool party_is_clean(const osip_from_t *header)
{
	return header->url && (!header->url->username || text_is_clean(header->url->username));
}

static char *call_id_of(const osip_message_t *message)
{
	char *text = NULL;

	return osip_call_id_to_str(message->call_id, &text) ? NULL : text;
}

/* Whether the far end knows itself by the address that we see: Via for who called us. */
static bool via_is_source(const struct sip_message *request)
{
	const osip_via_t *via = osip_list_get(&request->osip->vias, 0);
	uint8_t ip[16];

	return via && via->host && address_parse_ip(via->host, ip) == 0 &&
	       address_same_ip(ip, request->flow.remote.ip);
}

static void tag_make(char tag[40])
{
	char text[33];

	sip_random(text);
	snprintf(tag, 40, "%s", text);
}

int dialog_open_server(struct dialogs *dialogs, struct dialog *dialog, const struct sip_message *request,
        const char *contact, void *owner)
{
	const osip_message_t *osip = request->osip;
	const char *tag = tag_of(osip->from);
	struct dialog made = {.owner = owner, .confirmed = true};
	int error;

	error = party_is_clean(osip->from) && party_is_clean(osip->to) ? 0 : -EINVAL;
	if (!error)
		error = dialog_take_target(&made, osip);
	if (!error)
		error = dialog_take_routes(&made, osip, false);
	if (error < 0)
		goto fail;
	made.call_id = call_id_of(osip);
	made.remote_tag = strdup(tag ? tag : "");
	made.local = party_of(osip->to);
	made.remote = party_of(osip->from);
	made.contact = strdup(contact);
	error = -ENOMEM;
	if (!made.call_id || !made.remote_tag || !made.local || !made.remote || !made.contact)
		goto fail;
	made.remote_cseq = sip_cseq(osip);
	made.direct = via_is_source(request);
	memcpy(made.source, request->flow.remote.ip, sizeof(made.source));
	tag_make(made.local_tag);
	dialog_choose_flow(&made, &request->flow);
	*dialog = made;
	dialogs_put(dialogs, dialog);
	return 0;

fail:
	dialog_close(&made);
	return error;
}

/* A registered device behind NAT has a target that isn't where we reach it. */
static bool target_is_flow(const char *target, const struct flow *flow)
{
	struct address address;
	osip_uri_t *uri;
	bool same;

	if (uri_parse(target, &uri) < 0)
		return false;
	same = uri_address(uri, &address) == 0 && address_same_ip(address.ip, flow->remote.ip);
	osip_uri_free(uri);
	return same;
}

int dialog_open_client(struct dialogs *dialogs, struct dialog *dialog, const char *call_id, const char *local,
        const char *remote, const char *target, const char *contact, const struct flow *flow, void *owner)
{
	struct dialog made = {.owner = owner, .flow = *flow};
	char fresh[33];

	if (!call_id) {
		sip_random(fresh);
		call_id = fresh;
	}
	made.call_id = strdup(call_id);
	made.local = strdup(local);
	made.remote = strdup(remote);
	made.target = strdup(target);
	made.contact = strdup(contact);
	if (!made.call_id || !made.local || !made.remote || !made.target || !made.contact) {
		dialog_close(&made);
		return -ENOMEM;
	}
	made.direct = target_is_flow(target, flow);
	memcpy(made.source, flow->remote.ip, sizeof(made.source));
	tag_make(made.local_tag);
	*dialog = made;
	dialogs_put(dialogs, dialog);
	return 0;
}

int dialog_established(struct dialog *dialog, const struct sip_message *response)
{
	const char *tag = tag_of(response->osip->to);
	bool final = response->osip->status_code >= 200;
	char *remote_tag;
	int error;

	/* Only an answer from before RFC 3261 makes a dialog without a tag. */
	if (response->osip->status_code >= 300 || (!tag && !final))
		return 0;
	if (!tag)
		tag = "";
	if (dialog->remote_tag && strcmp(dialog->remote_tag, tag) != 0 && (dialog->confirmed || !final))
		return -EEXIST;
	remote_tag = strdup(tag);
	if (!remote_tag)
		return -ENOMEM;
	error = dialog->confirmed && dialog->remote_tag ? 0
	                                                : dialog_take_routes(dialog, response->osip, true);
	if (error < 0) {
		free(remote_tag);
		return error;
	}
	free(dialog->remote_tag);
	dialog->remote_tag = remote_tag;
	dialog->confirmed = dialog->confirmed || final;
	if (dialog_take_target(dialog, response->osip) == -ENOMEM)
		return -ENOMEM;
	memcpy(dialog->source, response->flow.remote.ip, sizeof(dialog->source));
	dialog_choose_flow(dialog, &response->flow);
	return 0;
}

void dialog_close(struct dialog *dialog)
{
	if (dialog->dialogs)
		dialogs_remove(dialog);
	free(dialog->call_id);
	free(dialog->remote_tag);
	free(dialog->local);
	free(dialog->remote);
	free(dialog->contact);
	free(dialog->target);
	routes_free(dialog->routes, dialog->route_count);
	memset(dialog, 0, sizeof(*dialog));
}

/* RFC 3261 12.2, RFC 3311, RFC 6665: requests whose Contact replaces the target. */
static bool method_refreshes_target(const char *method)
{
	static const char *const METHODS[] = {"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY"};

	for (size_t i = 0; i < sizeof(METHODS) / sizeof(*METHODS); i++) {
		if (strcmp(method, METHODS[i]) == 0)
			return true;
	}
	return false;
}

int dialog_check(struct dialog *dialog, const struct sip_message *request)
{
	const osip_message_t *osip = request->osip;
	uint32_t cseq;

	/*
	 * The address decides and not the port: behind an SBC or a NAT that forgot its mapping the port may
	 * change within a call, and who shares the address must still guess the call's tags.
	 */
	if (!address_same_ip(request->flow.remote.ip, dialog->source) &&
	        !address_same_ip(request->flow.remote.ip, dialog->flow.remote.ip))
		return 403;
	/* It has the number of its INVITE, which others may have overtaken. */
	if (MSG_IS_ACK(osip))
		return 0;
	cseq = sip_cseq(osip);
	/* Equal: retransmissions don't get here, so that it is the same number once more. Gaps are legal. */
	if (dialog->remote_cseq && cseq <= dialog->remote_cseq)
		return 500;
	dialog->remote_cseq = cseq;
	return 0;
}

void dialog_refresh(struct dialog *dialog, const struct sip_message *request)
{
	if (method_refreshes_target(request->osip->sip_method) &&
	        dialog_take_target(dialog, request->osip) == 0)
		dialog_choose_flow(dialog, &request->flow);
}
