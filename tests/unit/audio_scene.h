/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of hold audio share: chunk memory, entries, an event loop, and what a plan lets one hear. */
#ifndef XDPARK_TEST_AUDIO_SCENE_H
#define XDPARK_TEST_AUDIO_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "ctl/audio/audio.h"
#include "ctl/audio/playlist.h"
#include "ctl/timer.h"
#include "tests/unit/scratch.h"

enum { CHUNKS = 20000, ENDPOINTS = 4, PATIENCE_MS = 20000 };

static const char music_file[] = "ctl/audio/sounds/music.flac";

struct scene {
	struct event_base *base;
	struct xd_chunk *chunks;
	struct xd_endpoint endpoints[ENDPOINTS];
	struct xd_rest rests[ENDPOINTS];
	struct audio *audio;
	char directory[SCRATCH_PATH];
	char error[256];
};

static int scene_open_with(
        struct scene *scene, uint32_t chunk_count, unsigned codecs, const struct xd_endpoint *endpoints)
{
	const struct audio_options options = {
	        .base = scene->base,
	        .chunks = scene->chunks,
	        .chunk_count = chunk_count,
	        .endpoints = endpoints,
	        .rests = scene->rests,
	        .endpoint_count = ENDPOINTS,
	        .sounds = "ctl/audio/sounds",
	        .codecs = codecs,
	};

	return audio_new(&scene->audio, &options);
}

static int scene_open(struct scene *scene, uint32_t chunk_count, unsigned codecs)
{
	return scene_open_with(scene, chunk_count, codecs, scene->endpoints);
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->base = event_base_new();
	scene->chunks = calloc(CHUNKS, sizeof(*scene->chunks));
	assert_non_null(scene->base);
	assert_non_null(scene->chunks);
	scratch_folder(scene->directory, sizeof(scene->directory));
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	audio_free(scene->audio);
	event_base_free(scene->base);
	free(scene->chunks);
	rmdir(scene->directory);
	free(scene);
	return 0;
}

/* Runs the loop until nothing waits any more. */
static void settle(struct scene *scene)
{
	uint64_t end = clock_monotonic_ms(NULL) + PATIENCE_MS;
	struct audio_usage usage;

	do {
		event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		usleep(500);
		audio_usage(scene->audio, &usage);
		assert_true(clock_monotonic_ms(NULL) < end);
	} while (usage.waiting);
}

static const struct xd_part *part_at(const struct xd_plan *plan, uint32_t number, uint32_t *start)
{
	*start = 0;
	for (unsigned i = 0; i < plan->parts; i++) {
		const struct xd_part *part = playlist_part(plan, i);

		if (number < part->end)
			return part;
		*start = part->end;
	}
	return NULL;
}

/* Chunk `number` of what is heard by a plan, by layout.h's rules. */
static const struct xd_chunk *chunk_heard(
        const struct scene *scene, const struct xd_plan *plan, uint32_t number)
{
	uint32_t whole = playlist_length(plan);
	uint32_t loop = plan->loop;
	const struct xd_part *part;
	uint32_t start;

	if (number >= whole && whole > loop)
		number = loop + (number - whole) % (whole - loop);
	part = part_at(plan, number, &start);
	assert_non_null(part);
	assert_true(part->first + number - start < CHUNKS);
	return &scene->chunks[part->first + number - start];
}

#define audio_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
