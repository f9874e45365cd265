/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Phones that register, against a server that the test plays, over loopback. */
#include "tests/unit/rig_lines_stage.h"
#include "tools/rig/devices.h"

#define MD5 "WWW-Authenticate: Digest realm=\"acme.example\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n"
#define SHA256                                                                                               \
	"WWW-Authenticate: Digest realm=\"acme.example\", nonce=\"n2\", algorithm=SHA-256, "                 \
	"qop=\"auth-int, auth\", opaque=\"o\"\r\n"
#define STALE                                                                                                \
	"WWW-Authenticate: Digest realm=\"acme.example\", nonce=\"n3\", algorithm=MD5, qop=\"auth\", "       \
	"stale=true\r\n"

static struct users users;
static struct devices *devices;
static unsigned last; /* that was done */

static void on_done(void *context, unsigned device, int cause)
{
	struct stage *stage = context;

	last = device;
	stage->overs++;
	stage->cause = cause;
}

static int open_with(void **state, const char *list, bool reuse_nonce)
{
	struct in_addr loopback[] = {{htonl(INADDR_LOOPBACK)}, {htonl(INADDR_LOOPBACK + 1)}};
	struct sockaddr_in server;
	socklen_t length = sizeof(server);
	char error[DEVICES_ERROR];
	struct stage *stage;

	stage_open(state);
	stage = *state;
	assert_int_equal(users_read(&users, list), 0);
	assert_int_equal(getsockname(stage->server, (struct sockaddr *)&server, &length), 0);
	assert_int_equal(devices_open(&devices,
	                         &(struct devices_options){.loop = stage->loop,
	                                 .users = &users,
	                                 .password = "secret-%u",
	                                 .domain = "acme.example",
	                                 .addresses = loopback,
	                                 .address_count = 2,
	                                 .server = server,
	                                 .reuse_nonce = reuse_nonce,
	                                 .done = on_done,
	                                 .context = stage},
	                         error),
	        0);
	return 0;
}

static int open_usual(void **state)
{
	return open_with(state, "101,102", false);
}

static int open_reusing(void **state)
{
	return open_with(state, "101", true);
}

static int close_all(void **state)
{
	devices_close(devices);
	users_clear(&users);
	return stage_close(state);
}

static unsigned begin(struct stage *stage)
{
	unsigned device;

	assert_true(devices_register(devices, &device));
	hear(stage);
	return device;
}

/* The request that was heard last has this line. */
static void has(const struct stage *stage, const char *line)
{
	if (!strstr(stage->text, line))
		fail_msg("no %s in\n%s", line, stage->text);
}

static void has_not(const struct stage *stage, const char *line)
{
	if (strstr(stage->text, line))
		fail_msg("%s in\n%s", line, stage->text);
}

static void challenge(struct stage *stage, const char *headers)
{
	reply(stage, "401 Unauthorized", "t", headers, "");
	hear(stage);
}

/* With the contact that the request has, or another. */
static void grant(struct stage *stage, const char *contact)
{
	char line[512];

	reply(stage, "200 OK", "t", contact ? contact : header(stage, "Contact:", line), "");
}

/* The value of a parameter of the credentials, without quotes. */
static void parameter(const struct stage *stage, const char *name, char value[DIGEST_HEX + 64])
{
	const char *at = strstr(stage->text, name);

	assert_non_null(at);
	at += strlen(name);
	at += *at == '"';
	snprintf(value, DIGEST_HEX + 64, "%.*s", (int)strcspn(at, "\",\r"), at);
}

