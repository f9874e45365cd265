/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random sequences of everything that may happen to parked calls, against a model that holds what must be
 * true: no call lost, no orbit given twice, every recall that was begun ended once, the lowest orbit first.
 */
#include "parking_stage.h"

#include <errno.h>
#include <stdio.h>

enum { SEQUENCES = 10000, STEPS = 150, CALLS = 10, ORBITS = 6 };

static const struct orbit_range ranges[] = {
        {.first = 8, .last = 9, .digits = 1}, {.first = 701, .last = 704, .digits = 3}};
static const char *const numbers[ORBITS] = {"8", "9", "701", "702", "703", "704"};

/* A caller. `parked` is NULL when it isn't in the parking. */
struct caller {
	struct parked_call *parked;
	enum parked_state state;
	const char *number;
	const char *parker;
	bool recalling;
	uint64_t parked_at;
};

struct model {
	struct stage stage;
	struct caller callers[CALLS];
	uint32_t quota;
	uint64_t reserved, taken, left, undone, recalls;
};

static struct model model;

static unsigned dice(unsigned sides)
{
	return (unsigned)random() % sides;
}

static void caller_gone(struct caller *caller)
{
	assert_false(caller->recalling);
	*caller = (struct caller){0};
}

static void on_recall(void *context, struct parked_call *parked)
{
	struct caller *caller = parked->call;
	struct parked_call *taken;

	(void)context;
	assert_ptr_equal(caller->parked, parked);
	assert_int_equal(caller->state, PARKED_PARKED);
	assert_non_null(caller->parker);
	assert_false(caller->recalling);
	model.recalls++;
	caller->recalling = true;
	switch (dice(8)) {
	case 0:
		caller->recalling = false;
		parking_recall_failed(parked);
		break;
	case 1:
		parking_leave(parked);
		model.left++;
		break;
	case 2:
		caller->recalling = false;
		assert_int_equal(parking_take(model.stage.parking, parked->number, "102", true, &taken), 0);
		assert_ptr_equal(taken, parked);
		if (dice(2)) {
			parking_return(taken);
		} else {
			parking_taken(taken);
			model.taken++;
		}
		break;
	default:
		break;
	}
}

static void on_recall_stop(void *context, struct parked_call *parked)
{
	struct caller *caller = parked->call;

	(void)context;
	assert_true(caller->recalling);
	caller->recalling = false;
}

static void on_changed(void *context, const struct parked_call *parked)
{
	struct caller *caller = parked->call;

	(void)context;
	if (parked->state == PARKED_GONE)
		caller_gone(caller);
	else
		caller->state = parked->state;
}

static const struct parking_ops ops = {
        .recall = on_recall, .recall_stop = on_recall_stop, .changed = on_changed};

static struct caller *caller_at(const char *number)
{
	for (int i = 0; i < CALLS; i++)
		if (model.callers[i].parked && strcmp(model.callers[i].number, number) == 0)
			return &model.callers[i];
	return NULL;
}

static unsigned callers_inside(void)
{
	unsigned count = 0;

	for (int i = 0; i < CALLS; i++)
		count += model.callers[i].parked != NULL;
	return count;
}

/* What reserving `number` must give: an orbit, or NULL. */
static const char *expected_orbit(const char *number)
{
	if (model.quota && callers_inside() >= model.quota)
		return NULL;
	if (number)
		return caller_at(number) ? NULL : number;
	for (int i = 0; i < ORBITS; i++)
		if (!caller_at(numbers[i]))
			return numbers[i];
	return NULL;
}

static void step_reserve(struct caller *caller)
{
	const char *number = dice(2) ? numbers[dice(ORBITS)] : NULL;
	const char *expected = expected_orbit(number);
	const char *parker = dice(4) ? "102" : NULL;
	struct parked_call *parked = NULL;
	int error = parking_reserve(model.stage.parking, number, parker, caller, &parked);

	if (!expected) {
		assert_int_equal(error, -EBUSY);
		return;
	}
	assert_int_equal(error, 0);
	assert_string_equal(parked->number, expected);
	caller->parked = parked;
	caller->number = expected;
	caller->parker = parker;
	model.reserved++;
}

