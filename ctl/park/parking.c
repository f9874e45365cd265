/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/park/parking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/park/orbit.h"
#include "ctl/park/recall.h"
#include "kmod-free/log.h"

/* One orbit. */
struct place {
	struct parked_call *parked; /* NULL: free */
	uint64_t taken_until;       /* ms: until then a taker who comes too late is told so */
};

struct parking {
	struct recall_rules recall;
	struct orbits *orbits;
	struct place *places; /* by slot */
	uint32_t quota;
	uint32_t used;
};

const struct recall_rules *parking_recall_rules(const struct parking *parking)
{
	return &parking->recall;
}

int parking_new(struct parking **parking, const struct parking_options *options)
{
	struct parking *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->recall = (struct recall_rules){
	        .timers = options->timers,
	        .ops = options->ops,
	        .context = options->context,
	        .after_ms = options->recall_after_ms,
	        .ring_ms = options->recall_ring_ms,
	};
	made->quota = options->quota;
	error = orbits_new(&made->orbits, options->ranges, options->range_count);
	if (error < 0)
		goto failed;
	made->places = calloc(orbits_count(made->orbits) + 1U, sizeof(*made->places));
	if (!made->places) {
		error = -ENOMEM;
		goto failed;
	}
	*parking = made;
	return 0;
failed:
	parking_free(made);
	return error;
}

static void parked_free(struct parked_call *parked)
{
	free((char *)parked->parker);
	free((char *)parked->taker);
	free(parked);
}

void parking_free(struct parking *parking)
{
	if (!parking)
		return;
	for (uint32_t slot = 0; parking->places && orbit_next_used(parking->orbits, &slot); slot++) {
		struct parked_call *parked = parking->places[slot].parked;

		timer_cancel(parking->recall.timers, &parked->timer);
		parked_free(parked);
	}
	free(parking->places);
	orbits_free(parking->orbits);
	free(parking);
}

static void parked_tell(const struct parked_call *parked)
{
	const struct recall_rules *rules = &parked->parking->recall;

	if (rules->ops->changed)
		rules->ops->changed(rules->context, parked);
}

/* Whether the layer above may do now what it asks for. */
static bool parked_is(const struct parked_call *parked, enum parked_state state, const char *wish)
{
	if (parked->state == state)
		return true;
	log_error(NULL, "parking_order", "wish=%s orbit=%s state=%d", wish, parked->number, parked->state);
	return false;
}

/* Takes the call out of its orbit, tells, and frees it. */
static void parked_end(struct parked_call *parked)
{
	struct parking *parking = parked->parking;

	parking->places[parked->slot].parked = NULL;
	orbit_set_free(parking->orbits, parked->slot);
	parking->used--;
	parked->state = PARKED_GONE;
	recall_end(parked);
	parked_tell(parked);
	parked_free(parked);
}

/* Which orbit a call gets; see parking_reserve() for errors. */
static int parking_choose(const struct parking *parking, const char *number, uint32_t *slot)
{
	if (number && !orbit_find(parking->orbits, number, slot))
		return -ENOENT;
	if (parking->quota && parking->used >= parking->quota)
		return -EBUSY;
	if (!number)
		return orbit_lowest_free(parking->orbits, slot) ? 0 : -EBUSY;
	return parking->places[*slot].parked ? -EBUSY : 0;
}

/* A call of nobody's yet: with names and a timer, in no orbit. */
static struct parked_call *parked_new(struct parking *parking, uint32_t slot, const char *parker, void *call)
{
	struct parked_call *parked = calloc(1, sizeof(*parked));

	if (!parked)
		return NULL;
	parked->parking = parking;
	parked->call = call;
	parked->slot = slot;
	parked->state = PARKED_RESERVED;
	parked->orbit = orbit_number(parking->orbits, slot, parked->number);
	if (parker) {
		parked->parker = strdup(parker);
		if (!parked->parker)
			goto failed;
	}
	if (recall_reserve(parked) == 0)
		return parked;
failed:
	parked_free(parked);
	return NULL;
}

