/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API on its unix socket: every route, every refusal, and whose the socket is. */
#include "api_stage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static json_int_t number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static void error_is(json_t *body, int status, int wanted, const char *text)
{
	const char *error = json_string_value(json_object_get(body, "error"));

	assert_int_equal(status, wanted);
	assert_non_null(error);
	if (!strstr(error, text))
		fail_msg("wanted \"%s\", got \"%s\"", text, error);
	json_decref(body);
}

static void status_joins_both_daemons(void **state)
{
	int status;
	json_t *body = api_stage_get("/v1/status", &status);

	(void)state;
	assert_int_equal(status, 200);
	assert_int_equal(number(body, "parked"), 501);
	assert_string_equal(
	        json_string_value(json_object_get(json_object_get(body, "kernel"), "release")), "6.18.0");
	assert_int_equal(number(json_object_get(body, "settings"), "early_us"), 5000);
	assert_null(json_object_get(body, "dataplane_error"));
	assert_string_equal(api_stage.asked[0], "{\"get\":\"kernel\"}");
	assert_string_equal(api_stage.asked[1], "{\"get\":\"settings\"}");
	json_decref(body);
}

static void status_without_dataplane(void **state)
{
	int status;
	json_t *body;

	(void)state;
	api_stage.fails = -ETIMEDOUT;
	body = api_stage_get("/v1/status", &status);
	assert_int_equal(status, 200);
	assert_int_equal(number(body, "parked"), 501);
	assert_true(json_is_null(json_object_get(body, "kernel")));
	assert_true(json_is_null(json_object_get(body, "settings")));
	assert_string_equal(
	        json_string_value(json_object_get(body, "dataplane_error")), "xdpark-dp does not answer");
	json_decref(body);
	api_stage.fails = 0;
	api_stage.refuses = -ENOTCONN;
	body = api_stage_get("/v1/status", &status);
	assert_int_equal(status, 200);
	assert_non_null(json_object_get(body, "dataplane_error"));
	json_decref(body);
	assert_int_equal(api_stage.asked_count, 2); /* once each: not asked again after silence */
}

static void lists_take_tenant_and_limit(void **state)
{
	static const char *const lists[] = {"calls", "parked", "endpoints", "tenants"};
	char target[128];
	int status;
	json_t *body;

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(target, sizeof(target), "/v1/%s", lists[i]);
		body = api_stage_get(target, &status);
		assert_int_equal(status, 200);
		assert_int_equal(json_array_size(json_object_get(body, lists[i])), 1);
		assert_string_equal(api_stage.tenant, "");
		assert_int_equal(api_stage.limit, 1000);
		json_decref(body);
		snprintf(target, sizeof(target), "/v1/%s?limit=5&tenant=acme.example", lists[i]);
		json_decref(api_stage_get(target, &status));
		assert_string_equal(api_stage.tenant, "acme.example");
		assert_int_equal(api_stage.limit, 5);
		snprintf(target, sizeof(target), "/v1/%s?limit=x", lists[i]);
		body = api_stage_get(target, &status);
		error_is(body, status, 400, "limit");
	}
	body = api_stage_get("/v1/calls?limit=", &status);
	error_is(body, status, 400, "limit");
	body = api_stage_get("/v1/calls?limit=%2b5", &status);
	error_is(body, status, 400, "limit");
	body = api_stage_get("/v1/calls?limit=-1", &status);
	error_is(body, status, 400, "limit");
	body = api_stage_get("/v1/calls?limit=99999999999999999999", &status);
	error_is(body, status, 400, "limit");
	body = api_stage_get("/v1/calls?tenant=nobody.example", &status);
	error_is(body, status, 404, "no tenant nobody.example; `xdpark tenants`");
	body = api_stage_get("/v1/calls?colour=red", &status);
	error_is(body, status, 400, "no parameter colour");
}

static void counters_come_from_the_dataplane(void **state)
{
	int status;
	json_t *body = api_stage_get("/v1/counters", &status);

	(void)state;
	assert_int_equal(status, 200);
	assert_int_equal(number(body, "hold_ingress"), 1800);
	assert_string_equal(api_stage.asked[0], "{\"get\":\"counters\"}");
	json_decref(body);
	api_stage.fails = -ENOTCONN;
	body = api_stage_get("/v1/counters", &status);
	error_is(body, status, 503, "not connected");
	api_stage.fails = 0;
	api_stage.answer = "{\"error\":\"no such thing\"}";
	body = api_stage_get("/v1/counters", &status);
	error_is(body, status, 500, "no such thing");
}

static char *post(const char *body)
{
	char request[512];

	snprintf(request, sizeof(request),
	        "POST /v1/tune HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
	        strlen(body), body);
	return api_stage_exchange(request, strlen(request), true, NULL);
}

static void tune_asks_the_dataplane(void **state)
{
	static const char *const bad[] = {"", "x", "[1]", "5", "{\"a\":1,\"a\":2}", "{\"early_us\":"};
	char *got = post("{\"early_us\": 3000}");

	(void)state;
	assert_non_null(strstr(got, "200 OK"));
	assert_non_null(strstr(got, "\"grace_us\":5000"));
	assert_string_equal(api_stage.asked[0], "{\"set\":{\"early_us\":3000}}");
	free(got);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		got = post(bad[i]);
		assert_non_null(strstr(got, "400 Bad Request"));
		free(got);
	}
	assert_int_equal(api_stage.asked_count, 1);
	api_stage.answer = "{\"error\":\"early_us and grace_us are whole numbers\"}";
	got = post("{\"early_us\": -1}");
	assert_non_null(strstr(got, "400 Bad Request"));
	assert_non_null(strstr(got, "whole numbers"));
	free(got);
}

