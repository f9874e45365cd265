/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crowd of telephones does random things to the call layer, and what must always hold is checked after
 * every step. RUNS and SEED come from the environment, TRACE shows every message; a run that fails prints its
 * seed.
 */
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/call/bridge.h"
#include "ctl/call/park.h"
#include "ctl/call/plan.h"
#include "tests/unit/call_stage.h"
#include "tests/unit/random_phone.h"

#ifdef __SANITIZE_ADDRESS__
enum { RUNS = 200 };
#else
enum { RUNS = 1000 };
#endif
enum {
	PHONES = 7,
	STEPS = 60,
	MOST_PARKED = 8,
	QUIET_MS = 260000,
	LEAVE_MS = 40000,
	WAIT_ROUNDS = 20000,
	WAIT_US = 10
};

struct crowd {
	struct call_stage *stage;
	struct random_phone phones[PHONES];
	uint64_t seed;
	unsigned step;
	/* Who was parked after the step before. */
	char parked[MOST_PARKED][80]; /* Call-IDs */
	unsigned parked_count;
	uint64_t taken;
};

#define HOLDS(crowd, truth)                                                                                  \
	do {                                                                                                 \
		if (!(truth))                                                                                \
			fail_msg("SEED=%llu RUNS=1, step %u: %s", (unsigned long long)(crowd)->seed,         \
			        (crowd)->step, #truth);                                                      \
	} while (0)

static struct xd_plan plan_in_use(const struct crowd *crowd, const struct leg *leg)
{
	const struct xd_endpoint *entry = dataplane_endpoint(crowd->stage->dataplane, leg->endpoint.index);
	const struct xd_rest *rest = dataplane_rest(crowd->stage->dataplane, leg->endpoint.index);
	unsigned in_use = entry->generation & 1;

	return (struct xd_plan){.line = entry->plan[in_use], .rest = rest->plan[in_use]};
}

static const struct leg *leg_by_endpoint(const struct crowd *crowd, uint32_t index)
{
	for (const struct leg *leg = crowd->stage->calls->legs; leg; leg = leg->next)
		if (leg->endpoint.index == index)
			return leg;
	return NULL;
}

/* Whom a leg may hear, and be heard by; NULL: nobody. */
static const struct leg *partner_of(const struct crowd *crowd, const struct leg *leg)
{
	const struct bridge *bridge = bridge_of(leg);
	const struct parked_leg *parked = parked_leg_of(leg);

	if (bridge && leg == bridge->caller && !bridge->callee)
		return bridge->early;
	if (bridge)
		return bridge_other(bridge, leg);
	if (parked)
		return parked->taker;
	for (const struct leg *other = crowd->stage->calls->legs; other; other = other->next) {
		bridge = bridge_of(other);
		parked = parked_leg_of(other);
		if ((parked && parked->taker == leg) || (bridge && bridge->early == leg))
			return other;
	}
	return NULL;
}

static void check_plan(const struct crowd *crowd, const struct leg *leg)
{
	const struct xd_plan whole = plan_in_use(crowd, leg), *plan = &whole;
	const struct leg *partner = partner_of(crowd, leg);
	uint32_t other = partner ? partner->endpoint.index : 0;

	HOLDS(crowd, plan_equals(plan, &leg->endpoint.plan) || plan->action == XD_IDLE);
	HOLDS(crowd, plan->peer == 0 || plan->peer == other);
	HOLDS(crowd, plan->hearer == 0 || plan->hearer == other);
	if (plan->action == XD_FORWARD || plan->action == XD_HOLD_UNTIL_HEARD)
		HOLDS(crowd, plan->peer != 0);
	if (plan->peer) {
		HOLDS(crowd, leg_by_endpoint(crowd, plan->peer) == partner);
		HOLDS(crowd, partner && partner->tenant == leg->tenant);
	}
	/* Nobody is sent what his phone doesn't want. */
	if (plan->action != XD_IDLE && plan->action != XD_MUTE)
		HOLDS(crowd, leg->agreement.remote_listens);
}

static bool is_settled(const struct leg *leg)
{
	return leg->agreed && leg->state == LEG_UP && !leg->invite && !leg->reached;
}

static void check_parked(const struct crowd *crowd, const struct leg *leg)
{
	const struct parked_leg *parked = parked_leg_of(leg);
	const struct parked_call *record = parked->record;
	const struct parking *parking = tenant_state(leg->tenant)->parking;
	const struct xd_plan whole = plan_in_use(crowd, leg), *plan = &whole;

	HOLDS(crowd, parked->caller == leg);
	HOLDS(crowd, parking_at(parking, record->number) == record);
	HOLDS(crowd, record->call == parked);
	HOLDS(crowd, leg->state == LEG_UP || leg->state == LEG_ANSWERED);
	HOLDS(crowd, record->state == (parked->taker ? PARKED_TAKING : PARKED_PARKED));
	HOLDS(crowd, !(parked->taker && parked->recall));
	if (!leg->agreed)
		HOLDS(crowd, plan->action == XD_IDLE);
	else if (!leg->agreement.remote_listens)
		HOLDS(crowd, plan->action == XD_MUTE);
	else if (!parked->taker || !parked->taker->agreed)
		HOLDS(crowd, plan->action == XD_HOLD);
	else
		HOLDS(crowd, plan->action == XD_FORWARD || plan->action == XD_HOLD_UNTIL_HEARD);
	if (parked->taker && is_settled(leg) && is_settled(parked->taker))
		HOLDS(crowd, codecs_connect(leg->agreement.codec, parked->taker->agreement.codec));
}

static void check_bridge(const struct crowd *crowd, const struct bridge *bridge)
{
	HOLDS(crowd, bridge_of(bridge->caller) == bridge);
	HOLDS(crowd, bridge->caller != bridge->callee);
	HOLDS(crowd, !bridge->hunt == !!bridge->callee);
	if (!bridge->callee)
		return;
	HOLDS(crowd, bridge_of(bridge->callee) == bridge);
	HOLDS(crowd, bridge->caller->tenant == bridge->callee->tenant);
	/* But where phones refused to be brought together again. */
	if (is_settled(bridge->caller) && is_settled(bridge->callee) && bridge->aligned < BRIDGE_ALIGNS)
		HOLDS(crowd,
		        codecs_connect(bridge->caller->agreement.codec, bridge->callee->agreement.codec));
}

/* An orbit that is in use has a live caller. */
static bool check_orbit(void *context, const struct parked_call *record)
{
	const struct crowd *crowd = context;
	const struct parked_leg *parked = record->call;
	const struct leg *leg = crowd->stage->calls->legs;

	while (leg && leg != parked->caller)
		leg = leg->next;
	HOLDS(crowd, leg && parked_leg_of(leg) == parked);
	return true;
}

/* Whether the phone of a dialog has given a reason to end it, or knows it no more. */
static bool phone_left(const struct crowd *crowd, const char *call_id)
{
	for (unsigned i = 0; i < PHONES; i++) {
		const struct random_dialog *dialog = random_phone_find(&crowd->phones[i], call_id);

		if (dialog)
			return dialog->left || dialog->state == RANDOM_OVER;
	}
	return true;
}

/* Whoever was parked still is, or was taken, or has left by himself. */
static void check_nobody_is_lost(struct crowd *crowd)
{
	uint64_t taken = crowd->stage->calls->counters.taken;
	const struct leg *leg;

	for (unsigned i = 0; i < crowd->parked_count && taken == crowd->taken; i++) {
		leg = crowd->stage->calls->legs;
		while (leg && (!leg->dialog.call_id || strcmp(leg->dialog.call_id, crowd->parked[i]) != 0))
			leg = leg->next;
		if (!leg || !parked_leg_of(leg))
			HOLDS(crowd, phone_left(crowd, crowd->parked[i]));
	}
	crowd->taken = taken;
	crowd->parked_count = 0;
	for (leg = crowd->stage->calls->legs; leg; leg = leg->next)
		if (parked_leg_of(leg) && crowd->parked_count < MOST_PARKED)
			snprintf(crowd->parked[crowd->parked_count++], sizeof(crowd->parked[0]), "%s",
			        leg->dialog.call_id);
}

static void check(struct crowd *crowd)
{
	struct calls *calls = crowd->stage->calls;
	uint32_t used, resting, all, endpoints = 0, legs = 0, parked = 0, bridges = 0;

	for (const struct leg *leg = calls->legs; leg; leg = leg->next, legs++) {
		if (leg->state == LEG_CLOSING)
			HOLDS(crowd, !leg->ops && !leg->endpoint.index && !leg->nexthop.nexthop &&
			                     !leg->coming.nexthop);
		if (!leg->endpoint.index)
			continue;
		endpoints++;
		check_plan(crowd, leg);
		if (parked_leg_of(leg)) {
			check_parked(crowd, leg);
			parked++;
		}
	}
	for (const struct bridge *bridge = calls->bridges; bridge; bridge = bridge->next, bridges++)
		check_bridge(crowd, bridge);
	HOLDS(crowd, legs == calls->leg_count);
	HOLDS(crowd, bridges == calls->bridge_count);
	endpoints_count(calls->endpoints, &used, &resting, &all);
	HOLDS(crowd, used == endpoints);
	parking_each(tenant_state(crowd->stage->acme)->parking, check_orbit, crowd);
	parking_each(tenant_state(crowd->stage->globex)->parking, check_orbit, crowd);
	HOLDS(crowd, parked == parking_used(tenant_state(crowd->stage->acme)->parking) +
	                               parking_used(tenant_state(crowd->stage->globex)->parking));
	check_nobody_is_lost(crowd);
}

static void check_nothing_is_left(struct crowd *crowd)
{
	struct calls *calls = crowd->stage->calls;
	struct sip_counters counters;

	sip_stack_counters(calls->stack, &counters);
	for (const struct leg *leg = calls->legs; leg; leg = leg->next)
		print_message("left: number=%s state=%d call_id=%s\n", leg->number, (int)leg->state,
		        leg->dialog.call_id);
	HOLDS(crowd, calls->leg_count == 0);
	HOLDS(crowd, calls->bridge_count == 0);
	HOLDS(crowd, !calls->ended);
	HOLDS(crowd, counters.transactions == 0);
	HOLDS(crowd, counters.tombstones == 0);
	for (int i = 0; i < WAIT_ROUNDS && fake_dataplane_holds(crowd->stage->fake, NULL); i++)
		usleep(WAIT_US);
	HOLDS(crowd, fake_dataplane_holds(crowd->stage->fake, NULL) == 0);
}

static bool trace(void *context, const char *bytes, size_t length)
{
	const struct crowd *crowd = context;

	print_message("--- step %u, %llu ms\n%.*s\n", crowd->step, (unsigned long long)crowd->stage->net.now,
	        (int)length, bytes);
	return false;
}

/* One after another, mostly within milliseconds, now and then half a minute later. */
static void act(struct crowd *crowd)
{
	struct net *net = &crowd->stage->net;

	for (crowd->step = 0; crowd->step < STEPS; crowd->step++) {
		crowd->stage->fake->nexthop_error = net_random(net, 10) ? 0 : -ENETUNREACH;
		for (unsigned i = 1 + net_random(net, 3); i > 0; i--)
			random_phone_act(&crowd->phones[net_random(net, PHONES)]);
		stage_run(crowd->stage, net_random(net, net_random(net, 8) ? 40 : 40000));
		check(crowd);
	}
}

static void run(struct crowd *crowd, uint64_t seed)
{
	struct net *net = &crowd->stage->net;

	crowd->seed = seed;
	crowd->parked_count = 0;
	net->random = seed * 0x9e3779b97f4a7c15U + 1;
	net->loss = net_random(net, 3) ? 0 : 10;
	net->twice = net_random(net, 3) ? 0 : 15;
	net->delay = net_random(net, 2) ? 0 : 30;
	for (size_t i = 0; i < crowd->stage->config->tenant_count; i++)
		crowd->stage->config->tenants[i].park.announce = net_random(net, 2);
	for (unsigned i = 0; i < PHONES; i++)
		random_phone_reset(&crowd->phones[i]);
	act(crowd);
	net->loss = net->twice = 0;
	crowd->stage->fake->nexthop_error = 0;
	for (int i = 0; i < 2; i++) {
		for (unsigned p = 0; p < PHONES; p++)
			random_phone_finish(&crowd->phones[p]);
		stage_run(crowd->stage, LEAVE_MS);
		check(crowd);
	}
	stage_run(crowd->stage, QUIET_MS);
	check(crowd);
	check_nothing_is_left(crowd);
}

static unsigned number_from(const char *name, unsigned otherwise)
{
	const char *value = getenv(name);

	return value ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static void test_random(void **state)
{
	struct call_stage *stage = *state;
	struct phone *phones[PHONES] = {
	        stage->p101, stage->p102, stage->p103, stage->p105, stage->p105b, stage->p201, stage->trunk};
	unsigned runs = number_from("RUNS", RUNS), seed = number_from("SEED", 1);
	const struct call_counters *counters = &stage->calls->counters;
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	crowd->stage = stage;
	if (getenv("TRACE")) {
		stage->net.watch = trace;
		stage->net.watcher = crowd;
	}
	for (unsigned i = 0; i < PHONES; i++)
		random_phone_open(
		        &crowd->phones[i], &stage->net, phones[i]->end, stage->server, phones[i]->name);
	for (unsigned i = 0; i < runs; i++)
		run(crowd, seed + i);
	print_message("%u runs: calls=%llu answered=%llu refused=%llu parked=%llu taken=%llu recalls=%llu "
	              "abandoned=%llu\n",
	        runs, (unsigned long long)counters->calls, (unsigned long long)counters->answered,
	        (unsigned long long)counters->refused, (unsigned long long)counters->parked,
	        (unsigned long long)counters->taken, (unsigned long long)counters->recalls,
	        (unsigned long long)counters->abandoned);
	free(crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_random, call_stage_open, call_stage_close),
	};

	log_open("test", getenv("SEED") ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
