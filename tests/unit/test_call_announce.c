/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What parkers are told and parked callers hear, as far as the call layer decides it. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sndfile.h>

#include "ctl/call/leg.h"
#include "ctl/call/park.h"
#include "tests/unit/call_stage.h"

enum { ENCODE_ROUNDS = 5000, ENCODE_US = 1000, FRAME_US = 25000, DRAWL_S = 3 };

static const struct leg *leg_of(struct call_stage *stage, const struct phone *phone)
{
	for (const struct leg *leg = stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index && address_equal(&leg->source, &phone->end->transport.bound))
			return leg;
	return NULL;
}

static bool can_speak(struct call_stage *stage)
{
	const struct leg *leg = leg_of(stage, stage->p102);
	struct xd_plan plan = {0};
	uint32_t length_ms;

	return !audio_announcement(
	        stage->audio, leg->tenant->park.language, "701", leg->agreement.codec, 20, &plan, &length_ms);
}

/* 101 and 102 talk, orbits are spoken, and the recordings are there. */
static void talk_aloud(struct call_stage *stage, struct phone_dialog *caller, struct phone_dialog *parker)
{
	for (size_t i = 0; i < stage->config->tenant_count; i++)
		stage->config->tenants[i].park.announce = true;
	stage_talk(stage, caller, parker);
	for (int i = 0; i < ENCODE_ROUNDS && !can_speak(stage); i++) {
		usleep(ENCODE_US);
		stage_run(stage, 0);
	}
	assert_true(can_speak(stage));
}

static void refer(struct call_stage *stage, struct phone_dialog *parker, const char *orbit)
{
	char headers[128];

	snprintf(headers, sizeof(headers), "Refer-To: <sip:%s@acme.example>\r\n", orbit);
	phone_request(stage->p102, parker, "REFER", headers, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 202");
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	stage_run(stage, 10);
}

static void caller_leaves(struct call_stage *stage, struct phone_dialog *caller)
{
	phone_request(stage->p101, caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p101, "SIP/2.0 200");
}

/* Spoken first, told then, hung up last. */
static void test_orbit_is_spoken(void **state)
{
	struct call_stage *stage = *state;
	unsigned spoken_ms;
	struct phone_dialog caller, parker;

	talk_aloud(stage, &caller, &parker);
	refer(stage, &parker, "701");
	assert_int_equal(stage_hears(stage, stage->p101), XD_HOLD);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD);
	assert_non_null(announcement_of(leg_of(stage, stage->p102)));
	assert_false(phone_has(stage->p102, "NOTIFY"));
	for (spoken_ms = 0; !phone_has(stage->p102, "NOTIFY"); spoken_ms += 100)
		stage_run(stage, 100);
	assert_in_range(spoken_ms, 1000, 6000);
	assert_int_equal(stage_hears(stage, stage->p102), XD_MUTE);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	assert_false(phone_has(stage->p102, "BYE"));
	stage_run(stage, 2000);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	caller_leaves(stage, &caller);
}

/* One recording of a voice that drawls: 3 s of a tone. */
static void drawl_write(const char *file)
{
	SF_INFO info = {.samplerate = 8000, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
	SNDFILE *wav = sf_open(file, SFM_WRITE, &info);

	assert_non_null(wav);
	for (int i = 0; i < DRAWL_S * info.samplerate; i++) {
		short sample = (short)(i % 20 < 10 ? 8000 : -8000);

		assert_int_equal(sf_write_short(wav, &sample, 1), 1);
	}
	sf_close(wav);
}

/* Writes or removes the recordings of a language. */
static void drawl_files(const char *directory, bool there)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/en", directory);
	if (there)
		assert_int_equal(mkdir(path, 0700), 0);
	for (int i = 0; i <= 10; i++) {
		char file[160];

		if (i < 10)
			snprintf(file, sizeof(file), "%s/%d.wav", path, i);
		else
			snprintf(file, sizeof(file), "%s/parked.wav", path);
		if (there)
			drawl_write(file);
		else
			unlink(file);
	}
	if (!there)
		rmdir(path);
}

static char drawl_directory[] = "/tmp/test_call_announce.XXXXXX";

static int drawl_open(void **state)
{
	assert_non_null(mkdtemp(drawl_directory));
	drawl_files(drawl_directory, true);
	stage_sounds = drawl_directory;
	return call_stage_open(state);
}

static int drawl_close(void **state)
{
	drawl_files(drawl_directory, false);
	rmdir(drawl_directory);
	return call_stage_close(state);
}

/* The parker isn't kept longer than 6 s, however long the words are. */
static void test_orbit_is_spoken_for_6_s(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;

	talk_aloud(stage, &caller, &parker);
	refer(stage, &parker, "701");
	stage_run(stage, 5950);
	assert_int_equal(stage_hears(stage, stage->p102), XD_HOLD);
	assert_false(phone_has(stage->p102, "NOTIFY"));
	stage_run(stage, 50);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	assert_int_equal(stage_hears(stage, stage->p102), XD_MUTE);
	stage_run(stage, 1900);
	assert_false(phone_has(stage->p102, "BYE"));
	stage_run(stage, 100);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
	caller_leaves(stage, &caller);
}

