/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller's side of the handover: hello, maps, events, questions, and what happens when it is lost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <linux/bpf.h>

#include <cmocka.h>

#include "ctl/address.h"
#include "ctl/dataplane_welcome.h"
#include "tests/unit/dataplane_rig.h"

static void maps_are_the_dataplanes(void **state)
{
	struct rig *rig = rig_connected(state);

	assert_int_equal(dataplane_terms(rig->dataplane)->endpoints, 16);
	assert_int_equal(dataplane_terms(rig->dataplane)->live_frames, 1);
	dataplane_endpoint(rig->dataplane, 15)->generation = 77;
	*dataplane_due(rig->dataplane, 3) = 33;
	dataplane_chunks(rig->dataplane)[239].sum = 9;
	rig->fake->streams[5].received = 55;
	assert_int_equal(rig->fake->endpoints[15].generation, 77);
	assert_int_equal(rig->fake->due[3], 33);
	assert_int_equal(rig->fake->chunks[239].sum, 9);
	assert_int_equal(dataplane_stream(rig->dataplane, 5)->received, 55);
	assert_null(dataplane_endpoint(rig->dataplane, 16));
	assert_null(dataplane_stream(rig->dataplane, 16));
	assert_null(dataplane_due(rig->dataplane, 16));
	assert_null(dataplane_rest(rig->dataplane, 16));
	assert_null(dataplane_starts(rig->dataplane, 16));
}

/* 64 endpoints share a word of starts. */
static void starts_are_told_by_blocks(void **state)
{
	struct rig *rig = *state;

	rig->fake->welcome.endpoints_each = 100;
	rig->fake->welcome.endpoints = 200;
	rig->fake->new_maps = true;
	fake_dataplane_start(rig->fake);
	assert_int_equal(rig_connect(rig), 0);
	assert_ptr_equal(dataplane_starts(rig->dataplane, 63), dataplane_starts(rig->dataplane, 0));
	*dataplane_starts(rig->dataplane, 64) = 7;
	*dataplane_starts(rig->dataplane, 199) = 9;
	assert_int_equal(rig->fake->starts[0], 0);
	assert_int_equal(rig->fake->starts[1], 7);
	assert_int_equal(rig->fake->starts[3], 9);
}

/* Its addresses, and of them the ports of eight endpoints from 10000: no socket would get anything there. */
static void media_ports_are_taken(void **state)
{
	static const struct {
		const char *local;
		bool taken;
	} rows[] = {
	        {"10.0.0.1:9999", false},
	        {"10.0.0.1:10000", true},
	        {"10.0.0.1:10015", true},
	        {"10.0.0.1:10016", false},
	        {"10.0.0.2:10000", false},
	        {"[fd00::1]:10001", true},
	        {"[fd00::2]:10001", false},
	};
	struct rig *rig = rig_connected(state);
	struct address local;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(address_parse(rows[i].local, 5060, &local), 0);
		assert_int_equal(
		        dataplane_welcome_takes(dataplane_terms(rig->dataplane), &local), rows[i].taken);
	}
}

static void nobody_there(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_connect(rig), -ENOENT);
	assert_non_null(strstr(rig->reason, rig->fake->path));
	assert_non_null(strstr(rig->reason, "is it running"));
	assert_null(rig->dataplane);
}

static void refused_in_words(void **state)
{
	struct rig *rig = *state;

	rig->fake->refusal = "another controller is connected (pid 7)";
	fake_dataplane_start(rig->fake);
	assert_int_equal(rig_connect(rig), -EPERM);
	assert_string_equal(rig->reason, "another controller is connected (pid 7)");
}

static void silence_ends_after_two_seconds(void **state)
{
	struct rig *rig = *state;
	uint64_t start = clock_monotonic_ms(NULL);

	rig->fake->silent = true;
	fake_dataplane_start(rig->fake);
	assert_int_equal(rig_connect(rig), -ETIMEDOUT);
	assert_in_range(clock_monotonic_ms(NULL) - start, 1900, 3000);
	assert_non_null(strstr(rig->reason, "didn't answer"));
}

/* What is wrong with a welcome, and words of the sentence that says so. */
struct bad_welcome {
	size_t offset; /* of a uint32_t in the welcome */
	uint32_t value;
	const char *words[2];
};

