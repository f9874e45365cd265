/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/call/bridge.h"
#include "ctl/call/park.h"
#include "ctl/sip/uri.h"

static const char *request_host(const struct sip_message *request)
{
	const osip_uri_t *uri = request->osip->req_uri;

	return uri && uri->host ? uri->host : "";
}

/* The only tenant that a trunk reaches; NULL: it reaches several. */
static const struct config_tenant *only_tenant(const struct calls *calls, const struct config_trunk *trunk)
{
	if (trunk->tenant_count)
		return trunk->tenant_count == 1 ? trunk->tenants[0] : NULL;
	return calls->config->tenant_count == 1 ? &calls->config->tenants[0] : NULL;
}

/*
 * A trunk's tenant: by called number, by the domain of the Request-URI, or the only one that it reaches.
 * *number is whom the called number rings. Returns a status, or 0.
 */
static int trunk_tenant(const struct calls *calls, const struct sip_message *request,
        const struct config_trunk *trunk, struct route *route, const char **number)
{
	const struct config_tenant *named = config_tenant_find(calls->config, request_host(request));
	const char *rings;

	route->tenant = config_number_find(calls->config, trunk, *number, &rings);
	if (route->tenant) {
		*number = rings;
		return 0;
	}
	if (named) {
		route->tenant = named;
		return config_trunk_reaches(trunk, named) ? 0 : 403;
	}
	route->tenant = only_tenant(calls, trunk);
	return route->tenant ? 0 : 404;
}

bool route_leads_to(const struct config_tenant *tenant, const struct flow *flow, const char *host)
{
	uint8_t ip[16];

	if (!host)
		return false;
	if (!strcasecmp(host, tenant->domain))
		return true;
	return !address_parse_ip(host, ip) && address_same_ip(ip, flow->local.ip);
}

/* A user stays within his tenant. */
static int user_tenant(const struct sip_message *request, const struct sender *sender, struct route *route)
{
	route->tenant = sender->tenant;
	return route_leads_to(sender->tenant, &request->flow, request_host(request)) ? 0 : 403;
}

/*
 * The user of the tenant whom Referred-By names (RFC 3892). True also for somebody unknown: the header alone
 * tells parking from taking.
 */
static bool referred_by(const struct sip_message *request, const struct config_tenant *tenant,
        const struct config_user **parker)
{
	const char *value = sip_header(request->osip, "Referred-By", 0);
	osip_from_t *parsed = NULL;

	*parker = NULL;
	if (!value)
		return false;
	if (!osip_from_init(&parsed) && !osip_from_parse(parsed, value) && parsed->url &&
	        parsed->url->username && route_leads_to(tenant, &request->flow, parsed->url->host))
		*parker = config_user_find(tenant, parsed->url->username);
	osip_from_free(parsed);
	return true;
}

static void route_number(const struct sip_message *request, const struct sender *sender, const char *number,
        struct route *route)
{
	const struct config_tenant *tenant = route->tenant;
	bool parks = referred_by(request, tenant, &route->parker);
	bool orbit = parking_has_orbit(tenant_state(tenant)->parking, number);

	route->kind = ROUTE_NOWHERE;
	route->status = 404;
	snprintf(route->number, sizeof(route->number), "%s", number);
	if (tenant->park.number && !strcmp(number, tenant->park.number))
		route->kind = ROUTE_PARK;
	else if (orbit)
		route->kind = parks ? ROUTE_PARK_ORBIT : ROUTE_TAKE;
	else if ((route->user = config_user_find(tenant, number)))
		route->kind = ROUTE_USER;
	if ((route->kind == ROUTE_PARK || route->kind == ROUTE_PARK_ORBIT) && sender->user &&
	        !sender->user->park) {
		route->kind = ROUTE_NOWHERE;
		route->status = 403;
	}
}

void route_find(const struct calls *calls, const struct sip_message *request, const struct sender *sender,
        struct route *route)
{
	char called[sizeof(route->number)];
	const char *number = called;

	memset(route, 0, sizeof(*route));
	if (!request->osip->req_uri || uri_number(request->osip->req_uri, called, sizeof(called)) < 0) {
		route->status = 404;
		return;
	}
	route->status = sender->trunk ? trunk_tenant(calls, request, sender->trunk, route, &number)
	                              : user_tenant(request, sender, route);
	if (!route->status && strlen(number) >= sizeof(route->number))
		route->status = 404;
	if (!route->status)
		route_number(request, sender, number, route);
}

/* `warning`: of a 488; NULL: there is no stream of ours in it. */
static void reject_unmade(
        struct transaction *server, const struct sip_message *request, int status, const char *warning)
{
	osip_message_t *response = sip_response(request, status, NULL, NULL);

	if (!response)
		return;
	if (status == 488)
		sip_header_set(
		        response, "Warning", warning ? warning : "305 xdpark \"No audio over RTP/AVP\"");
	if (status == 415)
		sip_header_set(response, "Accept", "application/sdp");
	if (status == 503)
		sip_header_set(response, "Retry-After", "10");
	transaction_respond(server, response);
}

static void route_follow(struct leg *leg)
{
	const struct route *route = leg->route;

	switch (route->kind) {
	case ROUTE_USER:
		leg->calls->counters.calls++;
		bridge_call(leg, route->user);
		break;
	case ROUTE_PARK:
		park_incoming(leg, NULL, route->parker);
		break;
	case ROUTE_PARK_ORBIT:
		park_incoming(leg, route->number, route->parker);
		break;
	case ROUTE_TAKE:
		take_incoming(leg, route->number);
		break;
	case ROUTE_NOWHERE:
		leg_refuse(leg, route->status, NULL);
		break;
	}
}

static void route_reached(struct leg *leg, int error)
{
	if (!error)
		route_follow(leg);
	else if (error == -ETIMEDOUT || error == -ENOSPC)
		leg_refuse(leg, 503, NULL);
	else
		leg_refuse(leg, 488, media_warning(error));
}

void route_invite(struct calls *calls, struct transaction *server, const struct sip_message *request)
{
	const char *warning = NULL;
	struct sender sender;
	struct route route;
	struct leg *leg;
	int status;

	if (!sender_identify(calls, server, request, &sender))
		return;
	route_find(calls, request, &sender, &route);
	if (route.kind == ROUTE_NOWHERE) {
		reject_unmade(server, request, route.status, NULL);
		return;
	}
	status =
	        leg_incoming(calls, server, request, route.tenant, sender.user, sender.trunk, &leg, &warning);
	if (status) {
		reject_unmade(server, request, status, warning);
		return;
	}
	leg->route = malloc(sizeof(route));
	if (!leg->route) {
		leg_refuse(leg, 500, NULL);
		return;
	}
	*leg->route = route;
	/* Nobody's phone rings, and no orbit is reserved, for media that can't be served. */
	status = leg_reach(leg, route_reached);
	if (status != -EINPROGRESS)
		route_reached(leg, status);
}
