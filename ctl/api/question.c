/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/api/question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/api/reply.h"

/* A question under way. Lives until its answer, whether or not somebody still waits for it. */
struct pending {
	struct evhttp_request *request; /* NULL: the client or the API has gone */
	struct question question;
	unsigned step;
	const struct api_ops *ops;
	void *context;
};

static void pending_free(struct pending *pending)
{
	json_decref(pending->question.body);
	free(pending);
}

static void client_gone(void *context)
{
	struct pending *pending = context;

	pending->request = NULL;
}

/* The request, no longer watched, and to be answered now; the pending is gone. */
static struct evhttp_request *pending_finish(struct pending *pending)
{
	struct evhttp_request *request = pending->request;

	connections_watch(pending->question.connections, evhttp_request_get_connection(request), NULL, NULL);
	pending_free(pending);
	return request;
}

static const char *silence(int error)
{
	if (error == -ETIMEDOUT)
		return "xdpark-dp does not answer";
	if (error == -ENOTCONN)
		return "xdpark-dp is not connected: is it running?";
	return strerror(-error);
}

static void pending_fail(struct pending *pending, int error)
{
	json_t *body = pending->question.body;

	if (!body) {
		reply_error(pending_finish(pending), HTTP_SERVUNAVAIL, "%s", silence(error));
		return;
	}
	for (; pending->step < QUESTIONS && pending->question.texts[pending->step]; pending->step++)
		json_object_set_new(body, pending->question.keys[pending->step], json_null());
	json_object_set_new(body, "dataplane_error", json_string(silence(error)));
	json_incref(body);
	reply_json(pending_finish(pending), HTTP_OK, body);
}

static void answered(void *context, const json_t *answer, int error);

/* The next question, or the reply. */
static void pending_go_on(struct pending *pending)
{
	json_t *body = pending->question.body;
	int error;

	if (pending->step < QUESTIONS && pending->question.texts[pending->step]) {
		error = pending->ops->ask(
		        pending->context, pending->question.texts[pending->step], answered, pending);
		if (error < 0)
			pending_fail(pending, error);
		return;
	}
	json_incref(body);
	reply_json(pending_finish(pending), HTTP_OK, body);
}

static void answered(void *context, const json_t *answer, int error)
{
	struct pending *pending = context;
	const char *refusal;

	if (!pending->request) {
		pending_free(pending);
	} else if (!answer) {
		pending_fail(pending, error);
	} else if (pending->question.body) {
		json_object_set_new(pending->question.body, pending->question.keys[pending->step],
		        json_deep_copy(answer));
		pending->step++;
		pending_go_on(pending);
	} else {
		refusal = json_string_value(json_object_get(answer, "error"));
		error = refusal ? pending->question.refused : HTTP_OK;
		reply_json(pending_finish(pending), error, json_deep_copy(answer));
	}
}

void question_ask(struct evhttp_request *request, const struct question *question, const struct api_ops *ops,
        void *context)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (!pending || connections_watch(question->connections, evhttp_request_get_connection(request),
	                        client_gone, pending) < 0) {
		free(pending);
		json_decref(question->body);
		reply_json(request, HTTP_INTERNAL, NULL);
		return;
	}
	*pending =
	        (struct pending){.request = request, .question = *question, .ops = ops, .context = context};
	pending_go_on(pending);
}
