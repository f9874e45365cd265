/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/tone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>
#include <spandsp/expose.h>

enum { TONE_RATE = 8000, CADENCE_STEPS = 4 };

/* A row: ITU-T E.180 supplement 2. */
struct ringback {
	const char *country;
	float first_hz, second_hz;        /* second_hz 0: a single tone */
	float level_dbm0;                 /* of each tone */
	unsigned steps_ms[CADENCE_STEPS]; /* tone, pause, tone, pause; 0: no such step */
};

static const struct ringback ringbacks[] = {
        {"de", 425, 0, -16, {1000, 4000}},
        {"us", 440, 480, -19, {2000, 4000}},
        {"uk", 400, 450, -19, {400, 200, 400, 2000}},
        {"fr", 440, 0, -16, {1500, 3500}},
};

static const struct ringback *ringback_find(const char *country)
{
	for (size_t i = 0; i < sizeof(ringbacks) / sizeof(*ringbacks); i++) {
		if (strcmp(ringbacks[i].country, country) == 0)
			return &ringbacks[i];
	}
	return NULL;
}

bool tone_has_country(const char *country)
{
	return ringback_find(country) != NULL;
}

const char *tone_countries(void)
{
	return "de, us, uk, fr";
}

/*
 * libspandsp leaves steps that it allocates itself half initialised and then plays what it finds there, so
 * each step is given to it zeroed.
 */
static super_tone_tx_step_t *step_new(const struct ringback *ringback, bool tone, unsigned ms)
{
	super_tone_tx_step_t *step = calloc(1, sizeof(*step));

	if (!step)
		return NULL;
	if (tone)
		return super_tone_tx_make_step(step, ringback->first_hz, ringback->level_dbm0,
		        ringback->second_hz, ringback->level_dbm0, (int)ms, 1);
	return super_tone_tx_make_step(step, 0, 0, 0, 0, (int)ms, 1);
}

/* A root that goes round for ever over the row's steps. NULL: no memory. Free with super_tone_tx_free_tone.
 */
static super_tone_tx_step_t *cadence_new(const struct ringback *ringback)
{
	super_tone_tx_step_t *root = calloc(1, sizeof(*root));
	super_tone_tx_step_t **next;

	if (!root)
		return NULL;
	super_tone_tx_make_step(root, 0, 0, 0, 0, 0, 0);
	next = &root->nest;
	for (int i = 0; i < CADENCE_STEPS && ringback->steps_ms[i]; i++) {
		*next = step_new(ringback, i % 2 == 0, ringback->steps_ms[i]);
		if (!*next) {
			super_tone_tx_free_tone(root);
			return NULL;
		}
		next = &(*next)->next;
	}
	return root;
}

static size_t cadence_ms(const struct ringback *ringback)
{
	size_t ms = 0;

	for (int i = 0; i < CADENCE_STEPS; i++)
		ms += ringback->steps_ms[i];
	return ms;
}

int tone_ringback(struct sound *sound, const char *country)
{
	const struct ringback *ringback = ringback_find(country);
	super_tone_tx_state_t state = {0};
	super_tone_tx_step_t *root;
	size_t once, ms;
	int failed;

	if (!ringback)
		return -ENOENT;
	once = cadence_ms(ringback);
	for (ms = once; ms % SOUND_PART_MS; ms += once)
		;
	root = cadence_new(ringback);
	if (!root)
		return -ENOMEM;
	failed = sound_new(sound, ms * TONE_RATE / 1000, TONE_RATE);
	if (!failed) {
		super_tone_tx_init(&state, root);
		super_tone_tx(&state, sound->samples, (int)sound->count);
	}
	super_tone_tx_free_tone(root);
	return failed;
}
