/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets callers up as a trunk: one UDP socket on the first of their addresses, so many requests at a time. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/rig/low_port.h"
#include "tools/rig/machine.h"
#include "tools/rig/report.h"
#include "tools/rig/trunk_calls.h"

enum {
	SOCKET_BYTES = 16 << 20,
	LOOK_MS = 50,
};

/* Did as many as may wait at once get no answer, the others would wait for theirs for hours. */
static bool goes_on(const struct setup *setup, unsigned next, unsigned count)
{
	return next < count && setup->unanswered < setup->options->pending;
}

/* Callers first, first + step ... below `count`: one request each, so many at a time, until all are settled.
 */
static int callers_run(struct setup *setup, unsigned first, unsigned step, unsigned count,
        void (*start)(struct setup *setup, unsigned caller), const char *what)
{
	uint64_t told = machine_clock_ns() + 1000000000ULL;
	unsigned next = first;

	setup->unanswered = 0;
	while (goes_on(setup, next, count) || setup->pending) {
		uint64_t now = machine_clock_ns();

		if (machine_ending() && start == trunk_invite)
			return -EINTR;
		for (; goes_on(setup, next, count) && setup->pending < setup->options->pending; next += step)
			start(setup, next);
		trunk_messages(setup, LOOK_MS);
		trunk_resend(setup);
		if (now > told) {
			progress("%s: %u of %u", what, (next < count ? next : count) / step, count / step);
			told = now + 1000000000ULL;
		}
	}
	if (next < count) {
		progress_end();
		fprintf(stderr, "xdpark-rig: %s given up after %u of %u: nobody answers\n", what, next / step,
		        count / step);
	}
	return 0;
}

static int trunk_socket(struct setup *setup)
{
	struct sockaddr_in local = {0};
	socklen_t length = sizeof(local);
	int size = SOCKET_BYTES, failed;

	setup->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (setup->socket < 0)
		return -errno;
	setsockopt(setup->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	failed = low_port_bind(setup->socket, setup->options->addresses[0]);
	if (failed)
		return failed;
	if (getsockname(setup->socket, (struct sockaddr *)&local, &length))
		return -errno;
	inet_ntop(AF_INET, &local.sin_addr, setup->host, sizeof(setup->host));
	setup->port = ntohs(local.sin_port);
	return 0;
}

static unsigned trunk_close(struct setup *setup)
{
	unsigned stayed;

	if (!setup)
		return 0;
	/* First those that are still calling: they may come up, and would stay. */
	callers_run(setup, 0, 1, 0, trunk_bye, "hanging up");
	if (setup->up)
		callers_run(setup, 0, 1, callers_count(setup->callers), trunk_bye, "hanging up");
	stayed = setup->stayed + setup->up;
	/* Where nobody answers each is asked once: the server may only have been away. */
	for (unsigned i = 0; setup->up && i < callers_count(setup->callers); i++)
		trunk_bye(setup, i);
	if (setup->socket >= 0)
		close(setup->socket);
	free(setup->calls);
	free(setup);
	return stayed;
}

static int trunk_open(
        struct setup **setup, const struct rig_options *options, struct callers *callers, char *error)
{
	struct setup *made = calloc(1, sizeof(*made));
	int failed = -ENOMEM;

	if (made) {
		made->socket = -1;
		made->options = options;
		made->callers = callers;
		made->run = arc4random();
		resend_init(&made->resend);
		made->calls = calloc(callers_count(callers), sizeof(*made->calls));
		failed = made->calls ? trunk_socket(made) : -ENOMEM;
	}
	if (failed) {
		snprintf(error, SETUP_ERROR, "no socket for SIP on the first address of --local (%s)",
		        strerror(-failed));
		trunk_close(made);
		return failed;
	}
	*setup = made;
	return 0;
}

static int trunk_park(struct setup *setup, unsigned count)
{
	int failed = callers_run(setup, 0, 1, count, trunk_invite, "parking");

	return failed ? failed : (int)setup->up;
}

static int trunk_bridge(struct setup *setup, unsigned count)
{
	int failed, taken = 0;

	setup->bridges = true;
	failed = callers_run(setup, 0, 2, 2 * count, trunk_invite, "parking");
	if (!failed && setup->up)
		failed = callers_run(setup, 1, 2, 2 * count, trunk_invite, "taking");
	for (unsigned i = 1; i < 2 * count; i += 2)
		taken += setup->calls[i].state == CALL_UP;
	return failed ? failed : taken;
}

static int trunk_serve(struct setup *setup, uint64_t until_ns)
{
	while (!machine_ending()) {
		uint64_t now = machine_clock_ns();

		if (now >= until_ns)
			return 0;
		trunk_messages(setup, (int)((until_ns - now) / 1000000) + 1);
		trunk_resend(setup);
	}
	return -EINTR;
}

static json_t *trunk_failed(const struct setup *setup)
{
	json_t *causes = json_object();
	char status[16];

	for (unsigned i = 0; i < TRUNK_STATUSES; i++) {
		if (!setup->causes[i])
			continue;
		snprintf(status, sizeof(status), "%u", i);
		json_object_set_new(causes,
		        i == TRUNK_TIMEOUT   ? "no_answer"
		        : i == TRUNK_HUNG_UP ? "hung_up"
		                             : status,
		        json_integer(setup->causes[i]));
	}
	return causes;
}

const struct setup_ops setup_sip = {.name = "sip",
        .open = trunk_open,
        .close = trunk_close,
        .park = trunk_park,
        .bridge = trunk_bridge,
        .serve = trunk_serve,
        .failed = trunk_failed};
