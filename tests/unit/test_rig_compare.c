/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two relays' runs amount to, and the file that rtpengine plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rig/compare.h"
#include "tools/rig/matroska.h"

/* Reports of runs that took so many ns a packet each; a negative one wasn't measured. */
static json_t *runs_of(unsigned count, const double *ns, int calls, int up, int lost)
{
	json_t *reports = json_array();

	for (unsigned i = 0; i < count; i++) {
		json_t *report = json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:{s:f, s:f}}", "calls", calls,
		        "up", up, "lost", lost, "expected", 10000, "wrong", 3, "busy_cores", 0.5,
		        "deviation_us", "p50", 10.0 + i, "p99", 100.0 * i);

		if (ns[i] >= 0)
			json_object_set_new(report, "relay_cpu_ns_per_packet", json_real(ns[i]));
		json_array_append_new(reports, report);
	}
	return reports;
}

static double figure(const json_t *result, const char *side, const char *key)
{
	return json_number_value(json_object_get(side ? json_object_get(result, side) : result, key));
}

static void medians_and_sums(void **state)
{
	static const double ours[] = {300, 100, 200}, theirs[] = {9000, 50000, 7000, 11000}, more[] = {125};
	json_t *a = runs_of(3, ours, 400, 400, 0), *b = runs_of(4, theirs, 400, 400, 10);
	json_t *c = runs_of(1, more, 10000, 10000, 0);
	json_t *result = compare_result("hold silent", a, b, c);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(result, "work")), "hold silent");
	assert_true(figure(result, "xdpark", "relay_cpu_ns_per_packet") == 200);
	assert_true(figure(result, "xdpark", "least") == 100);
	assert_true(figure(result, "xdpark", "most") == 300);
	assert_true(figure(result, "rtpengine", "relay_cpu_ns_per_packet") == 10000);
	assert_true(figure(result, "rtpengine", "lost") == 40);
	assert_true(figure(result, "rtpengine", "expected") == 40000);
	assert_true(figure(result, "rtpengine", "wrong") == 12);
	assert_true(figure(result, "xdpark_many", "calls") == 10000);
	assert_true(figure(json_object_get(result, "rtpengine"), "deviation_us", "p50") == 11.5);
	assert_true(figure(json_object_get(result, "rtpengine"), "deviation_us", "p99") == 150);
	assert_true(figure(result, NULL, "ratio") == 50);
	assert_true(figure(result, NULL, "ratio_many") == 80);
	/* Exactly a thousandth was lost: that is kept up. */
	assert_null(json_object_get(result, "note"));
	json_decref(result);
	json_decref(a);
	json_decref(b);
	json_decref(c);
}

/* Who doesn't keep up is named; what wasn't measured, or came out below nothing, makes no ratio. */
static void no_ratio_out_of_nothing(void **state)
{
	static const double unmeasured[] = {-1}, nothing[] = {0}, some[] = {100};
	static const struct {
		const double *ours, *theirs;
		int our_up, their_lost;
		bool ratio;
		const char *note;
	} cases[] = {
	        {some, some, 10, 0, true, NULL},
	        {unmeasured, some, 10, 0, false, NULL},
	        {some, nothing, 10, 0, false, NULL},
	        {nothing, some, 10, 0, false, NULL},
	        {some, some, 10, 11, true, "rtpengine"},
	        {some, some, 9, 0, true, "xdpark"},
	        {some, some, 9, 11, true, "neither"},
	};
	json_t *none = json_array();

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *a = runs_of(1, cases[i].ours, 10, cases[i].our_up, 0);
		json_t *b = runs_of(1, cases[i].theirs, 10, 10, cases[i].their_lost);
		json_t *result = compare_result("forward", a, b, none);
		const char *note = json_string_value(json_object_get(result, "note"));

		assert_int_equal(json_object_get(result, "ratio") != NULL, cases[i].ratio);
		assert_null(json_object_get(result, "xdpark_many"));
		assert_int_equal(note != NULL, cases[i].note != NULL);
		if (note && cases[i].note)
			assert_memory_equal(note, cases[i].note, strlen(cases[i].note));
		json_decref(result);
		json_decref(a);
		json_decref(b);
	}
	json_decref(none);
}

