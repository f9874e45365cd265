/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a tick ten times a second. Each looks at a part of the plans, so that the least recently heard are
 * known after LOOK_TICKS. While a coding waits for room all plans are looked at every second, and it is tried
 * again, up to ROOM_MS.
 */
#include "ctl/audio/coder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ctl/audio/audio.h"
#include "ctl/audio/encode.h"
#include "ctl/audio/hearing.h"
#include "ctl/audio/worker.h"
#include "ctl/timer.h"
#include "kmod-free/log.h"

enum {
	ROOM_MS = 10000,  /* how long a clip waits for others to be given up */
	RETRY_MS = 60000, /* before a clip that failed is tried again */
	TICK_US = 100000,
	RETRY_TICKS = 10,
	LOOK_TICKS = 100,
	SHARE = 4, /* one clip takes a quarter of the chunk memory at most */
};

struct coder {
	struct worker *worker;
	struct event *tick;
	unsigned ticks;
	struct chunk_space *space;
	struct xd_chunk *chunks;
	uint32_t chunk_count;
	const struct xd_endpoint *endpoints;
	const struct xd_rest *rests;
	uint32_t endpoint_count;
	uint32_t looked_at; /* endpoints below, by the look under way */
	uint64_t look_began_ms;
	struct clip *clips;
	void (*ready)(void *context); /* NULL: nobody wants to know */
	void *ready_context;
};

static void coding_enter(struct coding *coding, enum coding_state state)
{
	coding->state = state;
	coding->since_ms = clock_monotonic_ms(NULL);
}

static void coding_fail(struct coding *coding, const char *event, const char *error)
{
	char name[128], why[AUDIO_ERROR_BYTES + 32];

	coding_enter(coding, CODING_FAILED);
	log_error(NULL, event, "clip=%s name=%s codec=%s error=%s",
	        clip_kind_name(coding->clip->description.kind),
	        log_value(name, sizeof(name), coding->clip->description.name), codec_name(coding->codec),
	        log_value(why, sizeof(why), error));
}

static void coder_look(struct coder *coder, uint32_t count)
{
	uint64_t now_ms = clock_monotonic_ms(NULL);
	uint32_t first = coder->looked_at, end = first + count;

	if (!coder->endpoints)
		return;
	if (end > coder->endpoint_count)
		end = coder->endpoint_count;
	if (!first)
		coder->look_began_ms = now_ms;
	hearing_look(coder->space, coder->endpoints, coder->rests, first, end, now_ms);
	coder->looked_at = end;
	if (end < coder->endpoint_count)
		return;
	hearing_judge(coder->clips, coder->look_began_ms, now_ms);
	coder->looked_at = 0;
}

/* At all of them, now. */
static void coder_look_at_all(struct coder *coder)
{
	coder->looked_at = 0;
	coder_look(coder, coder->endpoint_count);
}

static void coding_give_up(struct coder *coder, struct coding *coding)
{
	char name[128];

	chunk_run_give(coder->space, coding->first);
	coding_enter(coding, CODING_ABSENT);
	log_info(NULL, "clip_given_up", "clip=%s name=%s codec=%s chunks=%u",
	        clip_kind_name(coding->clip->description.kind),
	        log_value(name, sizeof(name), coding->clip->description.name), codec_name(coding->codec),
	        coding->count);
}

/* Takes a run for `coding`, from those that nobody hears if need be. */
static int room_find(struct coder *coder, struct coding *coding, uint32_t count)
{
	uint32_t first;
	int failed = chunk_run_take(coder->space, count, coding, &first);

	if (failed == -ENOSPC)
		coder_look_at_all(coder);
	while (failed == -ENOSPC) {
		struct coding *victim = hearing_victim(coder->clips, clock_monotonic_ms(NULL));

		if (!victim)
			break;
		coding_give_up(coder, victim);
		failed = chunk_run_take(coder->space, count, coding, &first);
	}
	if (failed == 0)
		coding->first = first;
	return failed;
}

/* Takes `job` over: it is copied if there is room, waits if there may be room soon. */
static void coding_place(struct coder *coder, struct coding *coding, struct job *job)
{
	uint32_t count = job->rendering.count;

	coding->waiting = NULL;
	if (room_find(coder, coding, count) == 0) {
		coding_take_shape(coding, &job->rendering);
		job->kind = JOB_COPY;
		job->to = coder->chunks + coding->first;
		coding_enter(coding, CODING_COPYING);
		worker_give(coder->worker, job);
		return;
	}
	if (coding->state != CODING_NO_ROOM)
		coding_enter(coding, CODING_NO_ROOM);
	if (clock_monotonic_ms(NULL) - coding->since_ms < ROOM_MS && coder->endpoints) {
		coding->waiting = job;
		return;
	}
	audio_say(job->error,
	        "%u chunks are wanted, %u of %u are in use and heard: give xdpark-dp more --audio-memory",
	        count, chunk_space_used(coder->space), coder->chunk_count);
	coding_fail(coding, "audio_memory_full", job->error);
	job_free(job);
}

