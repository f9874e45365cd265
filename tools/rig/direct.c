/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls without SIP: straight into the maps of a dataplane that no controller uses, with the controller's own
 * code for endpoints and plans.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/playlist.h"
#include "ctl/call/endpoint.h"
#include "kmod-free/ip.h"
#include "tools/rig/machine.h"
#include "tools/rig/offer.h"
#include "tools/rig/report.h"
#include "tools/rig/setup.h"

enum { TURN_MS = 5, REACH_MS = 3000, SWEEP_MS = 1000 };

/* The way to one local address of the callers. */
struct remote {
	struct nexthop_use use;
	struct in_addr address;
	bool known;
	int error;
};

struct setup {
	const struct rig_options *options;
	struct callers *callers;
	struct event_base *base;
	struct timers *timers;
	struct dataplane *dataplane;
	struct config_media media[XD_ADDRESSES];
	struct endpoints *endpoints;
	struct endpoint *each; /* a caller's */
	struct remote *remotes;
	struct xd_plan hold; /* what all parked callers have in common */
	uint64_t swept_ms;
	unsigned refused; /* calls for which no endpoint was free, or no way known */
};

static void ignored_event(void *context, const struct xd_event *event)
{
	(void)context;
	(void)event;
}

static void ignored_connection(void *context, bool connected)
{
	(void)context;
	(void)connected;
}

static const struct dataplane_ops dataplane_user = {.event = ignored_event, .connected = ignored_connection};

static void turn(struct setup *setup)
{
	event_base_loop(setup->base, EVLOOP_NONBLOCK);
	timers_run(setup->timers);
}

static void remote_ready(struct nexthop_use *use, uint32_t index, int error)
{
	struct remote *remote = owner_of(use, struct remote, use);

	(void)index;
	remote->known = true;
	remote->error = error;
}

/* Asks for the way to every local address, and waits for the answers. */
static int remotes_reach(struct setup *setup)
{
	const struct rig_options *options = setup->options;
	uint64_t end = timers_now(setup->timers) + REACH_MS;
	unsigned known = 0;

	setup->remotes = calloc(options->address_count, sizeof(*setup->remotes));
	if (!setup->remotes)
		return -ENOMEM;
	for (unsigned i = 0; i < options->address_count; i++) {
		struct remote *remote = &setup->remotes[i];
		uint8_t ip[16];

		remote->address = options->addresses[i];
		remote->use.ready = remote_ready;
		ip_from_bytes(ip, &remote->address, sizeof(remote->address));
		if (nexthop_use_start(setup->dataplane, &remote->use, ip))
			return -ENOMEM;
	}
	while (known < options->address_count && timers_now(setup->timers) < end && !machine_ending()) {
		machine_sleep_until(machine_clock_ns() + TURN_MS * 1000000ULL);
		turn(setup);
		known = 0;
		for (unsigned i = 0; i < options->address_count; i++)
			known += setup->remotes[i].known && !setup->remotes[i].error;
	}
	return known == options->address_count ? 0 : -EHOSTUNREACH;
}

/* The clip at the start of the chunk memory, and a plan that plays it. */
static int clip_place(struct setup *setup)
{
	const struct clip *clip = callers_clip(setup->callers);
	struct xd_plan *plan = &setup->hold;
	uint8_t type = offer_payload_type(setup->options->codec);
	int failed;

	if (clip->count > dataplane_terms(setup->dataplane)->chunks)
		return -EFBIG;
	memcpy(dataplane_chunks(setup->dataplane), clip->chunks, clip->count * sizeof(*clip->chunks));
	plan->payloads[XD_VOICE] = (struct xd_payload){type, type, setup->options->codec, 0};
	memset(plan->source_bits, 0xff, sizeof(plan->source_bits));
	for (unsigned i = XD_EVENT; i < XD_PAYLOADS; i++)
		plan->payloads[i] = (struct xd_payload){XD_NO_PAYLOAD, XD_NO_PAYLOAD, 0, 0};
	failed = playlist_begin(plan, setup->options->ptime_ms);
	plan->loop = clip->loop;
	return failed ? failed : playlist_add(plan, 0, clip->count);
}

/* All IPv4 addresses of the dataplane. */
static int endpoints_find(struct setup *setup, char *error)
{
	const struct handover_welcome *terms = dataplane_terms(setup->dataplane);
	size_t count = 0;

	for (unsigned i = 0; i < terms->addresses && i < XD_ADDRESSES; i++) {
		if (!ip_is_v4(terms->address[i]))
			continue;
		memcpy(setup->media[count].address.ip, terms->address[i], 16);
		memcpy(setup->media[count++].advertise, terms->address[i], 16);
	}
	setup->each = calloc(callers_count(setup->callers), sizeof(*setup->each));
	if (!setup->each)
		return -ENOMEM;
	return endpoints_new(&setup->endpoints, setup->dataplane, setup->timers, setup->media, count, error);
}

static unsigned direct_close(struct setup *setup)
{
	if (!setup)
		return 0;
	for (unsigned i = 0; setup->endpoints && i < callers_count(setup->callers); i++)
		endpoint_close(&setup->each[i]);
	endpoints_free(setup->endpoints);
	for (unsigned i = 0; setup->remotes && i < setup->options->address_count; i++)
		nexthop_use_end(setup->dataplane, &setup->remotes[i].use);
	/* What was released is to reach the dataplane. */
	if (setup->dataplane)
		turn(setup);
	dataplane_free(setup->dataplane);
	timers_free(setup->timers);
	if (setup->base)
		event_base_free(setup->base);
	free(setup->remotes);
	free(setup->each);
	free(setup);
	return 0;
}

