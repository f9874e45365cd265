/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/dialog_route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/uri.h"

enum { ROUTES = 16 /* at most in a route set */ };

void routes_free(char **routes, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(routes[i]);
	free(routes);
}

int dialog_take_routes(struct dialog *dialog, const osip_message_t *message, bool reversed)
{
	int count = osip_list_size(&message->record_routes);
	char **routes = NULL;

	if (count > ROUTES)
		return -EINVAL;
	if (count) {
		routes = calloc((size_t)count, sizeof(*routes));
		if (!routes)
			return -ENOMEM;
	}
	for (int i = 0; i < count; i++) {
		const osip_record_route_t *route =
		        osip_list_get(&message->record_routes, reversed ? count - 1 - i : i);
		int error = uri_is_usable(route->url) ? 0 : -EINVAL;

		if (!error && osip_record_route_to_str(route, &routes[i]))
			error = -ENOMEM;
		if (error) {
			routes_free(routes, (unsigned)i);
			return error;
		}
	}
	routes_free(dialog->routes, dialog->route_count);
	dialog->routes = routes;
	dialog->route_count = (unsigned)count;
	return 0;
}

int dialog_take_target(struct dialog *dialog, const osip_message_t *message)
{
	const osip_contact_t *contact = osip_list_get(&message->contacts, 0);
	char *target;
	int error;

	if (!contact || !contact->url)
		return -EINVAL;
	error = uri_text(contact->url, &target);
	if (error < 0)
		return error;
	free(dialog->target);
	dialog->target = target;
	return 0;
}

/* The URI that requests go to first: of the first route, else the target. */
static int hop_parse(const struct dialog *dialog, osip_uri_t **uri)
{
	osip_route_t *route;
	int error;

	if (!dialog->route_count)
		return uri_parse(dialog->target, uri);
	if (osip_route_init(&route))
		return -ENOMEM;
	error = osip_route_parse(route, dialog->routes[0]) ? -EINVAL : 0;
	if (!error) {
		*uri = route->url;
		route->url = NULL;
	}
	osip_route_free(route);
	return error;
}

/* Where that is, if it says so by a literal address, for the transport of `came` and in its IP version. */
static int hop_find(const struct dialog *dialog, const struct flow *came, struct address *hop)
{
	osip_uri_t *uri;
	int error = hop_parse(dialog, &uri);

	if (error < 0)
		return error;
	error = uri_address(uri, hop);
	if (!error && !uri_takes_transport(uri, came->transport->ops->name))
		error = -EINVAL;
	if (!error &&
	        (address_is_any(hop->ip) || address_is_ipv4(hop->ip) != address_is_ipv4(came->remote.ip)))
		error = -EINVAL;
	osip_uri_free(uri);
	return error;
}

void dialog_choose_flow(struct dialog *dialog, const struct flow *came)
{
	struct address hop;

	dialog->flow = *came;
	if (!dialog->direct || hop_find(dialog, came, &hop) < 0)
		return;
	/* A public far end can't mean a network of ours. */
	if (address_is_private(hop.ip) && !address_is_private(came->remote.ip))
		return;
	dialog->flow.remote = hop;
}
