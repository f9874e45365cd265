/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/call_stage.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/call/leg.h"
#include "tests/unit/scratch.h"

enum {
	STAGE_CHUNKS = 40000,
	STAGE_ENDPOINTS = 64,
	SETTLE_ROUNDS = 2000,
	SETTLE_US = 100,
	RELEASE_ROUNDS = 20000
};

const char *stage_sounds = "ctl/audio/sounds";
bool stage_live_frames = true;

static const char stage_yaml[] =
        "sip: {listen: [10.0.0.1:5060], agent: xdpark}\n"
        "media: [10.0.0.1, \"fd00::1\"]\n"
        "tenants:\n"
        "  - domain: acme.example\n"
        "    codecs: [G722, PCMA, PCMU]\n"
        "    numbers: {4930111: 101}\n"
        "    users:\n"
        "      - {name: 101, display: Alice, contacts: ['sip:101@10.0.0.11:5060']}\n"
        "      - {name: 102, display: Bob, contacts: ['sip:102@10.0.0.12:5060']}\n"
        "      - {name: 103, contacts: ['sip:103@10.0.0.13:5060']}\n"
        "      - {name: 104, contacts: ['sip:104@10.0.0.14:5060'], take: no, park: no}\n"
        "      - {name: 105, contacts: ['sip:105@10.0.0.15:5060', 'sip:105@10.0.0.16:5060']}\n"
        "      - {name: 106, password: secret}\n"
        "      - {name: 107, password: secret, contacts: ['sip:107@10.0.0.17:5060']}\n"
        "    park: {number: 700, orbits: [701-703], announce: no, hold: {ringback: us}}\n"
        "  - domain: globex.example\n"
        "    codecs: [PCMA]\n"
        "    users:\n"
        "      - {name: 201, contacts: ['sip:201@10.0.0.21:5060']}\n"
        "    park: {number: 700, orbits: [701-703], announce: no, hold: {ringback: de}}\n"
        "  - domain: initech.example\n"
        "    codecs: [PCMU]\n"
        "    users:\n"
        "      - {name: 301, contacts: ['sip:301@10.0.0.31:5060']}\n"
        "    park: {number: 700, orbits: [701-703], announce: no, hold: {music: %s/en/parked.wav}}\n"
        "trunks:\n"
        "  - name: carrier\n"
        "    addresses: [10.0.0.9]\n"
        "    media_networks: [10.0.0.0/24]\n"
        "    tenants: [acme.example]\n"
        "    take: yes\n"
        "    transfer: yes\n";

static void stage_report(void *context, const char *file, unsigned line, const char *key, const char *text)
{
	(void)context;
	(void)file;
	print_message("stage.yaml:%u: %s: %s\n", line, key, text);
}

static struct config *stage_config(void)
{
	char folder[SCRATCH_PATH], path[SCRATCH_PATH + 16];
	char *sounds = realpath(stage_sounds, NULL);
	struct config *config = NULL;
	FILE *file;

	scratch_folder(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/stage.yaml", folder);
	file = fopen(path, "w");
	assert_true(file && sounds);
	assert_true(fprintf(file, stage_yaml, sounds) > 0);
	free(sounds);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(config_read(&config, path, stage_report, NULL), 0);
	unlink(path);
	return config;
}

static const struct dataplane_ops dataplane_ops;

static bool stage_waits(const struct call_stage *stage)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->reached)
			return true;
	return false;
}

/* What has been asked of the dataplane, which lives in a thread and in real time, is answered. */
static void stage_settle(struct call_stage *stage)
{
	int rounds = 0;

	do {
		if (rounds)
			usleep(SETTLE_US);
		event_base_loop(stage->base, EVLOOP_NONBLOCK);
	} while (stage_waits(stage) && rounds++ < SETTLE_ROUNDS);
}

/* Everything that happens at this very moment of the fake clock. */
static void stage_now(struct call_stage *stage)
{
	do {
		net_run(&stage->net, 0);
		stage_settle(stage);
	} while (stage->net.packets && stage->net.packets->at <= stage->net.now);
}

