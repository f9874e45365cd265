/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * register: phones register at a rate, each again and again the one binding that it has, and in the end
 * remove what they made.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/rig/command.h"
#include "tools/rig/devices.h"
#include "tools/rig/load.h"

enum { PHONE_PORT = 5070 /* calls of other runs may go on beside */ };

struct enrolment {
	struct load load;
	struct users users;
	struct devices *devices;
	uint64_t *since_ns; /* of devices: their registration was due */
	bool leaving;
	unsigned left; /* bindings that were removed */
	struct causes stayed;
	struct devices_counters counters; /* of the measured part */
};

static void on_done(void *context, unsigned device, int cause)
{
	struct enrolment *enrolment = context;

	if (enrolment->leaving)
		enrolment->left += cause == CAUSE_NONE;
	else if (cause == CAUSE_NONE)
		times_add(&enrolment->load.setup, machine_clock_ns() - enrolment->since_ns[device]);
	load_settle(&enrolment->load, cause);
}

static void start_register(struct load *load, unsigned item, uint64_t due_ns)
{
	const struct enrolment *enrolment = (const struct enrolment *)load;
	unsigned device;

	(void)item;
	if (devices_register(enrolment->devices, &device))
		enrolment->since_ns[device] = due_ns;
	else
		load_settle(load, CAUSE_NO_LINE);
}

static void start_leave(struct load *load, unsigned device, uint64_t due_ns)
{
	(void)due_ns;
	if (!device_leave(((struct enrolment *)load)->devices, device))
		load_settle(load, CAUSE_NONE);
}

/* Also after a signal: what was registered shall not stay. */
static int leave(struct enrolment *enrolment)
{
	struct load *load = &enrolment->load;
	const struct load_phase leaving = {.doing = "unregistering",
	        .rate = load_aside_rate(load),
	        .count = devices_count(enrolment->devices),
	        .start = start_leave};
	int failed;

	load_end(load);
	enrolment->leaving = true;
	failed = load_run(load, &leaving, NULL);
	enrolment->stayed = load->outcome.failed;
	return failed;
}

static int register_measure(struct load *load, struct load_outcome *outcome)
{
	struct enrolment *enrolment = (struct enrolment *)load;
	const struct load_phase measured = {.doing = "registering",
	        .rate = load->options->rate,
	        .count = load->options->calls,
	        .start = start_register};
	int failed = load_run(load, &measured, outcome), left;

	devices_tell(enrolment->devices, &enrolment->counters);
	left = leave(enrolment);
	if (failed || left)
		return failed ? failed : left;
	outcome->resent = enrolment->counters.resent;
	load->lost = enrolment->stayed;
	return 0;
}

static int register_report(const struct load *load, json_t *report)
{
	const struct enrolment *enrolment = (const struct enrolment *)load;
	const struct devices_counters *counters = &enrolment->counters;
	json_t *part = json_pack("{s:i, s:i, s:b, s:I, s:I, s:{s:I, s:I}, s:i, s:o}", "users",
	        enrolment->users.count, "phones", devices_count(enrolment->devices), "reuse_nonce",
	        load->options->reuse_nonce, "challenged", (json_int_t)counters->challenged, "stale",
	        (json_int_t)counters->stale, "digest", digest_name(DIGEST_MD5),
	        (json_int_t)counters->registered[DIGEST_MD5], digest_name(DIGEST_SHA256),
	        (json_int_t)counters->registered[DIGEST_SHA256], "unregistered", enrolment->left,
	        "not_unregistered", causes_report(&enrolment->stayed));
	int failed = part ? json_object_update(report, part) : -1;

	json_decref(part);
	return failed ? -ENOMEM : 0;
}

static int register_open(struct load *load, char error[LINES_ERROR])
{
	struct enrolment *enrolment = (struct enrolment *)load;
	const struct rig_options *options = load->options;
	const struct devices_options how = {.loop = load->loop,
	        .users = &enrolment->users,
	        .password = options->password,
	        .domain = options->domain,
	        .addresses = options->addresses,
	        .address_count = options->address_count,
	        .port = PHONE_PORT,
	        .server = options->server,
	        .reuse_nonce = options->reuse_nonce,
	        .done = on_done,
	        .context = enrolment};
	int failed = devices_open(&enrolment->devices, &how, error);

	if (failed)
		return failed;
	enrolment->since_ns = calloc(devices_count(enrolment->devices), sizeof(*enrolment->since_ns));
	return enrolment->since_ns ? 0 : -ENOMEM;
}

static void register_close(struct load *load)
{
	struct enrolment *enrolment = (struct enrolment *)load;

	devices_close(enrolment->devices);
	free(enrolment->since_ns);
}

/* An exit code. */
static int read_users(struct users *users, const struct rig_options *options)
{
	int failed = users_read(users, options->users);
	char password[USER_PASSWORD];

	if (failed) {
		fprintf(stderr,
		        "xdpark-rig: --users %s: wants names and ranges with commas between, as "
		        "101-103,alice; "
		        "at most %d\n",
		        options->users, USERS_MOST);
		return failed == -ENOMEM ? RIG_FAILED : RIG_USAGE;
	}
	for (unsigned i = 0; !failed && i < users->count; i++)
		failed = user_password(options->password, users->names[i], password);
	if (!failed)
		return 0;
	fprintf(stderr, "xdpark-rig: --password: %%u is the user's name, %%%% a %%; at most %d bytes\n",
	        USER_PASSWORD - 1);
	users_clear(users);
	return RIG_USAGE;
}

static int register_run(const struct rig_options *options)
{
	static struct enrolment enrolment;
	static const struct load_work work = {.name = "register",
	        .open = register_open,
	        .close = register_close,
	        .measure = register_measure,
	        .report = register_report};
	int code = read_users(&enrolment.users, options);

	if (code)
		return code;
	code = load_do(&enrolment.load, options, &work);
	users_clear(&enrolment.users);
	return code;
}

const struct rig_command cmd_register = {
        "register", "", "phones register at a rate, with digest", register_run};