/* The parker's phone holds, or hangs up, in the middle of it. */
static void test_parker_holds_while_spoken_to(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker;
	char sdp[PHONE_TEXT];

	talk_aloud(stage, &caller, &parker);
	refer(stage, &parker, "701");
	phone_request(
	        stage->p102, &parker, "INVITE", NULL, phone_sdp(stage->p102, "0 101", "a=sendonly\r\n", sdp));
	stage_run(stage, 10);
	phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
	phone_ack(stage->p102, &parker, phone_expect(stage->p102, "SIP/2.0 200"), NULL);
	assert_int_equal(stage_hears(stage, stage->p102), XD_MUTE);
	phone_request(stage->p102, &parker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	phone_expect(stage->p102, "SIP/2.0 200");
	stage_run(stage, 10000);
	assert_int_equal(stage_parked(stage, "701"), PARKED_PARKED);
	caller_leaves(stage, &caller);
}

/* Taken, or left, in the middle of it: nothing more to say. */
static void test_parked_call_goes_while_spoken_of(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	char sdp[PHONE_TEXT];

	for (unsigned taken = 0; taken < 2; taken++) {
		talk_aloud(stage, &caller, &parker);
		refer(stage, &parker, taken ? "702" : "701");
		if (taken) {
			phone_invite(stage->p103, &taker, "sip:702@acme.example",
			        phone_sdp(stage->p103, "0", NULL, sdp), NULL);
			stage_run(stage, 10);
			phone_ack(stage->p103, &taker, phone_expect(stage->p103, "SIP/2.0 200"), NULL);
			stage_run(stage, 10);
		} else {
			caller_leaves(stage, &caller);
		}
		phone_respond(stage->p102, NULL, phone_expect(stage->p102, "NOTIFY"), "200 OK", NULL);
		assert_int_equal(stage_hears(stage, stage->p102), XD_MUTE);
		stage_run(stage, 2000);
		phone_respond(stage->p102, NULL, phone_expect(stage->p102, "BYE"), "200 OK", NULL);
		stage_run(stage, 10);
		phone_skip(stage->p102);
	}
	caller_leaves(stage, &caller);
	phone_respond(stage->p103, NULL, phone_expect(stage->p103, "BYE"), "200 OK", NULL);
	stage_run(stage, 10);
}

/* Until his music is encoded the caller hears it ring, and no longer: it is not for a later look to find it.
 */
static void test_music_when_it_is_ready(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller;
	struct xd_plan before;
	char sdp[PHONE_TEXT];
	const struct leg *leg;

	phone_invite(stage->p301, &caller, "sip:700@initech.example", phone_sdp(stage->p301, "0", NULL, sdp),
	        NULL);
	net_run(&stage->net, 0);
	leg = leg_of(stage, stage->p301);
	assert_non_null(leg);
	/* The next hop's answer parks him; the encoder's comes in a later turn. */
	for (int i = 0; i < ENCODE_ROUNDS && !leg->agreed; i++) {
		usleep(ENCODE_US / 10);
		event_base_loop(stage->base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(stage_hears(stage, stage->p301), XD_HOLD);
	assert_true(leg->instead);
	before = leg->endpoint.plan;
	for (int i = 0; i < ENCODE_ROUNDS && leg->instead; i++) {
		usleep(ENCODE_US / 10);
		event_base_loop(stage->base, EVLOOP_NONBLOCK);
	}
	net_run(&stage->net, 0);
	assert_int_equal(stage_hears(stage, stage->p301), XD_HOLD);
	assert_false(leg->instead);
	assert_memory_not_equal(&leg->endpoint.plan.first, &before.first, sizeof(before.first));
	phone_ack(stage->p301, &caller, phone_expect(stage->p301, "SIP/2.0 200"), NULL);
	phone_request(stage->p301, &caller, "BYE", NULL, NULL);
	stage_run(stage, 10);
}

/* What he hears goes on where it was, whatever happens around him; and a stream that stands still goes on. */
static void test_hold_stream_goes_on(void **state)
{
	struct call_stage *stage = *state;
	struct phone_dialog caller, parker, taker;
	const struct leg *leg;
	char sdp[PHONE_TEXT];
	uint64_t t0;

	stage_park(stage, &caller, &parker, "701");
	leg = leg_of(stage, stage->p101);
	t0 = leg->endpoint.plan.t0;
	assert_int_not_equal(t0, 0);
	/* The maps' clock is real: a new stream would start in a later frame than this one. */
	usleep(FRAME_US);
	/* Without telephone-events: a new plan. */
	phone_request(stage->p101, &caller, "INVITE", NULL, phone_sdp(stage->p101, "0", NULL, sdp));
	stage_run(stage, 10);
	phone_ack(stage->p101, &caller, phone_expect(stage->p101, "SIP/2.0 200"), NULL);
	assert_int_equal(leg->endpoint.plan.t0, t0);
	phone_invite(
	        stage->p103, &taker, "sip:701@acme.example", phone_sdp(stage->p103, "0", NULL, sdp), NULL);
	stage_run(stage, 10);
	assert_int_equal(leg->endpoint.plan.action, XD_HOLD_UNTIL_HEARD);
	assert_int_equal(leg->endpoint.plan.t0, t0);
	message_header(phone_expect(stage->p103, "SIP/2.0 200"), "To", taker.remote);
	phone_request(stage->p103, &taker, "BYE", NULL, NULL);
	stage_run(stage, 10);
	assert_int_equal(leg->endpoint.plan.action, XD_HOLD);
	assert_int_equal(leg->endpoint.plan.t0, t0);
	*dataplane_due(stage->dataplane, leg->endpoint.index) = 0;
	stage_run(stage, 2100);
	assert_int_not_equal(*dataplane_due(stage->dataplane, leg->endpoint.index), 0);
	caller_leaves(stage, &caller);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, call_stage_open, call_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STAGED(test_orbit_is_spoken),
	        STAGED(test_parker_holds_while_spoken_to),
	        STAGED(test_parked_call_goes_while_spoken_of),
	        STAGED(test_hold_stream_goes_on),
	        STAGED(test_music_when_it_is_ready),
	        /* The last: it leaves other recordings behind. */
	        cmocka_unit_test_setup_teardown(test_orbit_is_spoken_for_6_s, drawl_open, drawl_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
