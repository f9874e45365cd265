/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call/dispatch.h"
#include "ctl/call/leg.h"
#include "ctl/call/park.h"

/* All in 2 s, but never for long: who calls waits meanwhile. */
enum { SWEEP_MS = 100, SWEEP_PARTS = 20 };

struct tenant_state *tenant_state(const struct config_tenant *tenant)
{
	return tenant->state;
}

/* A clip has been encoded: for some caller it may be the one. */
static void clip_ready(void *context)
{
	const struct calls *calls = context;

	if (!calls->instead_count)
		return;
	for (struct leg *leg = calls->legs; leg; leg = leg->next)
		leg_refresh_hold(leg);
}

/* Hold audio that has been encoded meanwhile, plans whose `until` comes near, and streams that stand still.
 */
static void calls_sweep(struct timer *timer)
{
	struct calls *calls = owner_of(timer, struct calls, sweep);

	if (++calls->sweeps % SWEEP_PARTS == 0)
		clip_ready(calls);
	endpoints_sweep(calls->endpoints, SWEEP_PARTS);
	timer_set(calls->timers, &calls->sweep, SWEEP_MS, calls_sweep);
}

static int tenant_audio(struct tenant_state *state, char *reason)
{
	const struct config_hold *hold = &state->tenant->park.hold;
	struct audio *audio = state->calls->audio;

	state->ringback = audio_ringback(audio, hold->country ? hold->country : "us", reason);
	switch (hold->kind) {
	case HOLD_MUSIC:
		state->hold = audio_music(audio, hold->file, hold->level_dbm0, reason);
		break;
	case HOLD_RINGBACK:
		state->hold = state->ringback;
		break;
	case HOLD_SILENCE:
		state->hold = audio_silence(audio);
		break;
	}
	return state->hold && state->ringback ? 0 : -ENOENT;
}

static int tenant_parking(struct tenant_state *state)
{
	const struct config_park *park = &state->tenant->park;
	struct orbit_range *ranges = calloc(park->orbit_ranges + 1, sizeof(*ranges));
	struct parking_options options = {
	        .timers = state->calls->timers,
	        .ops = &park_ops,
	        .context = state,
	        .ranges = ranges,
	        .range_count = (unsigned)park->orbit_ranges,
	        .quota = park->quota,
	        .recall_after_ms = park->recall_after_s * 1000,
	        .recall_ring_ms = park->recall_ring_s * 1000,
	};
	int result;

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < park->orbit_ranges; i++)
		ranges[i] = (struct orbit_range){
		        .first = park->orbits[i].first,
		        .last = park->orbits[i].last,
		        .digits = park->orbits[i].digits,
		};
	result = parking_new(&state->parking, &options);
	free(ranges);
	return result;
}

static int tenant_start(struct calls *calls, struct config_tenant *tenant, char *reason)
{
	struct tenant_state *state = calloc(1, sizeof(*state));
	char why[256] = "no memory";
	int result;

	if (!state)
		return -ENOMEM;
	tenant->state = state;
	state->calls = calls;
	state->tenant = tenant;
	result = tenant_audio(state, why);
	if (!result) {
		result = tenant_parking(state);
		snprintf(why, sizeof(why), "orbits: %s", strerror(-result));
	}
	if (result < 0)
		snprintf(reason, 256, "tenant %.64s: %.180s", tenant->domain, why);
	return result;
}

static void tenant_stop(struct config_tenant *tenant)
{
	struct tenant_state *state = tenant->state;

	if (!state)
		return;
	parking_free(state->parking);
	free(state);
	tenant->state = NULL;
}

static int calls_open_sip(struct calls *calls, char *reason)
{
	struct sip_stack_options options = {
	        .timers = calls->timers,
	        .user = &dispatch_user,
	        .context = calls,
	        .agent = calls->config->agent,
	};
	int result = sip_stack_new(&calls->stack, &options);

	if (!result)
		result = dialogs_new(&calls->dialogs);
	if (!result)
		result = auth_new(&calls->auth, calls->timers);
	if (result < 0)
		snprintf(reason, 256, "SIP stack: %s", strerror(-result));
	return result;
}

int calls_new(struct calls **result, const struct calls_options *options, char *reason)
{
	struct calls *calls = calloc(1, sizeof(*calls));
	struct config *config = options->config;
	int error;

	if (!calls)
		return -ENOMEM;
	calls->config = config;
	calls->timers = options->timers;
	calls->dataplane = options->dataplane;
	calls->audio = options->audio;
	calls->started_ms = timers_now(calls->timers);
	error = calls_open_sip(calls, reason);
	if (!error)
		error = endpoints_new(&calls->endpoints, calls->dataplane, calls->timers, config->media,
		        config->media_count, reason);
	for (size_t i = 0; !error && i < config->tenant_count; i++)
		error = tenant_start(calls, &config->tenants[i], reason);
	if (!error)
		error = timer_set(calls->timers, &calls->sweep, SWEEP_MS, calls_sweep);
	if (error < 0) {
		calls_free(calls);
		return error;
	}
	audio_tell(calls->audio, clip_ready, calls);
	*result = calls;
	return 0;
}

int calls_transport(struct calls *calls, struct transport *transport)
{
	if (calls->transport)
		return 0;
	calls->transport = transport;
	return registrar_new(&calls->registrar, calls->timers, calls->config, transport);
}

void calls_free(struct calls *calls)
{
	if (!calls)
		return;
	audio_tell(calls->audio, NULL, NULL);
	timer_cancel(calls->timers, &calls->sweep);
	timer_cancel(calls->timers, &calls->reap);
	legs_free(calls);
	for (size_t i = 0; i < calls->config->tenant_count; i++)
		tenant_stop(&calls->config->tenants[i]);
	sip_stack_free(calls->stack);
	registrar_free(calls->registrar);
	auth_free(calls->auth);
	dialogs_free(calls->dialogs);
	endpoints_free(calls->endpoints);
	free(calls);
}
