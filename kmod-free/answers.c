/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/answers.h"

#include <string.h>

#include "bpf/endings.h"
#include "kmod-free/ip.h"
#include "kmod-free/handover.h"

/* Rows that surely fit into HANDOVER_TEXT; the rest is counted. */
enum { NEXTHOPS_SHOWN = 256, MOST_US = 60000 };

struct ending {
	const char *name, *verdict, *meaning;
};

static const struct ending endings[] = {
#define ENDING(name, verdict, meaning) {#name, #verdict, meaning},
#include "bpf/endings.def"
#undef ENDING
};

static const char *const state_names[] = {"free", "pending", "reachable", "unreachable"};

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *endings_json(const struct object *object)
{
	json_t *rows = json_object();

	for (uint32_t row = 0; row < XD_ENDINGS; row++)
		json_object_set_new(rows, endings[row].name,
		        json_pack("{s:o,s:s,s:s}", "packets", number(object_total(object, row)), "verdict",
		                endings[row].verdict, "meaning", endings[row].meaning));
	return rows;
}

static json_t *pump_json(const struct pump *pump)
{
	struct pump_counters counters = pump_count(pump);
	json_t *object = json_object();

	json_object_set_new(object, "running", json_boolean(pump != NULL));
	json_object_set_new(object, "phases", number(counters.phases));
	json_object_set_new(object, "phases_missed", number(counters.missed));
	json_object_set_new(object, "phases_waited", number(counters.waited));
	json_object_set_new(object, "calls", number(counters.calls));
	json_object_set_new(object, "calls_failed", number(counters.failed));
	json_object_set_new(object, "call_ns", number(counters.call_ns));
	json_object_set_new(object, "call_ns_max", number(counters.call_ns_max));
	json_object_set_new(object, "scan_ns_max", number(counters.scan_ns_max));
	json_object_set_new(object, "frames_asked", number(counters.asked));
	json_object_set_new(object, "frames_late", number(counters.late));
	json_object_set_new(object, "frames_skipping", number(counters.skipping));
	return object;
}

/* Frames of all streams that were never sent because they were more than 100 ms late. */
static uint64_t skipped_sum(const struct object *object)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < object->endpoints; i++)
		sum += __atomic_load_n(&object->streams[i].hold_skipped, __ATOMIC_RELAXED);
	return sum;
}

static json_t *counters_json(const struct answers *answers)
{
	json_t *object = json_object();

	/* For the interfaces' own counters; if it fails the last ones stand. */
	links_read(answers->links, answers->rtnl);
	json_object_set_new(object, "endings", endings_json(answers->object));
	json_object_set_new(object, "events_lost", number(object_total(answers->object, XD_EVENTS_LOST)));
	json_object_set_new(
	        object, "hold_ingress", number(object_total(answers->object, XD_END_sent_hold_ingress)));
	json_object_set_new(
	        object, "hold_pump", number(object_total(answers->object, XD_END_sent_hold_pump)));
	json_object_set_new(object, "hold_skipped", number(skipped_sum(answers->object)));
	json_object_set_new(object, "pump", pump_json(answers->pump));
	json_object_set_new(object, "interfaces", losses_json(answers->losses, answers->links));
	return object;
}

struct nexthop_rows {
	json_t *rows;
	unsigned left_out;
};