void stage_run(struct call_stage *stage, uint64_t ms)
{
	uint64_t until = stage->net.now + ms;

	stage_now(stage);
	while (stage->net.now < until) {
		int64_t wait = timers_next(stage->net.timers);
		uint64_t next = wait < 0 ? until : stage->net.now + (uint64_t)wait;

		if (stage->net.packets && stage->net.packets->at < next)
			next = stage->net.packets->at;
		stage->net.now = next < until ? next : until;
		timers_run(stage->net.timers);
		stage_now(stage);
	}
}

static bool ringback_ready(struct call_stage *stage)
{
	struct tenant_state *acme = tenant_state(stage->acme), *globex = tenant_state(stage->globex);

	return audio_is_ready(stage->audio, acme->hold, XD_PCMU) &&
	       audio_is_ready(stage->audio, acme->hold, XD_PCMA) &&
	       audio_is_ready(stage->audio, acme->hold, XD_G722) &&
	       audio_is_ready(stage->audio, globex->hold, XD_PCMA);
}

static void stage_start(struct call_stage *stage)
{
	struct audio_options audio_options = {.base = stage->base, .sounds = stage_sounds, .codecs = 7};
	struct calls_options options = {.config = stage->config, .timers = stage->net.timers};
	char reason[256] = "";

	assert_int_equal(dataplane_connect(&stage->dataplane, stage->fake->path, stage->base,
	                         stage->net.timers, &dataplane_ops, stage, reason),
	        0);
	audio_options.chunks = dataplane_chunks(stage->dataplane);
	audio_options.chunk_count = dataplane_terms(stage->dataplane)->chunks;
	assert_int_equal(audio_new(&stage->audio, &audio_options), 0);
	options.dataplane = stage->dataplane;
	options.audio = stage->audio;
	if (calls_new(&stage->calls, &options, reason) < 0)
		fail_msg("calls_new: %s", reason);
	stage->server = net_add(&stage->net, "10.0.0.1:5060", false, sip_stack_receive, stage->calls->stack);
	assert_int_equal(calls_transport(stage->calls, &stage->server->transport), 0);
	for (int i = 0; i < SETTLE_ROUNDS && !ringback_ready(stage); i++) {
		usleep(1000);
		event_base_loop(stage->base, EVLOOP_NONBLOCK);
	}
	assert_true(ringback_ready(stage));
}

int call_stage_open(void **state)
{
	struct call_stage *stage = calloc(1, sizeof(*stage));

	stage->config = stage_config();
	stage->acme = config_tenant_find(stage->config, "acme.example");
	stage->globex = config_tenant_find(stage->config, "globex.example");
	net_open(&stage->net, 1);
	stage->base = event_base_new();
	stage->fake = fake_dataplane_new();
	stage->fake->welcome.chunks = STAGE_CHUNKS;
	stage->fake->welcome.endpoints = 2 * STAGE_ENDPOINTS;
	stage->fake->welcome.endpoints_each = STAGE_ENDPOINTS;
	stage->fake->welcome.live_frames = stage_live_frames;
	fake_dataplane_start(stage->fake);
	stage_start(stage);
	stage->p101 = phone_new(&stage->net, stage->server, "101", "10.0.0.11:5060");
	stage->p102 = phone_new(&stage->net, stage->server, "102", "10.0.0.12:5060");
	stage->p103 = phone_new(&stage->net, stage->server, "103", "10.0.0.13:5060");
	stage->p104 = phone_new(&stage->net, stage->server, "104", "10.0.0.14:5060");
	stage->p105 = phone_new(&stage->net, stage->server, "105", "10.0.0.15:5060");
	stage->p105b = phone_new(&stage->net, stage->server, "105", "10.0.0.16:5060");
	stage->p201 = phone_new(&stage->net, stage->server, "201", "10.0.0.21:5060");
	stage->p107 = phone_new(&stage->net, stage->server, "107", "10.0.0.17:5060");
	stage->p301 = phone_new(&stage->net, stage->server, "301", "10.0.0.31:5060");
	stage->trunk = phone_new(&stage->net, stage->server, "carrier", "10.0.0.9:5060");
	*state = stage;
	return 0;
}

