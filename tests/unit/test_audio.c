/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hold audio as the call layer sees it: clips become ready, plans play them. */
#include <errno.h>
#include <math.h>

#include "tests/unit/audio_scene.h"

#include "ctl/audio/encode.h"
#include "ctl/audio/render.h"

static void expect_whole_parts(const struct xd_plan *plan)
{
	uint32_t before = 0;

	assert_true(plan->parts >= 1 && plan->parts <= XD_PLAYLIST_PARTS);
	assert_true(plan->loop < playlist_length(plan));
	for (unsigned part = 0; part < plan->parts; part++) {
		uint32_t end = playlist_part(plan, part)->end;

		assert_true(end > before);
		assert_int_equal(end % 12, 0);
		before = end;
	}
}

static void expect_silence(const struct scene *scene, const struct xd_plan *plan)
{
	assert_int_equal(plan->parts, 1);
	for (uint32_t i = 0; i < 24; i++) {
		const struct xd_chunk *chunk = chunk_heard(scene, plan, i);

		for (int byte = 0; byte < XD_CHUNK_BYTES; byte++)
			assert_int_equal(chunk->payload[byte], 0xff);
	}
}

static void ringback_until_the_music_is_ready(void **state)
{
	struct scene *scene = *state;
	struct xd_plan plan = {.action = XD_HOLD, .t0 = 7};
	struct clip *music, *ringback;
	struct clip_description description = {CLIP_RINGBACK, (char *)"de", 0};
	struct rendering rendering;

	assert_int_equal(scene_open(scene, CHUNKS, 1 << XD_PCMU), 0);
	ringback = audio_ringback(scene->audio, "de", scene->error);
	music = audio_music(scene->audio, music_file, -18, scene->error);
	assert_non_null(ringback);
	assert_non_null(music);
	assert_ptr_equal(audio_ringback(scene->audio, "de", scene->error), ringback);
	assert_ptr_equal(audio_music(scene->audio, music_file, -18, scene->error), music);
	assert_ptr_not_equal(audio_music(scene->audio, music_file, -20, scene->error), music);

	/* Nothing has been encoded yet: silence. */
	assert_int_equal(audio_playlist(scene->audio, NULL, ringback, XD_PCMU, 20, &plan), 0);
	expect_silence(scene, &plan);
	assert_int_equal(plan.t0, 7);
	settle(scene);
	assert_true(audio_is_ready(scene->audio, ringback, XD_PCMU));
	assert_false(audio_is_ready(scene->audio, ringback, XD_PCMA)); /* not configured */
	assert_false(audio_is_ready(scene->audio, music, XD_PCMU));

	assert_int_equal(audio_playlist(scene->audio, music, ringback, XD_PCMU, 20, &plan), 0);
	expect_whole_parts(&plan);
	assert_int_equal(rendering_make(&rendering, &description, XD_PCMU, CHUNKS, NULL, scene->error), 0);
	assert_int_equal(plan.first.end, rendering.count);
	for (uint32_t i = 0; i < 2 * rendering.count; i++)
		assert_memory_equal(chunk_heard(scene, &plan, i), &rendering.chunks[i % rendering.count],
		        sizeof(struct xd_chunk));
	rendering_free(&rendering);
	settle(scene); /* asking for the music had it prepared */
	assert_true(audio_is_ready(scene->audio, music, XD_PCMU));
}

/* Intro, the rest of the loop, then the loop for ever; the bytes of the renderer; sums that fit. */
static void music_plays_its_intro_and_goes_round(void **state)
{
	struct scene *scene = *state;
	struct clip_description description = {CLIP_MUSIC, (char *)music_file, -18};

	assert_int_equal(scene_open(scene, CHUNKS, 7), 0);
	for (int codec = 0; codec < XD_CODECS; codec++) {
		struct clip *music = audio_music(scene->audio, music_file, -18, scene->error);
		struct xd_plan plan = {0};
		struct rendering rendering;
		uint32_t intro, loop;

		assert_non_null(music);
		audio_prepare(scene->audio, music, (enum xd_codec)codec);
		settle(scene);
		assert_int_equal(
		        audio_playlist(scene->audio, music, NULL, (enum xd_codec)codec, 30, &plan), 0);
		expect_whole_parts(&plan);
		assert_int_equal(plan.parts, 1);
		assert_int_equal(plan.loop, 48);
		assert_int_equal(rendering_make(&rendering, &description, (enum xd_codec)codec, CHUNKS, NULL,
		                         scene->error),
		        0);
		intro = rendering.pieces[0].count;
		loop = rendering.pieces[1].count;
		assert_int_equal(intro, 48);
		assert_int_equal(loop, 2400);
		for (uint32_t i = 0; i < 3 * loop; i++) {
			const struct xd_chunk *chunk = chunk_heard(scene, &plan, i);

			/* The head of the loop lies at the end: the intro is in its place. */
			uint32_t at = i < intro ? i : i % loop < intro ? loop + i % loop : i % loop;

			assert_memory_equal(chunk, &rendering.chunks[at], sizeof(*chunk));
			assert_int_equal(chunk->sum, chunk_sum(chunk->payload));
		}
		rendering_free(&rendering);
	}
}