static void mac_format(const __u8 mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void nexthop_row(
        void *data, const struct handover_nexthop *entry, const struct xd_hop *hop, unsigned holds)
{
	struct nexthop_rows *rows = data;
	char address[IP_TEXT], mac[18];
	json_t *row;

	if (json_array_size(rows->rows) == NEXTHOPS_SHOWN) {
		rows->left_out++;
		return;
	}
	row = json_pack("{s:s,s:s,s:i,s:i}", "remote", ip_format(entry->address, address), "state",
	        state_names[entry->state], "holds", (int)holds, "error", entry->error);
	if (entry->state == XD_NEXTHOP_REACHABLE) {
		mac_format(hop->destination_mac, mac);
		json_object_set_new(row, "index", number(entry->index));
		json_object_set_new(row, "ifindex", number(hop->ifindex));
		json_object_set_new(row, "mac", json_string(mac));
		json_object_set_new(row, "vlan_tags", number(hop->tags));
	}
	json_array_append_new(rows->rows, row);
}

static json_t *nexthops_json(const struct nexthop_table *table)
{
	struct nexthop_rows rows = {json_array(), 0};
	json_t *object = json_object();

	for (unsigned state = XD_NEXTHOP_PENDING; state <= XD_NEXTHOP_UNREACHABLE; state++)
		json_object_set_new(object, state_names[state],
		        number(nexthop_count(table, (enum xd_nexthop_state)state)));
	nexthop_each(table, nexthop_row, &rows);
	json_object_set_new(object, "nexthops", rows.rows);
	json_object_set_new(object, "left_out", number(rows.left_out));
	return object;
}

static json_t *settings_json(const struct object *object)
{
	const struct xd_settings *settings = object->settings;
	json_t *answer = json_object(), *addresses = json_array();
	char text[IP_TEXT];

	for (unsigned i = 0; i < settings->addresses && i < XD_ADDRESSES; i++)
		json_array_append_new(addresses, json_string(ip_format(object->addresses[i].address, text)));
	json_object_set_new(answer, "early_us", number(settings->early_ns / 1000));
	json_object_set_new(answer, "grace_us", number(settings->grace_ns / 1000));
	json_object_set_new(answer, "dscp", number(settings->dscp));
	json_object_set_new(answer, "live_frames", json_boolean(settings->live_frames));
	json_object_set_new(answer, "port_first", number(settings->port_first));
	json_object_set_new(
	        answer, "port_last", number(settings->port_first + settings->endpoints_each * 2U - 1));
	json_object_set_new(answer, "endpoints", number(object->endpoints));
	json_object_set_new(answer, "chunks", number(object->chunks));
	json_object_set_new(answer, "addresses", addresses);
	return answer;
}

static json_t *error_json(const char *text)
{
	return json_pack("{s:s}", "error", text);
}

/* Reads one time in us into *ns; absent: unchanged. false: not a number in range. */
static bool time_take(const json_t *set, const char *key, uint64_t *ns)
{
	const json_t *value = json_object_get(set, key);

	if (!value)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > MOST_US)
		return false;
	*ns = (uint64_t)json_integer_value(value) * 1000;
	return true;
}

static json_t *settings_set(struct object *object, const json_t *set)
{
	struct xd_settings *settings = object->settings;
	uint64_t early = settings->early_ns, grace = settings->grace_ns;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)set, key, value)
	{
		if (strcmp(key, "early_us") != 0 && strcmp(key, "grace_us") != 0)
			return error_json(
			        "only early_us and grace_us can be set; the rest are options of xdpark-dp");
	}
	if (!time_take(set, "early_us", &early) || !time_take(set, "grace_us", &grace))
		return error_json("early_us and grace_us are whole numbers from 0 to 60000");
	if (!settings->live_frames && early != settings->early_ns)
		return error_json("without a pump early stays one frame time");
	__atomic_store_n(&settings->early_ns, early, __ATOMIC_RELAXED);
	__atomic_store_n(&settings->grace_ns, grace, __ATOMIC_RELAXED);
	return settings_json(object);
}

static json_t *question_answer(const struct answers *answers, const json_t *question)
{
	const char *get = json_string_value(json_object_get(question, "get"));
	const json_t *set = json_object_get(question, "set");

	if (json_is_object(set))
		return settings_set(answers->object, set);
	if (!get)
		return error_json(
		        "ask {\"get\":\"kernel\"|\"counters\"|\"nexthops\"|\"settings\"} or {\"set\":{...}}");
	if (!strcmp(get, "kernel"))
		return kernel_json(answers->kernel);
	if (!strcmp(get, "counters"))
		return counters_json(answers);
	if (!strcmp(get, "nexthops"))
		return nexthops_json(answers->nexthops);
	if (!strcmp(get, "settings"))
		return settings_json(answers->object);
	return error_json("no such thing to get: kernel, counters, nexthops, settings");
}

char *answers_give(const struct answers *answers, const char *question)
{
	json_error_t where;
	json_t *asked = json_loads(question, JSON_REJECT_DUPLICATES, &where);
	json_t *answer =
	        json_is_object(asked) ? question_answer(answers, asked) : error_json("not a JSON object");
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	json_decref(answer);
	json_decref(asked);
	return text;
}