static void step_take(const char *number)
{
	struct caller *caller = caller_at(number);
	enum parked_state before = caller ? caller->state : PARKED_GONE;
	struct parked_call *parked = NULL;
	int error = parking_take(model.stage.parking, number, "103", false, &parked);

	if (before == PARKED_PARKED) {
		assert_int_equal(error, 0);
		assert_ptr_equal(parked, caller->parked);
		assert_string_equal(parked->taker, "103");
	} else if (before == PARKED_TAKING) {
		assert_int_equal(error, -EALREADY);
	} else {
		assert_true(error == -ENOENT || error == -EALREADY);
	}
}

static void step_caller(struct caller *caller)
{
	if (dice(6) == 0) {
		parking_leave(caller->parked);
		model.left++;
	} else if (caller->state == PARKED_RESERVED) {
		if (dice(4)) {
			caller->parked_at = model.stage.now;
			parking_park(caller->parked);
		} else {
			parking_undo(caller->parked);
			model.undone++;
		}
	} else if (caller->state == PARKED_TAKING) {
		if (dice(2)) {
			parking_taken(caller->parked);
			model.taken++;
		} else {
			parking_return(caller->parked);
		}
	} else if (caller->recalling && dice(2)) {
		caller->recalling = false;
		parking_recall_failed(caller->parked);
	} else {
		step_take(caller->number);
	}
}

/* Everyone whom parking_each() names is where the model has him, in order of orbits. */
static bool check_each(void *context, const struct parked_call *parked)
{
	unsigned *place = context;
	const struct caller *caller = parked->call;

	while (*place < ORBITS && strcmp(numbers[*place], parked->number) != 0)
		++*place;
	assert_true(*place < ORBITS);
	++*place;
	assert_ptr_equal(caller->parked, parked);
	assert_int_not_equal(caller->state, PARKED_RESERVED);
	return true;
}

static void check(void)
{
	unsigned place = 0;

	assert_int_equal(parking_used(model.stage.parking), callers_inside());
	for (int i = 0; i < ORBITS; i++) {
		struct caller *caller = caller_at(numbers[i]);
		struct parked_call *parked = parking_at(model.stage.parking, numbers[i]);

		assert_ptr_equal(parked, caller ? caller->parked : NULL);
		if (!caller)
			continue;
		assert_ptr_equal(parked->call, caller);
		assert_int_equal(parked->state, caller->state);
		assert_int_equal(parked->recalling, caller->recalling);
		if (caller->state != PARKED_RESERVED)
			assert_int_equal(parked->since_ms, caller->parked_at);
		assert_int_equal(parked->taker != NULL, caller->state == PARKED_TAKING);
		assert_int_equal(timer_is_set(&parked->timer), caller->parker != NULL);
	}
	parking_each(model.stage.parking, check_each, &place);
}

static void step(void)
{
	struct caller *caller = &model.callers[dice(CALLS)];

	switch (dice(8)) {
	case 0:
		step_take(numbers[dice(ORBITS)]);
		break;
	case 1:
		model.stage.now += dice(40000);
		break;
	case 2:
		timers_run(model.stage.timers);
		break;
	default:
		if (caller->parked)
			step_caller(caller);
		else
			step_reserve(caller);
	}
}

static void sequence_run(unsigned seed)
{
	struct parking_options options = {.ops = &ops};

	srandom(seed);
	memset(model.callers, 0, sizeof(model.callers));
	model.quota = dice(2) ? dice(ORBITS) : 0;
	options.quota = model.quota;
	options.recall_after_ms = 10000 + dice(60000);
	options.recall_ring_ms = 1000 + dice(30000);
	stage_open(&model.stage, ranges, 2, &options);
	for (int i = 0; i < STEPS; i++) {
		step();
		check();
	}
	stage_close(&model.stage);
}

static void ten_thousand_sequences(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= SEQUENCES; seed++)
		sequence_run(seed);
	print_message("%d sequences: %llu reserved, %llu taken, %llu left, %llu undone, %llu recalls\n",
	        SEQUENCES, (unsigned long long)model.reserved, (unsigned long long)model.taken,
	        (unsigned long long)model.left, (unsigned long long)model.undone,
	        (unsigned long long)model.recalls);
	assert_true(model.taken > SEQUENCES && model.left > SEQUENCES && model.recalls > SEQUENCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ten_thousand_sequences)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
