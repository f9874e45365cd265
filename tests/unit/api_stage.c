/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "api_stage.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/timer.h"
#include "tests/unit/scratch.h"

struct api_stage api_stage;

static const char status_text[] =
        "{\"version\":\"0.1.0\",\"pid\":42,\"uptime_s\":3723,\"listen\":[\"10.90.0.1:5060\"],\"tenants\":3,"
        "\"users\":16,\"registered\":3,\"bridges\":1,\"legs\":503,\"parked\":501,\"orbits\":200040,"
        "\"endpoints\":{\"used\":503,\"resting\":2,\"all\":11384},"
        "\"audio\":{\"chunks_used\":9000,\"chunks\":3050402,\"clips\":4,\"waiting\":0,\"failed\":0},"
        "\"since_start\":{\"calls\":504,\"answered\":503,\"refused\":1,\"parked\":501,\"taken\":0,"
        "\"recalls\":2,"
        "\"abandoned\":0,\"park_refused\":0,\"take_refused\":0},\"live_frames\":true}";

#define LEG(more)                                                                                            \
	"\"codec\":\"PCMU\",\"ptime_ms\":20,\"remote\":\"10.90.0.2:4000\",\"local\":\"10.90.0.1:10246\","    \
	"\"endpoint\":123,\"received\":1500,\"refused\":0,\"sent\":1500,\"forwarded\":500,"                  \
	"\"hold_ingress\":900,\"hold_pump\":100,\"hold_skipped\":0,\"silent_ms\":12," more

#define CALLER                                                                                               \
	"{\"state\":\"up\",\"number\":\"101\",\"identity\":\"\\\"Alice\\\" "                                 \
	"<sip:101@acme.example>\",\"user\":\"101\","                                                         \
	"\"tenant\":\"acme.example\",\"call\":\"k7Qm2\"," LEG(                                               \
	        "\"hears\":\"hold\",\"kernel\":true,\"why\":null}")
#define OTHER                                                                                                \
	"{\"state\":\"calling\",\"number\":\"102\",\"identity\":\"<sip:102@acme.example>\",\"user\":"        \
	"\"102\","                                                                                           \
	"\"tenant\":\"acme.example\",\"call\":\"k7Qm2\"," LEG(                                               \
	        "\"hears\":\"peer\",\"kernel\":false,\"why\":\"no route to 10.90.0.2\"}")

static json_t *parsed(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	if (!value)
		abort();
	return value;
}

static json_t *fake_status(void *context)
{
	(void)context;
	return api_stage.no_memory ? NULL : parsed(status_text);
}

static json_t *fake_list(const struct api_filter *filter, const char *key, const char *row, unsigned left_out)
{
	json_t *list = json_pack("{s:[],s:i}", key, "left_out", api_stage.empty ? 0 : (int)left_out);

	snprintf(api_stage.tenant, sizeof(api_stage.tenant), "%s", filter->tenant ? filter->tenant : "");
	api_stage.limit = filter->limit;
	if (api_stage.no_memory) {
		json_decref(list);
		return NULL;
	}
	if (!api_stage.empty)
		json_array_append_new(json_object_get(list, key), parsed(row));
	return list;
}

static json_t *fake_calls(void *context, const struct api_filter *filter)
{
	(void)context;
	return fake_list(filter, "calls",
	        "{\"call\":\"k7Qm2\",\"tenant\":\"acme.example\",\"state\":\"talking\",\"since_s\":75,"
	        "\"legs\":[" CALLER "," OTHER "]}",
	        0);
}

static json_t *fake_parked(void *context, const struct api_filter *filter)
{
	json_t *list = fake_list(filter, "parked",
	        "{\"tenant\":\"acme.example\",\"orbit\":\"701\",\"call\":\"k7Qm2\",\"state\":\"parked\","
	        "\"caller\":\"\\\"Alice\\\" <sip:101@acme.example>\",\"number\":\"101\",\"parker\":\"102\","
	        "\"taker\":null,\"since_s\":75,\"recalling\":true,\"recalls\":1,\"leg\":" CALLER "}",
	        7);

	(void)context;
	if (api_stage.evil)
		json_object_set_new(json_array_get(json_object_get(list, "parked"), 0), "caller",
		        json_string("\033[2Jevil\r\xc2\x9b"
		                    "2J"));
	return list;
}

