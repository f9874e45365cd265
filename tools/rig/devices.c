/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rig/device.h"

enum { TICK_MS = 10 };

/* The last request, for the first time or again. */
static void send_request(struct devices *devices, const struct device *device)
{
	struct transport *transport = devices->transports[device->home];
	const struct flow flow = {
	        .transport = transport, .local = transport->bound, .remote = devices->server};
	char text[DEVICE_MESSAGE];
	size_t length = device_write(devices, device, text);

	if (!length)
		return;
	devices->counters.sent++;
	flow_send(&flow, text, length);
}

void device_ask(struct devices *devices, struct device *device, bool proving)
{
	device->state = proving ? DEVICE_PROVING : DEVICE_ASKING;
	device->cseq++;
	device->count += proving;
	resend_start(&devices->resend, &device->resend, false, timers_now(devices->timers));
	send_request(devices, device);
}

void device_done(struct devices *devices, struct device *device, int cause)
{
	resend_stop(&devices->resend, &device->resend);
	if (cause == CAUSE_NONE)
		device->bound = !device->leaving;
	else if (device->state == DEVICE_PROVING && (cause == CAUSE_NO_ANSWER || cause == CAUSE_NOT_BOUND))
		device->bound = true; /* for all we know; a refusal changes nothing */
	if (cause != CAUSE_NONE)
		device->count = 0;
	device->state = DEVICE_IDLE;
	TAILQ_INSERT_TAIL(&devices->idle, device, idle);
	devices->options.done(devices->options.context, device_number(devices, device), cause);
}

static void begin(struct devices *devices, struct device *device, bool leaving)
{
	if (device->state == DEVICE_IDLE)
		TAILQ_REMOVE(&devices->idle, device, idle);
	device->leaving = leaving;
	device->challenges = 0;
	device_ask(devices, device, devices->options.reuse_nonce && device->count);
}

bool devices_register(struct devices *devices, unsigned *device)
{
	struct device *first = TAILQ_FIRST(&devices->idle);

	if (!first)
		return false;
	begin(devices, first, false);
	*device = device_number(devices, first);
	return true;
}

bool device_leave(struct devices *devices, unsigned device)
{
	struct device *leaving = &devices->device[device];

	if (!leaving->bound && leaving->state != DEVICE_PROVING)
		return false;
	begin(devices, leaving, true);
	return true;
}

static void on_tick(struct timer *timer)
{
	struct devices *devices = owner_of(timer, struct devices, tick);
	uint64_t now = timers_now(devices->timers);
	struct resend_entry *entry;
	bool given_up;

	while ((entry = resend_next(&devices->resend, now, &given_up))) {
		struct device *device = owner_of(entry, struct device, resend);

		if (given_up) {
			device_done(devices, device, CAUSE_NO_ANSWER);
			continue;
		}
		devices->counters.resent++;
		send_request(devices, device);
	}
	timer_set(devices->timers, &devices->tick, TICK_MS, on_tick);
}

static int open_sockets(struct devices *devices, unsigned count, char *error)
{
	const struct devices_options *options = &devices->options;

	for (unsigned i = 0; i < count; i++) {
		struct sockaddr_storage name = {0};
		struct sockaddr_in *local = (struct sockaddr_in *)&name;
		struct address address;
		int failed;

		local->sin_family = AF_INET;
		local->sin_addr = options->addresses[i];
		local->sin_port = htons(options->port);
		failed = address_from_socket(&name, &address);
		if (!failed)
			failed = udp_transport_new(&devices->transports[i], loop_base(options->loop),
			        &address, device_receive, devices);
		address_format(failed ? &address : &devices->transports[i]->bound, devices->hosts[i]);
		if (failed) {
			snprintf(error, DEVICES_ERROR, "no socket for SIP on %s (%s)", devices->hosts[i],
			        strerror(-failed));
			return failed;
		}
		devices->home_count++;
	}
	return 0;
}

/* Users take turns, so that those who register one after the other are different ones. */
static int make_devices(struct devices *devices, unsigned homes)
{
	unsigned users = devices->options.users->count;

	devices->device = calloc((size_t)users * homes, sizeof(*devices->device));
	if (!devices->device)
		return -ENOMEM;
	devices->count = users * homes;
	for (unsigned i = 0; i < devices->count; i++) {
		devices->device[i].user = i % users;
		devices->device[i].home = (uint8_t)(i / users);
		TAILQ_INSERT_TAIL(&devices->idle, &devices->device[i], idle);
	}
	return 0;
}

int devices_open(struct devices **result, const struct devices_options *options, char *error)
{
	unsigned homes = options->address_count < DEVICES_A_USER ? options->address_count : DEVICES_A_USER;
	struct devices *devices = calloc(1, sizeof(*devices));
	struct sockaddr_storage server = {0};
	int failed = -ENOMEM;

	snprintf(error, DEVICES_ERROR, "out of memory");
	if (!devices)
		return failed;
	devices->options = *options;
	devices->timers = loop_timers(options->loop);
	devices->run = arc4random();
	resend_init(&devices->resend);
	TAILQ_INIT(&devices->idle);
	memcpy(&server, &options->server, sizeof(options->server));
	failed = make_devices(devices, homes);
	if (!failed)
		failed = digest_new(&devices->digest);
	if (!failed)
		failed = address_from_socket(&server, &devices->server);
	if (!failed)
		failed = open_sockets(devices, homes, error);
	if (!failed)
		failed = timer_set(devices->timers, &devices->tick, TICK_MS, on_tick);
	if (failed) {
		devices_close(devices);
		return failed;
	}
	*result = devices;
	return 0;
}

void devices_close(struct devices *devices)
{
	if (!devices)
		return;
	timer_cancel(devices->timers, &devices->tick);
	for (unsigned i = 0; i < devices->home_count; i++)
		transport_free(devices->transports[i]);
	digest_free(devices->digest);
	free(devices->device);
	free(devices);
}

unsigned devices_count(const struct devices *devices)
{
	return devices->count;
}

void devices_tell(const struct devices *devices, struct devices_counters *counters)
{
	*counters = devices->counters;
}
