/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crowd of silent parked phones for tests: sets them up in the maps of a dataplane with the controller's
 * own code, and has the rig's XDP program check every packet that each of them hears.
 *
 *   dp_crowd SOCKET INTERFACE RELAY LOCAL LOCALS PHONES SECONDS
 *
 * LOCALS addresses from LOCAL are the phones'. Every endpoint of the dataplane is taken in its order, as many
 * as there are phones. One in eight, and those at either end of a block, whose neighbours are another
 * thread's, are unparked and parked again all the time. Exit status 0: each stream was one without a number
 * missing or twice, each frame that was claimed was sent, and each that was sent was heard.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/playlist.h"
#include "ctl/call/endpoint.h"
#include "kmod-free/ip.h"
#include "kmod-free/scan.h"
#include "tools/rig/callers.h"
#include "tools/rig/machine.h"

enum { CLIP = 1200, ADDRESSES = 16, TURN_MS = 5, REACH_MS = 5000, QUIET_MS = 300 };

#define MS 1000000ULL

struct phone {
	struct endpoint endpoint;
	uint64_t t0; /* of its hold stream, for good */
	bool restless, parked;
};

static struct xd_chunk chunks[CLIP];
static const struct clip clip = {chunks, CLIP, 0};
static struct in_addr locals[ADDRESSES];
static unsigned local_count, phone_count;
static struct callers *callers;
static struct event_base *base;
static struct timers *timers;
static struct dataplane *dataplane;
static struct endpoints *endpoints;
static struct nexthop_use ways[ADDRESSES];
static struct phone *phones;
static unsigned switches, faults;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "dp_crowd: %s: %s\n", what, why);
	exit(1);
}

static void fault(unsigned phone, const char *what, uint64_t found, uint64_t wanted)
{
	if (faults++ < 20)
		printf("endpoint %u: %s: %llu, not %llu\n", phones[phone].endpoint.index, what,
		        (unsigned long long)found, (unsigned long long)wanted);
}

/* No chunk is like another. */
static void clip_make(void)
{
	for (uint32_t c = 0; c < CLIP; c++) {
		uint32_t sum = 0;

		for (uint32_t i = 0; i < XD_CHUNK_BYTES; i++)
			chunks[c].payload[i] = (uint8_t)(i < 2 ? c >> 8 * i : c * 31 + i * 7);
		for (uint32_t i = 0; i < XD_CHUNK_BYTES; i += 2) {
			uint16_t word;

			memcpy(&word, chunks[c].payload + i, 2);
			sum += word;
		}
		chunks[c].sum = (sum & 0xffff) + (sum >> 16);
	}
}

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

static void ignored_ready(struct nexthop_use *use, uint32_t index, int error)
{
	(void)use;
	(void)index;
	(void)error;
}

static void turn(void)
{
	machine_sleep_until(machine_clock_ns() + TURN_MS * MS);
	event_base_loop(base, EVLOOP_NONBLOCK);
	timers_run(timers);
}

static void ways_find(void)
{
	uint64_t end = machine_clock_ns() + REACH_MS * MS;
	unsigned known = 0;

	for (unsigned i = 0; i < local_count; i++) {
		uint8_t ip[16];

		ways[i].ready = ignored_ready;
		ip_from_bytes(ip, &locals[i], sizeof(locals[i]));
		if (nexthop_use_start(dataplane, &ways[i], ip))
			die("next hop", "out of memory");
	}
	while (known < local_count) {
		if (machine_clock_ns() > end)
			die("next hop", "the dataplane finds no way to the phones");
		turn();
		known = 0;
		for (unsigned i = 0; i < local_count; i++)
			known += nexthop_use_index(&ways[i]) > 0;
	}
}

