/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

enum { NICE = 10 }; /* encoding can wait for SIP */

/* First in, first out. */
struct queue {
	struct job *first, **end;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock; /* of both queues */
	pthread_cond_t given;
	struct queue to_do, done;
	atomic_bool stop;
	int done_fd; /* eventfd: something is in `done` */
	struct event *done_event;
	void (*answer)(struct job *, void *context);
	void *context;
};

static void queue_put(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static void queue_put_first(struct queue *queue, struct job *job)
{
	job->next = queue->first;
	queue->first = job;
	if (!job->next)
		queue->end = &job->next;
}

static struct job *queue_take(struct queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

static void queue_free(struct queue *queue)
{
	struct job *job;

	while ((job = queue_take(queue)))
		job_free(job);
}

void job_free(struct job *job)
{
	if (!job)
		return;
	clip_description_clear(&job->description);
	rendering_free(&job->rendering);
	free(job);
}

static struct job *job_wait(struct worker *worker)
{
	struct job *job = NULL;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stop && !(job = queue_take(&worker->to_do)))
		pthread_cond_wait(&worker->given, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void job_done(struct worker *worker, struct job *job)
{
	pthread_mutex_lock(&worker->lock);
	queue_put(&worker->done, job);
	pthread_mutex_unlock(&worker->lock);
	eventfd_write(worker->done_fd, 1);
}

static void *worker_thread(void *context)
{
	struct worker *worker = context;
	struct job *job;

	pthread_setname_np(pthread_self(), "encoder");
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while ((job = job_wait(worker))) {
		if (job->kind == JOB_COPY)
			memcpy(job->to, job->rendering.chunks, job->rendering.count * sizeof(*job->to));
		else
			job->failed = rendering_make(&job->rendering, &job->description, job->codec,
			        job->most_chunks, &worker->stop, job->error);
		job_done(worker, job);
	}
	return NULL;
}

/* The lock also orders the copied chunks before the plans that will name them. */
static void on_done(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;
	eventfd_t count;

	(void)what;
	if (eventfd_read(fd, &count) < 0)
		return;
	for (;;) {
		struct job *job;

		pthread_mutex_lock(&worker->lock);
		job = queue_take(&worker->done);
		pthread_mutex_unlock(&worker->lock);
		if (!job)
			return;
		worker->answer(job, worker->context);
	}
}

/* Signals are for the deciding thread. */
static int thread_start(struct worker *worker)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&worker->thread, NULL, worker_thread, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -failed;
}

static void worker_release(struct worker *worker)
{
	if (worker->done_event)
		event_free(worker->done_event);
	if (worker->done_fd >= 0)
		close(worker->done_fd);
	queue_free(&worker->to_do);
	queue_free(&worker->done);
	pthread_cond_destroy(&worker->given);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

int worker_new(struct worker **result, struct event_base *base, void (*answer)(struct job *, void *context),
        void *context)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int failed;

	if (!worker)
		return -ENOMEM;
	worker->answer = answer;
	worker->context = context;
	worker->to_do.end = &worker->to_do.first;
	worker->done.end = &worker->done.first;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->given, NULL);
	worker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	failed = worker->done_fd < 0 ? -errno : 0;
	if (!failed) {
		worker->done_event = event_new(base, worker->done_fd, EV_READ | EV_PERSIST, on_done, worker);
		failed = worker->done_event && event_add(worker->done_event, NULL) == 0 ? 0 : -ENOMEM;
	}
	if (!failed)
		failed = thread_start(worker);
	if (failed) {
		worker_release(worker);
		return failed;
	}
	*result = worker;
	return 0;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->stop = true;
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	worker_release(worker);
}

void worker_give(struct worker *worker, struct job *job)
{
	bool long_work = job->kind == JOB_RENDER && job->description.kind == CLIP_MUSIC;

	pthread_mutex_lock(&worker->lock);
	if (long_work)
		queue_put(&worker->to_do, job);
	else
		queue_put_first(&worker->to_do, job);
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->lock);
}
