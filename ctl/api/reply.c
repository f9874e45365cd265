/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/api/reply.h"

#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *reason_of(int status)
{
	switch (status) {
	case HTTP_OK:
		return "OK";
	case HTTP_BADREQUEST:
		return "Bad Request";
	case HTTP_NOTFOUND:
		return "Not Found";
	case HTTP_BADMETHOD:
		return "Method Not Allowed";
	case HTTP_SERVUNAVAIL:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

static void text_release(const void *bytes, size_t length, void *context)
{
	(void)bytes;
	(void)length;
	free(context);
}

void reply_json(struct evhttp_request *request, int status, json_t *body)
{
	static const char no_memory[] = "{\"error\":\"no memory for the answer\"}";
	struct evbuffer *buffer = evhttp_request_get_output_buffer(request);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (!text) {
		status = HTTP_INTERNAL;
		evbuffer_add_reference(buffer, no_memory, sizeof(no_memory) - 1, NULL, NULL);
	} else if (evbuffer_add_reference(buffer, text, strlen(text), text_release, text) < 0) {
		free(text);
	}
	json_decref(body);
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
	        "application/json; charset=utf-8");
	evhttp_send_reply(request, status, reason_of(status), NULL);
}

void reply_error(struct evhttp_request *request, int status, const char *format, ...)
{
	va_list arguments;
	char text[256];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	reply_json(request, status, json_pack("{s:s}", "error", text));
}
