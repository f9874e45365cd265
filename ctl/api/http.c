/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's HTTP server and its routes. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/api/api.h"
#include "ctl/api/connections.h"
#include "ctl/api/question.h"
#include "ctl/api/reply.h"
#include "ctl/api/socket.h"

enum {
	HEADER_BYTES = 8192,
	BODY_BYTES = 4096,
	ROWS = 1000,
	MOST_ROWS = 10000, /* what is in hand for one answer keeps SIP waiting: tens of milliseconds */
	ALL_METHODS = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
	              EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH,
};

struct api {
	struct connections *connections;
	struct api_socket socket;
	const struct api_ops *ops;
	void *context;
};

/* "?tenant=DOMAIN&limit=N". False (replied): anything else. The filter's text lives in `query`. */
static bool filter_read(struct evhttp_request *request, struct evkeyvalq *query, struct api_filter *filter)
{
	const char *text = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	const struct evkeyval *pair;
	unsigned long limit;
	char *end;

	*filter = (struct api_filter){.limit = ROWS};
	if (evhttp_parse_query_str(text ? text : "", query) < 0) {
		reply_error(request, HTTP_BADREQUEST, "the query can't be read");
		return false;
	}
	for (pair = query->tqh_first; pair; pair = pair->next.tqe_next) {
		if (strcmp(pair->key, "tenant") == 0) {
			filter->tenant = pair->value;
		} else if (strcmp(pair->key, "limit") == 0) {
			limit = strtoul(pair->value, &end, 10);
			if (strspn(pair->value, "0123456789") == 0 || *end || limit > MOST_ROWS) {
				reply_error(request, HTTP_BADREQUEST, "limit is a number from 0 to %d",
				        MOST_ROWS);
				return false;
			}
			filter->limit = (uint32_t)limit;
		} else {
			reply_error(request, HTTP_BADREQUEST,
			        "no parameter %.40s; there are tenant and limit", pair->key);
			return false;
		}
	}
	return true;
}

static void serve_list(const struct api *api, struct evhttp_request *request,
        json_t *(*list)(void *context, const struct api_filter *filter))
{
	struct evkeyvalq query = {0};
	struct api_filter filter;

	if (!filter_read(request, &query, &filter))
		; /* replied */
	else if (filter.tenant && !api->ops->has_tenant(api->context, filter.tenant))
		reply_error(request, HTTP_NOTFOUND,
		        "there is no tenant %.80s; `xdpark tenants` shows which there are", filter.tenant);
	else
		reply_json(request, HTTP_OK, list(api->context, &filter));
	evhttp_clear_headers(&query);
}

static void serve_calls(const struct api *api, struct evhttp_request *request)
{
	serve_list(api, request, api->ops->calls);
}

static void serve_parked(const struct api *api, struct evhttp_request *request)
{
	serve_list(api, request, api->ops->parked);
}

static void serve_endpoints(const struct api *api, struct evhttp_request *request)
{
	serve_list(api, request, api->ops->endpoints);
}

static void serve_tenants(const struct api *api, struct evhttp_request *request)
{
	serve_list(api, request, api->ops->tenants);
}

/* The API's own part of the status. Takes the reference; NULL: no memory. */
static json_t *status_with_api(const struct api *api, json_t *status)
{
	struct connections_usage usage;
	json_t *own;

	connections_usage(api->connections, &usage);
	own = json_pack("{s:I, s:I, s:I, s:I}", "connections", (json_int_t)usage.open, "most",
	        (json_int_t)CONNECTIONS_MOST, "since_start", (json_int_t)usage.since_start, "full",
	        (json_int_t)usage.full);
	if (json_object_set_new(status, "api", own) == 0)
		return status;
	json_decref(status);
	return NULL;
}

static void serve_status(const struct api *api, struct evhttp_request *request)
{
	struct question question = {
	        .texts = {"{\"get\":\"kernel\"}", "{\"get\":\"settings\"}"},
	        .keys = {"kernel", "settings"},
	        .body = status_with_api(api, api->ops->status(api->context)),
	        .connections = api->connections,
	};

	if (question.body)
		question_ask(request, &question, api->ops, api->context);
	else
		reply_json(request, HTTP_INTERNAL, NULL);
}

