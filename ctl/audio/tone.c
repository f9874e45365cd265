/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/tone.h"

#include <errno.h>
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
 * steps[0] becomes a root that goes round for ever over the row's steps. libspandsp leaves steps that it
 * allocates itself half initialised and then plays what it finds there, so they come from here, zeroed.
 */
static void cadence_make(super_tone_tx_step_t steps[1 + CADENCE_STEPS], const struct ringback *ringback)
{
	super_tone_tx_step_t **next = &steps[0].nest;

	memset(steps, 0, (1 + CADENCE_STEPS) * sizeof(*steps));
	super_tone_tx_make_step(&steps[0], 0, 0, 0, 0, 0, 0);
	for (int i = 0; i < CADENCE_STEPS && ringback->steps_ms[i]; i++) {
		bool tone = i % 2 == 0;

		*next = super_tone_tx_make_step(&steps[1 + i], tone ? ringback->first_hz : 0,
		        tone ? ringback->level_dbm0 : 0, tone ? ringback->second_hz : 0,
		        tone ? ringback->level_dbm0 : 0, (int)ringback->steps_ms[i], 1);
		next = &steps[1 + i].next;
	}
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
	super_tone_tx_step_t steps[1 + CADENCE_STEPS];
	super_tone_tx_state_t state = {0};
	size_t once, ms;
	int failed;

	if (!ringback)
		return -ENOENT;
	once = cadence_ms(ringback);
	for (ms = once; ms % SOUND_PART_MS; ms += once)
		;
	failed = sound_new(sound, ms * TONE_RATE / 1000, TONE_RATE);
	if (failed < 0)
		return failed;
	cadence_make(steps, ringback);
	super_tone_tx_init(&state, steps);
	super_tone_tx(&state, sound->samples, (int)sound->count);
	return 0;
}
