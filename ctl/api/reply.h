/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to HTTP requests in JSON. */
#ifndef XDPARK_API_REPLY_H
#define XDPARK_API_REPLY_H

#include <event2/http.h>
#include <jansson.h>

/* Sends `body` (its reference is taken; NULL: 500, no memory). The request is over. */
void reply_json(struct evhttp_request *request, int status, json_t *body);

/* Sends {"error": ...}. The request is over. */
void reply_error(struct evhttp_request *request, int status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
