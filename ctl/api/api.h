/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API of the running system: HTTP and JSON over a unix socket, for `xdpark` and whoever else may.
 *
 *   GET /v1/status      struct api_ops status, with "kernel" and "settings" of the dataplane, and "api"
 *   GET /v1/calls       {"calls": [...], "left_out": N}       ?tenant=DOMAIN&limit=N (1000; 10000 at most)
 *   GET /v1/parked      {"parked": [...], "left_out": N}      the same
 *   GET /v1/endpoints   {"endpoints": [...], "left_out": N, "used", "resting", "all"}   the same
 *   GET /v1/tenants     {"tenants": [...], "left_out": N}     the same
 *   GET /v1/counters    the dataplane's {"get":"counters"}
 *   POST /v1/tune       {"early_us": N, "grace_us": N}, each optional; answer: the dataplane's settings
 *
 * Errors are {"error": "a sentence"} with 400, 404 (also a tenant that isn't there), 405, 500 or 503 (the
 * dataplane doesn't answer). In /v1/status the dataplane's parts are null then, and "dataplane_error" says
 * why. What is no request, or larger than 8 kB of headers and 4 kB of body, gets a page of libevent's and is
 * closed. How many connections there may be, and for how long: connections.h; "api" counts them:
 * {"connections", "most", "since_start", "full"}. xdpark(8) lists every key.
 */
#ifndef XDPARK_API_H
#define XDPARK_API_H

#include <stdbool.h>
#include <stdint.h>

struct api;
struct event_base;
struct json_t;

/* Which rows of a list are wanted. */
struct api_filter {
	const char *tenant; /* domain; NULL: of all */
	uint32_t limit;     /* rows at most; what isn't given is counted */
};

/*
 * What the API asks the running system. Each returns a new reference, or NULL for no memory, and does not
 * call back. Times: "..._s" whole seconds, "..._ms" milliseconds. Keys that don't apply are null.
 */
struct api_ops {
	/*
	 * {"version", "pid", "uptime_s", "listen": ["10.0.0.1:5060"], "tenants", "users", "registered",
	 *  "bridges": bridges and calls that ring, "legs", "parked", "orbits",
	 *  "endpoints": {"used", "resting", "all"},
	 *  "audio": {"chunks_used", "chunks", "clips", "waiting", "failed"},
	 *  "since_start": {"calls", "answered", "refused", "parked", "taken", "recalls", "abandoned",
	 *                  "park_refused", "take_refused"},
	 *  "live_frames": whether the pump works}
	 */
	struct json_t *(*status)(void *context);
	/*
	 * {"calls": [{"call": id, "tenant", "state": "ringing", "talking", "held" (a phone holds), "parked",
	 *             "taking", "announcing", "arriving" (its way is looked up), "since_s",
	 *             "legs": [LEG, ...]}], "left_out"}
	 * LEG: {"state": "waiting" (he calls us), "calling" (we call him), "answered" (the ACK of our 200 is
	 *       missing), "up", "closing", "number", "identity", "user" or "trunk": name, "codec",
	 * "ptime_ms", "remote": "10.90.0.2:4000", "local": "10.90.0.1:10246", "endpoint": index, "hears":
	 * "nothing", "hold", "peer", "hold_until_heard", "kernel": true when its media runs in the kernel,
	 * "why": else the reason in words, "received", "refused", "sent", "forwarded", "hold_ingress",
	 * "hold_pump", "hold_skipped": packets of this leg, "silent_ms": since the phone's last packet, null:
	 * none yet}
	 */
	struct json_t *(*calls)(void *context, const struct api_filter *filter);
	/*
	 * {"parked": [{"tenant", "orbit": "701", "call", "state": "parked", "taking", "caller": identity,
	 *              "number", "parker", "taker", "since_s", "recalling": bool, "recalls",
	 *              "leg": LEG}], "left_out"}
	 */
	struct json_t *(*parked)(void *context, const struct api_filter *filter);
	/* {"tenants": [{"tenant", "users", "park_number", "orbits", "parked"}], "left_out"} */
	struct json_t *(*tenants)(void *context, const struct api_filter *filter);
	/* Domains are compared without case. */
	bool (*has_tenant)(void *context, const char *domain);
	/* {"endpoints": [LEG with "tenant" and "call", ...], "left_out", "used", "resting", "all"} */
	struct json_t *(*endpoints)(void *context, const struct api_filter *filter);
	/*
	 * Asks the dataplane, as dataplane_ask() does: `answered` comes once, also at its end; 0 or a
	 * negative errno, then it never comes.
	 */
	int (*ask)(void *context, const char *question,
	        void (*answered)(void *answered_context, const struct json_t *answer, int error),
	        void *answered_context);
};

struct api_options {
	struct event_base *base;
	const char *path;  /* of the unix socket; one that nobody listens on is replaced */
	const char *group; /* whose members may use it; NULL: the daemon's own group */
	const struct api_ops *ops;
	void *context;
};

/*
 * Serves from now on. On errors a negative errno and a sentence in `reason` (256 bytes): -EADDRINUSE when
 * another daemon answers there.
 */
int api_new(struct api **api, const struct api_options *options, char *reason);

/* Closes every connection and removes the socket. Questions that are still open are forgotten when they are
 * answered. NULL is legal. */
void api_free(struct api *api);

#endif
