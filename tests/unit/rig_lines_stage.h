/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the rig against a server that the test plays, over loopback. */
#ifndef XDPARK_TESTS_RIG_LINES_STAGE_H
#define XDPARK_TESTS_RIG_LINES_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/timer.h"
#include "tools/rig/lines.h"

enum { MESSAGE = 4096, LINES = 4, PATIENCE_MS = 3000 };

#define RELAY_SDP                                                                                            \
	"v=0\r\no=x 1 1 IN IP4 10.90.0.1\r\ns=-\r\nc=IN IP4 10.90.0.1\r\nt=0 0\r\nm=audio 20002 RTP/AVP "    \
	"0\r\n"

struct stage {
	struct loop *loop;
	struct lines *lines;
	int server;              /* socket */
	struct sockaddr_in from; /* of the last message */
	char text[MESSAGE];      /* that */
	struct timer timer;
	/* what the lines told */
	unsigned answered, rung, acknowledged, referred, notified, overs;
	int status, cause;
	bool final;
	struct sockaddr_in relay;
};

static inline struct sockaddr_in on_media(void *context, unsigned line)
{
	(void)context;
	return (struct sockaddr_in){.sin_family = AF_INET,
	        .sin_addr.s_addr = htonl(0x0a5a000b),
	        .sin_port = htons((uint16_t)(30000 + 2 * line))};
}

static inline void on_answered(void *context, unsigned line, const struct sockaddr_in *relay)
{
	struct stage *stage = context;

	(void)line;
	stage->answered++;
	stage->relay = *relay;
}

static inline void on_rung(void *context, unsigned line, const struct sockaddr_in *relay)
{
	struct stage *stage = context;

	assert_int_equal(line, 1);
	stage->rung++;
	stage->relay = *relay;
}

static inline void on_acknowledged(void *context, unsigned line)
{
	((struct stage *)context)->acknowledged++;
	assert_int_equal(line, 1);
}

static inline void on_referred(void *context, unsigned line, int status)
{
	struct stage *stage = context;

	assert_int_equal(line, 1);
	stage->referred++;
	stage->status = status;
}

static inline void on_notified(void *context, unsigned line, int status, bool final)
{
	struct stage *stage = context;

	assert_int_equal(line, 1);
	stage->notified++;
	stage->status = status;
	stage->final = final;
}

static inline void on_over(void *context, unsigned line, int cause)
{
	struct stage *stage = context;

	(void)line;
	stage->overs++;
	stage->cause = cause;
}

/* A test may take one away, and put it back. */
static struct lines_ops ops = {
        .media = on_media,
        .answered = on_answered,
        .rung = on_rung,
        .acknowledged = on_acknowledged,
        .referred = on_referred,
        .notified = on_notified,
        .over = on_over,
};

static inline int stage_open(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = loopback};
	socklen_t length = sizeof(name);
	char error[LINES_ERROR];
	struct lines_options options = {.count = LINES,
	        .addresses = &loopback,
	        .address_count = 1,
	        .domain = "load.example",
	        .ptime_ms = 20,
	        .ops = &ops,
	        .context = stage};

	assert_non_null(stage);
	stage->server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(stage->server, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(getsockname(stage->server, (struct sockaddr *)&name, &length), 0);
	assert_int_equal(loop_new(&stage->loop), 0);
	options.loop = stage->loop;
	options.server = name;
	assert_int_equal(lines_open(&stage->lines, &options, error), 0);
	*state = stage;
	return 0;
}

static inline int stage_close(void **state)
{
	struct stage *stage = *state;

	lines_close(stage->lines);
	loop_free(stage->loop);
	close(stage->server);
	free(stage);
	return 0;
}

static inline void on_enough(struct timer *timer)
{
	loop_stop(owner_of(timer, struct stage, timer)->loop);
}

/* Lets the lines do what they have to. */
static inline void turn(struct stage *stage)
{
	assert_int_equal(timer_set(loop_timers(stage->loop), &stage->timer, 5, on_enough), 0);
	assert_int_equal(loop_run(stage->loop), 0);
}

/* The next message to the server. Returns the ms that it took. */
static inline unsigned hear(struct stage *stage)
{
	uint64_t start = clock_monotonic_ms(NULL);

	for (;;) {
		socklen_t length = sizeof(stage->from);
		ssize_t bytes = recvfrom(stage->server, stage->text, MESSAGE - 1, MSG_DONTWAIT,
		        (struct sockaddr *)&stage->from, &length);

		if (bytes >= 0) {
			stage->text[bytes] = '\0';
			return (unsigned)(clock_monotonic_ms(NULL) - start);
		}
		assert_true(clock_monotonic_ms(NULL) < start + PATIENCE_MS);
		turn(stage);
	}
}

static inline void hear_nothing(struct stage *stage)
{
	char byte;

	for (int i = 0; i < 4; i++)
		turn(stage);
	assert_true(recv(stage->server, &byte, 1, MSG_DONTWAIT) < 0);
}

/* The line of a header, with its end, into `line`. */
static inline const char *header(const struct stage *stage, const char *name, char line[512])
{
	const char *at = strstr(stage->text, name);

	assert_non_null(at);
	snprintf(line, 512, "%.*s\r\n", (int)strcspn(at, "\r"), at);
	return line;
}

static inline void say(struct stage *stage, const char *text)
{
	assert_true(sendto(stage->server, text, strlen(text), 0, (struct sockaddr *)&stage->from,
	                    sizeof(stage->from)) > 0);
	turn(stage);
}

/* Answers the request that was heard last. */
static inline void reply(
        struct stage *stage, const char *status, const char *tag, const char *rest, const char *body)
{
	char via[512], from[512], to[512], call_id[512], cseq[512], text[MESSAGE];

	header(stage, "To:", to);
	if (*tag)
		snprintf(strchr(to, '\r'), 64, ";tag=%s\r\n", tag);
	snprintf(text, sizeof(text), "SIP/2.0 %s\r\n%s%s%s%s%s%sContent-Length: %zu\r\n\r\n%s", status,
	        header(stage, "Via:", via), header(stage, "From:", from), to,
	        header(stage, "Call-ID:", call_id), header(stage, "CSeq:", cseq), rest, strlen(body), body);
	say(stage, text);
}

#define WITH_SDP "Contact: <sip:xdpark@127.0.0.1:5099>\r\nContent-Type: application/sdp\r\n"

static inline void call_up(struct stage *stage)
{
	line_call(stage->lines, 0, "700", false);
	hear(stage);
	reply(stage, "200 OK", "theirs", WITH_SDP, RELAY_SDP);
	assert_int_equal(stage->answered, 1);
}

#endif
