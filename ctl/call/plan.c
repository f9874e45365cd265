/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/plan.h"

#include <stdatomic.h>
#include <string.h>

enum { TALKED_NS = 200000000 };

typedef uint64_t __attribute__((may_alias)) word;

bool plan_holds(const struct xd_plan *plan)
{
	return (plan->action == XD_HOLD || plan->action == XD_HOLD_UNTIL_HEARD) && plan->ptime_ns;
}

bool plan_equals(const struct xd_plan *a, const struct xd_plan *b)
{
	return !memcmp(a, b, sizeof(*a));
}

void plan_trim(struct xd_plan *plan)
{
	if (plan_holds(plan))
		return;
	plan->t0 = 0;
	plan->parts = 0;
	plan->loop = 0;
	plan->first = (struct xd_part){0};
	memset(plan->later, 0, sizeof(plan->later));
}

uint64_t plan_first_frame(uint64_t t0, uint32_t ptime_ns, uint64_t now)
{
	if (now <= t0)
		return t0;
	return t0 + (now - t0 + ptime_ns - 1) / ptime_ns * ptime_ns;
}

uint64_t plan_start(uint64_t last_in, uint32_t ptime_ns, uint32_t phase, uint64_t now)
{
	if (last_in && last_in <= now && now - last_in < TALKED_NS)
		return plan_first_frame(last_in, ptime_ns, now);
	return plan_first_frame(phase, ptime_ns, now);
}

/*
 * Word by word and atomic, because the program may be reading what was the plan in use a generation ago; it
 * then finds the generation changed and drops what it read.
 */
static void words_store(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(word); i++)
		__atomic_store_n((word *)to + i, ((const word *)from)[i], __ATOMIC_RELAXED);
}

static void plan_store(struct xd_plan_line *line, struct xd_plan_rest *rest, const struct xd_plan *plan)
{
	words_store(line, &plan->line, sizeof(*line));
	words_store(rest, &plan->rest, sizeof(*rest));
}

/* The pump looks at the endpoint's block again: one writer, and after *due. */
static void start_tell(const struct plan_place *place)
{
	__atomic_store_n(place->starts, *place->starts + 1, __ATOMIC_RELEASE);
}

/* The one order in which a plan is published: `due` was exchanged with 0 before, and is started last. */
static uint64_t plan_write(const struct plan_place *place, const struct xd_plan *plan, uint64_t frame)
{
	struct xd_endpoint *entry = place->entry;
	uint64_t generation = __atomic_load_n(&entry->generation, __ATOMIC_RELAXED) + 1;

	/* A reader that sees a word of the new plan must see the generation before it, too. */
	atomic_thread_fence(memory_order_release);
	plan_store(&entry->plan[generation & 1], &place->rest->plan[generation & 1], plan);
	__atomic_store_n(&entry->generation, generation, __ATOMIC_RELEASE);
	if (frame) {
		atomic_store_explicit((_Atomic uint64_t *)place->due, frame, memory_order_release);
		start_tell(place);
	}
	return generation;
}

uint64_t plan_publish(
        const struct plan_place *place, const struct xd_plan *was, const struct xd_plan *plan, uint64_t now)
{
	uint64_t frame = atomic_exchange((_Atomic uint64_t *)place->due, 0);

	if (!plan_holds(plan))
		frame = 0;
	else if (!frame || !plan_holds(was) || was->t0 != plan->t0 || was->ptime_ns != plan->ptime_ns)
		frame = plan_first_frame(plan->t0, plan->ptime_ns, now);
	return plan_write(place, plan, frame);
}

void plan_restart(const struct plan_place *place, const struct xd_plan_line *plan, uint64_t now)
{
	uint64_t stopped = 0;

	if (__atomic_compare_exchange_n(place->due, &stopped, plan_first_frame(plan->t0, plan->ptime_ns, now),
	            false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		start_tell(place);
}

uint64_t plan_rephase(const struct plan_place *place, struct xd_plan *plan, uint64_t last_in)
{
	uint64_t frame = atomic_exchange((_Atomic uint64_t *)place->due, 0);
	uint64_t later = 0;

	if (frame > last_in)
		later = plan_first_frame(last_in, plan->ptime_ns, frame) - frame;
	else if (frame)
		later = (last_in - frame) % plan->ptime_ns;
	plan->t0 += later;
	return plan_write(place, plan, frame ? frame + later : 0);
}