/* A run on a machine that was busy spoils the comparison, whoever's it was. */
static void busy_machines_have_no_ratio(void **state)
{
	static const double some[] = {100, 100};

	(void)state;
	for (unsigned spoilt = 0; spoilt < 3; spoilt++) {
		json_t *runs[3] = {runs_of(2, some, 10, 10, 0), runs_of(2, some, 10, 10, 0),
		        runs_of(2, some, 20, 20, 0)};
		json_t *result;

		json_object_set_new(json_array_get(runs[spoilt], 1), "note", json_string("busy"));
		result = compare_result("forward", runs[0], runs[1], runs[2]);
		assert_int_equal(json_object_get(result, "ratio") != NULL, spoilt == 2);
		assert_null(json_object_get(result, "ratio_many"));
		json_decref(result);
		for (unsigned i = 0; i < 3; i++)
			json_decref(runs[i]);
	}
}

/* An EBML number: an ID with its length's mark, a size without. */
static uint64_t number_read(FILE *file, bool size)
{
	int first = getc(file), length = 1;
	uint64_t number;

	assert_true(first > 0);
	while (!(first & 0x80 >> (length - 1)))
		length++;
	number = (uint64_t)(size ? first & (0x7f >> (length - 1)) : first);
	while (--length)
		number = number << 8 | (uint64_t)getc(file);
	return number;
}

struct blocks {
	unsigned count, cluster_ms, in_cluster;
	unsigned ptime_ms;
	const struct clip *clip;
};

static void block_check(struct blocks *blocks, FILE *file, uint64_t size)
{
	unsigned chunks = blocks->ptime_ms / 10, round = blocks->clip->count - blocks->clip->loop;
	int track = getc(file), high = getc(file), ms = high << 8 | getc(file);

	assert_int_equal(size, 4 + chunks * XD_CHUNK_BYTES * 2);
	assert_int_equal(track, 0x81);
	assert_int_equal(getc(file), 0x80);
	assert_int_equal(blocks->cluster_ms + (unsigned)ms, blocks->count * blocks->ptime_ms);
	for (unsigned i = 0; i < chunks; i++) {
		const uint8_t *payload =
		        blocks->clip->chunks[blocks->clip->loop + (blocks->count * chunks + i) % round]
		                .payload;

		for (unsigned byte = 0; byte < XD_CHUNK_BYTES; byte++) {
			int low = getc(file);

			assert_int_equal((int16_t)(low | getc(file) << 8), ulaw_to_linear(payload[byte]));
		}
	}
	blocks->count++;
}

/* Elements up to `end`, those within others too: each ends where its size says. */
static void elements_check(struct blocks *blocks, FILE *file, long end)
{
	while (ftell(file) < end) {
		uint64_t id = number_read(file, false), size = number_read(file, true);
		long behind = ftell(file) + (long)size;

		assert_true(behind <= end);
		switch (id) {
		case 0x1a45dfa3: /* EBML */
		case 0x18538067: /* Segment */
		case 0x1654ae6b: /* Tracks */
		case 0xae:       /* TrackEntry */
		case 0x1f43b675: /* Cluster */
			elements_check(blocks, file, behind);
			break;
		case 0xe7: /* Timestamp */
			blocks->cluster_ms = 0;
			while (size--)
				blocks->cluster_ms = blocks->cluster_ms << 8 | (unsigned)getc(file);
			break;
		case 0xa3: /* SimpleBlock */
			block_check(blocks, file, size);
			break;
		default:
			fseek(file, behind, SEEK_SET);
		}
		assert_int_equal(ftell(file), behind);
	}
}

/* Of a clip with so many chunks, of which the last `round` go round: every sample, in blocks of one frame. */
static void played_in_blocks(unsigned count, unsigned round, unsigned ptime_ms, unsigned frames)
{
	struct clip clip = {.count = count, .loop = count - round};
	struct blocks blocks = {.ptime_ms = ptime_ms, .clip = &clip};
	FILE *file = tmpfile();
	long end;

	clip.chunks = calloc(count, sizeof(*clip.chunks));
	assert_non_null(clip.chunks);
	assert_non_null(file);
	for (unsigned i = 0; i < count * XD_CHUNK_BYTES; i++)
		clip.chunks[i / XD_CHUNK_BYTES].payload[i % XD_CHUNK_BYTES] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(matroska_write(file, &clip, ptime_ms), 0);
	end = ftell(file);
	rewind(file);
	elements_check(&blocks, file, end);
	assert_int_equal(blocks.count, frames);
	fclose(file);
	free(clip.chunks);
}

static void clips_become_files(void **state)
{
	(void)state;
	played_in_blocks(300, 300, 20, 150);
	played_in_blocks(300, 251, 20, 251); /* twice round: an odd number of chunks */
	played_in_blocks(7, 1, 60, 1);
	played_in_blocks(100, 50, 30, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(medians_and_sums),
	        cmocka_unit_test(no_ratio_out_of_nothing),
	        cmocka_unit_test(busy_machines_have_no_ratio),
	        cmocka_unit_test(clips_become_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