static void every_ptime_fills_its_frames(void **state)
{
	static const unsigned good[] = {10, 20, 30, 40, 60}, bad[] = {0, 5, 15, 50, 70, 120, 1000};
	struct scene *scene = *state;
	struct xd_plan plan = {0}, before;
	struct clip *ringback;

	assert_int_equal(scene_open(scene, CHUNKS, 7), 0);
	ringback = audio_ringback(scene->audio, "uk", scene->error);
	settle(scene);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(audio_playlist(scene->audio, ringback, NULL, XD_G722, good[i], &plan), 0);
		expect_whole_parts(&plan);
		assert_int_equal(plan.frame_chunks, good[i] / 10);
		assert_int_equal(plan.chunk_bytes, 80);
		assert_int_equal(plan.ptime_ns, good[i] * 1000000);
		for (unsigned part = 0; part < plan.parts; part++)
			assert_int_equal(playlist_part(&plan, part)->end % plan.frame_chunks, 0);
	}
	before = plan;
	for (int i = 0; i < 7; i++) {
		assert_int_equal(
		        audio_playlist(scene->audio, ringback, NULL, XD_G722, bad[i], &plan), -EINVAL);
		assert_memory_equal(&plan, &before, sizeof(plan));
	}
	assert_int_equal(audio_playlist(scene->audio, ringback, NULL, XD_CODECS, 20, &plan), -EINVAL);
}

static void announcements_speak_the_orbit(void **state)
{
	static const char *const wrong[] = {"", "70x", "1234567", "-1", "7 1"};
	struct scene *scene = *state;
	struct clip_description description = {CLIP_DIGITS, (char *)"ctl/audio/sounds/de", 0};
	static const int spoken[] = {DIGITS_PARKED, 7, 0, 1};
	struct xd_plan plan = {0};
	struct rendering rendering;
	uint32_t length_ms = 0, at = 0;

	assert_int_equal(scene_open(scene, CHUNKS, 7), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		        audio_announcement(scene->audio, "de", wrong[i], XD_PCMA, 20, &plan, &length_ms),
		        -EINVAL);
	assert_int_equal(
	        audio_announcement(scene->audio, "de", "701", XD_PCMA, 50, &plan, &length_ms), -EINVAL);
	assert_int_equal(
	        audio_announcement(scene->audio, "xx", "701", XD_PCMA, 20, &plan, &length_ms), -ENOENT);
	assert_int_equal(
	        audio_announcement(scene->audio, "../sounds/de", "701", XD_PCMA, 20, &plan, &length_ms),
	        -ENOENT);
	assert_int_equal(
	        audio_announcement(scene->audio, "de", "701", XD_PCMA, 20, &plan, &length_ms), -EAGAIN);
	settle(scene);
	assert_int_equal(audio_announcement(scene->audio, "de", "701", XD_PCMA, 20, &plan, &length_ms), 0);
	expect_whole_parts(&plan);
	/* What is said in the order of the recordings makes no new part. */
	assert_int_equal(plan.loop, playlist_part(&plan, plan.parts - 2U)->end);
	assert_int_equal(rendering_make(&rendering, &description, XD_PCMA, CHUNKS, NULL, scene->error), 0);
	for (int i = 0; i < 4; i++) {
		const struct piece *piece = &rendering.pieces[spoken[i]];

		for (uint32_t chunk = 0; chunk < piece->count; chunk++)
			assert_memory_equal(chunk_heard(scene, &plan, at++),
			        &rendering.chunks[piece->first + chunk], sizeof(struct xd_chunk));
	}
	assert_int_equal(length_ms, at * 10);
	assert_int_equal(chunk_heard(scene, &plan, at + 1000)->payload[0], 0xd5);
	rendering_free(&rendering);
	audio_prepare_digits(scene->audio, "en", XD_G722);
	settle(scene);
	assert_int_equal(audio_announcement(scene->audio, "en", "987654", XD_G722, 60, &plan, &length_ms), 0);
	expect_whole_parts(&plan);
	assert_int_equal(plan.parts, 8);
}

static void bad_descriptions_are_refused_in_words(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(scene_open(scene, CHUNKS, 1), 0);
	assert_null(audio_ringback(scene->audio, "xx", scene->error));
	assert_non_null(strstr(scene->error, "de, us, uk, fr"));
	assert_null(audio_music(scene->audio, "/nowhere/at all.wav", -18, scene->error));
	assert_non_null(strstr(scene->error, "No such file"));
	assert_null(audio_music(scene->audio, "Makefile", -18, scene->error));
	assert_non_null(strstr(scene->error, "no audio file"));
	assert_null(audio_music(scene->audio, music_file, NAN, scene->error));
	assert_null(audio_music(scene->audio, music_file, 3, scene->error));
	assert_non_null(strstr(scene->error, "3 dBm0"));
	audio_free(scene->audio);
	assert_int_equal(scene_open(scene, 0, 1), -EINVAL);
	assert_int_equal(scene_open(scene, 35, 1), -EINVAL);
	scene->audio = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        audio_test(ringback_until_the_music_is_ready),
	        audio_test(music_plays_its_intro_and_goes_round),
	        audio_test(every_ptime_fills_its_frames),
	        audio_test(announcements_speak_the_orbit),
	        audio_test(bad_descriptions_are_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
