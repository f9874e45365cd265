/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunk memory: runs and their owners, and which clips may give theirs up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/audio/chunks.h"
#include "ctl/audio/hearing.h"

enum { SPACE = 1000, ENDPOINTS = 8 };

static void runs_fill_the_smallest_gap_that_holds_them(void **state)
{
	struct chunk_space *space = chunk_space_new(SPACE);
	int a, b, c, d;
	uint32_t first;

	(void)state;
	assert_non_null(space);
	assert_int_equal(chunk_run_take(space, 0, &a, &first), -EINVAL);
	assert_int_equal(chunk_run_take(space, SPACE + 1, &a, &first), -ENOSPC);
	assert_int_equal(chunk_run_take(space, 300, &a, &first), 0);
	assert_int_equal(first, 0);
	assert_int_equal(chunk_run_take(space, 100, &b, &first), 0);
	assert_int_equal(first, 300);
	assert_int_equal(chunk_run_take(space, 500, &c, &first), 0);
	assert_int_equal(first, 400);
	assert_int_equal(chunk_space_used(space), 900);
	chunk_run_give(space, 300);
	chunk_run_give(space, 301); /* nobody's: nothing happens */
	assert_int_equal(chunk_space_used(space), 800);
	assert_int_equal(chunk_run_take(space, 101, &d, &first), -ENOSPC);
	assert_int_equal(chunk_run_take(space, 100, &d, &first), 0);
	assert_int_equal(first, 300);
	assert_ptr_equal(chunk_owner(space, 299), &a);
	assert_ptr_equal(chunk_owner(space, 300), &d);
	assert_ptr_equal(chunk_owner(space, 399), &d);
	assert_ptr_equal(chunk_owner(space, 899), &c);
	assert_null(chunk_owner(space, 900));
	assert_null(chunk_owner(space, UINT32_MAX));
	chunk_space_free(space);
	chunk_space_free(NULL);
}

static void runs_never_overlap(void **state)
{
	struct chunk_space *space = chunk_space_new(SPACE);
	uint32_t firsts[SPACE], counts[SPACE] = {0}, used = 0;
	int owner[SPACE];

	(void)state;
	assert_non_null(space);
	memset(owner, 0xff, sizeof(owner));
	srandom(5);
	for (int step = 0; step < 20000; step++) {
		int i = (int)(random() % 100);

		if (counts[i]) {
			chunk_run_give(space, firsts[i]);
			used -= counts[i];
			for (uint32_t at = firsts[i]; at < firsts[i] + counts[i]; at++)
				owner[at] = -1;
			counts[i] = 0;
		} else {
			uint32_t count = 1 + (uint32_t)(random() % 40);

			if (chunk_run_take(space, count, &owner[i], &firsts[i]) < 0)
				continue;
			counts[i] = count;
			used += count;
			assert_true(firsts[i] + count <= SPACE);
			for (uint32_t at = firsts[i]; at < firsts[i] + count; at++) {
				assert_int_equal(owner[at], -1);
				owner[at] = i;
			}
		}
		assert_int_equal(chunk_space_used(space), used);
	}
	chunk_space_free(space);
}

/* Three clips of 100 chunks, each ready in PCMU. */
struct scene {
	struct clip *clips;
	struct coding *a, *b, *ringback;
	struct chunk_space *space;
	struct xd_endpoint endpoints[ENDPOINTS];
	struct xd_rest rests[ENDPOINTS];
};

static struct coding *ready(struct scene *scene, enum clip_kind kind, const char *name)
{
	struct clip *clip = clip_find_or_new(&scene->clips, kind, name, -18);
	struct coding *coding;

	assert_non_null(clip);
	coding = &clip->codings[XD_PCMU];
	assert_int_equal(chunk_run_take(scene->space, 100, coding, &coding->first), 0);
	coding->count = 100;
	coding->state = CODING_READY;
	return coding;
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->space = chunk_space_new(SPACE);
	assert_non_null(scene->space);
	scene->a = ready(scene, CLIP_MUSIC, "a");
	scene->b = ready(scene, CLIP_MUSIC, "b");
	scene->ringback = ready(scene, CLIP_RINGBACK, "de");
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	clips_free(scene->clips);
	chunk_space_free(scene->space);
	free(scene);
	return 0;
}