/* What is heard proves the user's secret for this nonce, as the server reckons. */
static void proves(const struct stage *stage, enum digest_algorithm algorithm, const char *user,
        const char *nonce, const char *nc)
{
	struct digest_credentials credentials = {.algorithm = algorithm, .uri = "sip:acme.example"};
	char value[DIGEST_HEX + 64], ha1[DIGEST_HEX], password[32], expected[DIGEST_HEX] = "";
	uint8_t response[DIGEST_BYTES];
	struct digest *digest;

	parameter(stage, " username=", value);
	assert_string_equal(value, user);
	parameter(stage, " realm=", value);
	assert_string_equal(value, "acme.example");
	parameter(stage, " uri=", value);
	assert_string_equal(value, credentials.uri);
	parameter(stage, " nonce=", value);
	assert_string_equal(value, nonce);
	snprintf(credentials.nonce, sizeof(credentials.nonce), "%s", nonce);
	parameter(stage, " nc=", value);
	assert_string_equal(value, nc);
	snprintf(credentials.nc, sizeof(credentials.nc), "%.8s", value);
	parameter(stage, " cnonce=", value);
	snprintf(credentials.cnonce, sizeof(credentials.cnonce), "%s", value);
	snprintf(password, sizeof(password), "secret-%s", user);
	assert_int_equal(digest_new(&digest), 0);
	assert_int_equal(digest_ha1(digest, algorithm, user, "acme.example", password, ha1), 0);
	assert_int_equal(digest_response(digest, &credentials, ha1, "REGISTER", response), 0);
	digest_free(digest);
	for (unsigned i = 0; i < (algorithm == DIGEST_MD5 ? 16 : 32); i++)
		snprintf(expected + 2 * i, 3, "%02x", response[i]);
	parameter(stage, " response=", value);
	assert_string_equal(value, expected);
}

/* Registers, refreshes the same binding, and removes it. */
static void registers_and_leaves(void **state)
{
	struct stage *stage = *state;
	char call_id[512], contact[512], branch[512], from[512], line[512];
	struct devices_counters counters;

	assert_int_equal(devices_count(devices), 4);
	assert_false(device_leave(devices, 0));
	assert_int_equal(begin(stage), 0);
	assert_int_equal(strncmp(stage->text, "REGISTER sip:acme.example SIP/2.0\r\n", 35), 0);
	has(stage, "From: <sip:101@acme.example>;tag=");
	has(stage, "To: <sip:101@acme.example>\r\n");
	has(stage, "Contact: <sip:101@127.0.0.1:");
	has(stage, "Expires: 3600\r\n");
	has(stage, "CSeq: 1 REGISTER\r\n");
	has_not(stage, "Authorization");
	header(stage, "Call-ID:", call_id);
	header(stage, "Contact:", contact);
	header(stage, "Via:", branch);
	header(stage, "From:", from);
	challenge(stage, MD5);
	has(stage, "CSeq: 2 REGISTER\r\n");
	assert_string_equal(header(stage, "Call-ID:", line), call_id);
	assert_string_equal(header(stage, "Contact:", line), contact);
	assert_string_equal(header(stage, "From:", line), from);
	assert_string_not_equal(header(stage, "Via:", line), branch);
	proves(stage, DIGEST_MD5, "101", "n1", "00000001");
	assert_int_equal(stage->overs, 0);
	grant(stage, NULL);
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->cause, CAUSE_NONE);

	/* The others come first: 102 at the first address, then both at the second. */
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(begin(stage), i);
		has(stage, i == 1   ? "Contact: <sip:102@127.0.0.1:"
		           : i == 2 ? "Contact: <sip:101@127.0.0.2:"
		                    : "Contact: <sip:102@127.0.0.2:");
		assert_string_not_equal(header(stage, "Call-ID:", line), call_id);
		reply(stage, "503 Service Unavailable", "t", "", "");
		assert_int_equal(stage->cause, 503);
	}
	assert_int_equal(begin(stage), 0);
	has(stage, "CSeq: 3 REGISTER\r\n");
	has_not(stage, "Authorization");
	assert_string_equal(header(stage, "Call-ID:", line), call_id);
	assert_string_equal(header(stage, "Contact:", line), contact);
	challenge(stage, SHA256 MD5);
	proves(stage, DIGEST_SHA256, "101", "n2", "00000001");
	has(stage, ", opaque=\"o\"\r\n");
	grant(stage, NULL);
	devices_tell(devices, &counters);
	assert_int_equal(counters.registered[DIGEST_MD5], 1);
	assert_int_equal(counters.registered[DIGEST_SHA256], 1);
	assert_int_equal(counters.challenged, 2);

	assert_true(device_leave(devices, 0));
	hear(stage);
	has(stage, "Expires: 0\r\n");
	has(stage, "CSeq: 5 REGISTER\r\n");
	challenge(stage, MD5);
	has(stage, "Expires: 0\r\n");
	has(stage, "Authorization");
	grant(stage, "Contact: <sip:101@10.0.0.1>;expires=60\r\n");
	assert_int_equal(stage->cause, CAUSE_NONE);
	assert_int_equal(last, 0);
	assert_false(device_leave(devices, 0));
}