static json_t *fake_endpoints(void *context, const struct api_filter *filter)
{
	json_t *list = fake_list(filter, "endpoints", OTHER, 0);

	(void)context;
	json_object_update_new(list, json_pack("{s:i,s:i,s:i}", "used", 1, "resting", 2, "all", 11384));
	return list;
}

static json_t *fake_tenants(void *context, const struct api_filter *filter)
{
	(void)context;
	return fake_list(filter, "tenants",
	        "{\"tenant\":\"acme.example\",\"users\":4,\"park_number\":\"700\",\"orbits\":20,\"parked\":"
	        "1}",
	        2);
}

static bool fake_has_tenant(void *context, const char *domain)
{
	(void)context;
	return strcmp(domain, "acme.example") == 0;
}

void api_stage_tell(const char *answer, int error)
{
	void (*answered)(void *, const json_t *, int) = api_stage.answered;
	json_t *value = answer ? parsed(answer) : NULL;

	api_stage.answered = NULL;
	answered(api_stage.answered_context, value, error);
	json_decref(value);
}

static const char *answer_for(const char *question)
{
	if (strstr(question, "kernel"))
		return "{\"release\":\"6.18.0\",\"pump\":true,\"pump_call_ns\":8123,\"table\":[{\"what\":"
		       "\"native "
		       "XDP\",\"found\":\"veth0\",\"follows\":\"full "
		       "speed\",\"alarm\":false},{\"what\":\"JIT\","
		       "\"found\":\"off\",\"follows\":\"slow\",\"alarm\":true}]}";
	if (strstr(question, "counters"))
		return "{\"endings\":{\"sent_forward\":{\"packets\":500,\"verdict\":\"SENT\",\"meaning\":\"a "
		       "packet of "
		       "the peer\"},\"drop_idle\":{\"packets\":0,\"verdict\":\"DROP\",\"meaning\":\"no "
		       "call\"}},"
		       "\"events_lost\":0,\"hold_ingress\":1800,\"hold_pump\":200,\"hold_skipped\":3,"
		       "\"pump\":{"
		       "\"running\":true,\"phases\":1000000,\"phases_missed\":2,\"phases_waited\":0,"
		       "\"calls\":9000,"
		       "\"calls_failed\":0,\"call_ns\":123456789,\"call_ns_max\":99000,\"scan_ns_max\":21000,"
		       "\"frames_asked\":200,\"frames_late\":0,\"frames_skipping\":0},\"interfaces\":[{"
		       "\"interface\":"
		       "\"veth0\",\"sent\":2500,\"errors\":0,\"drops\":0,\"traced\":{\"redirect_sent\":200,"
		       "\"redirect_drops\":0,\"redirect_errors\":0,\"tx_sent\":2300,\"tx_drops\":0,"
		       "\"exceptions\":0}}]}";
	return "{\"early_us\":5000,\"grace_us\":5000,\"dscp\":46,\"live_frames\":true,\"port_first\":10000,"
	       "\"port_last\":32767,\"endpoints\":125224,\"chunks\":3050402,\"addresses\":[\"10.90.0.1\"]}";
}

static void answer_now(evutil_socket_t fd, short what, void *context)
{
	const char *question = context;

	(void)fd;
	(void)what;
	if (api_stage.fails)
		api_stage_tell(NULL, api_stage.fails);
	else
		api_stage_tell(api_stage.answer ? api_stage.answer : answer_for(question), 0);
}

static int fake_ask(void *context, const char *question,
        void (*answered)(void *answered_context, const json_t *answer, int error), void *answered_context)
{
	unsigned number = api_stage.asked_count++ % 4;

	(void)context;
	snprintf(api_stage.asked[number], sizeof(api_stage.asked[number]), "%s", question);
	if (api_stage.refuses)
		return api_stage.refuses;
	api_stage.answered = answered;
	api_stage.answered_context = answered_context;
	if (!api_stage.never)
		event_base_once(api_stage.base, -1, EV_TIMEOUT, answer_now, api_stage.asked[number], NULL);
	return 0;
}

