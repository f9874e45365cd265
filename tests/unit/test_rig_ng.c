/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rig's client of rtpengine's ng protocol, against bytes by hand and a daemon that is played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tools/rig/bencode.h"
#include "tools/rig/ng.h"

enum { DATAGRAM = 2048, ASK_MS = 3000 };

static void written_as_the_protocol_has_it(void **state)
{
	char text[64];
	struct bencode bencode = {.text = text, .size = sizeof(text)};

	(void)state;
	bencode_mark(&bencode, 'd');
	bencode_string(&bencode, "command");
	bencode_string(&bencode, "ping");
	bencode_string(&bencode, "n");
	bencode_number(&bencode, -30);
	bencode_string(&bencode, "");
	bencode_mark(&bencode, 'l');
	bencode_mark(&bencode, 'e');
	bencode_mark(&bencode, 'e');
	assert_false(bencode.full);
	assert_int_equal(bencode.used, strlen("d7:command4:ping1:ni-30e0:lee"));
	assert_memory_equal(text, "d7:command4:ping1:ni-30e0:lee", bencode.used);
}

/* What doesn't fit is told, once and for all, and nothing is written behind the end. */
static void writing_ends_with_the_room(void **state)
{
	char text[8] = "-------";
	struct bencode bencode = {.text = text, .size = 5};

	(void)state;
	bencode_string(&bencode, "abc");
	assert_false(bencode.full);
	bencode_string(&bencode, "d");
	assert_true(bencode.full);
	bencode_mark(&bencode, 'e');
	assert_true(bencode.full);
	assert_string_equal(text, "3:abc--");
}

/* The text in memory of its own length: a read beyond it is seen by the sanitizer. */
static bool find(const char *text, size_t length, const char *key, char found[DATAGRAM])
{
	char *copy = malloc(length ? length : 1);
	const char *value;
	size_t count;
	bool there;

	assert_non_null(copy);
	memcpy(copy, text, length);
	there = bencode_find(copy, length, key, &value, &count);
	if (there)
		snprintf(found, DATAGRAM, "%.*s", (int)count, value);
	free(copy);
	return there;
}

static void found_behind_all_that_there_is(void **state)
{
	static const char text[] = "d1:ai5e1:bl2:xxd3:sdpi1eee1:cd3:sdp5:wronge3:sdp4:v=\r\n6:result2:oke";
	char found[DATAGRAM];

	(void)state;
	assert_true(find(text, strlen(text), "sdp", found));
	assert_string_equal(found, "v=\r\n");
	assert_true(find(text, strlen(text), "result", found));
	assert_string_equal(found, "ok");
	assert_false(find(text, strlen(text), "a", found)); /* a number */
	assert_false(find(text, strlen(text), "b", found)); /* a list */
	assert_false(find(text, strlen(text), "re", found));
	/* Cut off anywhere before its end, it isn't there. */
	for (size_t length = 0; length < strlen(text) - 1; length++)
		assert_false(find(text, length, "result", found));
}

static void broken_ones_are_refused(void **state)
{
	static const char *const broken[] = {"", "d", "e", "i5e", "4:spam", "l6:result2:oke", "d6:result",
	        "d6:result9:oke", "d6:result99999999999999999999:oke", "d6:result:oke", "d6:result-2:oke",
	        "di5e6:result2:oke", "d1:ai5", "d1:a6:result2:ok", "d1:aee6:result2:oke", "dx"};
	char found[DATAGRAM];

	(void)state;
	for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(find(broken[i], strlen(broken[i]), "result", found));
}

/* A daemon that gets `ignored` datagrams before it answers; then that, with the request's cookie. */
struct daemon {
	int socket;
	struct sockaddr_in at;
	unsigned ignored;
	const char *answer;
	const char *before; /* a datagram that it sends first, as it is; NULL: none */
	pthread_t thread;
	unsigned got;
	char cookies[4][DATAGRAM], last[DATAGRAM];
};

static void *daemon_run(void *context)
{
	struct daemon *daemon = context;
	struct sockaddr_in from;
	char text[2 * DATAGRAM];

	do {
		socklen_t size = sizeof(from);
		ssize_t length = recvfrom(
		        daemon->socket, daemon->last, DATAGRAM - 1, 0, (struct sockaddr *)&from, &size);

		if (length < 0)
			return NULL;
		daemon->last[length] = '\0';
		snprintf(daemon->cookies[daemon->got++], DATAGRAM, "%.*s", (int)strcspn(daemon->last, " "),
		        daemon->last);
	} while (daemon->got <= daemon->ignored);
	if (daemon->before)
		sendto(daemon->socket, daemon->before, strlen(daemon->before), 0, (struct sockaddr *)&from,
		        sizeof(from));
	snprintf(text, sizeof(text), "%s %s", daemon->cookies[0], daemon->answer);
	sendto(daemon->socket, text, strlen(text), 0, (struct sockaddr *)&from, sizeof(from));
	return NULL;
}