static void serve_counters(const struct api *api, struct evhttp_request *request)
{
	struct question question = {
	        .texts = {"{\"get\":\"counters\"}"},
	        .connections = api->connections,
	        .refused = HTTP_INTERNAL,
	};

	question_ask(request, &question, api->ops, api->context);
}

/* The body as {"set": body}, to be freed; NULL: no object. What may be set is the dataplane's to know. */
static char *tune_question(struct evhttp_request *request)
{
	struct evbuffer *buffer = evhttp_request_get_input_buffer(request);
	size_t length = evbuffer_get_length(buffer);
	json_t *body =
	        json_loadb((const char *)evbuffer_pullup(buffer, -1), length, JSON_REJECT_DUPLICATES, NULL);
	json_t *question = json_is_object(body) ? json_pack("{s:O}", "set", body) : NULL;
	char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;

	json_decref(question);
	json_decref(body);
	return text;
}

static void serve_tune(const struct api *api, struct evhttp_request *request)
{
	struct question question = {.connections = api->connections, .refused = HTTP_BADREQUEST};
	char *text = tune_question(request);

	if (!text) {
		reply_error(request, HTTP_BADREQUEST, "the body must be like {\"early_us\": 5000}");
		return;
	}
	question.texts[0] = text;
	question_ask(request, &question, api->ops, api->context);
	free(text);
}

static const struct route {
	const char *path;
	enum evhttp_cmd_type method;
	const char *method_name;
	void (*serve)(const struct api *api, struct evhttp_request *request);
} routes[] = {
        {"/v1/status", EVHTTP_REQ_GET, "GET", serve_status},
        {"/v1/calls", EVHTTP_REQ_GET, "GET", serve_calls},
        {"/v1/parked", EVHTTP_REQ_GET, "GET", serve_parked},
        {"/v1/endpoints", EVHTTP_REQ_GET, "GET", serve_endpoints},
        {"/v1/tenants", EVHTTP_REQ_GET, "GET", serve_tenants},
        {"/v1/counters", EVHTTP_REQ_GET, "GET", serve_counters},
        {"/v1/tune", EVHTTP_REQ_POST, "POST", serve_tune},
};

/* What is no request, or too large, libevent has refused before. */
static void serve(struct evhttp_request *request, void *context)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) != 0)
			continue;
		if (evhttp_request_get_command(request) == routes[i].method) {
			routes[i].serve(context, request);
			return;
		}
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", routes[i].method_name);
		reply_error(request, HTTP_BADMETHOD, "%s takes %s", routes[i].path, routes[i].method_name);
		return;
	}
	reply_error(request, HTTP_NOTFOUND, "no such thing here; see xdpark(8)");
}

static struct evhttp *http_new(struct event_base *base, struct api *api)
{
	struct evhttp *http = evhttp_new(base);

	if (!http)
		return NULL;
	evhttp_set_max_headers_size(http, HEADER_BYTES);
	evhttp_set_max_body_size(http, BODY_BYTES);
	evhttp_set_allowed_methods(http, ALL_METHODS);
	evhttp_set_gencb(http, serve, api);
	return http;
}

int api_new(struct api **api, const struct api_options *options, char *reason)
{
	struct api *made = calloc(1, sizeof(*made));
	struct evhttp *http;
	int error;

	snprintf(reason, 256, "no memory");
	if (!made)
		return -ENOMEM;
	made->ops = options->ops;
	made->context = options->context;
	error = api_socket_open(&made->socket, options->path, options->group, reason);
	if (error < 0)
		goto fail;
	error = -ENOMEM;
	http = http_new(options->base, made);
	if (!http)
		goto close;
	error = connections_new(&made->connections, http, options->base, made->socket.fd);
	if (!error) {
		*api = made;
		return 0;
	}
	evhttp_free(http);
close:
	api_socket_close(&made->socket);
fail:
	free(made);
	return error;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	connections_free(api->connections);
	api_socket_close(&api->socket);
	free(api);
}
