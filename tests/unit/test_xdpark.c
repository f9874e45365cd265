/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's command against the API: what it prints, what it refuses, and its exit codes. */
#include "api_stage.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char program[512]; /* build/xdpark, beside this test's own folder */

/* Runs `xdpark --socket ... ARGUMENTS`, both outputs together; to be freed. */
static char *xdpark(const char *arguments, int wanted)
{
	char command[1024], *output;
	int code;

	snprintf(command, sizeof(command), "%s --socket %s %s 2>&1", program, api_stage.path, arguments);
	output = api_stage_shell(command, &code);
	assert_non_null(output);
	if (code != wanted)
		fail_msg("xdpark %s: exit code %d, wanted %d\n%s", arguments, code, wanted, output);
	return output;
}

/* Each of the texts, in this order; frees the output. */
static void shows(char *output, const char *const *texts, size_t count)
{
	const char *at = output;

	for (size_t i = 0; i < count; i++) {
		at = strstr(at, texts[i]);
		if (!at) {
			fail_msg("\"%s\" is not there, or not in its place:\n%s", texts[i], output);
			break;
		}
	}
	free(output);
}

#define shows_all(output, ...)                                                                               \
	do {                                                                                                 \
		const char *const texts[] = {__VA_ARGS__};                                                   \
		shows(output, texts, sizeof(texts) / sizeof(texts[0]));                                      \
	} while (0)

static void bare_shows_who_is_parked(void **state)
{
	char *bare = xdpark("", 0), *parked = xdpark("parked", 0);

	(void)state;
	assert_string_equal(bare, parked);
	free(bare);
	shows_all(parked, "ORBIT", "CALLER", "INGRESS  PUMP  MEDIA\n",
	        "701    acme.example  \"Alice\" <sip:101@acme.example>", "102", "1:15", "recall 1", "k7Qm2",
	        "900   100  kernel\n", "parked       8\n",
	        "hold frames  1,000: 900 (90.0%) on the callers' own packets (ingress), 100 (10.0%) by",
	        "media        1 of 1 leg in the kernel\n", "left out     7 more; --limit N");
	api_stage.empty = true;
	shows_all(xdpark("", 0), "Nobody is parked.\n");
}

static void calls_say_why_media_is_not_in_the_kernel(void **state)
{
	(void)state;
	shows_all(xdpark("calls", 0), "CALL ", "k7Qm2  acme.example  talking  1:15  101    up ", "hold ",
	        "900   100  kernel\n", "102    calling  ", "peer", "no: no route to 10.90.0.2\n",
	        "calls        1\n", "media        1 of 2 legs in the kernel\n");
	api_stage.empty = true;
	shows_all(xdpark("calls", 0), "No calls.\n");
}

static void endpoints_are_summed(void **state)
{
	(void)state;
	shows_all(xdpark("endpoints", 0), "INDEX", "  123  10.90.0.1:10246  10.90.0.2:4000", "0.0 s",
	        "\n\nendpoints  1 in use, 2 resting after a call, of 11,384\n");
	api_stage.empty = true;
	shows_all(xdpark("endpoints", 0), "endpoints  1 in use");
}

static void status_shows_both_daemons(void **state)
{
	(void)state;
	shows_all(xdpark("status", 0), "xdparkd      0.1.0, pid 42, up 1:02:03, SIP on 10.90.0.1:5060\n",
	        "now          501 parked in 200,040 orbits, 1 bridge, 503 legs\n",
	        "504 calls: 503 answered, 1 refused\n", "2 recalls\n",
	        "16 users of 3 tenants, 3 phones registered\n", "API          1 connection of 64 at most, ",
	        "503 in use, 2 resting after a call, of 11,384", "4 clips, 0.3% of the memory",
	        "dataplane    kernel 6.18.0, early 5.0 ms, grace 5.0 ms\n", "the pump runs, at 8.1 us a call",
	        "KERNEL", "native XDP", "JIT", "! slow\n");
	api_stage.fails = -ETIMEDOUT;
	shows_all(xdpark("status", 0), "dataplane    xdpark-dp does not answer (calls in progress go on)\n");
}

