/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/dataplane_rig.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/address.h"
#include "kmod-free/log.h"

static uint64_t rig_clock(void *context)
{
	return ((struct rig *)context)->now;
}

static void on_event(void *context, const struct xd_event *event)
{
	struct rig *rig = context;

	rig->events++;
	rig->last = *event;
}

static void on_connected(void *context, bool connected)
{
	struct rig *rig = context;

	rig->ups += connected;
	rig->downs += !connected;
}

static const struct dataplane_ops ops = {.event = on_event, .connected = on_connected};

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	log_open("test", LOG_LEVEL_ERROR);
	rig->now = 1000;
	rig->fake = fake_dataplane_new();
	rig->base = event_base_new();
	rig->timers = timers_new(rig_clock, rig);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;

	dataplane_free(rig->dataplane);
	fake_dataplane_free(rig->fake);
	timers_free(rig->timers);
	event_base_free(rig->base);
	free(rig);
	return 0;
}

int rig_connect(struct rig *rig)
{
	return dataplane_connect(
	        &rig->dataplane, rig->fake->path, rig->base, rig->timers, &ops, rig, rig->reason);
}

struct rig *rig_connected(void **state)
{
	struct rig *rig = *state;

	fake_dataplane_start(rig->fake);
	assert_int_equal(rig_connect(rig), 0);
	assert_string_equal(rig->reason, "");
	return rig;
}

void rig_run(struct rig *rig)
{
	fake_dataplane_run(rig->base, rig->timers, NULL, NULL);
}

void rig_tick(struct rig *rig)
{
	rig->now += 1000;
	timers_run(rig->timers);
}

static bool is_down(void *context)
{
	return ((struct rig *)context)->downs > 0;
}

static bool is_up(void *context)
{
	struct rig *rig = context;

	rig->now += 10;
	return rig->ups > 0;
}

void rig_lose(struct rig *rig)
{
	rig->downs = 0;
	fake_dataplane_stop(rig->fake);
	assert_true(fake_dataplane_run(rig->base, rig->timers, is_down, rig));
}

void rig_regain(struct rig *rig)
{
	rig->ups = 0;
	fake_dataplane_start(rig->fake);
	assert_true(fake_dataplane_run(rig->base, rig->timers, is_up, rig));
}

static void on_ready(struct nexthop_use *use, uint32_t index, int error)
{
	struct heard *heard = (struct heard *)use;

	assert_false(heard->ended);
	heard->calls++;
	heard->index = index;
	heard->error = error;
	if (!heard->ends)
		return;
	heard->ends->ended = true;
	nexthop_use_end(heard->dataplane, &heard->ends->use);
}

struct heard *use_start(struct rig *rig, unsigned number, const char *ip)
{
	struct heard *heard = &rig->heard[number];
	uint8_t bytes[16];

	assert_int_equal(address_parse_ip(ip, bytes), 0);
	heard->dataplane = rig->dataplane;
	heard->use.ready = on_ready;
	assert_int_equal(nexthop_use_start(rig->dataplane, &heard->use, bytes), 0);
	return heard;
}

static bool is_heard(void *context)
{
	return ((struct heard *)context)->calls > 0;
}

void heard_wait(struct rig *rig, struct heard *heard)
{
	assert_true(fake_dataplane_run(rig->base, rig->timers, is_heard, heard));
}

struct holds {
	struct rig *rig;
	uint8_t ip[16];
	int count;
};

static bool holds_are(void *context)
{
	const struct holds *holds = context;

	return fake_dataplane_holds(holds->rig->fake, holds->ip) == holds->count;
}

void assert_holds(struct rig *rig, const char *ip, int count)
{
	struct holds holds = {.rig = rig, .count = count};

	assert_int_equal(address_parse_ip(ip, holds.ip), 0);
	assert_true(fake_dataplane_run(rig->base, rig->timers, holds_are, &holds));
}