static void coding_ready(struct coding *coding, uint64_t now_ms)
{
	hearing_name(coding, now_ms);
	coding_enter(coding, CODING_READY);
}

/* The worker's answer. */
static void on_answer(struct job *job, void *context)
{
	struct coder *coder = context;
	struct coding *coding = job->owner;
	char name[128];

	if (job->failed < 0) {
		coding_fail(coding, "clip_failed", job->error);
		job_free(job);
	} else if (job->kind == JOB_RENDER) {
		coding_place(coder, coding, job);
	} else {
		coding_ready(coding, clock_monotonic_ms(NULL));
		log_info(NULL, "clip_ready", "clip=%s name=%s codec=%s chunks=%u",
		        clip_kind_name(coding->clip->description.kind),
		        log_value(name, sizeof(name), coding->clip->description.name),
		        codec_name(coding->codec), coding->count);
		job_free(job);
		if (coder->ready)
			coder->ready(coder->ready_context);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct coder *coder = context;

	(void)fd;
	(void)what;
	coder_look(coder, (coder->endpoint_count + LOOK_TICKS - 1) / LOOK_TICKS);
	if (++coder->ticks % RETRY_TICKS)
		return;
	for (struct clip *clip = coder->clips; clip; clip = clip->next) {
		for (int codec = 0; codec < XD_CODECS; codec++) {
			struct coding *coding = &clip->codings[codec];

			if (coding->waiting)
				coding_place(coder, coding, coding->waiting);
		}
	}
}

static uint32_t coding_most_chunks(const struct coder *coder, const struct coding *coding)
{
	return coding->clip->resident ? coder->chunk_count : coder->chunk_count / SHARE;
}

void coder_prepare(struct coder *coder, struct coding *coding)
{
	const struct clip_description *description = &coding->clip->description;
	struct job *job;

	if (coding->state != CODING_ABSENT && coding->state != CODING_FAILED)
		return;
	if (coding->state == CODING_FAILED && clock_monotonic_ms(NULL) - coding->since_ms < RETRY_MS)
		return;
	job = calloc(1, sizeof(*job));
	if (!job || clip_description_set(&job->description, description->kind, description->name,
	                    description->level_dbm0) < 0) {
		job_free(job);
		coding_fail(coding, "clip_failed", "out of memory");
		return;
	}
	job->kind = JOB_RENDER;
	job->codec = coding->codec;
	job->most_chunks = coding_most_chunks(coder, coding);
	job->owner = coding;
	coding_enter(coding, CODING_RENDERING);
	worker_give(coder->worker, job);
}

int coder_prepare_now(struct coder *coder, struct coding *coding)
{
	struct rendering rendering = {0};
	char error[AUDIO_ERROR_BYTES];
	int failed = rendering_make(&rendering, &coding->clip->description, coding->codec,
	        coding_most_chunks(coder, coding), NULL, error);

	if (!failed)
		failed = room_find(coder, coding, rendering.count);
	if (!failed) {
		coding_take_shape(coding, &rendering);
		memcpy(coder->chunks + coding->first, rendering.chunks,
		        rendering.count * sizeof(*rendering.chunks));
		coding_ready(coding, clock_monotonic_ms(NULL));
	}
	rendering_free(&rendering);
	return failed;
}

int coder_new(struct coder **result, const struct audio_options *options)
{
	const struct timeval tick = {.tv_usec = TICK_US};
	struct coder *coder = calloc(1, sizeof(*coder));
	int failed = -ENOMEM;

	if (!coder)
		return -ENOMEM;
	coder->chunks = options->chunks;
	coder->chunk_count = options->chunk_count;
	coder->endpoints = options->endpoints;
	coder->rests = options->rests;
	coder->endpoint_count = options->endpoint_count;
	coder->space = chunk_space_new(options->chunk_count);
	coder->tick = event_new(options->base, -1, EV_PERSIST, on_tick, coder);
	if (coder->space && coder->tick && event_add(coder->tick, &tick) == 0)
		failed = worker_new(&coder->worker, options->base, on_answer, coder);
	if (failed < 0) {
		coder_free(coder);
		return failed;
	}
	*result = coder;
	return 0;
}

void coder_free(struct coder *coder)
{
	if (!coder)
		return;
	worker_free(coder->worker);
	if (coder->tick)
		event_free(coder->tick);
	clips_free(coder->clips);
	chunk_space_free(coder->space);
	free(coder);
}

void coder_tell(struct coder *coder, void (*ready)(void *context), void *context)
{
	coder->ready = ready;
	coder->ready_context = context;
}

struct clip **coder_clips(struct coder *coder)
{
	return &coder->clips;
}

uint32_t coder_chunks_used(const struct coder *coder)
{
	return chunk_space_used(coder->space);
}

uint32_t coder_chunks(const struct coder *coder)
{
	return coder->chunk_count;
}