static void counters_show_how_packets_ended(void **state)
{
	(void)state;
	shows_all(xdpark("counters", 0), "PACKETS", "    500  SENT     sent_forward  a packet of the peer\n",
	        "packets      500 in all; 1 more way to end, not taken\n",
	        "hold frames  2,000: 1,800 (90.0%) on the callers' own packets", "3 skipped",
	        "pump         200 frames asked for, 0 late\n",
	        "9,000 calls of the kernel, 0 failed; one took 13.7 us, 99.0 us at most\n", "INTERFACE",
	        "veth0      2,500");
	api_stage.fails = -ENOTCONN;
	shows_all(
	        xdpark("counters", 1), "xdpark: xdparkd refuses: xdpark-dp is not connected: is it running?");
}

static void tenants_are_listed_and_others_refused(void **state)
{
	(void)state;
	shows_all(xdpark("tenants", 0), "TENANT        USERS  PARKED  ORBITS  PARK NUMBER\n",
	        "acme.example      4       1      20  700\n", "2 more; --limit N");
	shows_all(xdpark("calls --tenant nobody.example", 1),
	        "xdpark: xdparkd refuses: there is no tenant nobody.example; `xdpark tenants` shows");
}

/* No line is wider than the terminal, and none of the cells is lost. */
static void rows_fit_the_terminal(void **state)
{
	static const char *const commands[] = {"parked", "calls", "endpoints", "status", "counters"};
	char *output;

	(void)state;
	setenv("COLUMNS", "80", 1);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		output = xdpark(commands[i], 0);
		for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n")) {
			if (strlen(line) > 80)
				fail_msg("xdpark %s: %s", commands[i], line);
			assert_int_not_equal(line[strlen(line) - 1], ' ');
		}
		free(output);
	}
	shows_all(xdpark("calls", 0), "CALL   TENANT ", "\n    ", "RECEIVED  ", "PUMP  MEDIA\n",
	        "k7Qm2  acme.example  talking  1:15  101", "\n    ", "1,500  1,500      900   100  kernel\n",
	        "  no: no route to 10.90.0.2\n");
	shows_all(xdpark("parked", 0),
	        "on the callers' own packets (ingress), 100\n             (10.0%) by the pump; 0 skipped\n");
	setenv("COLUMNS", "39", 1); /* nobody's terminal */
	shows_all(xdpark("parked", 0), "100 (10.0%) by the pump; 0 skipped\n");
	unsetenv("COLUMNS");
}

static void tune_sends_microseconds(void **state)
{
	static const char *const wrong[] = {"tune", "tune early", "tune early=5", "tune early=5s",
	        "tune late=5ms", "tune early=x", "tune early=1ms early=2ms", "tune early=-1ms",
	        "tune early=99999999999999ms"};

	(void)state;
	shows_all(xdpark("tune early=3ms grace=500us", 0), "early 5.0 ms, grace 5.0 ms\n");
	assert_string_equal(api_stage.asked[0], "{\"set\":{\"early_us\":3000,\"grace_us\":500}}");
	shows_all(xdpark("tune grace=0", 0), "early");
	assert_string_equal(api_stage.asked[1], "{\"set\":{\"grace_us\":0}}");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		shows_all(xdpark(wrong[i], 2), "xdpark tune: ");
	assert_int_equal(api_stage.asked_count, 2);
	api_stage.answer = "{\"error\":\"from 0 to 60000\"}";
	shows_all(xdpark("tune early=61ms", 1), "xdpark: xdparkd refuses: from 0 to 60000\n");
}

static void json_is_the_answer(void **state)
{
	static const char *const commands[] = {
	        "", "parked", "calls", "endpoints", "status", "counters", "tenants", "tune early=1ms"};
	char arguments[64];

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char *output;
		json_t *value;

		snprintf(arguments, sizeof(arguments), "%s --json", commands[i]);
		output = xdpark(arguments, 0);
		value = json_loads(output, 0, NULL);
		assert_true(json_is_object(value));
		json_decref(value);
		free(output);
	}
}