static void what_is_not_there(void **state)
{
	static const char *const targets[] = {"/", "/v1", "/v1/", "/v1/call", "/v1/calls/",
	        "/v1/status/../calls", "/v2/status", "/%00", "//v1/status"};
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		json_t *body = api_stage_get(targets[i], &status);

		error_is(body, status, 404, "xdpark(8)");
	}
}

static void other_methods(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"};
	char request[256];
	char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		snprintf(request, sizeof(request),
		        "%s /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		        methods[i]);
		got = api_stage_exchange(request, strlen(request), true, NULL);
		assert_non_null(strstr(got, "405 Method Not Allowed"));
		assert_non_null(strstr(got, "Allow: GET"));
		free(got);
	}
	got = api_stage_exchange("GET /v1/tune HTTP/1.0\r\n\r\n", 25, true, NULL);
	assert_non_null(strstr(got, "405 Method Not Allowed"));
	assert_non_null(strstr(got, "Allow: POST"));
	free(got);
}

static void no_memory_is_a_500(void **state)
{
	char *got;

	(void)state;
	api_stage.no_memory = true;
	got = api_stage_exchange("GET /v1/calls HTTP/1.0\r\n\r\n", 26, true, NULL);
	assert_non_null(strstr(got, "500 Internal Server Error"));
	assert_non_null(strstr(got, "{\"error\":\"no memory"));
	free(got);
	got = api_stage_exchange("GET /v1/status HTTP/1.0\r\n\r\n", 27, true, NULL);
	assert_non_null(strstr(got, "500 Internal Server Error"));
	free(got);
}

/* Everything of it is sent; it must not be served. */
static void not_served(const char *request)
{
	char *got = api_stage_exchange(request, strlen(request), false, NULL);

	if (strstr(got, "200 OK"))
		fail_msg("served: %.60s", request);
	free(got);
}

/* Too large, malformed, or noise: refused or closed, and the next client is served. */
static void what_is_no_request(void **state)
{
	static char large[20000];
	uint8_t noise[2048];
	int status;

	(void)state;
	not_served("POST /v1/tune HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n{");
	not_served("POST /v1/tune HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}");
	not_served("GET\r\n\r\n");
	not_served("GET /v1/status HTTP/1.1\r\nno header\r\n\r\n");
	not_served("GET /v1/status HTTP/9.9\r\n\r\n");
	snprintf(large, sizeof(large), "POST /v1/tune HTTP/1.0\r\nContent-Length: 5000\r\n\r\n%-5000s",
	        "{\"early_us\":1}");
	not_served(large);
	snprintf(large, sizeof(large), "GET /v1/status HTTP/1.0\r\nX: %09999d\r\n\r\n", 0);
	not_served(large);
	srandom(9);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)random();
		free(api_stage_exchange(noise, (size_t)random() % sizeof(noise), false, NULL));
	}
	json_decref(api_stage_get("/v1/status", &status));
	assert_int_equal(status, 200);
}

static void the_socket_is_the_groups(void **state)
{
	struct api_options options = {.base = api_stage.base, .path = api_stage.path};
	struct api *second = NULL;
	char reason[256], file[128];
	struct stat status;

	(void)state;
	assert_int_equal(stat(api_stage.path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(status.st_gid, getegid());
	assert_int_equal(api_new(&second, &options, reason), -EADDRINUSE);
	assert_non_null(strstr(reason, "another xdparkd answers"));
	options.group = "nosuchgroup";
	assert_int_equal(api_new(&second, &options, reason), -EINVAL);
	assert_non_null(strstr(reason, "nosuchgroup"));
	options.group = NULL;
	options.path = "/nowhere/at/all";
	assert_int_equal(api_new(&second, &options, reason), -ENOENT);
	snprintf(file, sizeof(file), "%s/file", api_stage.folder);
	fclose(fopen(file, "w"));
	options.path = file;
	assert_int_equal(api_new(&second, &options, reason), -EEXIST);
	unlink(file);
	assert_null(second);
}

/* What a killed daemon left is replaced. */
static void a_dead_socket_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct api_options options = {.base = api_stage.base};
	struct api *second = NULL;
	char reason[256];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/dead", api_stage.folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	options.path = address.sun_path;
	assert_int_equal(api_new(&second, &options, reason), 0);
	/* Somebody else's socket at our path isn't removed with ours. */
	assert_int_equal(unlink(address.sun_path), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	api_free(second);
	assert_int_equal(unlink(address.sun_path), 0);
	close(fd);
	api_free(NULL);
}

#define api_test(name) cmocka_unit_test_setup_teardown(name, api_stage_open, api_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        api_test(status_joins_both_daemons),
	        api_test(status_without_dataplane),
	        api_test(lists_take_tenant_and_limit),
	        api_test(counters_come_from_the_dataplane),
	        api_test(tune_asks_the_dataplane),
	        api_test(what_is_not_there),
	        api_test(other_methods),
	        api_test(no_memory_is_a_500),
	        api_test(what_is_no_request),
	        api_test(the_socket_is_the_groups),
	        api_test(a_dead_socket_is_replaced),
	};

	signal(SIGPIPE, SIG_IGN); /* as ctl/loop.c does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
