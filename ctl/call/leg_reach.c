/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to a leg's media. It is looked up before an SDP that needs it is agreed to: what can't be served is
 * refused while there is still something to refuse, and the session that stands goes on.
 */
#include <errno.h>
#include <string.h>

#include "ctl/call/leg_private.h"

bool leg_in_media_networks(const struct leg *leg, const uint8_t ip[16])
{
	for (size_t i = 0; leg->trunk && i < leg->trunk->media_network_count; i++)
		if (network_holds(&leg->trunk->media_networks[i], ip))
			return true;
	return false;
}

bool leg_latches(const struct leg *leg, const uint8_t ip[16])
{
	if (leg_in_media_networks(leg, ip))
		return false;
	/* No NAT stands between two IP versions: what the phone says of the other one is all there is. */
	if (address_is_ipv4(ip) != address_is_ipv4(leg->source.ip))
		return false;
	if (leg->nat)
		return true;
	return address_is_private(ip) && !address_same_ip(ip, leg->source.ip);
}

const char *media_warning(int error)
{
	if (error == -EAFNOSUPPORT)
		return "301 xdpark \"No media address of that IP version\"";
	if (error == -EADDRINUSE)
		return "399 xdpark \"Media of the server's own host can't be served\"";
	return "399 xdpark \"The media address can't be reached\"";
}

/* Where media that SDP says is at `media` goes in truth. */
static const uint8_t *media_ip(const struct leg *leg, const uint8_t media[16])
{
	return leg_latches(leg, media) ? leg->source.ip : media;
}

/* An endpoint speaks one IP version all its life. */
static bool family_fits(const struct leg *leg, const uint8_t ip[16])
{
	return address_is_ipv4(ip) == address_is_ipv4(leg->endpoint.local.ip);
}

static void log_no_way(const struct leg *leg, const uint8_t ip[16], int error)
{
	char text[ADDRESS_TEXT];

	log_warn(&leg->subject, "no_next_hop", "remote=%s error=\"%s\"%s", address_format_ip(ip, text),
	        strerror(-error),
	        error == -EADDRINUSE ? " hint=\"media of this host can't be served by XDP\"" : "");
}

/*
 * The next hop in use has changed, or is known at last (early media doesn't wait for it). Without one the
 * plan stays: a route that has gone may come back. While it is being started, whoever does that writes the
 * plan.
 */
static void nexthop_ready(struct nexthop_use *use, uint32_t index, int error)
{
	struct leg *leg = owner_of(use, struct leg, nexthop);
	struct xd_plan plan;

	leg->media_error = error;
	if (error)
		log_no_way(leg, leg->nexthop_ip, error);
	if (error || leg->starting || !leg->agreed || leg->endpoint.plan.action == XD_IDLE)
		return;
	plan = leg->endpoint.plan;
	plan.nexthop = index;
	endpoint_change(&leg->endpoint, &plan, false);
}

int leg_nexthop(struct leg *leg, const uint8_t media[16])
{
	const uint8_t *ip = media_ip(leg, media);
	int result;

	if (!family_fits(leg, ip))
		return -EAFNOSUPPORT;
	if (leg->nexthop.nexthop && address_same_ip(ip, leg->nexthop_ip))
		return leg->media_error;
	nexthop_use_end(leg->calls->dataplane, &leg->nexthop);
	memcpy(leg->nexthop_ip, ip, sizeof(leg->nexthop_ip));
	leg->nexthop.ready = nexthop_ready;
	leg->media_error = 0;
	leg->starting = true;
	result = nexthop_use_start(leg->calls->dataplane, &leg->nexthop, ip);
	leg->starting = false;
	return result < 0 ? result : leg->media_error;
}

/* Who agrees to the SDP now finds the next hop known: it lingers for a while. */
static void coming_ready(struct nexthop_use *use, uint32_t index, int error)
{
	struct leg *leg = owner_of(use, struct leg, coming);
	void (*reached)(struct leg *, int) = leg->reached;

	(void)index;
	if (error)
		log_no_way(leg, media_ip(leg, leg->sdp->remote.ip), error);
	leg->reach_error = error;
	leg_reach_stop(leg);
	if (reached)
		reached(leg, error);
}

int leg_reach(struct leg *leg, void (*reached)(struct leg *leg, int error))
{
	const uint8_t *ip;
	int result;

	if (!leg->sdp || !sdp_is_somewhere(&leg->sdp->remote))
		return 0;
	ip = media_ip(leg, leg->sdp->remote.ip);
	if (!family_fits(leg, ip))
		return -EAFNOSUPPORT;
	if (nexthop_use_index(&leg->nexthop) && address_same_ip(ip, leg->nexthop_ip))
		return 0;
	leg->coming.ready = coming_ready;
	leg->reach_error = -EINPROGRESS;
	result = nexthop_use_start(leg->calls->dataplane, &leg->coming, ip);
	if (result < 0)
		return result;
	if (leg->reach_error == -EINPROGRESS)
		leg->reached = reached;
	return leg->reach_error;
}

void leg_reach_stop(struct leg *leg)
{
	leg->reached = NULL;
	nexthop_use_end(leg->calls->dataplane, &leg->coming);
}
