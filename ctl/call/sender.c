/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/sender.h"

#include <stdio.h>
#include <string.h>

#include "kmod-free/log.h"

enum { REALM = 256, USER_NAME = 128 };

static const char *uri_host(const osip_uri_t *uri)
{
	return uri && uri->host ? uri->host : "";
}

/*
 * The tenant whose user this claims to be: by the realm of its credentials, its From, the domain it calls, or
 * the contact it registered from. NULL: it can't be told.
 */
static const struct config_tenant *claimed_tenant(
        const struct calls *calls, const struct sip_message *request, bool proxy)
{
	const struct config_tenant *tenant = NULL;
	const struct config_user *user;
	char realm[REALM];

	if (!auth_realm(request, proxy, realm, sizeof(realm)))
		tenant = config_tenant_find(calls->config, realm);
	if (!tenant)
		tenant = config_tenant_find(calls->config, uri_host(request->osip->from->url));
	if (!tenant)
		tenant = config_tenant_find(calls->config, uri_host(request->osip->req_uri));
	if (tenant)
		return tenant;
	user = registrar_by_flow(calls->registrar, &request->flow);
	if (user)
		return user->tenant;
	return calls->config->tenant_count == 1 ? &calls->config->tenants[0] : NULL;
}

static void challenge(struct calls *calls, struct transaction *server, const struct sip_message *request,
        const struct config_tenant *tenant, bool proxy, bool stale, const struct auth_secret *secret)
{
	osip_message_t *response = sip_response(request, proxy ? 407 : 401, NULL, NULL);

	if (!response)
		return;
	if (auth_challenge(calls->auth, response, tenant->domain, proxy, stale, secret) < 0) {
		osip_message_free(response);
		return;
	}
	transaction_respond(server, response);
}

static struct config_user *claimed_user(
        const struct config_tenant *tenant, const struct sip_message *request, bool proxy)
{
	char name[USER_NAME];
	char *at;

	if (auth_claimed(request, tenant->domain, proxy, name, sizeof(name)) < 0)
		return NULL;
	at = strchr(name, '@');
	if (at)
		*at = '\0';
	return config_user_find(tenant, name);
}

static bool user_has_secret(const struct config_user *user)
{
	return user->password || user->ha1_md5 || user->ha1_sha256;
}

static void refused(struct calls *calls, const struct sip_message *request, const char *cause)
{
	static struct log_limit limit;
	char address[ADDRESS_TEXT], value[USER_NAME];

	(void)calls;
	log_limited(&limit, NULL, "sender_refused", "source=%s from=%s cause=%s",
	        address_format(&request->flow.remote, address),
	        log_value(value, sizeof(value),
	                request->osip->from->url && request->osip->from->url->username
	                        ? request->osip->from->url->username
	                        : "-"),
	        cause);
}

/* NULL: of nobody, who is asked for the same as everybody in the tenant. */
static struct auth_secret user_secret(const struct config_tenant *tenant, const struct config_user *user)
{
	static const enum auth_offer offers[] = {
	        [CONFIG_DIGEST_MD5] = AUTH_OFFER_MD5,
	        [CONFIG_DIGEST_BOTH] = AUTH_OFFER_BOTH,
	        [CONFIG_DIGEST_SHA256] = AUTH_OFFER_SHA256,
	};
	struct auth_secret secret = {.offer = offers[tenant->digest]};

	if (user) {
		secret.password = user->password;
		secret.ha1_md5 = user->ha1_md5;
		secret.ha1_sha256 = user->ha1_sha256;
	}
	return secret;
}

static const char *from_name(const struct sip_message *request)
{
	const osip_uri_t *from = request->osip->from->url;

	return from && from->username ? from->username : "";
}

static bool user_identify(struct calls *calls, struct transaction *server, const struct sip_message *request,
        const struct config_tenant *tenant, bool proxy, struct sender *sender)
{
	struct config_user *user = claimed_user(tenant, request, proxy);
	struct auth_secret secret = user_secret(tenant, user);
	enum auth_verdict verdict;

	if (!user || !user_has_secret(user))
		verdict = auth_check(calls->auth, request, tenant->domain, proxy, NULL, NULL);
	else
		verdict = auth_check(calls->auth, request, tenant->domain, proxy, &secret,
		        &((struct user_state *)user->state)->replay);
	switch (verdict) {
	case AUTH_OK:
		sender->tenant = tenant;
		sender->user = user;
		return true;
	case AUTH_NONE:
	case AUTH_STALE:
		/* Who has said nothing yet is asked by what the sender of From could prove. */
		if (!user)
			secret = user_secret(tenant, config_user_find(tenant, from_name(request)));
		challenge(calls, server, request, tenant, proxy, verdict == AUTH_STALE, &secret);
		return false;
	case AUTH_BAD:
		transaction_answer(server, 400, "Bad credentials");
		return false;
	case AUTH_WRONG:
		break;
	}
	refused(calls, request, "credentials");
	transaction_answer(server, 403, NULL);
	return false;
}

bool sender_identify(struct calls *calls, struct transaction *server, const struct sip_message *request,
        struct sender *sender)
{
	bool proxy = strcmp(request->osip->sip_method, "REGISTER") != 0;
	const struct config_tenant *tenant;
	struct config_user *user;

	memset(sender, 0, sizeof(*sender));
	if (proxy) {
		sender->trunk = config_trunk_find(calls->config, request->flow.remote.ip);
		if (sender->trunk)
			return true;
		/* Users that can't register are known by their static contact. */
		user = registrar_by_flow(calls->registrar, &request->flow);
		if (user && !user_has_secret(user)) {
			sender->tenant = user->tenant;
			sender->user = user;
			return true;
		}
	}
	tenant = claimed_tenant(calls, request, proxy);
	if (tenant)
		return user_identify(calls, server, request, tenant, proxy, sender);
	refused(calls, request, "domain");
	transaction_answer(server, 403, NULL);
	return false;
}
