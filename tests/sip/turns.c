/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two phones in a call, one of which holds and resumes again and again at odd moments. Exit 0 if what the
 * other one heard was one stream without a missing packet, never far ahead of the clock.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sip/far/far_end.h"
#include "tests/sip/far/far_rtp.h"

/* AHEAD_MS: a packet, `early`, and what this machine makes of the first packet and of ours. */
enum { AHEAD_MS = 45, WAIT_MS = 3000, TURN_MS = 60, ODD_MS = 40, FRAME_MS = 20 };

struct side {
	struct far_end end;
	struct far_rtp rtp;
	struct far_call *call;
	double talk_ms; /* when its next frame is due; 0: silent */
};

struct turns {
	struct side holder, hearer;
	bool (*done)(const struct turns *turns);
};

static bool is_answered(const struct turns *turns)
{
	return turns->holder.call->invite_status != 0;
}

static bool is_over(const struct turns *turns)
{
	return turns->holder.call->bye_status != 0;
}

static bool is_never(const struct turns *turns)
{
	(void)turns;
	return false;
}

static void side_talk(struct side *side, double now)
{
	far_rtp_listen(&side->rtp);
	if (side->talk_ms <= 0 || now < side->talk_ms || !side->call)
		return;
	far_rtp_talk(&side->rtp, &side->call->media, 0x55);
	side->talk_ms += FRAME_MS;
}

/* Called after every wake-up. */
static bool talking(void *context)
{
	struct turns *turns = context;
	double now = far_now_ms();

	side_talk(&turns->holder, now);
	side_talk(&turns->hearer, now);
	return turns->done(turns);
}

static bool go_on(struct turns *turns, int milliseconds, bool (*done)(const struct turns *))
{
	struct far_end *ends[] = {&turns->holder.end, &turns->hearer.end};

	double limit = far_now_ms() + milliseconds;

	turns->done = done;
	/* It sleeps until a message comes: RTP doesn't wake it. */
	do
		if (far_end_serve(ends, 2, 1, talking, turns))
			return true;
	while (far_now_ms() < limit);
	return false;
}

static bool side_open(struct side *side, const char *ip)
{
	char local[64];

	snprintf(local, sizeof(local), "%s:5060", ip);
	if (far_end_open(&side->end, local, "10.90.0.1:5060", "load.example") || far_rtp_open(&side->rtp, ip))
		return false;
	side->end.rtp_port = far_rtp_port(&side->rtp);
	side->end.answer = true;
	return true;
}

static bool call_begin(struct turns *turns, bool talk)
{
	struct side *holder = &turns->holder, *hearer = &turns->hearer;

	holder->call = far_call_invite(&holder->end, "1", "2", far_rtp_port(&holder->rtp), "0 PCMU/8000", "");
	if (!holder->call || !go_on(turns, WAIT_MS, is_answered) || holder->call->invite_status != 200)
		return false;
	hearer->call = far_end_incoming(&hearer->end);
	holder->talk_ms = far_now_ms();
	/* Half a frame apart. */
	hearer->talk_ms = talk ? holder->talk_ms + FRAME_MS / 2.0 : 0;
	go_on(turns, 500, is_never);
	return hearer->call != NULL;
}

static bool take_turns(struct turns *turns, unsigned count)
{
	for (unsigned turn = 0; turn < 2 * count; turn++) {
		far_call_reinvite(turns->holder.call, turn % 2 ? "sendrecv" : "sendonly");
		if (!go_on(turns, WAIT_MS, is_answered) || turns->holder.call->invite_status != 200)
			return false;
		go_on(turns, TURN_MS + rand() % ODD_MS, is_never);
	}
	far_call_bye(turns->holder.call);
	return go_on(turns, WAIT_MS, is_over);
}

static int verdict(const struct far_rtp *heard, unsigned count)
{
	unsigned missing = far_rtp_missing(heard);

	printf("RESULT: %u turns: %u packets heard, %u missing, %.1f ms ahead at most, largest gap %.1f ms\n",
	        count, heard->received, missing, heard->ahead_ms, heard->largest_gap_ms);
	if (heard->ssrcs == 1 && !missing && !heard->repeated && heard->ahead_ms <= AHEAD_MS)
		return 0;
	fprintf(stderr, "turns: ssrcs=%u repeated=%u strange=%u\n", heard->ssrcs, heard->repeated,
	        heard->strange);
	return 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"turns", 1, 0, 'n'}, {"talk", 0, 0, 't'}, {0}};
	static struct turns turns;
	unsigned count = 40;
	bool talk = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'n') {
			count = (unsigned)strtoul(optarg, NULL, 10);
		} else if (option == 't') {
			talk = true;
		} else {
			fputs("usage: turns [--turns N] [--talk]\n", stderr);
			return 2;
		}
	}
	srand(7);
	if (!side_open(&turns.holder, "10.90.0.11") || !side_open(&turns.hearer, "10.90.0.12")) {
		perror("turns");
		return 1;
	}
	if (!call_begin(&turns, talk) || !take_turns(&turns, count)) {
		fprintf(stderr, "turns: no call, or it was lost: %d\n",
		        turns.holder.call ? turns.holder.call->invite_status : 0);
		return 1;
	}
	return verdict(&turns.hearer.rtp, count);
}
