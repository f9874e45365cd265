/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints: allocation of local ports, and plans written in the order that bpf/layout.h demands. The media
 * side of one leg.
 */
#ifndef XDPARK_ENDPOINT_H
#define XDPARK_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"
#include "ctl/config.h"
#include "ctl/dataplane.h"

/* All endpoints of the media addresses that the config names. */
struct endpoints;

/*
 * `media` must outlive it. Finds each address of `media` among those of the dataplane's hello (-ENOENT
 * otherwise, naming it in `reason`, 256 bytes), sets every endpoint to IDLE that a former controller left,
 * and goes on counting its generation. What was in use, or heard its phone in the last 2 s, rests first. Or
 * -ENOMEM.
 */
int endpoints_new(struct endpoints **endpoints, struct dataplane *dataplane, struct timers *timers,
        const struct config_media *media, size_t media_count, char *reason);

/* The maps stay as they are: what wasn't closed goes on until its `until`. NULL is legal. */
void endpoints_free(struct endpoints *endpoints);

/* In use, resting (freed less than 2 s ago), free. */
void endpoints_count(const struct endpoints *endpoints, uint32_t *used, uint32_t *resting, uint32_t *all);

/* One endpoint in use. Embedded in its leg. */
struct endpoint {
	struct endpoints *endpoints;
	uint32_t index;       /* 0: none */
	struct address local; /* RTP address and port as SDP names them (advertised) */
	uint32_t ssrc;        /* of everything the phone hears, chosen at random when the leg is made */
	uint32_t leg_since;   /* full generation at which the leg began, or a later one less than 2^15 ago */
	uint32_t media_since;
	struct xd_plan plan;       /* as last written: copy it, change it, endpoint_change() */
	struct xd_stream baseline; /* counters when the leg began */
};

/* What came and went at an endpoint in the time of its leg: packets. */
struct endpoint_counters {
	uint32_t received, refused, rtcp;
	uint32_t sent; /* of it: forwarded, hold_ingress, hold_pump */
	uint32_t forwarded, hold_ingress, hold_pump;
	uint32_t hold_skipped; /* frames that were not sent */
	uint64_t last_in;      /* ns; 0: the phone wasn't heard yet */
};

/*
 * Takes a free endpoint of the family of `remote_family_of`, oldest freed first, over the addresses by turns
 * of 64; its plan is IDLE until the first change. -ENOSPC: none free; -EAFNOSUPPORT: no media address of that
 * family.
 */
int endpoint_open(struct endpoints *endpoints, const uint8_t remote_family_of[16], struct endpoint *endpoint);

/* IDLE, and rests. The caller has cleared peer and hearer of the other legs before. Nothing when index is 0.
 */
void endpoint_close(struct endpoint *endpoint);

/*
 * Makes `plan` the plan in use: exchange due, write the plan not in use, store the generation, store due. A
 * plan that equals the one in use is no change. leg_since, media_since, ssrc and `until` are filled in here;
 * `media_changed` says that the SDP changed (latching starts anew; a generation even if the plan is equal).
 * For HOLD and HOLD_UNTIL_HEARD t0 == 0 means "start a new stream now": t0 is set in phase with the phone's
 * last packet, or, if it has been silent for 200 ms, in one of the ptime's 1 ms phases. Without live frames
 * HOLD_UNTIL_HEARD becomes FORWARD: nobody would play to a phone that is silent. It is FORWARD in effect once
 * its peer was heard: then neither action with the same peer is a change, and other changes don't start the
 * hold stream again. Nothing when index is 0.
 */
void endpoint_change(struct endpoint *endpoint, const struct xd_plan *plan, bool media_changed);

/*
 * Renews `until` (15 minutes ahead) of endpoints in use where that is a minute old, and restarts holding
 * endpoints whose due is 0 and whose peer wasn't heard: at one of so many parts of all endpoints, the next
 * one with each call. All should be seen every few seconds, and must be every minute.
 */
void endpoints_sweep(struct endpoints *endpoints, uint32_t parts);

/*
 * An event of the dataplane: the phone of an endpoint has begun to send. If it holds, its hold stream is put
 * in phase with the packets, so that they carry it: by a shift of less than a ptime, with no frame repeated
 * or left out. An event of a leg that has ended does nothing.
 */
void endpoints_media_started(struct endpoints *endpoints, const struct xd_event *event);

/* HOLD_UNTIL_HEARD: whether the peer has been heard in this generation. */
bool endpoint_heard(const struct endpoint *endpoint);

/* Counters of this leg: what the map says minus the baseline. */
void endpoint_counters(const struct endpoint *endpoint, struct endpoint_counters *counters);

/* ns since the last accepted packet of the phone; UINT64_MAX: never in this leg. */
uint64_t endpoint_silent_ns(const struct endpoint *endpoint);

#endif