int parking_reserve(struct parking *parking, const char *number, const char *parker, void *call,
        struct parked_call **parked)
{
	struct parked_call *made;
	uint32_t slot;
	int error = parking_choose(parking, number, &slot);

	if (error < 0)
		return error;
	made = parked_new(parking, slot, parker, call);
	if (!made)
		return -ENOMEM;
	parking->places[slot].parked = made;
	orbit_set_used(parking->orbits, slot);
	parking->used++;
	*parked = made;
	parked_tell(made);
	return 0;
}

void parking_park(struct parked_call *parked)
{
	if (!parked_is(parked, PARKED_RESERVED, "park"))
		return;
	parked->state = PARKED_PARKED;
	parked->since_ms = timers_now(parked->parking->recall.timers);
	parked->parking->places[parked->slot].taken_until = 0;
	recall_start(parked);
	parked_tell(parked);
}

void parking_undo(struct parked_call *parked)
{
	if (parked_is(parked, PARKED_RESERVED, "undo"))
		parked_end(parked);
}

/* Who can be taken from an orbit; see parking_take() for errors. */
static int place_find_parked(struct parking *parking, const char *number, struct parked_call **parked)
{
	const struct place *place;
	uint32_t slot;

	if (!orbit_find(parking->orbits, number, &slot))
		return -ENOENT;
	place = &parking->places[slot];
	if (place->parked && place->parked->state == PARKED_PARKED) {
		*parked = place->parked;
		return 0;
	}
	if (place->parked && place->parked->state == PARKED_TAKING)
		return -EALREADY;
	return place->taken_until > timers_now(parking->recall.timers) ? -EALREADY : -ENOENT;
}

int parking_take(struct parking *parking, const char *number, const char *taker, bool by_recall,
        struct parked_call **parked)
{
	struct parked_call *found;
	char *name;
	int error = place_find_parked(parking, number, &found);

	if (error < 0)
		return error;
	name = strdup(taker);
	if (!name)
		return -ENOMEM;
	found->taker = name;
	found->state = PARKED_TAKING;
	recall_pause(found, by_recall);
	*parked = found;
	parked_tell(found);
	return 0;
}

void parking_taken(struct parked_call *parked)
{
	struct parking *parking = parked->parking;

	if (!parked_is(parked, PARKED_TAKING, "taken"))
		return;
	parking->places[parked->slot].taken_until = timers_now(parking->recall.timers) + PARKING_TAKEN_MS;
	parked_end(parked);
}

void parking_return(struct parked_call *parked)
{
	if (!parked_is(parked, PARKED_TAKING, "return"))
		return;
	free((char *)parked->taker);
	parked->taker = NULL;
	parked->state = PARKED_PARKED;
	recall_resume(parked);
	parked_tell(parked);
}

void parking_leave(struct parked_call *parked)
{
	/* The layer above may hear of the end in a callback, and ask for it again. */
	if (parked->state != PARKED_GONE)
		parked_end(parked);
}

void parking_recall_failed(struct parked_call *parked)
{
	if (parked->state == PARKED_PARKED && parked->recalling)
		recall_start(parked);
}

bool parking_has_orbit(const struct parking *parking, const char *number)
{
	uint32_t slot;

	return orbit_find(parking->orbits, number, &slot);
}

struct parked_call *parking_at(const struct parking *parking, const char *number)
{
	uint32_t slot;

	return orbit_find(parking->orbits, number, &slot) ? parking->places[slot].parked : NULL;
}

void parking_each(const struct parking *parking,
        bool (*each)(void *context, const struct parked_call *parked), void *context)
{
	for (uint32_t slot = 0; orbit_next_used(parking->orbits, &slot); slot++) {
		const struct parked_call *parked = parking->places[slot].parked;

		if (parked->state != PARKED_RESERVED && !each(context, parked))
			return;
	}
}

uint32_t parking_orbits(const struct parking *parking)
{
	return orbits_count(parking->orbits);
}

uint32_t parking_used(const struct parking *parking)
{
	return parking->used;
}