static const struct api_ops ops = {
        .status = fake_status,
        .calls = fake_calls,
        .parked = fake_parked,
        .endpoints = fake_endpoints,
        .tenants = fake_tenants,
        .has_tenant = fake_has_tenant,
        .ask = fake_ask,
};

int api_stage_open(void **state)
{
	struct api_options options = {.path = api_stage.path, .ops = &ops};
	char reason[256];

	(void)state;
	api_stage = (struct api_stage){.base = event_base_new()};
	scratch_folder(api_stage.folder, sizeof(api_stage.folder));
	if (!api_stage.base)
		return -1;
	snprintf(api_stage.path, sizeof(api_stage.path), "%s/control.sock", api_stage.folder);
	options.base = api_stage.base;
	return api_new(&api_stage.api, &options, reason);
}

int api_stage_close(void **state)
{
	int left;

	(void)state;
	api_free(api_stage.api);
	if (api_stage.answered)
		api_stage_tell(NULL, -ENOTCONN);
	event_base_free(api_stage.base);
	left = access(api_stage.path, F_OK) == 0;
	rmdir(api_stage.folder);
	return left;
}

int api_stage_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, api_stage.path, sizeof(api_stage.path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void api_stage_turn(int times)
{
	for (int i = 0; i < times; i++) {
		event_base_loop(api_stage.base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
}

/* Turns the loop until the thread beside it is done. */
static void run_beside(pthread_t thread, const bool *done)
{
	while (!__atomic_load_n(done, __ATOMIC_ACQUIRE)) {
		event_base_loop(api_stage.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
	pthread_join(thread, NULL);
}

struct exchange {
	const void *bytes;
	size_t length;
	bool half;
	char *got;
	size_t got_length;
	bool done;
};

static void *exchange_run(void *context)
{
	struct exchange *exchange = context;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	FILE *all = open_memstream(&exchange->got, &exchange->got_length);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buffer[4096];
	ssize_t got;

	memcpy(address.sun_path, api_stage.path, sizeof(api_stage.path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	/* The API may close before it has read everything. */
	(void)!send(fd, exchange->bytes, exchange->length, MSG_NOSIGNAL);
	if (!exchange->half)
		shutdown(fd, SHUT_WR);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)got, all);
	close(fd);
	fclose(all);
	__atomic_store_n(&exchange->done, true, __ATOMIC_RELEASE);
	return NULL;
}

char *api_stage_exchange(const void *bytes, size_t length, bool half, uint64_t *ms)
{
	struct exchange exchange = {.bytes = bytes, .length = length, .half = half};
	uint64_t since = clock_monotonic_ms(NULL);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, exchange_run, &exchange), 0);
	run_beside(thread, &exchange.done);
	if (ms)
		*ms = clock_monotonic_ms(NULL) - since;
	return exchange.got;
}

json_t *api_stage_get(const char *target, int *status)
{
	char request[512];
	const char *body;
	json_t *value;
	char *got;

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target);
	got = api_stage_exchange(request, strlen(request), true, NULL);
	assert_int_equal(strncmp(got, "HTTP/1.1 ", strlen("HTTP/1.1 ")), 0);
	*status = (int)strtol(got + strlen("HTTP/1.1 "), NULL, 10);
	assert_non_null(strstr(got, "Content-Type: application/json"));
	body = strstr(got, "\r\n\r\n");
	assert_non_null(body);
	value = json_loads(body + 4, 0, NULL);
	assert_non_null(value);
	free(got);
	return value;
}

struct shell {
	const char *command;
	char *output;
	size_t length;
	int code;
	bool done;
};

static void *shell_run(void *context)
{
	struct shell *shell = context;
	FILE *all = open_memstream(&shell->output, &shell->length);
	FILE *pipe = popen(shell->command, "r");
	int c;

	while (pipe && (c = fgetc(pipe)) != EOF)
		fputc(c, all);
	shell->code = pipe ? pclose(pipe) : -1;
	fclose(all);
	__atomic_store_n(&shell->done, true, __ATOMIC_RELEASE);
	return NULL;
}

char *api_stage_shell(const char *command, int *code)
{
	struct shell shell = {.command = command};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, shell_run, &shell), 0);
	run_beside(thread, &shell.done);
	*code = WIFEXITED(shell.code) ? WEXITSTATUS(shell.code) : -1;
	return shell.output;
}
