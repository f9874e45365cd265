/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of a running rtpengine, by its ng protocol. A bridge is an offer and an answer. A parked caller's
 * other side is one that sends only and that nobody hears; `play media` has the daemon play a file with the
 * clip to the caller.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/audio/encode.h"
#include "tools/rig/machine.h"
#include "tools/rig/matroska.h"
#include "tools/rig/ng.h"
#include "tools/rig/offer.h"
#include "tools/rig/report.h"
#include "tools/rig/setup.h"
#include "tools/rig/trunk_message.h"

enum { CALL_ID = 48, PATH = 128, WAIT_MS = 4000, ROUNDS = 999999, DISCARD_PORT = 9 };

#define PROGRESS_NS 1000000000ULL

struct setup {
	const struct rig_options *options;
	struct callers *callers;
	struct ng *ng;
	uint32_t run; /* in Call-IDs */

	unsigned begun;  /* calls to be deleted */
	bool gone;       /* it doesn't answer any more */
	char file[PATH]; /* with the clip, where the daemon can read it; "": none */
	json_t *causes;  /* of calls that didn't come to be: reason to count */
	uint64_t told;   /* ns; when progress is to be told again */
};

static void call_begin(struct setup *setup, const char *command, unsigned call)
{
	char id[CALL_ID];

	snprintf(id, sizeof(id), "rig-%x-%u", setup->run, call);
	ng_begin(setup->ng, command);
	ng_string(setup->ng, "call-id", id);
	ng_string(setup->ng, "from-tag", "offerer");
}

/* Sends the request; counts why it failed. */
static int call_ask(struct setup *setup)
{
	char reason[NG_ERROR];
	int failed = ng_ask(setup->ng, WAIT_MS, reason);

	if (!failed || failed == -EINTR)
		return failed;
	setup->gone = failed == -ETIMEDOUT;
	json_object_set_new(setup->causes, reason,
	        json_integer(json_integer_value(json_object_get(setup->causes, reason)) + 1));
	return failed;
}

/* An offer or an answer with this SDP; *relay: where the daemon wants the media of whom it tells this. */
static int call_offer(
        struct setup *setup, const char *command, unsigned call, const char *sdp, struct sockaddr_in *relay)
{
	static struct trunk_message answer;
	const char *value;
	size_t length;
	int failed;

	call_begin(setup, command, call);
	if (strcmp(command, "answer") == 0)
		ng_string(setup->ng, "to-tag", "answerer");
	ng_string(setup->ng, "ICE", "remove");
	ng_list(setup->ng, "flags", "trust-address");
	ng_string(setup->ng, "sdp", sdp);
	failed = call_ask(setup);
	if (failed)
		return failed;
	if (!ng_answer(setup->ng, "sdp", &value, &length))
		return -EPROTO;
	snprintf(answer.text, sizeof(answer.text), "%.*s", (int)length, value);
	answer.body = answer.text;
	return trunk_media(&answer, relay) ? 0 : -EPROTO;
}

/* Offers caller `first` to another side. *first_relay, *other_relay: what each of the two is told. */
static int call_make(struct setup *setup, unsigned call, unsigned first, const char *other_sdp,
        struct sockaddr_in *first_relay, struct sockaddr_in *other_relay)
{
	struct sockaddr_in local = callers_address(setup->callers, first);
	char sdp[OFFER_BYTES];
	int failed;

	offer_write(&local, setup->options->codec, setup->options->ptime_ms, "sendrecv", sdp);
	setup->begun = call + 1;
	failed = call_offer(setup, "offer", call, sdp, other_relay);
	return failed ? failed : call_offer(setup, "answer", call, other_sdp, first_relay);
}

static int park_one(struct setup *setup, unsigned caller)
{
	struct sockaddr_in nobody = {.sin_family = AF_INET,
	        .sin_addr = setup->options->addresses[0],
	        .sin_port = htons(DISCARD_PORT)};
	struct sockaddr_in relay, unused;
	char sdp[OFFER_BYTES];
	int failed;

	offer_write(&nobody, setup->options->codec, setup->options->ptime_ms, "sendonly", sdp);
	failed = call_make(setup, caller, caller, sdp, &relay, &unused);
	if (failed)
		return failed;
	call_begin(setup, "block media", caller);
	failed = call_ask(setup);
	if (failed)
		return failed;
	callers_connect(setup->callers, caller, &relay, CL_HOLD, caller);
	call_begin(setup, "play media", caller);
	ng_string(setup->ng, "file", setup->file);
	ng_number(setup->ng, "repeat-times", ROUNDS);
	failed = call_ask(setup);
	if (failed)
		callers_disconnect(setup->callers, caller);
	return failed;
}

static int bridge_one(struct setup *setup, unsigned call)
{
	unsigned first = 2 * call, second = first + 1;
	struct sockaddr_in local = callers_address(setup->callers, second);
	struct sockaddr_in first_relay, second_relay;
	char sdp[OFFER_BYTES];
	int failed;

	offer_write(&local, setup->options->codec, setup->options->ptime_ms, "sendrecv", sdp);
	failed = call_make(setup, call, first, sdp, &first_relay, &second_relay);
	if (failed)
		return failed;
	callers_connect(setup->callers, first, &first_relay, CL_TALK, second);
	callers_connect(setup->callers, second, &second_relay, CL_TALK, first);
	return 0;
}