static void daemon_start(struct daemon *daemon)
{
	const struct timeval limit = {5, 0};
	socklen_t size = sizeof(daemon->at);

	daemon->at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	daemon->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(daemon->socket, (struct sockaddr *)&daemon->at, size), 0);
	assert_int_equal(getsockname(daemon->socket, (struct sockaddr *)&daemon->at, &size), 0);
	setsockopt(daemon->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(pthread_create(&daemon->thread, NULL, daemon_run, daemon), 0);
}

static void daemon_end(struct daemon *daemon)
{
	pthread_join(daemon->thread, NULL);
	close(daemon->socket);
}

static void asked_again_until_answered(void **state)
{
	static struct daemon daemon = {
	        .ignored = 2, .answer = "d6:result2:ok3:sdp3:v=0e", .before = "another-1 d6:result5:wronge"};
	char reason[NG_ERROR];
	const char *value;
	struct ng *ng;
	size_t length;

	(void)state;
	daemon_start(&daemon);
	assert_int_equal(ng_open(&ng, &daemon.at), 0);
	ng_begin(ng, "offer");
	ng_string(ng, "call-id", "a b");
	ng_list(ng, "flags", "trust-address");
	ng_number(ng, "repeat-times", 7);
	assert_int_equal(ng_ask(ng, ASK_MS, reason), 0);
	daemon_end(&daemon);
	assert_int_equal(daemon.got, 3);
	assert_string_equal(daemon.cookies[0], daemon.cookies[1]);
	assert_string_equal(daemon.cookies[0], daemon.cookies[2]);
	assert_string_equal(strchr(daemon.last, ' '),
	        " d7:command5:offer7:call-id3:a b5:flagsl13:trust-addresse12:repeat-timesi7ee");
	assert_true(ng_answer(ng, "sdp", &value, &length));
	assert_int_equal(length, 3);
	assert_memory_equal(value, "v=0", 3);
	/* The next request is another one, and has no answer yet. */
	ng_begin(ng, "ping");
	assert_false(ng_answer(ng, "sdp", &value, &length));
	assert_int_equal(ng_ask(ng, 1, reason), -ETIMEDOUT);
	assert_string_equal(reason, "no answer");
	ng_close(ng);
}

static void a_refusal_has_its_reason(void **state)
{
	static const struct {
		const char *answer, *reason;
	} refusals[] = {{"d6:result5:error12:error-reason12:Unknown calle", "Unknown call"},
	        {"d6:result5:errore", "an answer without result"}, {"garbage", "an answer without result"}};
	char reason[NG_ERROR];

	(void)state;
	for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		static struct daemon daemon;
		struct ng *ng;

		daemon = (struct daemon){.answer = refusals[i].answer};
		daemon_start(&daemon);
		assert_int_equal(ng_open(&ng, &daemon.at), 0);
		ng_begin(ng, "delete");
		assert_int_equal(ng_ask(ng, ASK_MS, reason), -EREMOTEIO);
		assert_string_equal(reason, refusals[i].reason);
		daemon_end(&daemon);
		ng_close(ng);
	}
}

static void what_is_too_long_is_not_sent(void **state)
{
	static char longest[20000];
	struct sockaddr_in nobody = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9)};
	char reason[NG_ERROR];
	struct ng *ng;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(ng_open(&ng, &nobody), 0);
	ng_begin(ng, "offer");
	ng_string(ng, "sdp", longest);
	assert_int_equal(ng_ask(ng, ASK_MS, reason), -EMSGSIZE);
	ng_close(ng);
	ng_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(written_as_the_protocol_has_it),
	        cmocka_unit_test(writing_ends_with_the_room),
	        cmocka_unit_test(found_behind_all_that_there_is),
	        cmocka_unit_test(broken_ones_are_refused),
	        cmocka_unit_test(asked_again_until_answered),
	        cmocka_unit_test(a_refusal_has_its_reason),
	        cmocka_unit_test(what_is_too_long_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
