/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One caller on a trunk: calls a number, listens for a while, hangs up, and says what it heard. Exit 0 if
 * that was one unbroken stream of 50 packets a second.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sip/far/far_end.h"
#include "tests/sip/far/far_rtp.h"

struct caller {
	struct far_end end;
	struct far_rtp rtp;
	struct far_call *call;
	double talk_ms; /* when the next frame of ours is due; 0: silent */
};

/* What an overloaded machine may do to the stream without the test failing. */
struct allowance {
	double gap_ms;
	unsigned reordered;
	unsigned least; /* packets; 0: all that the time should bring */
};

static const char usage[] =
        "usage: caller --local IP [--server IP:PORT] [--domain NAME] [--number N] [--seconds S] [--talk]\n"
        "              [--gap MS] [--reordered N] [--least PACKETS]\n";

static bool answered(void *context)
{
	return ((struct caller *)context)->call->invite_status != 0;
}

static bool hung_up(void *context)
{
	return ((struct caller *)context)->call->bye_status != 0;
}

/* Called after every wake-up: hears, talks when it is time, and ends when the other side does. */
static bool listening(void *context)
{
	struct caller *caller = context;
	double now = far_now_ms();

	far_rtp_listen(&caller->rtp);
	if (caller->talk_ms > 0 && now >= caller->talk_ms) {
		far_rtp_talk(&caller->rtp, &caller->call->media, 0x55);
		caller->talk_ms += 20;
	}
	return caller->call->ended;
}

static int verdict(const struct far_rtp *rtp, double seconds, const struct allowance *allowed)
{
	/* The first frame comes within the first two frame times. */
	unsigned least = allowed->least ? allowed->least : (unsigned)(seconds * 50) - 2,
	         missing = far_rtp_missing(rtp);
	bool good = rtp->received >= least && rtp->ssrcs == 1 && !missing && !rtp->repeated &&
	            !rtp->strange && rtp->reordered <= allowed->reordered &&
	            rtp->largest_gap_ms <= allowed->gap_ms;

	printf("RESULT: %u packets in %.1f s, %u streams, %u missing, %u repeated, %u reordered, %u strange, "
	       "largest gap %.1f ms\n",
	        rtp->received, seconds, rtp->ssrcs, missing, rtp->repeated, rtp->reordered, rtp->strange,
	        rtp->largest_gap_ms);
	return good ? 0 : 1;
}

static int caller_run(
        struct caller *caller, const char *number, double seconds, bool talk, const struct allowance *allowed)
{
	struct far_end *ends[] = {&caller->end};
	double limit;

	caller->call = far_call_invite(
	        &caller->end, "caller", number, far_rtp_port(&caller->rtp), "0 PCMU/8000", "");
	if (!far_end_serve(ends, 1, 5000, answered, caller) || caller->call->invite_status != 200) {
		fprintf(stderr, "caller: INVITE to %s: %d\n", number, caller->call->invite_status);
		return 1;
	}
	limit = far_now_ms() + seconds * 1e3;
	caller->talk_ms = talk ? far_now_ms() : 0;
	while (far_now_ms() < limit)
		if (far_end_serve(ends, 1, 2, listening, caller)) {
			fprintf(stderr, "caller: hung up on after %.1f s\n",
			        seconds - (limit - far_now_ms()) / 1e3);
			return 1;
		}
	far_call_bye(caller->call);
	if (!far_end_serve(ends, 1, 5000, hung_up, caller) || caller->call->bye_status != 200) {
		fprintf(stderr, "caller: BYE: %d\n", caller->call->bye_status);
		return 1;
	}
	return verdict(&caller->rtp, seconds, allowed);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"local", 1, 0, 'l'}, {"server", 1, 0, 's'},
	        {"domain", 1, 0, 'd'}, {"number", 1, 0, 'n'}, {"seconds", 1, 0, 't'}, {"talk", 0, 0, 'k'},
	        {"gap", 1, 0, 'g'}, {"reordered", 1, 0, 'r'}, {"least", 1, 0, 'm'}, {0}};
	const char *local = NULL, *server = "10.90.0.1:5060", *domain = "load.example", *number = "700";
	struct allowance allowed = {.gap_ms = 60};
	double seconds = 3;
	bool talk = false;
	char sip[64];
	struct caller caller;
	int option, error, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (option) {
		case 'l':
			local = optarg;
			break;
		case 's':
			server = optarg;
			break;
		case 'd':
			domain = optarg;
			break;
		case 'n':
			number = optarg;
			break;
		case 't':
			seconds = strtod(optarg, NULL);
			break;
		case 'k':
			talk = true;
			break;
		case 'g':
			allowed.gap_ms = strtod(optarg, NULL);
			break;
		case 'm':
			allowed.least = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			allowed.reordered = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (!local || seconds < 1) {
		fputs(usage, stderr);
		return 2;
	}
	snprintf(sip, sizeof(sip), "%s:0", local);
	error = far_end_open(&caller.end, sip, server, domain);
	if (!error)
		error = far_rtp_open(&caller.rtp, local);
	if (error) {
		fprintf(stderr, "caller: %s: %s\n", local, strerror(-error));
		return 1;
	}
	status = caller_run(&caller, number, seconds, talk, &allowed);
	far_rtp_close(&caller.rtp);
	far_end_close(&caller.end);
	return status;
}