/* Endpoint `i` gets a new plan that names `coding` (NULL: none). */
static void plan(struct scene *scene, int i, enum xd_action action, const struct coding *coding)
{
	struct xd_endpoint *endpoint = &scene->endpoints[i];
	struct xd_plan_line *next = &endpoint->plan[(endpoint->generation + 1) & 1];
	struct xd_plan_rest *rest = &scene->rests[i].plan[(endpoint->generation + 1) & 1];

	*next = (struct xd_plan_line){0};
	*rest = (struct xd_plan_rest){0};
	next->action = (uint8_t)action;
	if (coding) {
		next->parts = 2;
		next->first = (struct xd_part){scene->ringback->first, 12};
		rest->later[0] = (struct xd_part){coding->first + 12, 24};
	}
	endpoint->generation++;
}

static struct coding *victim_at(struct scene *scene, uint64_t now)
{
	/* In two parts. */
	hearing_look(scene->space, scene->endpoints, scene->rests, 0, ENDPOINTS / 2, now);
	hearing_look(scene->space, scene->endpoints, scene->rests, ENDPOINTS / 2, ENDPOINTS, now);
	hearing_judge(scene->clips, now, now);
	return hearing_victim(scene->clips, now);
}

static void what_a_plan_names_stays(void **state)
{
	struct scene *scene = *state;

	plan(scene, 3, XD_HOLD, scene->a);
	plan(scene, 4, XD_FORWARD, scene->b);
	assert_null(victim_at(scene, 1000));
	assert_null(victim_at(scene, 9000));
	/* b's plan is still there, but no longer in use: b stays 2 s more. */
	plan(scene, 4, XD_FORWARD, NULL);
	assert_null(victim_at(scene, 9500));
	assert_null(victim_at(scene, 11499));
	assert_ptr_equal(victim_at(scene, 11500), scene->b);
	/* An IDLE entry hears nothing, whatever its plan says. */
	plan(scene, 3, XD_IDLE, scene->a);
	assert_ptr_equal(victim_at(scene, 11600), scene->b);
	assert_ptr_equal(victim_at(scene, 20000), scene->b);
	scene->b->state = CODING_ABSENT;
	assert_ptr_equal(victim_at(scene, 20001), scene->a);
	scene->a->state = CODING_ABSENT;
	assert_null(victim_at(scene, 90000)); /* ringback stays for ever */
}

static void what_was_just_filled_in_stays(void **state)
{
	struct scene *scene = *state;

	assert_null(victim_at(scene, 1000));
	hearing_name(scene->a, 2500); /* a plan that isn't published yet */
	assert_ptr_equal(victim_at(scene, 3500), scene->b);
	scene->b->state = CODING_ABSENT;
	assert_null(victim_at(scene, 5499));
	assert_ptr_equal(victim_at(scene, 5500), scene->a);
}

static void least_recently_heard_goes_first(void **state)
{
	struct scene *scene = *state;

	hearing_name(scene->b, 100); /* named later than a, */
	plan(scene, 1, XD_HOLD, scene->a);
	assert_null(victim_at(scene, 2000)); /* but a is heard longer */
	plan(scene, 1, XD_IDLE, NULL);
	assert_ptr_equal(victim_at(scene, 4000), scene->b);
	assert_ptr_equal(victim_at(scene, 9000), scene->b);
	hearing_name(scene->b, 9500);
	assert_ptr_equal(victim_at(scene, 12000), scene->a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(runs_fill_the_smallest_gap_that_holds_them),
	        cmocka_unit_test(runs_never_overlap),
	        cmocka_unit_test_setup_teardown(what_a_plan_names_stays, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_was_just_filled_in_stays, setup, teardown),
	        cmocka_unit_test_setup_teardown(least_recently_heard_goes_first, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