static void dataplane_open(const char *path)
{
	static const struct dataplane_ops ops = {.event = ignored_event, .connected = ignored_connection};
	static struct config_media media[XD_ADDRESSES];
	const struct handover_welcome *terms;
	char reason[256] = "";

	base = event_base_new();
	timers = timers_new(clock_monotonic_ms, NULL);
	if (!base || !timers || dataplane_connect(&dataplane, path, base, timers, &ops, NULL, reason))
		die(path, reason);
	terms = dataplane_terms(dataplane);
	for (unsigned i = 0; i < terms->addresses; i++) {
		memcpy(media[i].address.ip, terms->address[i], 16);
		memcpy(media[i].advertise, terms->address[i], 16);
	}
	if (endpoints_new(&endpoints, dataplane, timers, media, terms->addresses, reason))
		die("endpoints", reason);
	memcpy(dataplane_chunks(dataplane), chunks, sizeof(chunks));
}

static void callers_start(const char *interface, const char *relay)
{
	struct callers_options options = {.interface = interface,
	        .addresses = locals,
	        .address_count = local_count,
	        .count = phone_count,
	        .ptime_ms = 20,
	        .clip = &clip};
	char error[CALLERS_ERROR];

	inet_pton(AF_INET, relay, &options.relay);
	if (callers_open(&callers, &options, error))
		die("callers", error);
	callers_window(callers, 0, UINT64_MAX);
}

/* Parks or unparks. What it hears when it is parked again is where it would be by then. */
static void phone_change(unsigned number, bool park)
{
	struct sockaddr_in local = callers_address(callers, number);
	struct phone *phone = &phones[number];
	struct xd_plan plan = {.remote_port = local.sin_port};

	memset(plan.source_bits, 0xff, sizeof(plan.source_bits));
	for (unsigned i = XD_EVENT; i < XD_PAYLOADS; i++)
		plan.payloads[i] = (struct xd_payload){XD_NO_PAYLOAD, XD_NO_PAYLOAD, 0, 0};
	for (unsigned i = 0; i < local_count; i++)
		if (locals[i].s_addr == local.sin_addr.s_addr)
			plan.nexthop = nexthop_use_index(&ways[i]);
	if (playlist_begin(&plan, 20) || playlist_add(&plan, 0, CLIP))
		die("playlist", "refused");
	plan.action = park ? XD_HOLD : XD_MUTE;
	plan.t0 = phone->t0;
	endpoint_change(&phone->endpoint, &plan, false);
	if (park)
		phone->t0 = phone->endpoint.plan.t0;
	phone->parked = park;
}

/* Whether an endpoint is at either end of a block: its neighbour is another thread's. */
static bool at_border(uint32_t index)
{
	return index % SCAN_BLOCK == 0 || index % SCAN_BLOCK == SCAN_BLOCK - 1;
}

static void phones_park(void)
{
	uint8_t four[16];

	ip_from_bytes(four, &locals[0], sizeof(locals[0]));
	for (unsigned n = 0; n < phone_count; n++) {
		struct sockaddr_in relay = {.sin_family = AF_INET};
		struct phone *phone = &phones[n];

		if (endpoint_open(endpoints, four, &phone->endpoint))
			die("endpoint", "none is free");
		phone->restless = at_border(phone->endpoint.index) || phone->endpoint.index % 8 == 3;
		memcpy(&relay.sin_addr, phone->endpoint.local.ip + 12, 4);
		relay.sin_port = htons(phone->endpoint.local.port);
		callers_connect(callers, n, &relay, CL_HOLD, n);
		phone_change(n, true);
	}
}

/* Each restless phone changes about four times a second. */
static void phones_live(double seconds)
{
	uint64_t end = machine_clock_ns() + (uint64_t)(seconds * 1e9);
	unsigned from = 0;

	while (machine_clock_ns() < end) {
		for (unsigned n = 0; n < phone_count; n++) {
			if (!phones[n].restless || (n / 8 + from) % 50)
				continue;
			phone_change(n, !phones[n].parked);
			switches++;
		}
		from++;
		turn();
		if (from % 200 == 0)
			endpoints_sweep(endpoints, 1);
	}
}

