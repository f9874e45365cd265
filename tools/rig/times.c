/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/times.h"

static unsigned bucket_of(uint64_t ns)
{
	unsigned octave;

	if (ns < TIMES_EXACT)
		return (unsigned)ns;
	octave = (unsigned)(63 - __builtin_clzll(ns)) - 6;
	return (octave + 1) * TIMES_EXACT + (unsigned)(ns >> octave) - TIMES_EXACT;
}

/* The longest duration in it. */
static uint64_t bucket_end(unsigned bucket)
{
	unsigned octave = bucket / TIMES_EXACT;

	if (!octave)
		return bucket;
	return ((uint64_t)(bucket % TIMES_EXACT + TIMES_EXACT + 1) << (octave - 1)) - 1;
}

void times_add(struct times *times, uint64_t ns)
{
	times->count++;
	if (ns > times->max)
		times->max = ns;
	times->buckets[bucket_of(ns)]++;
}

uint64_t times_percentile(const struct times *times, double share)
{
	uint64_t seen = 0, end;

	for (unsigned i = 0; i < TIMES_BUCKETS; i++) {
		seen += times->buckets[i];
		if (!seen || (double)seen < share * (double)times->count)
			continue;
		end = bucket_end(i);
		/* The end of the last bucket may lie behind the longest one. */
		return end < times->max ? end : times->max;
	}
	return 0;
}

json_t *times_report(const struct times *times, double unit_ns)
{
	return json_pack("{s:f, s:f, s:f}", "p50", (double)times_percentile(times, 0.5) / unit_ns, "p99",
	        (double)times_percentile(times, 0.99) / unit_ns, "max", (double)times->max / unit_ns);
}
