/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_check on captures made here: what is good passes, each fault is seen. */
#include <math.h>
#include <stdio.h>

#include "tests/unit/capture_scene.h"

#include <sndfile.h>

static void a_good_call_is_good_on_every_link(void **state)
{
	static const unsigned links[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW};
	struct scene *scene = *state;

	for (int link = 0; link < 4; link++) {
		for (int form = 0; form < 4; form++) {
			scene->link = links[link];
			scene->ipv6 = form & 1;
			scene->vlan = form & 2 && scene->link != DLT_RAW;
			assert_int_equal(judge(scene), CHECK_GOOD);
			assert_int_equal(count_of(scene, "packets"), ALL);
			assert_int_equal(hold_of(scene, "frames"), HOLD);
			assert_int_equal(hold_of(scene, "talk"), TALK + TALK_AFTER);
			assert_string_equal(json_string_value(json_object_get(row(scene), "to")),
			        scene->ipv6 ? "[fd00::2]:4000" : "10.0.0.2:4000");
		}
	}
}

static void gaps_are_seen(void **state)
{
	struct scene *scene = *state;

	for (int i = 300; i < ALL;
	        i++) /* the clock goes on: nothing is late but that one packet's successors */
		scene->packets[i].at_ms += 55;
	expect_failure(scene, "gap too long");
	assert_true(fabs(json_real_value(json_object_get(row(scene), "largest_gap_at_s")) - 5.98) < 0.01);
	scene->options.max_gap_ms = 100;
	assert_int_equal(judge(scene), CHECK_GOOD);
}

static void repeated_numbers_are_seen(void **state)
{
	struct scene *scene = *state;

	capture_open(scene);
	for (int i = 0; i < ALL; i++) {
		packet_write(scene, &scene->packets[i]);
		if (i == 500)
			packet_write(scene, &scene->packets[i]);
	}
	assert_int_equal(capture_judge(scene), CHECK_BAD);
	assert_int_equal(count_of(scene, "repeated"), 1);
	assert_int_equal(count_of(scene, "missing"), 0);
}

static void missing_numbers_are_seen(void **state)
{
	struct scene *scene = *state;

	scene->packets[50].left_out = true;
	expect_failure(scene, "sequence numbers missing");
	assert_int_equal(count_of(scene, "missing"), 1);
}

/* What the talker lost and when he paused isn't held against the stream. */
static void talkers_are_forgiven_their_own_losses(void **state)
{
	struct scene *scene = *state;

	scene->options.filter = "dst port 4000";
	scene->options.talker = "dst port 9000";
	capture_open(scene);
	for (int i = 0; i < ALL; i++) {
		struct packet talk = scene->packets[i];
		/* one lost at 1 s; a pause of 200 ms at 21 s */
		bool lost = i == 50, paused = i >= TALK + HOLD + 50 && i < TALK + HOLD + 60;

		talk.at_ms -= 1;
		talk.to_port = 9000;
		talk.ssrc = 77;
		if (i >= TALK + HOLD + 60) {
			talk.sequence = (uint16_t)(talk.sequence - 10);
			scene->packets[i].sequence = (uint16_t)(scene->packets[i].sequence - 10);
		}
		if (lost || paused)
			continue;
		packet_write(scene, &talk);
		packet_write(scene, &scene->packets[i]);
	}
	assert_int_equal(capture_judge(scene), CHECK_GOOD);
	assert_int_equal(count_of(scene, "missing"), 1);
	/* Without knowing the talker both are faults. */
	scene->options.talker = NULL;
	assert_int_equal(judge_again(scene), CHECK_BAD);
	assert_int_equal(json_array_size(json_object_get(row(scene), "failures")), 2);
}

static void wrong_hold_payload_is_seen(void **state)
{
	struct scene *scene = *state;

	scene->packets[TALK + 310].payload[159] ^= 1; /* where the tone is */
	expect_failure(scene, "hold payload is not the clip's");
	assert_int_equal(hold_of(scene, "errors"), 1);
	assert_int_equal(hold_of(scene, "frames"), HOLD - 1);
	assert_int_equal(hold_of(scene, "talk"), TALK + TALK_AFTER);
}

static void a_hold_frame_sent_twice_is_seen(void **state)
{
	struct scene *scene = *state;

	/* the tone's last frame once more, in place of the first of the pause */
	memcpy(scene->packets[TALK + 320].payload, scene->packets[TALK + 319].payload, FRAME_BYTES);
	expect_failure(scene, "hold payload is not the clip's");
}

