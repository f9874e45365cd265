/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rig expects parked callers to hear, against the pieces that the controller renders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "ctl/audio/render.h"
#include "tools/rig/clip.h"

#define MUSIC "ctl/audio/sounds/music.flac"

/* Every piece in its turn, chunk by chunk. */
static void pieces_follow_each_other(void **state)
{
	struct clip_description description = {0};
	struct rendering rendering = {0};
	char error[AUDIO_ERROR_BYTES];
	struct clip clip;
	uint32_t at = 0;

	(void)state;
	assert_int_equal(clip_description_set(&description, CLIP_MUSIC, MUSIC, -18), 0);
	assert_int_equal(rendering_make(&rendering, &description, XD_PCMU, 1 << 20, NULL, error), 0);
	assert_int_equal(clip_load(&clip, "music:" MUSIC "@-18", XD_PCMU, error), 0);
	for (unsigned i = 0; i < rendering.pieces_used; i++) {
		const struct piece *piece = &rendering.pieces[i];

		if (i == rendering.loop)
			assert_int_equal(clip.loop, at);
		assert_true(at + piece->count <= clip.count);
		assert_memory_equal(clip.chunks + at, rendering.chunks + piece->first,
		        piece->count * sizeof(*clip.chunks));
		at += piece->count;
	}
	assert_int_equal(clip.count, at);
	assert_in_range(clip.loop, 1, clip.count - 1);
	clip_clear(&clip);
	rendering_free(&rendering);
	clip_description_clear(&description);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_follow_each_other)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
