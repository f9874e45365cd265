/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Races at one orbit, as often as asked, through the lab's trunk (tenant load.example):
 *
 *   race take N   a caller is parked, two takers dial the orbit in the same moment: exactly one gets 200,
 * hears the caller and is hung up when the caller hangs up; the other one is told no and hears nothing race
 * park N   two users, each in a call, refer their callers to the same orbit in the same moment: one is
 *                 parked, the other one's call goes on
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sip/far/far_end.h"
#include "tests/sip/far/far_rtp.h"

enum { SIDES = 2, PATIENCE_MS = 5000, FIRST_ORBIT = 100000 };

static const char server[] = "10.90.0.1:5060", domain[] = "load.example", codec[] = "0 PCMU/8000";

/* One address of the trunk with a phone on it. */
struct party {
	struct far_end end;
	struct far_rtp rtp;
	struct far_call *call;
};

/* callers[0] alone in `take`; the others are takers or parkers. */
struct race {
	struct party callers[SIDES], others[SIDES];
	struct far_end *ends[2 * SIDES];
	char orbit[16];
	unsigned round;
	const char *wrong; /* why the round failed */
};

static bool fails(struct race *race, const char *what)
{
	race->wrong = what;
	return false;
}

static bool serve(struct race *race, bool (*done)(void *context))
{
	return far_end_serve(race->ends, 2 * SIDES, PATIENCE_MS, done, race);
}

static bool call(struct party *party, const char *from, const char *number, const char *headers)
{
	far_rtp_reset(&party->rtp);
	party->call = far_call_invite(&party->end, from, number, far_rtp_port(&party->rtp), codec, headers);
	return party->call;
}

static bool caller_answered(void *context)
{
	return ((struct race *)context)->callers[0].call->invite_status != 0;
}

static bool both_callers_answered(void *context)
{
	return caller_answered(context) && ((struct race *)context)->callers[1].call->invite_status != 0;
}

static bool both_takers_answered(void *context)
{
	struct race *race = context;

	return race->others[0].call->invite_status && race->others[1].call->invite_status;
}

/* Whoever was hung up on has heard of it, and whoever hung up has an answer. */
static bool hung_up(const struct party *party)
{
	return !party->call || !party->call->established || party->call->ended || party->call->bye_status;
}

static bool all_hung_up(void *context)
{
	struct race *race = context;

	return hung_up(&race->callers[0]) && hung_up(&race->callers[1]) && hung_up(&race->others[0]) &&
	       hung_up(&race->others[1]);
}

static void round_clear(struct race *race)
{
	for (int i = 0; i < SIDES; i++) {
		struct party *parties[] = {&race->callers[i], &race->others[i]};

		for (int k = 0; k < 2; k++) {
			far_call_clear(parties[k]->call);
			parties[k]->call = NULL;
		}
	}
}

/* What one party says, the other hears; `fill` tells this packet from hold audio. */
static bool hears(struct party *talker, struct party *hearer, uint8_t fill)
{
	/* The first one may come while the switch is under way. */
	for (int attempt = 0; attempt < 20; attempt++) {
		far_rtp_talk(&talker->rtp, &talker->call->media, fill);
		if (far_rtp_wait_fill(&hearer->rtp, fill, 25))
			return true;
	}
	return false;
}

static bool take_decided(struct race *race)
{
	int first = race->others[0].call->invite_status, second = race->others[1].call->invite_status;
	struct party *winner = &race->others[first == 200 ? 0 : 1],
	             *loser = &race->others[first == 200 ? 1 : 0];
	uint8_t fill = (uint8_t)(race->round % 251 + 1);

	if (first == 200 && second == 200)
		return fails(race, "both takers got the caller");
	if (first != 200 && second != 200)
		return fails(race, "neither taker got the caller");
	if (loser->call->invite_status != 410 && loser->call->invite_status != 404)
		return fails(race, "the loser was answered with something else than 410 or 404");
	if (race->callers[0].call->ended)
		return fails(race, "the caller was dropped");
	if (!hears(&race->callers[0], winner, fill))
		return fails(race, "the taker doesn't hear the caller");
	if (!hears(winner, &race->callers[0], (uint8_t)~fill))
		return fails(race, "the caller doesn't hear the taker");
	far_rtp_listen(&loser->rtp);
	if (loser->rtp.received)
		return fails(race, "the loser heard something");
	far_call_bye(race->callers[0].call);
	return serve(race, all_hung_up) ? true : fails(race, "the taker wasn't hung up after the caller");
}