/* The clip goes on one frame further than the clock says: all that follows is out of step. */
static void skipped_hold_frames_are_seen(void **state)
{
	struct scene *scene = *state;

	for (int i = 600; i < ALL; i++)
		scene->packets[i].timestamp += 160;
	for (int i = 600; i < TALK + HOLD; i++) {
		for (size_t chunk = 0; chunk < 2; chunk++)
			memcpy(scene->packets[i].payload + chunk * XD_CHUNK_BYTES,
			        heard_chunk(&scene->heard, (uint64_t)(i - TALK + 1) * 2 + chunk)->payload,
			        XD_CHUNK_BYTES);
	}
	expect_failure(scene, "hold frames skipped");
	assert_int_equal(hold_of(scene, "skipped"), 1);
	scene->options.max_skipped = 1;
	assert_int_equal(judge(scene), CHECK_GOOD);
}

static void everything_in_the_named_time_must_be_the_clip(void **state)
{
	struct scene *scene = *state;

	scene->options.hold_from = 2.01;
	scene->options.hold_to = 19.99;
	assert_int_equal(judge(scene), CHECK_GOOD);
	scene->options.hold_from = 1.95;
	expect_failure(scene, "hold payload is not the clip's");
	scene->options.hold_from = 2.01;
	scene->options.hold_to = 1e9;
	expect_failure(scene, "hold payload is not the clip's");
	assert_int_equal(hold_of(scene, "errors"), TALK_AFTER);
}

static void two_ssrcs_or_sources_are_seen(void **state)
{
	struct scene *scene = *state;

	for (int i = 400; i < ALL; i++)
		scene->packets[i].ssrc++;
	expect_failure(scene, "more than one SSRC");
	call_make(scene);
	for (int i = 400; i < ALL; i++)
		scene->packets[i].from_port++;
	expect_failure(scene, "more than one source");
}

static void timestamps_off_the_clock_are_seen(void **state)
{
	struct scene *scene = *state;

	for (int i = TALK + HOLD; i < ALL; i++)
		scene->packets[i].timestamp += 70 * 8;
	expect_failure(scene, "timestamps too far from the clock");
	call_make(scene);
	scene->packets[TALK + HOLD].timestamp -= 161;
	expect_failure(scene, "timestamps don't go forward");
}

static void bad_checksums_are_seen(void **state)
{
	struct scene *scene = *state;

	scene->packets[3].bad_checksum = true;
	expect_failure(scene, "bad UDP checksums");
	scene->options.checksums = false;
	assert_int_equal(judge(scene), CHECK_GOOD);
	assert_int_equal(count_of(scene, "bad_checksums"), 1);
}

static void too_little_is_seen(void **state)
{
	struct scene *scene = *state;

	scene->options.min_hold = HOLD;
	scene->options.min_talk = TALK + TALK_AFTER;
	assert_int_equal(judge(scene), CHECK_GOOD);
	scene->options.min_hold++;
	expect_failure(scene, "too few hold frames");
	scene->options.min_hold--;
	scene->options.min_talk++;
	expect_failure(scene, "too little talk");
}

/* 500 callers in one capture; one of them with a hole. */
static void many_streams_are_judged_each(void **state)
{
	struct scene *scene = *state;

	scene->options.brief = true;
	scene->options.streams = 500;
	scene->options.packets = 50;
	for (int faulty = 0; faulty < 2; faulty++) {
		capture_open(scene);
		for (int i = TALK; i < TALK + 60; i++) {
			for (int call = 0; call < 500; call++) {
				struct packet packet = scene->packets[i];

				packet.to_port = (uint16_t)(4000 + 2 * call);
				packet.ssrc = (uint32_t)call;
				if (!(faulty && call == 321 && i == TALK + 30))
					packet_write(scene, &packet);
			}
		}
		assert_int_equal(capture_judge(scene), faulty ? CHECK_BAD : CHECK_GOOD);
		assert_int_equal(
		        json_integer_value(json_object_get(scene->report, "streams_good")), 500 - faulty);
		assert_int_equal(json_array_size(json_object_get(scene->report, "streams")), faulty);
	}
	assert_string_equal(json_string_value(json_object_get(row(scene), "to")), "10.0.0.2:4642");
	scene->options.streams = 501;
	assert_int_equal(judge_again(scene), CHECK_BAD);
	scene->options.streams = 0;
	scene->options.packets = 61; /* nothing is left to judge: not good */
	assert_int_equal(judge_again(scene), CHECK_BAD);
}

