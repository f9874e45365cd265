/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that wait for the dataplane: its answers come later, and the client may have gone by then. */
#ifndef XDPARK_API_QUESTION_H
#define XDPARK_API_QUESTION_H

#include <event2/http.h>
#include <jansson.h>

#include "ctl/api/api.h"
#include "ctl/api/connections.h"

enum { QUESTIONS = 2 };

/* What to ask for a request. */
struct question {
	const char *texts[QUESTIONS]; /* asked one after the other; NULL: no more; the first need not last */
	const char *keys[QUESTIONS];  /* of `body`: where each answer goes */
	json_t *body;                 /* NULL: the first answer is the reply */
	struct connections *connections; /* one of which the request came by */
	int refused;                     /* the HTTP status when the dataplane answers {"error": ...} */
};

/*
 * Asks, and replies when all is answered. With `body` the dataplane's silence is told in it
 * ("dataplane_error"), without it is a 503. Takes the reference of question->body.
 */
void question_ask(struct evhttp_request *request, const struct question *question, const struct api_ops *ops,
        void *context);

#endif