static void bad_welcomes_are_refused(void **state)
{
	static const struct bad_welcome rows[] = {
	        {offsetof(struct handover_welcome, terms.version), 99,
	                {"version of xdpark-dp is 99", "is 3"}},
	        {offsetof(struct handover_welcome, terms.layout_version), 98, {"layout version", "is 98"}},
	        {offsetof(struct handover_welcome, terms.endpoint_bytes), 8,
	                {"an endpoint of xdpark-dp is 8", "xdparkd's is 192"}},
	        {offsetof(struct handover_welcome, terms.stream_bytes), 1, {"a stream", "128"}},
	        {offsetof(struct handover_welcome, terms.chunk_bytes), 1, {"a chunk", "88"}},
	        {offsetof(struct handover_welcome, terms.event_bytes), 1, {"an event", "32"}},
	        {offsetof(struct handover_welcome, terms.rest_bytes), 1, {"a rest", "384"}},
	        {offsetof(struct handover_welcome, addresses), 0, {"can't be", "0 addresses"}},
	        {offsetof(struct handover_welcome, addresses), 65, {"can't be", "65 addresses"}},
	        {offsetof(struct handover_welcome, endpoints), 15, {"can't be", "15 endpoints"}},
	        {offsetof(struct handover_welcome, endpoints), 0xffffffff, {"can't be", "4294967295"}},
	        {offsetof(struct handover_welcome, endpoints), 1 << 20, {"can't map", ""}},
	        {offsetof(struct handover_welcome, chunks), 0, {"can't be", "0 chunks"}},
	        {offsetof(struct handover_welcome, burst), 0, {"can't be", "bursts of 0"}},
	        {offsetof(struct handover_welcome, port_first), 8 << 16 | 10001, {"can't be", "port 10001"}},
	        {offsetof(struct handover_welcome, port_first), 8 << 16 | 65534, {"can't be", "port 65534"}},
	        {offsetof(struct handover_welcome, events_bytes), 65536 + 4096, {"can't map", ""}},
	        {offsetof(struct handover_welcome, events_bytes), 64, {"can't map", ""}},
	};
	struct rig *rig = *state;
	struct handover_welcome good = rig->fake->welcome;

	fake_dataplane_start(rig->fake);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int error;

		rig->fake->welcome = good;
		memcpy((char *)&rig->fake->welcome + rows[i].offset, &rows[i].value, sizeof(uint32_t));
		error = rig_connect(rig);
		if (error >= 0 || !strstr(rig->reason, rows[i].words[0]) ||
		        !strstr(rig->reason, rows[i].words[1]))
			fail_msg("row %u: %d %s", i, error, rig->reason);
	}
	rig->fake->welcome = good;
	rig->fake->fds = 6;
	assert_int_equal(rig_connect(rig), -EPERM);
	assert_non_null(strstr(rig->reason, "handed over 6 file descriptors, 7 are needed"));
	rig->fake->fds = HANDOVER_FDS;
	assert_int_equal(rig_connect(rig), 0);
}

static void events_come_from_the_ring(void **state)
{
	struct rig *rig = rig_connected(state);
	struct xd_event event = {.kind = XD_EVENT_MEDIA_STARTED, .endpoint = 3};
	char other[100] = {0};

	/* More than fits at once, so that records wrap around the end. */
	for (unsigned i = 0; i < 5000; i++) {
		event.argument = i;
		fake_dataplane_event(rig->fake, &event);
		if (i % 7 == 0)
			fake_dataplane_record(rig->fake, other, i % sizeof(other), BPF_RINGBUF_DISCARD_BIT);
		if (i % 1000 == 500)
			fake_dataplane_record(rig->fake, other, 64, 0);
		if (i % 500 == 499) {
			rig_tick(rig);
			assert_int_equal(rig->events, i + 1);
			assert_int_equal(rig->last.argument, i);
		}
	}
	assert_int_equal(*rig->fake->ring_consumer, *rig->fake->ring_producer);
	fake_dataplane_record(rig->fake, &event, sizeof(event), BPF_RINGBUF_BUSY_BIT);
	fake_dataplane_event(rig->fake, &event);
	rig_tick(rig);
	assert_int_equal(rig->events, 5000);
}

static void a_broken_ring_is_no_harm(void **state)
{
	struct rig *rig = rig_connected(state);
	struct xd_event event = {.kind = XD_EVENT_MEDIA_STARTED};
	uint32_t header = 0x0fffffff;

	*rig->fake->ring_producer = 48;
	memcpy(rig->fake->ring_data, &header, sizeof(header));
	rig_tick(rig);
	assert_int_equal(*rig->fake->ring_consumer, 48);
	*rig->fake->ring_producer = 1ULL << 40;
	rig_tick(rig);
	assert_int_equal(*rig->fake->ring_consumer, 1ULL << 40);
	assert_int_equal(rig->events, 0);
	fake_dataplane_event(rig->fake, &event);
	rig_tick(rig);
	assert_int_equal(rig->events, 1);
}

