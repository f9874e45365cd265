/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunk memory that is too small: who gives way, and what is heard when nobody does. */
#include "ctl/call/plan.h"
#include "tests/unit/audio_scene.h"

#include <sndfile.h>

/* A second of noise of its own for each name. */
static struct clip *second_of_noise(struct scene *scene, int name, double level)
{
	SF_INFO info = {.samplerate = 8000, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
	struct clip *clip;
	short samples[8000];
	char file[64];
	SNDFILE *out;

	snprintf(file, sizeof(file), "%s/%d.wav", scene->directory, name);
	out = sf_open(file, SFM_WRITE, &info);
	assert_non_null(out);
	for (int i = 0; i < 8000; i++)
		samples[i] = (short)(random() % 8000 - 4000);
	sf_writef_short(out, samples, 8000);
	sf_close(out);
	clip = audio_music(scene->audio, file, level, scene->error);
	assert_non_null(clip);
	audio_prepare(scene->audio, clip, XD_PCMU);
	settle(scene);
	unlink(file);
	return clip;
}

/* Endpoint `i` hears a clip (NULL: nothing); the plan that says so. */
static struct xd_plan hear(struct scene *scene, int i, struct clip *clip)
{
	uint64_t due = 0, starts = 0;
	struct plan_place place = {&scene->endpoints[i], &scene->rests[i], &due, &starts};
	struct xd_plan plan = {0};

	if (clip) {
		plan.action = XD_HOLD;
		assert_int_equal(audio_playlist(scene->audio, clip, NULL, XD_PCMU, 20, &plan), 0);
	}
	plan_publish(&place, &plan, &plan, 1);
	return plan;
}

/* Room for four such clips (84 + 12 chunks each) and silence. */
static void full_memory_goes_to_who_is_heard(void **state)
{
	struct scene *scene = *state;
	struct clip *clips[4], *fifth;
	struct xd_plan plans[4];
	struct xd_chunk heard;
	uint64_t start;

	assert_int_equal(scene_open(scene, 36 + 4 * 96 + 20, 1), 0);
	for (int i = 0; i < 4; i++) {
		clips[i] = second_of_noise(scene, i, -18);
		assert_true(audio_is_ready(scene->audio, clips[i], XD_PCMU));
		plans[i] = hear(scene, i, clips[i]);
	}
	hear(scene, 2, NULL);
	heard = *chunk_heard(scene, &plans[1], 5);
	start = clock_monotonic_ms(NULL);
	fifth = second_of_noise(scene, 5, -18);
	assert_true(audio_is_ready(scene->audio, fifth, XD_PCMU));
	assert_true(clock_monotonic_ms(NULL) - start >= 2000); /* not at once: the program may still read */
	assert_true(audio_is_ready(scene->audio, clips[0], XD_PCMU));
	assert_true(audio_is_ready(scene->audio, clips[1], XD_PCMU));
	assert_false(audio_is_ready(scene->audio, clips[2], XD_PCMU));
	assert_true(audio_is_ready(scene->audio, clips[3], XD_PCMU));
	assert_memory_equal(&heard, chunk_heard(scene, &plans[1], 5), sizeof(heard));
}

/* Nothing may be given up: the alarm comes at once, and the ringback is heard instead. */
static void what_finds_no_room_fails_and_the_ringback_is_heard(void **state)
{
	struct scene *scene = *state;
	struct xd_plan plan = {0}, ringing = {0};
	struct clip *ringback, *fifth;
	struct audio_usage usage;

	assert_int_equal(scene_open_with(scene, 36 + 300 + 4 * 96 + 20, 1, NULL), 0);
	ringback = audio_ringback(scene->audio, "uk", scene->error);
	for (int i = 0; i < 4; i++)
		second_of_noise(scene, i, -18);
	fifth = second_of_noise(scene, 5, -18);
	assert_false(audio_is_ready(scene->audio, fifth, XD_PCMU));
	audio_usage(scene->audio, &usage);
	assert_int_equal(usage.failed, 1);
	assert_int_equal(usage.waiting, 0);
	assert_int_equal(audio_playlist(scene->audio, ringback, NULL, XD_PCMU, 20, &ringing), 0);
	assert_int_equal(audio_playlist(scene->audio, fifth, ringback, XD_PCMU, 20, &plan), 0);
	assert_memory_equal(&plan, &ringing, sizeof(plan));
	assert_int_equal(plan.first.end, 300);
	audio_usage(scene->audio, &usage);
	assert_int_equal(usage.waiting, 0); /* it isn't tried again with every call */
}

static void too_long_for_the_memory_fails_and_the_ringback_goes_on(void **state)
{
	struct scene *scene = *state;
	struct audio_usage usage;
	struct clip *music, *ringback;
	struct xd_plan plan = {0};

	assert_int_equal(scene_open(scene, 4000, 1), 0);
	ringback = audio_ringback(scene->audio, "uk", scene->error);
	music = audio_music(scene->audio, music_file, -18, scene->error);
	audio_prepare(scene->audio, music, XD_PCMU);
	settle(scene);
	audio_usage(scene->audio, &usage);
	assert_int_equal(usage.failed, 1);
	assert_int_equal(usage.chunks, 4000);
	assert_int_equal(usage.chunks_used, 36 + 300);
	assert_int_equal(usage.clips, 3);
	assert_int_equal(audio_playlist(scene->audio, music, ringback, XD_PCMU, 20, &plan), 0);
	assert_int_equal(plan.first.end, 300);
}

/* Stopping in the middle of work is no crash and no leak. */
static void freeing_stops_the_worker(void **state)
{
	struct scene *scene = *state;

	for (int round = 0; round < 20; round++) {
		struct clip *music;

		assert_int_equal(scene_open(scene, CHUNKS, 7), 0);
		assert_non_null(audio_ringback(scene->audio, "de", scene->error));
		music = audio_music(scene->audio, music_file, -18, scene->error);
		audio_prepare(scene->audio, music, XD_G722);
		usleep((useconds_t)round * 500);
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
		audio_free(scene->audio);
	}
	scene->audio = NULL;
	audio_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        audio_test(full_memory_goes_to_who_is_heard),
	        audio_test(what_finds_no_room_fails_and_the_ringback_is_heard),
	        audio_test(too_long_for_the_memory_fails_and_the_ringback_goes_on),
	        audio_test(freeing_stops_the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
