/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder's thread: gets jobs, answers each by a callback on the event base's thread. What is in a job
 * belongs to the worker until it comes back.
 */
#ifndef XDPARK_AUDIO_WORKER_H
#define XDPARK_AUDIO_WORKER_H

#include "ctl/audio/render.h"

struct event_base;
struct worker;

enum job_kind {
	JOB_RENDER, /* description, codec, most_chunks -> rendering, or failed and error */
	JOB_COPY,   /* rendering.chunks to `to` */
};

struct job {
	struct job *next; /* the worker's */
	enum job_kind kind;
	struct clip_description description; /* a copy of the clip's */
	enum xd_codec codec;
	uint32_t most_chunks;
	struct rendering rendering;
	struct xd_chunk *to;
	void *owner; /* for the answer */
	int failed;  /* 0 or a negative errno */
	char error[AUDIO_ERROR_BYTES];
};

/* Starts the thread. Results in *worker. Negative errno: -ENOMEM, of eventfd or of pthread_create. */
int worker_new(struct worker **worker, struct event_base *base, void (*answer)(struct job *, void *context),
        void *context);

/* Stops the thread (a job under way is cut short), frees all jobs without an answer. NULL is legal. */
void worker_free(struct worker *worker);

/*
 * Never blocks. The answer comes later, never from within this call. An hour of music takes a minute or so:
 * whatever else is to be done goes before music that hasn't been begun.
 */
void worker_give(struct worker *worker, struct job *job);

/* Frees a job and what is in it. NULL is legal. */
void job_free(struct job *job);

#endif
