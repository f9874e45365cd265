/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay: the one XDP program, with two entrances. From the wire come packets of phones: they are forwarded to
 * who hears them, or carry a frame of the phone's own hold stream back to it. From the pump, as loopback,
 * where nothing is attached, come live frames that are written from the first byte.
 *
 * Each packet ends in one row of endings.def, and is counted there.
 */
#include "bpf/forward.h"
#include "bpf/hint.h"
#include "bpf/hold.h"
#include "bpf/pump.h"
#include "bpf/source.h"

char relay_license[] SEC("license") = "GPL";

/* Source, payload type, latch: whether the phone may speak here. `refused` counts what it may not. */
static __always_inline int ingress_admit(
        const struct packet *packet, const struct view *talker, struct talk *talk)
{
	struct xd_stream *stream = talker->stream;
	int ending = source_check(talker, packet);

	if (ending == CONTINUE && talk->rtcp) {
		count_up(stream->rtcp, 1);
		return XD_END_rtcp;
	}
	if (ending == CONTINUE)
		ending = rtp_payload_kind(view_plan(talker), talk);
	if (ending == CONTINUE)
		ending = latch_check(talker, stream, packet, talk);
	if (ending == CONTINUE)
		source_accept(stream, talk);
	else if (ending != XD_END_drop_old_generation)
		count_up(stream->refused, 1);
	return ending;
}

/* Whether there is a call at endpoint `index`, and this is RTP for it. */
static __always_inline int ingress_call(
        const struct packet *packet, __u32 index, struct talk *talk, struct view *talker)
{
	__u64 *hint = bpf_map_lookup_elem(&hints, &index);
	int ending;

	if (!view_find(talker, index) || !hint)
		return XD_END_pass_port;
	hint_follow(talker, load(*hint));
	ending = plan_read(talker);
	if (ending != CONTINUE)
		return ending;
	if (view_plan(talker)->action == XD_IDLE)
		return XD_END_drop_idle;
	if (packet->v6 && !packet->check)
		return XD_END_drop_udp_checksum;
	ending = rtp_read(packet, talk);
	if (ending != CONTINUE)
		return ending;
	talk->now = bpf_ktime_get_ns();
	if (talk->now > talker->until)
		return XD_END_drop_expired;
	return ingress_admit(packet, talker, talk);
}

/*
 * From the frame to what a phone said: fills *talk, and *talker, the view of its endpoint. Not being static
 * it is verified for itself, once, and not for each way that leads on; pointers don't survive that, so the
 * caller has to find the endpoint's entries anew.
 */
__noinline int ingress_read(struct xdp_md *ctx, struct talk *talk, struct view *talker)
{
	const struct xd_settings *settings = settings_now();
	struct packet packet;
	struct view view;
	__u32 index;
	int ending;

	if (!settings || !talk || !talker)
		return XD_END_pass_address;
	ending = parse_packet(ctx, &packet);
	if (ending == CONTINUE)
		ending = locate_endpoint(&packet, settings, &index);
	if (ending == CONTINUE)
		ending = ingress_call(&packet, index, talk, &view);
	if (ending == CONTINUE)
		*talker = view;
	return ending;
}

/* Who hears the phone decides: if nobody does, its packet is there to carry its own hold stream. */
static __always_inline __s64 ingress_packet(struct xdp_md *ctx)
{
	struct talk talk = {0};
	struct view view = {0};
	const struct xd_endpoint *entry;
	__u32 talker, hearer;
	__u64 hint;
	int ending;

	ending = ingress_read(ctx, &talk, &view);
	if (ending != CONTINUE)
		return ending;
	talker = view.index;
	hint = hint_of(&view);
	hearer = view_plan(&view)->hearer;
	entry = endpoint_at(hearer);
	if (hearer && entry && entry_hears(entry, talker)) {
		/* From here on the view is the hearer's. */
		ending = view_find(&view, hearer) ? plan_read(&view) : XD_END_drop_old_generation;
		if (ending == CONTINUE && !plan_hears(view_plan(&view), talker))
			ending = XD_END_drop_old_generation;
		if (ending != CONTINUE)
			return ending;
		hint_keep(talker, hint_of_hearer(hint, &view));
		return forward_send(ctx, &talk, &view);
	}
	hint_keep(talker, hint);
	if (plan_holds(view_plan(&view)) && view_find(&view, talker))
		return hold_ingress(ctx, &view, talk.now);
	return hearer ? XD_END_drop_hearer_elsewhere : XD_END_drop_nobody_hears;
}

SEC("xdp")
int relay(struct xdp_md *ctx)
{
	__s64 result = ctx->ingress_ifindex == XD_PUMP_IFINDEX ? pump_frame(ctx) : ingress_packet(ctx);
	int ending = (__u32)result;

	total_count(ending);
	switch (ending_verdict(ending)) {
	case XD_VERDICT_PASS:
		return XDP_PASS;
	case XD_VERDICT_SENT:
		return way_leave(ctx, result >> 32);
	default:
		return XDP_DROP;
	}
}
