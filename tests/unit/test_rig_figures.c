/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the load generator counts and when it does things, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tools/rig/causes.h"
#include "tools/rig/load_report.h"
#include "tools/rig/pace.h"
#include "tools/rig/resend.h"
#include "tools/rig/times.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Percentiles against those of the sorted durations, over twelve orders of magnitude. */
static void percentiles_are_close(void **state)
{
	static const double shares[] = {0.01, 0.5, 0.9, 0.99, 0.999, 1};
	enum { COUNT = 20000 };
	static uint64_t ns[COUNT];
	static struct times times;
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		ns[i] = random >> (24 + i % 40);
		times_add(&times, ns[i]);
	}
	qsort(ns, COUNT, sizeof(ns[0]), compare);
	for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint64_t exact = ns[(int)(shares[i] * COUNT + 0.999999) - 1];
		uint64_t told = times_percentile(&times, shares[i]);

		assert_true(told >= exact);
		assert_true((double)(told - exact) <= (double)exact / 64 + 1);
	}
	assert_int_equal(times.max, ns[COUNT - 1]);
	assert_int_equal(times_percentile(&times, 1), times.max);
}

/* Each thing that can be wrong with a run of load is enough. */
static void a_clean_load(void **state)
{
	static struct load load;
	static struct load_outcome outcome;
	__u64 *heard = load.heard.totals.count;

	(void)state;
	outcome.attempted = outcome.succeeded = 3;
	heard[CL_rtcp] = heard[CL_strays] = heard[CL_received] = 5;
	assert_true(load_is_clean(&load, &outcome));
	outcome.succeeded--;
	assert_false(load_is_clean(&load, &outcome));
	outcome.succeeded++;
	causes_add(&load.lost, CAUSE_HUNG_UP);
	assert_false(load_is_clean(&load, &outcome));
	load.lost = (struct causes){0};
	load.heard.lost = 1;
	assert_false(load_is_clean(&load, &outcome));
	load.heard.lost = 0;
	load.heard.surplus = 1;
	assert_false(load_is_clean(&load, &outcome));
	load.heard.surplus = 0;
	for (int i = CL_gaps; i <= CL_type_errors; i++) {
		heard[i] = 1;
		assert_false(load_is_clean(&load, &outcome));
		heard[i] = 0;
	}
	assert_true(load_is_clean(&load, &outcome));
}

static void bounds_of_times(void **state)
{
	static struct times none, extremes;
	json_t *report;

	(void)state;
	assert_int_equal(times_percentile(&none, 0.99), 0);
	times_add(&extremes, 0);
	times_add(&extremes, UINT64_MAX);
	assert_int_equal(times_percentile(&extremes, 0.5), 0);
	assert_int_equal(times_percentile(&extremes, 1), UINT64_MAX);
	report = times_report(&extremes, 1000);
	assert_true(json_real_value(json_object_get(report, "p50")) == 0);
	assert_true(json_real_value(json_object_get(report, "max")) > 1e16);
	json_decref(report);
}

static void causes_have_names(void **state)
{
	static struct causes causes;
	json_t *report;

	(void)state;
	causes_add(&causes, CAUSE_NONE);
	causes_add(&causes, CAUSE_NO_ANSWER);
	causes_add(&causes, 486);
	causes_add(&causes, 486);
	causes_add(&causes, 700);
	causes_add(&causes, -1);
	assert_int_equal(causes_sum(&causes), 3);
	report = causes_report(&causes);
	assert_int_equal(json_object_size(report), 2);
	assert_int_equal(json_integer_value(json_object_get(report, "no_answer")), 1);
	assert_int_equal(json_integer_value(json_object_get(report, "486")), 2);
	json_decref(report);
}

static void pace_is_open(void **state)
{
	struct pace pace = {.start_ns = 1000, .rate = 4000, .count = 3};

	(void)state;
	assert_false(pace_is_due(&pace, 999));
	assert_true(pace_is_due(&pace, 1000));
	pace.started = 1;
	assert_false(pace_is_due(&pace, 250999));
	assert_true(pace_is_due(&pace, 251000));
	pace.started = 3;
	assert_false(pace_is_due(&pace, UINT64_MAX));
	/* Its times don't drift, however many there were. */
	pace.rate = 3;
	assert_int_equal(pace_at(&pace, 3000000), 1000 + 1000000000000000ULL);
}

/* When a request that is never answered goes out again, and when it is given up. */
static void resent_as_rfc_3261_says(void **state)
{
	static const uint64_t invite[] = {500, 1500, 3500, 7500, 15500, 31500, 32000};
	static const uint64_t other[] = {
	        500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, 32000};
	struct resend_entry entries[2] = {0};
	unsigned seen[2] = {0};
	struct resend resend;

	(void)state;
	resend_init(&resend);
	resend_start(&resend, &entries[0], true, 10000);
	resend_start(&resend, &entries[1], false, 10000);
	for (uint64_t now = 10000; now < 60000; now++) {
		struct resend_entry *entry;
		bool given_up;

		while ((entry = resend_next(&resend, now, &given_up))) {
			bool is_invite = entry == &entries[0];
			unsigned last = is_invite ? 6 : 10, place = seen[!is_invite]++;

			assert_true(place <= last);
			assert_int_equal(now - 10000, is_invite ? invite[place] : other[place]);
			assert_int_equal(given_up, place == last);
		}
	}
	assert_int_equal(seen[0], 7);
	assert_int_equal(seen[1], 11);
	assert_int_equal(entries[0].queue, 0);
}

static void held_and_stopped(void **state)
{
	struct resend_entry held = {0}, stopped = {0};
	struct resend resend;
	bool given_up;

	(void)state;
	resend_init(&resend);
	resend_start(&resend, &held, true, 0);
	resend_start(&resend, &stopped, true, 0);
	resend_hold(&resend, &held, 400);
	resend_stop(&resend, &stopped);
	resend_stop(&resend, &stopped);
	resend_hold(&resend, &stopped, 400);
	assert_null(resend_next(&resend, 32399, &given_up));
	assert_ptr_equal(resend_next(&resend, 32400, &given_up), &held);
	assert_true(given_up);
	assert_null(resend_next(&resend, 100000, &given_up));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_clean_load),
	        cmocka_unit_test(percentiles_are_close),
	        cmocka_unit_test(bounds_of_times),
	        cmocka_unit_test(causes_have_names),
	        cmocka_unit_test(pace_is_open),
	        cmocka_unit_test(resent_as_rfc_3261_says),
	        cmocka_unit_test(held_and_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
