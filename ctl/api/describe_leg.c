/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/api/describe_leg.h"

#include "ctl/foreign.h"

static json_t *optional_string(const char *text)
{
	return text ? json_string(text) : json_null();
}

static const char *state_of(const struct leg *leg)
{
	static const char *const names[] = {
	        [LEG_INCOMING] = "waiting",
	        [LEG_CALLING] = "calling",
	        [LEG_ANSWERED] = "answered",
	        [LEG_UP] = "up",
	        [LEG_CLOSING] = "closing",
	};

	return names[leg->state];
}

static const char *hears(const struct leg *leg)
{
	switch (leg->endpoint.plan.action) {
	case XD_HOLD:
		return "hold";
	case XD_FORWARD:
		return "peer";
	case XD_HOLD_UNTIL_HEARD:
		return endpoint_heard(&leg->endpoint) ? "peer" : "hold_until_heard";
	default:
		return "nothing";
	}
}

/* Why the media of a leg doesn't run in the kernel; NULL: it does. */
static const char *why_not(const struct leg *leg)
{
	if (!leg->agreed && (leg->state == LEG_INCOMING || leg->state == LEG_CALLING))
		return "not answered yet";
	if (!leg->agreed)
		return leg->late_offer ? "the far end has not answered our offer yet"
		                       : "no SDP is agreed yet";
	if (leg->media_error)
		return "the dataplane has no next hop to its media address";
	if (!nexthop_use_index(&leg->nexthop))
		return sdp_is_somewhere(&leg->agreement.remote)
		               ? "the next hop is being looked up"
		               : "the far end takes no audio now (port 0 or address 0.0.0.0)";
	if (leg->endpoint.plan.action == XD_IDLE)
		return "the call is not connected yet";
	return NULL;
}

static int set_media(json_t *row, const struct leg *leg)
{
	const char *why = why_not(leg);
	char remote[ADDRESS_TEXT], local[ADDRESS_TEXT];
	json_t *media = json_pack("{s:o, s:o, s:o, s:s, s:I, s:s, s:b, s:o}", "codec",
	        leg->agreed ? json_string(codec_name(leg->agreement.codec)) : json_null(), "ptime_ms",
	        leg->agreed ? json_integer(leg->agreement.ptime_ms) : json_null(), "remote",
	        leg->agreed ? json_string(address_format(&leg->agreement.remote, remote)) : json_null(),
	        "local", address_format(&leg->endpoint.local, local), "endpoint",
	        (json_int_t)leg->endpoint.index, "hears", hears(leg), "kernel", !why, "why",
	        optional_string(why));
	int result = media ? json_object_update(row, media) : -1;

	json_decref(media);
	return result;
}

static int set_counters(json_t *row, const struct leg *leg)
{
	uint64_t silent_ns = endpoint_silent_ns(&leg->endpoint);
	struct endpoint_counters sums;
	json_t *counters;
	int result;

	endpoint_counters(&leg->endpoint, &sums);
	counters = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "received",
	        (json_int_t)sums.received, "refused", (json_int_t)sums.refused, "sent", (json_int_t)sums.sent,
	        "forwarded", (json_int_t)sums.forwarded, "hold_ingress", (json_int_t)sums.hold_ingress,
	        "hold_pump", (json_int_t)sums.hold_pump, "hold_skipped", (json_int_t)sums.hold_skipped,
	        "silent_ms",
	        silent_ns == UINT64_MAX ? json_null() : json_integer((json_int_t)(silent_ns / 1000000)));
	result = counters ? json_object_update(row, counters) : -1;
	json_decref(counters);
	return result;
}

json_t *describe_leg(const struct leg *leg)
{
	json_t *row = json_pack("{s:s, s:o, s:o, s:o, s:o}", "state", state_of(leg), "number",
	        foreign_string(leg->number), "identity", foreign_string(leg->identity), "user",
	        optional_string(leg->user ? leg->user->name : NULL), "trunk",
	        optional_string(leg->trunk ? leg->trunk->name : NULL));

	if (row && !set_media(row, leg) && !set_counters(row, leg))
		return row;
	json_decref(row);
	return NULL;
}