static void is_refused(void **state)
{
	static const struct {
		const char *challenge; /* NULL: none */
		const char *status, *rest;
		int cause;
	} rows[] = {
	        {NULL, "403 Forbidden", "", 403},
	        {MD5, "403 Forbidden", "", 403},
	        {MD5, "423 Interval Too Brief", "Min-Expires: 7200\r\n", 423},
	        {MD5, "401 Unauthorized", MD5, 401},
	        {NULL, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", CAUSE_NO_CHALLENGE},
	        {NULL, "401 Unauthorized",
	                "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256, "
	                "qop=\"auth\"\r\n",
	                CAUSE_NO_CHALLENGE},
	        {NULL, "401 Unauthorized",
	                "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"\r\n",
	                CAUSE_NO_CHALLENGE},
	        {NULL, "401 Unauthorized", "", CAUSE_NO_CHALLENGE},
	};
	struct stage *stage = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned device = begin(stage);

		if (rows[i].challenge)
			challenge(stage, rows[i].challenge);
		reply(stage, rows[i].status, "t", rows[i].rest, "");
		assert_int_equal(stage->overs, i + 1);
		assert_int_equal(stage->cause, rows[i].cause);
		assert_int_equal(last, device);
		assert_false(device_leave(devices, device));
	}
}

/* A 200 isn't believed before it lists the contact; nor, of one that leaves, while it does. */
static void isnt_bound(void **state)
{
	static const char *const contacts[] = {
	        "", "Contact: <sip:101@127.0.0.1:1>\r\n", "Contact: <sip:102@127.0.0.1>\r\n"};
	struct stage *stage = *state;
	unsigned device;

	for (unsigned i = 0; i < 3; i++) {
		device = begin(stage);
		challenge(stage, MD5);
		grant(stage, contacts[i]);
		assert_int_equal(stage->cause, CAUSE_NOT_BOUND);
	}
	assert_true(device_leave(devices, device));
	hear(stage);
	challenge(stage, MD5);
	grant(stage, NULL);
	assert_int_equal(stage->cause, CAUSE_NOT_BOUND);
	assert_int_equal(stage->overs, 4);
	/* The lab isn't left as it was until it is gone. */
	assert_true(device_leave(devices, device));
}

static void takes_up_stale_challenges(void **state)
{
	struct stage *stage = *state;
	struct devices_counters counters;

	begin(stage);
	challenge(stage, MD5);
	challenge(stage, STALE);
	has(stage, "CSeq: 3 REGISTER\r\n");
	proves(stage, DIGEST_MD5, "101", "n3", "00000001");
	grant(stage, NULL);
	assert_int_equal(stage->cause, CAUSE_NONE);

	/* But not for ever. */
	begin(stage);
	challenge(stage, MD5);
	for (unsigned i = 1; i < 5; i++)
		challenge(stage, STALE);
	assert_int_equal(stage->overs, 1);
	reply(stage, "401 Unauthorized", "t", STALE, "");
	assert_int_equal(stage->overs, 2);
	assert_int_equal(stage->cause, 401);
	devices_tell(devices, &counters);
	assert_int_equal(counters.challenged, 8);
	assert_int_equal(counters.stale, 6);
}