static void lists_pass_tenant_and_limit(void **state)
{
	(void)state;
	free(xdpark("calls --limit 7 --tenant acme.example", 0));
	assert_string_equal(api_stage.tenant, "acme.example");
	assert_int_equal(api_stage.limit, 7);
	free(xdpark("--limit 8", 0));
	assert_string_equal(api_stage.tenant, "");
	assert_int_equal(api_stage.limit, 8);
}

static void wrong_usage(void **state)
{
	(void)state;
	shows_all(xdpark("parkd", 2), "xdpark: there is no subcommand parkd");
	shows_all(xdpark("calls x", 2), "xdpark calls: x: no arguments");
	shows_all(xdpark("--colour", 2), "Try 'xdpark --help'.");
	shows_all(xdpark("status --limit 3", 2), "--tenant and --limit are of lists");
	shows_all(xdpark("calls --limit x", 2), "--limit takes a number");
	shows_all(xdpark("calls --tenant 'a&limit=3'", 2), "--tenant takes a domain");
	shows_all(xdpark("--help", 0), "Usage: xdpark", "parked", "tune", "--json", "Exit status: 0");
	shows_all(xdpark("--version", 0), "xdpark 0.");
}

/* Nobody there, no socket, somebody else, nobody who answers. */
static void who_does_not_answer(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char arguments[1024];
	int fd;

	(void)state;
	shows_all(xdpark("--socket /nowhere/x.sock", 1),
	        "xdpark: xdparkd does not answer at /nowhere/x.sock: "
	        "is it running? (No such file or directory");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/dead", api_stage.folder);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	snprintf(arguments, sizeof(arguments), "--socket %s", address.sun_path);
	shows_all(xdpark(arguments, 1), "is it running? (Connection refused");
	unlink(address.sun_path);
	/* Root may go everywhere, so that only others can be shut out. */
	if (geteuid() == 0) {
		/* A copy: the build may lie where only root may go. */
		snprintf(arguments, sizeof(arguments),
		        "cd %s && chmod 755 . && cp %s xdpark && setpriv --reuid 65534 --regid 65534 "
		        "--clear-groups "
		        "./xdpark --socket %s 2>&1",
		        api_stage.folder, program, api_stage.path);
		shows_all(api_stage_shell(arguments, &fd), "xdpark: no access to ", "control.group");
		assert_int_equal(fd, 1);
		snprintf(arguments, sizeof(arguments), "%s/xdpark", api_stage.folder);
		unlink(arguments);
	}
}

/* A caller's name may hold anything: the terminal never sees it. */
static void names_do_not_reach_the_terminal(void **state)
{
	char *output;

	(void)state;
	api_stage.evil = true;
	output = xdpark("parked", 0);
	assert_null(strchr(output, '\033'));
	assert_null(strstr(output, "\xc2\x9b"));
	assert_null(strchr(output, '\r'));
	shows_all(output, "?[2Jevil");
}

#define tool_test(name) cmocka_unit_test_setup_teardown(name, api_stage_open, api_stage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        tool_test(bare_shows_who_is_parked),
	        tool_test(calls_say_why_media_is_not_in_the_kernel),
	        tool_test(endpoints_are_summed),
	        tool_test(status_shows_both_daemons),
	        tool_test(counters_show_how_packets_ended),
	        tool_test(tenants_are_listed_and_others_refused),
	        tool_test(rows_fit_the_terminal),
	        tool_test(tune_sends_microseconds),
	        tool_test(json_is_the_answer),
	        tool_test(lists_pass_tenant_and_limit),
	        tool_test(wrong_usage),
	        tool_test(who_does_not_answer),
	        tool_test(names_do_not_reach_the_terminal),
	};
	char *self = realpath("/proc/self/exe", NULL);

	snprintf(program, sizeof(program), "%s/../../xdpark", self ? dirname(self) : ".");
	free(self);
	signal(SIGPIPE, SIG_IGN);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("COLUMNS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