static int direct_connect(struct setup *setup, char *error)
{
	const char *path = setup->options->dataplane;
	char reason[SETUP_ERROR / 2] = "";
	char said[SETUP_ERROR] = "";
	int failed;

	setup->base = event_base_new();
	setup->timers = timers_new(clock_monotonic_ms, NULL);
	if (!setup->base || !setup->timers)
		return -ENOMEM;
	failed = dataplane_connect(
	        &setup->dataplane, path, setup->base, setup->timers, &dataplane_user, setup, said);
	if (failed) {
		snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(reason) - 1, said);
		snprintf(error, SETUP_ERROR, "--direct wants a dataplane without controller at %.60s: %s",
		        path, reason);
		return -EPERM;
	}
	return 0;
}

static int direct_make(struct setup *setup, char *error)
{
	int failed = direct_connect(setup, error);

	if (!failed)
		failed = endpoints_find(setup, error);
	if (!failed && (failed = remotes_reach(setup)) < 0)
		snprintf(error, SETUP_ERROR, "the dataplane finds no way to the callers' addresses");
	if (!failed && (failed = clip_place(setup)) < 0)
		snprintf(error, SETUP_ERROR, "the clip doesn't fit into the dataplane's chunk memory");
	return failed;
}

static int direct_check(const struct rig_options *options, char *error)
{
	struct setup *made = calloc(1, sizeof(*made));
	int failed = -ENOMEM;

	snprintf(error, SETUP_ERROR, "out of memory");
	if (made) {
		made->options = options;
		failed = direct_connect(made, error);
	}
	direct_close(made);
	return failed;
}

static int direct_open(
        struct setup **setup, const struct rig_options *options, struct callers *callers, char *error)
{
	struct setup *made = calloc(1, sizeof(*made));
	int failed;

	snprintf(error, SETUP_ERROR, "out of memory");
	if (!made)
		return -ENOMEM;
	made->options = options;
	made->callers = callers;
	failed = direct_make(made, error);
	if (failed) {
		direct_close(made);
		return failed;
	}
	*setup = made;
	return 0;
}

/* An endpoint for a caller; false: none is free. */
static bool caller_open(struct setup *setup, unsigned caller)
{
	struct sockaddr_in local = callers_address(setup->callers, caller);
	uint8_t ip[16];

	ip_from_bytes(ip, &local.sin_addr, sizeof(local.sin_addr));
	if (!endpoint_open(setup->endpoints, ip, &setup->each[caller]))
		return true;
	setup->refused++;
	return false;
}

/* The plan of a caller, and what it is to hear. */
static void caller_plan(
        struct setup *setup, unsigned caller, enum xd_action action, unsigned peer, enum cl_expects expects)
{
	struct endpoint *endpoint = &setup->each[caller];
	struct sockaddr_in local = callers_address(setup->callers, caller), relay = {.sin_family = AF_INET};
	struct xd_plan plan = setup->hold;

	for (unsigned i = 0; i < setup->options->address_count; i++)
		if (setup->remotes[i].address.s_addr == local.sin_addr.s_addr)
			plan.nexthop = nexthop_use_index(&setup->remotes[i].use);
	plan.action = (__u8)action;
	plan.remote_port = local.sin_port;
	if (action == XD_FORWARD)
		plan.peer = plan.hearer = setup->each[peer].index;
	memcpy(&relay.sin_addr, endpoint->local.ip + 12, 4);
	relay.sin_port = htons(endpoint->local.port);
	callers_connect(setup->callers, caller, &relay, expects, peer);
	endpoint_change(endpoint, &plan, false);
}

static int direct_park(struct setup *setup, unsigned count)
{
	int up = 0;

	for (unsigned caller = 0; caller < count; caller++) {
		if (!caller_open(setup, caller))
			continue;
		caller_plan(setup, caller, XD_HOLD, caller, CL_HOLD);
		up++;
	}
	return up;
}

static int direct_bridge(struct setup *setup, unsigned count)
{
	int up = 0;

	for (unsigned caller = 0; caller < 2 * count; caller += 2) {
		if (!caller_open(setup, caller) || !caller_open(setup, caller + 1))
			continue;
		caller_plan(setup, caller, XD_FORWARD, caller + 1, CL_TALK);
		caller_plan(setup, caller + 1, XD_FORWARD, caller, CL_TALK);
		up++;
	}
	return up;
}

/* Plans are renewed, or they would end. */
static int direct_serve(struct setup *setup, uint64_t until_ns)
{
	uint64_t now = machine_clock_ns();

	while (now < until_ns) {
		uint64_t next = now + SWEEP_MS * 1000000ULL;

		if (machine_sleep_until(next < until_ns ? next : until_ns))
			return -EINTR;
		turn(setup);
		if (timers_now(setup->timers) - setup->swept_ms >= SWEEP_MS) {
			setup->swept_ms = timers_now(setup->timers);
			endpoints_sweep(setup->endpoints, 1);
		}
		now = machine_clock_ns();
	}
	return 0;
}

static json_t *direct_failed(const struct setup *setup)
{
	return setup->refused ? json_pack("{s:i}", "no_endpoint", setup->refused) : json_object();
}

const struct setup_ops setup_direct = {.name = "direct",
        .check = direct_check,
        .open = direct_open,
        .close = direct_close,
        .park = direct_park,
        .bridge = direct_bridge,
        .serve = direct_serve,
        .failed = direct_failed};
