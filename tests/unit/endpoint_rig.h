/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints on a fake dataplane: 10.0.0.1 (advertised as 192.0.2.1) and fd00::1, 8 each; 0 is never used.
 */
#ifndef XDPARK_ENDPOINT_RIG_H
#define XDPARK_ENDPOINT_RIG_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "ctl/call/endpoint.h"
#include "tests/unit/dataplane_rig.h"

#define MS 1000000ULL

static struct endpoints *endpoints;
static struct config_media media[2];
static uint8_t ipv4[16], ipv6[16];

static inline int open_all(struct rig *rig, size_t count)
{
	return endpoints_new(&endpoints, rig->dataplane, rig->timers, media, count, rig->reason);
}

static inline int endpoint_setup(void **state)
{
	rig_setup(state);
	address_parse_ip("10.0.0.9", ipv4);
	address_parse_ip("fd00::9", ipv6);
	address_parse_ip("10.0.0.1", media[0].address.ip);
	address_parse_ip("192.0.2.1", media[0].advertise);
	address_parse_ip("fd00::1", media[1].address.ip);
	address_parse_ip("fd00::1", media[1].advertise);
	return 0;
}

static inline int endpoint_teardown(void **state)
{
	endpoints_free(endpoints);
	endpoints = NULL;
	return rig_teardown(state);
}

static inline struct rig *opened(void **state)
{
	struct rig *rig = rig_connected(state);

	assert_int_equal(open_all(rig, 2), 0);
	return rig;
}

static inline struct endpoint leg(const uint8_t family[16])
{
	struct endpoint endpoint;

	assert_int_equal(endpoint_open(endpoints, family, &endpoint), 0);
	return endpoint;
}

static inline const struct xd_plan_line *plan_of(struct rig *rig, uint32_t index)
{
	const struct xd_endpoint *entry = &rig->fake->endpoints[index];

	return &entry->plan[entry->generation & 1];
}

static inline struct xd_plan hold_plan(const struct endpoint *endpoint)
{
	struct xd_plan plan = endpoint->plan;

	plan.action = XD_HOLD;
	plan.ptime_ns = 20 * MS;
	plan.parts = 1;
	plan.first = (struct xd_part){1, 12};
	return plan;
}

static inline void set_pos(struct rig *rig, uint32_t index, uint64_t generation, bool talking)
{
	rig->fake->streams[index].pos =
	        (generation & XD_GENERATION_MASK) << XD_POS_GENERATION_SHIFT | (talking ? XD_POS_TALKING : 0);
}

#endif