static void what_is_heard_goes_to_a_wav(void **state)
{
	struct scene *scene = *state;
	static short samples[ALL * 160 + 1];
	char wav[64];
	SF_INFO info = {0};
	SNDFILE *file;
	double tone = 0, pause = 0;

	snprintf(wav, sizeof(wav), "%s.wav", scene->file);
	scene->options.wav = wav;
	scene->packets[TALK + 20].left_out = true;
	judge(scene);
	file = sf_open(wav, SFM_READ, &info);
	assert_non_null(file);
	assert_int_equal(info.samplerate, 8000);
	assert_int_equal(sf_readf_short(file, samples, ALL * 160 + 1), ALL * 160);
	sf_close(file);
	unlink(wav);
	/* uk: 400 ms tone, 200 pause; the packet left out is the first of the pause */
	for (int i = 0; i < 8 * 380; i++)
		tone += (double)samples[TALK * 160 + i] * samples[TALK * 160 + i];
	for (int i = 0; i < 8 * 190; i++)
		pause += (double)abs(samples[(TALK + 20) * 160 + i]);
	assert_true(fabs(10 * log10(tone / (8 * 380) / (32768.0 * 32768.0)) + 6.16 + 16) < 0.5);
	assert_true(pause == 0);
}

static void what_is_no_rtp_is_left_out(void **state)
{
	struct scene *scene = *state;
	uint8_t noise[200];

	capture_open(scene);
	for (int i = 0; i < ALL; i++) {
		struct packet rtcp = scene->packets[i];

		packet_write(scene, &scene->packets[i]);
		rtcp.type = 200;
		packet_write(scene, &rtcp);
		for (size_t byte = 0; byte < sizeof(noise); byte++)
			noise[byte] = (uint8_t)random();
		noise[12] = 8; /* IPv4 after all, UDP, and lengths at random */
		noise[13] = 0;
		noise[14] = (uint8_t)(0x40 | (noise[14] & 15));
		noise[20] = 0;
		noise[21] = 0;
		noise[23] = 17;
		noise[29] |= 1; /* never from 10.0.0.1 */
		bytes_write(scene, noise, (size_t)(random() % 200), scene->packets[i].at_ms);
	}
	scene->options.filter = "src host 10.0.0.1";
	assert_int_equal(capture_judge(scene), CHECK_GOOD);
	assert_int_equal(count_of(scene, "packets"), ALL);
	scene->options.filter = NULL;
	scene->options.clip = NULL;
	judge_again(scene);
}

static void what_cant_be_judged_is_told(void **state)
{
	struct scene *scene = *state;
	FILE *file;

	assert_int_equal(judge(scene), CHECK_GOOD);
	scene->options.filter = "nonsense here";
	assert_int_equal(judge_again(scene), CHECK_IMPOSSIBLE);
	assert_non_null(strstr(scene->error, "nonsense"));
	scene->options.filter = NULL;
	scene->options.clip = "ringback:xx";
	assert_int_equal(judge_again(scene), CHECK_IMPOSSIBLE);
	scene->options.clip = "a song";
	assert_int_equal(judge_again(scene), CHECK_IMPOSSIBLE);
	file = fopen(scene->file, "w");
	assert_non_null(file);
	fputs("no capture at all, but long enough for its header", file);
	fclose(file);
	assert_int_equal(judge_again(scene), CHECK_IMPOSSIBLE);
	assert_null(scene->report);
}

#define check_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        check_test(a_good_call_is_good_on_every_link),
	        check_test(gaps_are_seen),
	        check_test(repeated_numbers_are_seen),
	        check_test(missing_numbers_are_seen),
	        check_test(talkers_are_forgiven_their_own_losses),
	        check_test(wrong_hold_payload_is_seen),
	        check_test(a_hold_frame_sent_twice_is_seen),
	        check_test(skipped_hold_frames_are_seen),
	        check_test(everything_in_the_named_time_must_be_the_clip),
	        check_test(two_ssrcs_or_sources_are_seen),
	        check_test(timestamps_off_the_clock_are_seen),
	        check_test(bad_checksums_are_seen),
	        check_test(too_little_is_seen),
	        check_test(many_streams_are_judged_each),
	        check_test(what_is_heard_goes_to_a_wav),
	        check_test(what_is_no_rtp_is_left_out),
	        check_test(what_cant_be_judged_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
