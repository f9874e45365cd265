/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/api/describe.h"

#include <errno.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/api/describe_leg.h"
#include "ctl/call/bridge.h"
#include "ctl/call/park.h"
#include "ctl/foreign.h"
#include "kmod-free/version.h"

static json_int_t since_s(const struct calls *calls, uint64_t ms)
{
	return (json_int_t)((timers_now(calls->timers) - ms) / 1000);
}

static bool wanted(const struct api_filter *filter, const struct config_tenant *tenant)
{
	return !filter->tenant || !strcasecmp(filter->tenant, tenant->domain);
}

/* A list that is being filled, up to what the filter allows. */
struct rows {
	const struct calls *calls;
	const struct api_filter *filter;
	json_t *list;
	json_int_t left_out;
	bool failed;
};

static bool rows_full(struct rows *rows)
{
	if (json_array_size(rows->list) < rows->filter->limit)
		return false;
	rows->left_out++;
	return true;
}

static void rows_add(struct rows *rows, json_t *row)
{
	if (!row || json_array_append_new(rows->list, row) < 0)
		rows->failed = true;
}

/* {KEY: [...], "left_out": N} */
static json_t *rows_done(struct rows *rows, const char *key)
{
	if (!rows->failed)
		return json_pack("{s:o, s:I}", key, rows->list, "left_out", rows->left_out);
	json_decref(rows->list);
	return NULL;
}

static json_t *since_start(const struct call_counters *counters)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "calls",
	        (json_int_t)counters->calls, "answered", (json_int_t)counters->answered, "refused",
	        (json_int_t)counters->refused, "parked", (json_int_t)counters->parked, "taken",
	        (json_int_t)counters->taken, "recalls", (json_int_t)counters->recalls, "abandoned",
	        (json_int_t)counters->abandoned, "park_refused", (json_int_t)counters->park_refused,
	        "take_refused", (json_int_t)counters->take_refused);
}

static json_t *describe_audio(const struct calls *calls)
{
	struct audio_usage usage;

	audio_usage(calls->audio, &usage);
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "chunks_used", (json_int_t)usage.chunks_used, "chunks",
	        (json_int_t)usage.chunks, "clips", (json_int_t)usage.clips, "waiting",
	        (json_int_t)usage.waiting, "failed", (json_int_t)usage.failed);
}

static json_t *describe_listen(const struct config *config)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT];

	for (size_t i = 0; list && i < config->listen_count; i++)
		json_array_append_new(list, json_string(address_format(&config->listen[i], text)));
	return list;
}

static json_t *describe_status(void *context)
{
	const struct calls *calls = context;
	const struct config *config = calls->config;
	json_int_t users = 0, parked = 0, orbits = 0;
	uint32_t used, resting, all;

	for (size_t i = 0; i < config->tenant_count; i++) {
		const struct parking *parking = tenant_state(&config->tenants[i])->parking;

		users += (json_int_t)config->tenants[i].user_count;
		parked += parking_used(parking);
		orbits += parking_orbits(parking);
	}
	endpoints_count(calls->endpoints, &used, &resting, &all);
	return json_pack(
	        "{s:s, s:i, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}, s:o, s:o, s:b}",
	        "version", XDPARK_VERSION, "pid", (int)getpid(), "uptime_s",
	        since_s(calls, calls->started_ms), "listen", describe_listen(config), "tenants",
	        (json_int_t)config->tenant_count, "users", users, "registered",
	        (json_int_t)registrar_count(calls->registrar), "bridges", (json_int_t)calls->bridge_count,
	        "legs", (json_int_t)calls->leg_count, "parked", parked, "orbits", orbits, "endpoints", "used",
	        (json_int_t)used, "resting", (json_int_t)resting, "all", (json_int_t)all, "audio",
	        describe_audio(calls), "since_start", since_start(&calls->counters), "live_frames",
	        dataplane_terms(calls->dataplane)->live_frames != 0);
}

/* A call: its leg, the other one (NULL: none), and those that ring, by sibling. */
static json_t *call_row(const struct calls *calls, const struct leg *leg, const struct leg *other,
        const struct leg *rung, const char *state, uint64_t since_ms)
{
	json_t *legs = json_array();
	int failed = json_array_append_new(legs, describe_leg(leg));

	if (!failed && other)
		failed = json_array_append_new(legs, describe_leg(other));
	for (; rung && !failed; rung = rung->sibling)
		failed = json_array_append_new(legs, describe_leg(rung));
	if (failed) {
		json_decref(legs);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:o}", "call", leg->call, "tenant", leg->tenant->domain,
	        "state", state, "since_s", since_s(calls, since_ms), "legs", legs);
}

static const char *bridge_state(const struct bridge *bridge)
{
	if (!bridge->callee)
		return "ringing";
	return leg_holds(bridge->caller) || leg_holds(bridge->callee) ? "held" : "talking";
}

