/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/key.h"

#include <ctype.h>
#include <string.h>

static const char COOKIE[] = "z9hG4bK";

/* Appends text and a separator that can't be in it. */
static void put(struct key *key, const char *text, bool lower)
{
	size_t length = text ? strlen(text) : 0;

	if (key->length + length + 1 > sizeof(key->text)) {
		key->full = true;
		return;
	}
	for (size_t i = 0; i < length; i++)
		key->text[key->length++] = lower ? (char)tolower((unsigned char)text[i]) : text[i];
	key->text[key->length++] = '\n';
}

static void begin(struct key *key, const char *kind)
{
	key->length = 0;
	key->full = false;
	put(key, kind, false);
}

const char *key_branch(const osip_message_t *message)
{
	osip_via_t *via = osip_list_get(&message->vias, 0);
	osip_generic_param_t *branch = NULL;

	osip_via_param_get_byname(via, "branch", &branch);
	return branch && branch->gvalue ? branch->gvalue : "";
}

static const char *from_tag(const osip_message_t *message)
{
	osip_generic_param_t *tag = NULL;

	osip_from_get_tag(message->from, &tag);
	return tag ? tag->gvalue : NULL;
}

static void put_sent_by(struct key *key, const osip_message_t *request)
{
	const osip_via_t *via = osip_list_get(&request->vias, 0);

	put(key, via->host, true);
	put(key, via->port ? via->port : "5060", false);
}

static void put_call_id(struct key *key, const osip_message_t *request)
{
	put(key, request->call_id->number, false);
	put(key, request->call_id->host, false);
}

void key_of_request(struct key *key, const osip_message_t *request, const char *method)
{
	const char *branch = key_branch(request);
	char *uri = NULL;

	/* A cookie with nothing behind it promises nothing (RFC 4475 3.1.2.17). */
	if (strncmp(branch, COOKIE, sizeof(COOKIE) - 1) == 0 && branch[sizeof(COOKIE) - 1]) {
		begin(key, "request");
		put(key, method, false);
		put_sent_by(key, request);
		put(key, branch, false);
		return;
	}
	begin(key, "2543");
	put(key, method, false);
	put_sent_by(key, request);
	put(key, branch, false);
	osip_uri_to_str(request->req_uri, &uri);
	put(key, uri, false);
	osip_free(uri);
	put(key, from_tag(request), false);
	put_call_id(key, request);
	put(key, request->cseq->number, false);
}

void key_of_branch(struct key *key, const char *branch, const char *method)
{
	begin(key, "ours");
	put(key, method, false);
	put(key, branch, false);
}

bool key_of_merge(struct key *key, const osip_message_t *request)
{
	osip_generic_param_t *tag = NULL;

	osip_to_get_tag(request->to, &tag);
	if (tag)
		return false;
	begin(key, "merge");
	put(key, from_tag(request), false);
	put_call_id(key, request);
	put(key, request->cseq->number, false);
	put(key, request->sip_method, false);
	return true;
}

struct table_key key_view(const struct key *key)
{
	return (struct table_key){key->text, key->length};
}