int call_stage_close(void **state)
{
	struct call_stage *stage = *state;
	uint32_t used, resting, all;

	/* Transactions end, whatever the test left unanswered. */
	stage_run(stage, 200000);
	assert_int_equal(stage->calls->leg_count, 0);
	assert_int_equal(stage->calls->bridge_count, 0);
	endpoints_count(stage->calls->endpoints, &used, &resting, &all);
	assert_int_equal(used, 0);
	assert_int_equal(parking_used(tenant_state(stage->acme)->parking), 0);
	/* The dataplane counts in a thread of its own. */
	for (int i = 0; i < RELEASE_ROUNDS && fake_dataplane_holds(stage->fake, NULL); i++)
		usleep(SETTLE_US);
	assert_int_equal(fake_dataplane_holds(stage->fake, NULL), 0);
	calls_free(stage->calls);
	phone_free(stage->p101);
	phone_free(stage->p102);
	phone_free(stage->p103);
	phone_free(stage->p104);
	phone_free(stage->p105);
	phone_free(stage->p105b);
	phone_free(stage->p201);
	phone_free(stage->p107);
	phone_free(stage->p301);
	phone_free(stage->trunk);
	transport_free(&stage->server->transport);
	audio_free(stage->audio);
	dataplane_free(stage->dataplane);
	fake_dataplane_free(stage->fake);
	net_close(&stage->net);
	event_base_free(stage->base);
	config_free(stage->config);
	free(stage);
	return 0;
}

void stage_talk(struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *callee)
{
	char sdp[PHONE_TEXT];

	memset(callee, 0, sizeof(*callee));
	phone_invite(stage->p101, caller, "sip:102@acme.example",
	        phone_sdp(stage->p101, "0 8 101", NULL, sdp), NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, callee, phone_expect(stage->p102, "INVITE"), "200 OK",
	        phone_sdp(stage->p102, "0 101", NULL, sdp));
	stage_run(stage, 10);
	phone_expect(stage->p102, "ACK");
	phone_ack(stage->p101, caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	stage_run(stage, 10);
	assert_int_equal(stage_hears(stage, stage->p101), XD_FORWARD);
	assert_int_equal(stage_hears(stage, stage->p102), XD_FORWARD);
}

void stage_hangup(
        struct call_stage *stage, struct phone *leaving, struct phone_dialog *dialog, struct phone *other)
{
	phone_request(leaving, dialog, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(leaving, "SIP/2.0 200");
	phone_respond(other, NULL, phone_expect(other, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

void stage_let_go(struct call_stage *stage, struct phone_dialog *caller, const char *status, uint64_t ms)
{
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	phone_ack(stage->p101, caller, phone_expect(stage->p101, status), NULL);
	stage_run(stage, ms);
	assert_int_equal(stage->calls->leg_count, 0);
}

void stage_park(
        struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *parker, const char *orbit)
{
	char refer[128];

	stage_talk(stage, caller, parker);
	snprintf(refer, sizeof(refer), "Refer-To: <sip:%s@acme.example>\r\n", orbit);
	phone_request(stage->p102, parker, "REFER", refer, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 202");
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	stage_run(stage, 10);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	phone_request(stage->p102, parker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 200");
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
}

enum xd_action stage_hears(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next) {
		const struct xd_endpoint *entry;

		if (!leg->endpoint.index || !address_equal(&leg->source, &phone->end->transport.bound))
			continue;
		entry = dataplane_endpoint(stage->dataplane, leg->endpoint.index);
		return entry->plan[entry->generation & 1].action;
	}
	return XD_IDLE;
}

int stage_parked(struct call_stage *stage, const char *orbit)
{
	const struct parked_call *parked = parking_at(tenant_state(stage->acme)->parking, orbit);

	return parked ? (int)parked->state : -1;
}