/* The call that is told of with this leg; nothing if it is told of with another. */
static void rows_add_call(struct rows *rows, const struct leg *leg)
{
	const struct bridge *bridge = bridge_of(leg);
	const struct parked_leg *parked = parked_leg_of(leg);
	const struct calls *calls = rows->calls;

	if (leg->ops && !parked && !announcement_of(leg) && !(bridge && leg == bridge->caller))
		return;
	if (rows_full(rows))
		return;
	if (bridge)
		rows_add(rows, call_row(calls, leg, bridge->callee, hunt_legs(bridge->hunt),
		                       bridge_state(bridge), bridge->since_ms));
	else if (parked)
		rows_add(rows, call_row(calls, leg, parked->taker, hunt_legs(parked->recall),
		                       parked->taker ? "taking" : "parked", parked->record->since_ms));
	else if (leg->ops)
		rows_add(rows, call_row(calls, leg, NULL, NULL, "announcing", leg->up_ms));
	else
		rows_add(rows, call_row(calls, leg, NULL, NULL, "arriving", leg->started_ms));
}

/* Every call once: bridges by their caller, with all legs that ring for it. */
static json_t *describe_calls(void *context, const struct api_filter *filter)
{
	struct rows rows = {.calls = context, .filter = filter, .list = json_array()};

	for (const struct leg *leg = rows.calls->legs; leg && !rows.failed; leg = leg->next)
		if (leg->state != LEG_CLOSING && wanted(filter, leg->tenant))
			rows_add_call(&rows, leg);
	return rows_done(&rows, "calls");
}

static json_t *optional_string(const char *text)
{
	return text ? json_string(text) : json_null();
}

static bool parked_row(void *context, const struct parked_call *record)
{
	const struct parked_leg *parked = record->call;
	const struct leg *caller = parked->caller;
	struct rows *rows = context;
	json_t *leg;

	if (rows_full(rows))
		return true;
	leg = describe_leg(caller);
	if (!leg) {
		rows->failed = true;
		return false;
	}
	rows_add(rows,
	        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:b, s:I, s:o}", "tenant",
	                caller->tenant->domain, "orbit", record->number, "call", caller->call, "state",
	                record->state == PARKED_TAKING ? "taking" : "parked", "caller",
	                foreign_string(caller->identity), "number", foreign_string(caller->number), "parker",
	                optional_string(record->parker), "taker", optional_string(record->taker), "since_s",
	                since_s(rows->calls, record->since_ms), "recalling", (int)record->recalling,
	                "recalls", (json_int_t)record->recalls, "leg", leg));
	return !rows->failed;
}

static json_t *describe_parked(void *context, const struct api_filter *filter)
{
	struct rows rows = {.calls = context, .filter = filter, .list = json_array()};
	const struct config *config = ((const struct calls *)context)->config;

	for (size_t i = 0; i < config->tenant_count && !rows.failed; i++)
		if (wanted(filter, &config->tenants[i]))
			parking_each(tenant_state(&config->tenants[i])->parking, parked_row, &rows);
	return rows_done(&rows, "parked");
}

static json_t *tenant_row(const struct config_tenant *tenant)
{
	const struct parking *parking = tenant_state(tenant)->parking;

	return json_pack("{s:s, s:I, s:o, s:I, s:I}", "tenant", tenant->domain, "users",
	        (json_int_t)tenant->user_count, "park_number", optional_string(tenant->park.number), "orbits",
	        (json_int_t)parking_orbits(parking), "parked", (json_int_t)parking_used(parking));
}

static json_t *describe_tenants(void *context, const struct api_filter *filter)
{
	struct rows rows = {.calls = context, .filter = filter, .list = json_array()};
	const struct config *config = rows.calls->config;

	for (size_t i = 0; i < config->tenant_count && !rows.failed; i++)
		if (wanted(filter, &config->tenants[i]) && !rows_full(&rows))
			rows_add(&rows, tenant_row(&config->tenants[i]));
	return rows_done(&rows, "tenants");
}

static bool describe_has_tenant(void *context, const char *domain)
{
	return config_tenant_find(((const struct calls *)context)->config, domain) != NULL;
}

static json_t *endpoint_row(const struct leg *leg)
{
	json_t *row = describe_leg(leg);

	if (row && !json_object_set_new(row, "tenant", json_string(leg->tenant->domain)) &&
	        !json_object_set_new(row, "call", json_string(leg->call)))
		return row;
	json_decref(row);
	return NULL;
}

static json_t *describe_endpoints(void *context, const struct api_filter *filter)
{
	struct rows rows = {.calls = context, .filter = filter, .list = json_array()};
	const struct calls *calls = context;
	uint32_t used, resting, all;
	json_t *result;

	for (const struct leg *leg = calls->legs; leg && !rows.failed; leg = leg->next)
		if (leg->endpoint.index && wanted(filter, leg->tenant) && !rows_full(&rows))
			rows_add(&rows, endpoint_row(leg));
	result = rows_done(&rows, "endpoints");
	if (!result)
		return NULL;
	endpoints_count(calls->endpoints, &used, &resting, &all);
	json_object_set_new(result, "used", json_integer(used));
	json_object_set_new(result, "resting", json_integer(resting));
	json_object_set_new(result, "all", json_integer(all));
	return result;
}

static int describe_ask(void *context, const char *question,
        void (*answered)(void *answered_context, const struct json_t *answer, int error),
        void *answered_context)
{
	const struct calls *calls = context;

	return dataplane_ask(calls->dataplane, question, answered, answered_context);
}

const struct api_ops describe_ops = {
        .status = describe_status,
        .calls = describe_calls,
        .parked = describe_parked,
        .endpoints = describe_endpoints,
        .tenants = describe_tenants,
        .has_tenant = describe_has_tenant,
        .ask = describe_ask,
};