static void reuses_nonces(void **state)
{
	struct stage *stage = *state;

	for (unsigned i = 0; i < 2; i++) {
		begin(stage);
		has_not(stage, "Authorization");
		challenge(stage, MD5);
		grant(stage, NULL);
	}
	assert_int_equal(begin(stage), 0);
	has(stage, "CSeq: 3 REGISTER\r\n");
	proves(stage, DIGEST_MD5, "101", "n1", "00000002");
	grant(stage, NULL);
	begin(stage);
	grant(stage, NULL);
	/* A server that doesn't know the nonce needn't call it stale. */
	begin(stage);
	proves(stage, DIGEST_MD5, "101", "n1", "00000003");
	challenge(stage, SHA256);
	proves(stage, DIGEST_SHA256, "101", "n2", "00000001");
	grant(stage, NULL);
	assert_int_equal(stage->cause, CAUSE_NONE);
	assert_int_equal(stage->overs, 5);
	/* After a refusal it begins from the beginning. */
	begin(stage);
	reply(stage, "403 Forbidden", "t", "", "");
	assert_true(device_leave(devices, 0));
	hear(stage);
	proves(stage, DIGEST_SHA256, "101", "n2", "00000002");
	grant(stage, "");
	assert_int_equal(begin(stage), 1);
	has_not(stage, "Authorization");
}

/* A request without answer goes out again as it was; answers that come again change nothing. */
static void asks_again(void **state)
{
	struct stage *stage = *state;
	struct devices_counters counters;
	char first[MESSAGE], second[MESSAGE];
	unsigned ms;

	begin(stage);
	memcpy(first, stage->text, sizeof(first));
	challenge(stage, MD5);
	memcpy(second, stage->text, sizeof(second));
	ms = hear(stage);
	assert_true(ms >= 480 && ms < 1000);
	assert_string_equal(stage->text, second);
	memcpy(stage->text, first, sizeof(first));
	reply(stage, "401 Unauthorized", "t", MD5, "");
	hear_nothing(stage);
	memcpy(stage->text, second, sizeof(second));
	assert_int_equal(stage->overs, 0);
	grant(stage, NULL);
	grant(stage, NULL);
	assert_int_equal(stage->overs, 1);
	assert_int_equal(stage->cause, CAUSE_NONE);
	devices_tell(devices, &counters);
	assert_int_equal(counters.resent, 1);
	assert_int_equal(counters.again, 2);
}

/* No more than there are; and one that may be registered leaves in the midst of it. */
static void are_all_busy(void **state)
{
	struct stage *stage = *state;
	unsigned device;

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(begin(stage), i);
	assert_false(devices_register(devices, &device));
	assert_false(device_leave(devices, 3));
	challenge(stage, MD5);
	assert_true(device_leave(devices, 3));
	hear(stage);
	has(stage, "CSeq: 3 REGISTER\r\n");
	has(stage, "Expires: 0\r\n");
	challenge(stage, MD5);
	grant(stage, "");
	assert_int_equal(stage->overs, 1);
	assert_int_equal(begin(stage), 3);
	assert_false(devices_register(devices, &device));
}

static void counts_what_isnt_ours(void **state)
{
	struct stage *stage = *state;
	struct devices_counters counters;
	char request[MESSAGE];

	begin(stage);
	memcpy(request, stage->text, sizeof(request));
	say(stage, "SIP/2.0 2000 OK\r\n\r\n");
	memcpy(strstr(stage->text, "@rig"), "@rog", 4);
	reply(stage, "403 Forbidden", "t", "", "");
	say(stage, request);
	assert_int_equal(stage->overs, 0);
	devices_tell(devices, &counters);
	assert_int_equal(counters.received, 3);
	assert_int_equal(counters.malformed, 1);
	assert_int_equal(counters.strays, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(registers_and_leaves, open_usual, close_all),
	        cmocka_unit_test_setup_teardown(is_refused, open_usual, close_all),
	        cmocka_unit_test_setup_teardown(isnt_bound, open_usual, close_all),
	        cmocka_unit_test_setup_teardown(takes_up_stale_challenges, open_usual, close_all),
	        cmocka_unit_test_setup_teardown(reuses_nonces, open_reusing, close_all),
	        cmocka_unit_test_setup_teardown(asks_again, open_usual, close_all),
	        cmocka_unit_test_setup_teardown(are_all_busy, open_usual, close_all),
	        cmocka_unit_test_setup_teardown(counts_what_isnt_ours, open_usual, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