static void phones_unpark(void)
{
	uint64_t end;

	for (unsigned n = 0; n < phone_count; n++) {
		struct phone *phone = &phones[n];
		struct endpoint_counters counters;
		uint64_t due = *dataplane_due(dataplane, phone->endpoint.index);

		/* Whoever was parked all the time: what was claimed was sent or, being too late, skipped. */
		endpoint_counters(&phone->endpoint, &counters);
		if (!phone->restless && due &&
		        counters.hold_pump + counters.hold_skipped + 1 < (due - phone->t0) / (20 * MS))
			fault(n, "frames", counters.hold_pump + counters.hold_skipped,
			        (due - phone->t0) / (20 * MS));
		if (!phone->restless && !due)
			fault(n, "due", due, 1);
		phone_change(n, false);
	}
	end = machine_clock_ns() + QUIET_MS * MS;
	while (machine_clock_ns() < end)
		turn();
}

static void phones_judge(void)
{
	static const enum cl_count wrong[] = {CL_gaps, CL_duplicated, CL_reordered, CL_payload_errors,
	        CL_sequence_errors, CL_ssrc_errors, CL_source_errors, CL_checksum_errors, CL_type_errors,
	        CL_strays};
	uint64_t heard = 0, skipped = 0;
	struct cl_totals totals;

	for (unsigned n = 0; n < phone_count; n++) {
		const struct cl_hearing *hearing = callers_hearing(callers, n);
		struct endpoint_counters counters;

		endpoint_counters(&phones[n].endpoint, &counters);
		if (!counters.sent)
			fault(n, "sent", 0, 1);
		if (hearing->received != counters.sent)
			fault(n, "heard", hearing->received, counters.sent);
		if (counters.hold_pump != counters.sent)
			fault(n, "pumped", counters.hold_pump, counters.sent);
		if (hearing->lost)
			fault(n, "numbers missing", hearing->lost, 0);
		heard += hearing->received;
		skipped += counters.hold_skipped;
	}
	if (callers_totals(callers, &totals))
		die("totals", "can't be read");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (totals.count[wrong[i]])
			fault(0, "errors of all phones", totals.count[wrong[i]], 0);
	/* Where frames were left out, and nowhere else, the timestamp leaps. */
	if (totals.count[CL_timestamp_errors] > switches / 2 + phone_count + skipped)
		fault(0, "timestamps", totals.count[CL_timestamp_errors], switches / 2);
	printf("phones=%u heard=%llu switches=%u skipped=%llu faults=%u\n", phone_count,
	        (unsigned long long)heard, switches, (unsigned long long)skipped, faults);
}

static void counters_show(void *context, const struct json_t *answer, int error)
{
	(void)error;
	*(bool *)context = true;
	if (answer)
		json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
}

int main(int argc, char **argv)
{
	bool shown = false;

	if (argc != 8) {
		fprintf(stderr, "usage: dp_crowd SOCKET INTERFACE RELAY LOCAL LOCALS PHONES SECONDS\n");
		return 2;
	}
	local_count = (unsigned)atoi(argv[5]);
	phone_count = (unsigned)atoi(argv[6]);
	if (!local_count || local_count > ADDRESSES || !phone_count ||
	        inet_pton(AF_INET, argv[4], locals) != 1)
		die(argv[4], "addresses");
	for (unsigned i = 1; i < local_count; i++)
		locals[i].s_addr = htonl(ntohl(locals[0].s_addr) + i);
	phones = calloc(phone_count, sizeof(*phones));
	if (!phones)
		die("phones", "out of memory");
	machine_heed_signals();
	clip_make();
	callers_start(argv[2], argv[3]);
	dataplane_open(argv[1]);
	ways_find();
	phones_park();
	phones_live(atof(argv[7]));
	phones_unpark();
	phones_judge();
	if (!dataplane_ask(dataplane, "{\"get\":\"counters\"}", counters_show, &shown))
		while (!shown)
			turn();
	callers_close(callers);
	return faults ? 1 : 0;
}