/* Calls 0 up to `count`, one after the other, as long as the daemon answers. */
static int calls_run(struct setup *setup, unsigned count, const char *what,
        int (*make)(struct setup *setup, unsigned call))
{
	int up = 0;

	for (unsigned call = 0; call < count && !setup->gone; call++) {
		uint64_t now = machine_clock_ns();

		if (machine_ending())
			return -EINTR;
		if (!make(setup, call))
			up++;
		if (now > setup->told) {
			progress("%s: %u of %u", what, call + 1, count);
			setup->told = now + PROGRESS_NS;
		}
	}
	return up;
}

static int ng_park(struct setup *setup, unsigned count)
{
	return calls_run(setup, count, "having rtpengine play", park_one);
}

static int ng_bridge(struct setup *setup, unsigned count)
{
	return calls_run(setup, count, "having rtpengine bridge", bridge_one);
}

static int ng_serve(struct setup *setup, uint64_t until_ns)
{
	(void)setup;
	return machine_sleep_until(until_ns);
}

static unsigned ng_calls_close(struct setup *setup)
{
	unsigned call, stayed;
	char reason[NG_ERROR];

	if (!setup)
		return 0;
	for (call = 0; call < setup->begun && !setup->gone; call += !setup->gone) {
		call_begin(setup, "delete", call);
		ng_number(setup->ng, "delete-delay", 0);
		setup->gone = ng_ask(setup->ng, WAIT_MS, reason) == -ETIMEDOUT;
	}
	stayed = setup->begun - call;
	if (*setup->file)
		unlink(setup->file);
	ng_close(setup->ng);
	json_decref(setup->causes);
	free(setup);
	return stayed;
}

/* The clip into a file that everybody may read: the daemon is another user. */
static int file_make(struct setup *setup)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH];
	FILE *file;
	int failed, made;

	if (snprintf(path, sizeof(path), "%s/xdpark-rig-XXXXXX", folder ? folder : "/tmp") >=
	        (int)sizeof(path))
		return -ENAMETOOLONG;
	made = mkstemp(path);
	if (made < 0)
		return -errno;
	memcpy(setup->file, path, sizeof(path));
	file = fchmod(made, 0644) ? NULL : fdopen(made, "w");
	if (!file) {
		close(made);
		return -EIO;
	}
	failed = matroska_write(file, callers_clip(setup->callers), setup->options->ptime_ms);
	return fclose(file) ? -EIO : failed;
}

static int ng_calls_make(struct setup *setup, char *error)
{
	char reason[NG_ERROR], ip[INET_ADDRSTRLEN];
	int failed;

	setup->causes = json_object();
	failed = setup->causes ? ng_open(&setup->ng, &setup->options->ng) : -ENOMEM;
	if (failed)
		return failed;
	ng_begin(setup->ng, "ping");
	failed = ng_ask(setup->ng, WAIT_MS, reason);
	if (failed) {
		inet_ntop(AF_INET, &setup->options->ng.sin_addr, ip, sizeof(ip));
		snprintf(error, SETUP_ERROR, "no rtpengine at %s:%u (--ng): %s", ip,
		        ntohs(setup->options->ng.sin_port), reason);
		return failed == -EINTR ? failed : -EPERM;
	}
	failed = file_make(setup);
	if (failed)
		snprintf(error, SETUP_ERROR, "no file for what rtpengine is to play (%s)", strerror(-failed));
	return failed;
}

static int ng_calls_open(
        struct setup **setup, const struct rig_options *options, struct callers *callers, char *error)
{
	struct setup *made = calloc(1, sizeof(*made));
	int failed;

	snprintf(error, SETUP_ERROR, "out of memory");
	if (!made)
		return -ENOMEM;
	made->options = options;
	made->callers = callers;
	made->run = arc4random();
	failed = ng_calls_make(made, error);
	if (failed) {
		ng_calls_close(made);
		return failed;
	}
	*setup = made;
	return 0;
}

static json_t *ng_failed(const struct setup *setup)
{
	return json_deep_copy(setup->causes);
}

/* It encodes what it has decoded, and no sample is a negative zero: u-law's 0x7f becomes 0xff. */
static void ng_hears(struct clip *clip)
{
	for (uint32_t i = 0; i < clip->count; i++) {
		struct xd_chunk *chunk = &clip->chunks[i];

		for (unsigned byte = 0; byte < XD_CHUNK_BYTES; byte++)
			if (chunk->payload[byte] == 0x7f)
				chunk->payload[byte] = 0xff;
		chunk->sum = chunk_sum(chunk->payload);
	}
}

const struct setup_ops setup_rtpengine = {.name = "ng",
        .open = ng_calls_open,
        .close = ng_calls_close,
        .park = ng_park,
        .bridge = ng_bridge,
        .serve = ng_serve,
        .failed = ng_failed,
        .hears = ng_hears};