static void calls_go_on_while_the_dataplane_is_away(void **state)
{
	struct rig *rig = rig_connected(state);
	struct xd_endpoint *entry = dataplane_endpoint(rig->dataplane, 4);
	struct xd_event event = {.kind = XD_EVENT_MEDIA_STARTED};
	struct heard *heard = use_start(rig, 0, "10.0.0.9");

	heard_wait(rig, heard);
	rig_lose(rig);
	entry->generation = 5;
	fake_dataplane_event(rig->fake, &event);
	rig_tick(rig);
	assert_int_equal(rig->events, 1);
	use_start(rig, 1, "10.0.0.10");
	rig_regain(rig);
	heard_wait(rig, &rig->heard[1]);
	assert_ptr_equal(dataplane_endpoint(rig->dataplane, 4), entry);
	assert_int_equal(rig->fake->endpoints[4].generation, 5);
	assert_holds(rig, "10.0.0.9", 1);
	assert_holds(rig, "10.0.0.10", 1);
	assert_int_equal(heard->calls, 1);
	assert_int_equal(rig->ups, 1);
}

static void reconnects_every_second(void **state)
{
	struct rig *rig = rig_connected(state);

	rig_lose(rig);
	rig->fake->silent = true;
	fake_dataplane_start(rig->fake);
	for (unsigned i = 0; i < 10; i++) {
		rig->now += 1000;
		rig_run(rig);
	}
	/* A hello, 2 s of waiting for its answer, and the next one. */
	assert_in_range(fake_dataplane_hellos(rig->fake), 3, 6);
	assert_int_equal(rig->ups, 0);
}

static void new_maps_take_the_old_ones_place(void **state)
{
	struct rig *rig = rig_connected(state);
	struct xd_endpoint *entry = dataplane_endpoint(rig->dataplane, 4);
	const struct xd_stream *stream = dataplane_stream(rig->dataplane, 4);
	struct xd_event event = {.kind = XD_EVENT_MEDIA_STARTED};

	entry->generation = 5;
	*dataplane_due(rig->dataplane, 4) = 6;
	dataplane_chunks(rig->dataplane)[7].sum = 8;
	rig->fake->streams[4].forwarded = 9;
	rig_lose(rig);
	rig->fake->new_maps = true;
	rig_regain(rig);
	assert_ptr_equal(dataplane_endpoint(rig->dataplane, 4), entry);
	assert_int_equal(rig->fake->endpoints[4].generation, 5);
	assert_int_equal(rig->fake->due[4], 6);
	assert_int_equal(rig->fake->chunks[7].sum, 8);
	assert_int_equal(stream->forwarded, 0);
	rig->fake->streams[4].forwarded = 10;
	assert_int_equal(stream->forwarded, 10);
	fake_dataplane_event(rig->fake, &event);
	rig_tick(rig);
	assert_int_equal(rig->events, 1);
}

static void other_sizes_are_refused_later(void **state)
{
	struct rig *rig = rig_connected(state);
	struct handover_welcome good = rig->fake->welcome;

	for (unsigned i = 0; i < 4; i++) {
		rig_lose(rig);
		rig->fake->welcome = good;
		rig->fake->welcome.endpoints += i == 0 ? 1 : 0;
		rig->fake->welcome.port_first = i == 1 ? 10002 : 10000;
		rig->fake->welcome.address[1][15] = i == 2 ? 9 : 1;
		rig->fake->welcome.chunks += i == 3 ? 1 : 0;
		rig->ups = 0;
		fake_dataplane_start(rig->fake);
		rig->now += 1000;
		rig_run(rig);
		assert_int_equal(rig->ups, 0);
		assert_non_null(dataplane_endpoint(rig->dataplane, 4));
		fake_dataplane_stop(rig->fake);
		rig->fake->welcome = good;
		rig->fake->welcome.early_ns = 1;
		rig_regain(rig);
		assert_int_equal(dataplane_terms(rig->dataplane)->early_ns, 1);
	}
}

static void on_answer(void *context, const struct json_t *answer, int error)
{
	struct rig *rig = context;

	rig->answers++;
	rig->answer_error = error;
	rig->answer_number = answer ? json_integer_value(json_object_get(answer, "n")) : -1;
}