static bool take_round(struct race *race)
{
	unsigned first = race->round % SIDES;

	if (!call(&race->callers[0], "caller", race->orbit, "Referred-By: <sip:1@load.example>\r\n"))
		return fails(race, "no call left");
	if (!serve(race, caller_answered) || race->callers[0].call->invite_status != 200)
		return fails(race, "the caller couldn't be parked");
	if (!call(&race->others[first], "one", race->orbit, "") ||
	        !call(&race->others[!first], "other", race->orbit, ""))
		return fails(race, "no call left");
	if (!serve(race, both_takers_answered))
		return fails(race, "a taker got no answer");
	return take_decided(race);
}

static bool refers_answered(void *context)
{
	struct race *race = context;

	return race->others[0].call->refer_status && race->others[1].call->refer_status;
}

static bool winner_notified(void *context)
{
	struct race *race = context;

	for (int i = 0; i < SIDES; i++)
		if (race->others[i].call->refer_status == 202 && race->others[i].call->notify_status >= 200)
			return true;
	return false;
}

static bool park_decided(struct race *race)
{
	int first = race->others[0].call->refer_status, second = race->others[1].call->refer_status;
	int winner = first == 202 ? 0 : 1, loser = !winner;

	if (first == 202 && second == 202)
		return fails(race, "both callers were parked at one orbit");
	if (first != 202 && second != 202)
		return fails(race, "neither caller was parked");
	if (race->others[loser].call->refer_status != 486)
		return fails(race, "the loser's REFER was answered with something else than 486");
	if (!serve(race, winner_notified) || race->others[winner].call->notify_status != 200)
		return fails(race, "the parker wasn't told that the call is parked");
	far_call_bye(race->others[winner].call);
	if (race->callers[0].call->ended || race->callers[1].call->ended || race->others[loser].call->ended)
		return fails(race, "a call was dropped");
	if (!hears(&race->callers[loser], &race->others[loser], 0x11) ||
	        !hears(&race->others[loser], &race->callers[loser], 0x22))
		return fails(race, "the call of the one who couldn't park doesn't go on");
	far_call_bye(race->callers[0].call);
	far_call_bye(race->callers[1].call);
	return serve(race, all_hung_up) ? true : fails(race, "a call didn't end");
}

static bool park_round(struct race *race)
{
	unsigned first = race->round % SIDES;

	if (!call(&race->callers[0], "alice", "1", "") || !call(&race->callers[1], "anna", "2", ""))
		return fails(race, "no call left");
	if (!serve(race, both_callers_answered) || race->callers[0].call->invite_status != 200 ||
	        race->callers[1].call->invite_status != 200)
		return fails(race, "a caller didn't reach its user");
	for (int i = 0; i < SIDES; i++) {
		race->others[i].call = far_end_incoming(&race->others[i].end);
		if (!race->others[i].call)
			return fails(race, "a user has no call");
	}
	far_call_refer(race->others[first].call, race->orbit);
	far_call_refer(race->others[!first].call, race->orbit);
	if (!serve(race, refers_answered))
		return fails(race, "a REFER got no answer");
	return park_decided(race);
}

static int party_open(struct race *race, unsigned place, struct party *party, const char *local)
{
	char host[32];
	int error;

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(local, ":"), local);
	error = far_end_open(&party->end, local, server, domain);
	if (!error)
		error = far_rtp_open(&party->rtp, host);
	if (error)
		fprintf(stderr, "race: %s: %s\n", local, strerror(-error));
	party->end.answer = true;
	party->end.rtp_port = error ? 0 : far_rtp_port(&party->rtp);
	race->ends[place] = &party->end;
	return error;
}

int main(int argc, char **argv)
{
	static struct race race;
	bool take = argc == 3 && !strcmp(argv[1], "take");
	unsigned rounds = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, right = 0;

	if (!rounds || (!take && strcmp(argv[1], "park") != 0)) {
		fputs("usage: race take|park ROUNDS\n", stderr);
		return 2;
	}
	/* Users 1 and 2 live on .11 and .12, port 5060. */
	if (party_open(&race, 0, &race.others[0], "10.90.0.11:5060") ||
	        party_open(&race, 1, &race.others[1], "10.90.0.12:5060") ||
	        party_open(&race, 2, &race.callers[0], "10.90.0.19:5070") ||
	        party_open(&race, 3, &race.callers[1], "10.90.0.20:5070"))
		return 1;
	for (race.round = 0; race.round < rounds; race.round++) {
		snprintf(race.orbit, sizeof(race.orbit), "%u", FIRST_ORBIT + race.round);
		if (take ? take_round(&race) : park_round(&race)) {
			right++;
		} else {
			printf("round %u: %s (%d, %d)\n", race.round, race.wrong,
			        race.others[0].call ? race.others[0].call->invite_status : -1,
			        race.others[1].call ? race.others[1].call->invite_status : -1);
			if (race.round + 1 - right >= 5)
				break;
		}
		round_clear(&race);
	}
	printf("RESULT: %u of %u rounds right\n", right, rounds);
	return right == rounds ? 0 : 1;
}