static bool is_answered(void *context)
{
	return ((struct rig *)context)->answers > 0;
}

static void questions_are_answered(void **state)
{
	static const char *const broken[] = {"", "{", "[1]", "7", "{\"n\":1}{\"n\":2}", "{\"n\":1,\"n\":2}"};
	struct rig *rig = rig_connected(state);

	rig->fake->answer = "{\"n\":42}";
	assert_int_equal(dataplane_ask(rig->dataplane, "{\"get\":\"kernel\"}", on_answer, rig), 0);
	assert_int_equal(rig->answers, 0);
	assert_true(fake_dataplane_run(rig->base, rig->timers, is_answered, rig));
	assert_int_equal(rig->answer_number, 42);
	for (unsigned i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		rig->answers = 0;
		rig->fake->answer = broken[i];
		assert_int_equal(dataplane_ask(rig->dataplane, "{}", on_answer, rig), 0);
		assert_true(fake_dataplane_run(rig->base, rig->timers, is_answered, rig));
		assert_int_equal(rig->answer_error, -EBADMSG);
	}
}

static void unanswered_questions_end(void **state)
{
	struct rig *rig = rig_connected(state);
	char *endless = malloc(HANDOVER_TEXT + 8);

	assert_int_equal(dataplane_ask(rig->dataplane, "{}", on_answer, rig), 0);
	rig->now += 2000;
	rig_run(rig);
	assert_int_equal(rig->answers, 1);
	assert_int_equal(rig->answer_error, -ETIMEDOUT);
	assert_int_equal(dataplane_ask(rig->dataplane, "{}", on_answer, rig), 0);
	rig_lose(rig);
	assert_int_equal(rig->answers, 2);
	assert_int_equal(rig->answer_error, -ENOTCONN);
	assert_int_equal(dataplane_ask(rig->dataplane, "{}", on_answer, rig), -ENOTCONN);
	rig_regain(rig);
	memset(endless, ' ', HANDOVER_TEXT + 7);
	endless[HANDOVER_TEXT + 7] = '\0';
	assert_int_equal(dataplane_ask(rig->dataplane, endless, on_answer, rig), -EINVAL);
	free(endless);
	assert_int_equal(dataplane_ask(rig->dataplane, "{}", on_answer, rig), 0);
	dataplane_free(rig->dataplane);
	rig->dataplane = NULL;
	assert_int_equal(rig->answers, 3);
	assert_int_equal(rig->answer_error, -ENOTCONN);
}

static void garbage_is_no_harm(void **state)
{
	struct rig *rig = rig_connected(state);
	struct heard *heard = use_start(rig, 0, "10.0.0.9");
	struct handover_nexthop news = {.kind = HANDOVER_NEXTHOP, .index = XD_NEXTHOPS};
	uint32_t words[64];

	heard_wait(rig, heard);
	srandom(1);
	for (unsigned i = 0; i < 2000; i++) {
		for (unsigned k = 0; k < 64; k++)
			words[k] = (uint32_t)random();
		/* Any kind but REFUSED, which rightly ends the connection. */
		words[0] = i % 12 == HANDOVER_REFUSED ? 0 : i % 12;
		fake_dataplane_send(rig->fake, words, 1 + (size_t)random() % sizeof(words));
		if (i % 50 == 0)
			rig_run(rig);
	}
	memcpy(news.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x09", 16);
	fake_dataplane_send(rig->fake, &news, sizeof(news));
	rig_run(rig);
	assert_int_equal(heard->error, -EBADMSG);
	assert_int_equal(nexthop_use_index(&heard->use), 0);
	assert_int_equal(rig->downs, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(maps_are_the_dataplanes),
	        TEST(starts_are_told_by_blocks),
	        TEST(media_ports_are_taken),
	        TEST(nobody_there),
	        TEST(refused_in_words),
	        TEST(silence_ends_after_two_seconds),
	        TEST(bad_welcomes_are_refused),
	        TEST(events_come_from_the_ring),
	        TEST(a_broken_ring_is_no_harm),
	        TEST(calls_go_on_while_the_dataplane_is_away),
	        TEST(reconnects_every_second),
	        TEST(new_maps_take_the_old_ones_place),
	        TEST(other_sizes_are_refused_later),
	        TEST(questions_are_answered),
	        TEST(unanswered_questions_end),
	        TEST(garbage_is_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
