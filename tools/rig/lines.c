/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/timer.h"
#include "tools/rig/line_hear.h"

enum { TICK_MS = 10 };

static struct flow flow_of(const struct lines *lines, const struct line *line)
{
	struct transport *transport = lines->transports[line->home];

	return (struct flow){.transport = transport, .local = transport->bound, .remote = lines->server};
}

static void transmit(struct lines *lines, const struct line *line, const char *text, size_t length)
{
	struct flow flow = flow_of(lines, line);

	if (!length)
		return;
	lines->counters.sent++;
	flow_send(&flow, text, length);
}

void line_send_ack(struct lines *lines, const struct line *line, bool refusal)
{
	char text[LINE_MESSAGE];

	transmit(lines, line, text,
	        line_write_ack(&lines->hand, line, line_number(lines, line), refusal, text));
}

/* What the line waits for an answer to, for the first time or again. */
static void send_request(struct lines *lines, const struct line *line)
{
	unsigned n = line_number(lines, line);
	char text[LINE_MESSAGE], headers[128] = "", sdp[OFFER_BYTES] = "";
	const char *method = "BYE";

	if (line->state == LINE_CALLING) {
		method = "INVITE";
		line_write_sdp(&lines->hand, lines->ops->media(lines->context, n), sdp);
		if (line->referred)
			snprintf(headers, sizeof(headers), "Referred-By: <sip:rig@%.64s>\r\n",
			        lines->hand.domain);
	} else if (line->state == LINE_REFERRING) {
		method = "REFER";
		snprintf(headers, sizeof(headers), "Refer-To: <sip:%s@%.64s>\r\n", line->number,
		        lines->hand.domain);
	}
	transmit(lines, line, text, line_write_request(&lines->hand, line, n, method, headers, sdp, text));
}

static void start_request(struct lines *lines, struct line *line, enum line_state state)
{
	line->state = (uint8_t)state;
	line->cseq++;
	resend_start(&lines->resend, &line->resend, state == LINE_CALLING, timers_now(lines->timers));
	send_request(lines, line);
}

bool line_call(struct lines *lines, unsigned n, const char *number, bool referred)
{
	struct line *line = &lines->line[n];

	if (line->state != LINE_FREE)
		return false;
	*line = (struct line){.turn = line->turn + 1, .referred = referred};
	snprintf(line->number, sizeof(line->number), "%s", number);
	snprintf(line->target, sizeof(line->target), "sip:%s@%.48s", line->number, lines->hand.domain);
	start_request(lines, line, LINE_CALLING);
	return true;
}

void line_refer(struct lines *lines, unsigned n, const char *number)
{
	struct line *line = &lines->line[n];

	/* A caller's To names whom he called, so that it can't be kept and another number be noted. */
	if (line->state != LINE_UP || !line->phone)
		return;
	snprintf(line->number, sizeof(line->number), "%s", number);
	start_request(lines, line, LINE_REFERRING);
}

void line_hang_up(struct lines *lines, unsigned n)
{
	struct line *line = &lines->line[n];

	if (line->state == LINE_CALLING)
		line->leaving = true;
	else if (line_is_up(lines, n))
		line_end(lines, line);
}

unsigned lines_leave(struct lines *lines)
{
	unsigned calling = 0;

	for (unsigned n = 0; n < lines->count; n++) {
		if (lines->line[n].state != LINE_CALLING)
			continue;
		line_hang_up(lines, n);
		calling++;
	}
	return calling;
}

bool line_is_up(const struct lines *lines, unsigned n)
{
	uint8_t state = lines->line[n].state;

	return state == LINE_UP || state == LINE_REFERRING || state == LINE_ANSWERED;
}

bool line_is_free(const struct lines *lines, unsigned n)
{
	return lines->line[n].state == LINE_FREE;
}

void line_end(struct lines *lines, struct line *line)
{
	start_request(lines, line, LINE_ENDING);
}

void line_drop(struct lines *lines, struct line *line)
{
	line->dropped = true;
	line_end(lines, line);
}

void line_is_over(struct lines *lines, struct line *line, int cause)
{
	bool told = line->dropped;

	/* Refused or answered: it is rid of it. */
	if (line->leaving && cause != CAUSE_NO_ANSWER)
		cause = CAUSE_NONE;
	resend_stop(&lines->resend, &line->resend);
	line->state = LINE_FREE;
	line->dropped = line->leaving = false;
	if (!told && lines->ops->over)
		lines->ops->over(lines->context, line_number(lines, line), cause);
}

static void give_up(struct lines *lines, struct line *line)
{
	if (line->state == LINE_REFERRING) {
		line->state = LINE_UP;
		if (lines->ops->referred)
			lines->ops->referred(lines->context, line_number(lines, line), CAUSE_NO_ANSWER);
	} else {
		line_is_over(lines, line, CAUSE_NO_ANSWER);
	}
}

static void on_tick(struct timer *timer)
{
	struct lines *lines = owner_of(timer, struct lines, tick);
	uint64_t now = timers_now(lines->timers);
	struct resend_entry *entry;
	bool given_up;

	while ((entry = resend_next(&lines->resend, now, &given_up))) {
		struct line *line = owner_of(entry, struct line, resend);

		if (given_up) {
			give_up(lines, line);
			continue;
		}
		lines->counters.resent++;
		send_request(lines, line);
	}
	timer_set(lines->timers, &lines->tick, TICK_MS, on_tick);
}

static int open_sockets(struct lines *lines, const struct lines_options *options, char *error)
{
	for (unsigned i = 0; i < options->address_count; i++) {
		struct sockaddr_storage name = {0};
		struct sockaddr_in *local = (struct sockaddr_in *)&name;
		struct address address;
		int failed;

		local->sin_family = AF_INET;
		local->sin_addr = options->addresses[i];
		local->sin_port = htons(options->port);
		failed = address_from_socket(&name, &address);
		if (!failed)
			failed = udp_transport_new(&lines->transports[i], loop_base(options->loop), &address,
			        line_receive, lines);
		address_format(failed ? &address : &lines->transports[i]->bound, lines->hand.hosts[i]);
		if (failed) {
			snprintf(error, LINES_ERROR, "no socket for SIP on %s (%s)", lines->hand.hosts[i],
			        strerror(-failed));
			return failed;
		}
		lines->home_count++;
	}
	return 0;
}

int lines_open(struct lines **result, const struct lines_options *options, char *error)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	struct sockaddr_storage server = {0};
	int failed = -ENOMEM;

	snprintf(error, LINES_ERROR, "out of memory");
	if (!lines)
		return failed;
	lines->ops = options->ops;
	lines->context = options->context;
	lines->timers = loop_timers(options->loop);
	lines->hand.run = arc4random();
	lines->hand.domain = options->domain;
	lines->hand.ptime_ms = options->ptime_ms;
	lines->hand.codec = options->codec;
	lines->count = options->count;
	resend_init(&lines->resend);
	memcpy(&server, &options->server, sizeof(options->server));
	lines->line = calloc(options->count, sizeof(*lines->line));
	if (lines->line)
		failed = address_from_socket(&server, &lines->server);
	if (!failed && options->address_count > LINES_HOMES)
		failed = -EINVAL;
	if (!failed)
		failed = open_sockets(lines, options, error);
	if (!failed)
		failed = timer_set(lines->timers, &lines->tick, TICK_MS, on_tick);
	if (failed) {
		lines_close(lines);
		return failed;
	}
	*result = lines;
	return 0;
}

void lines_close(struct lines *lines)
{
	if (!lines)
		return;
	timer_cancel(lines->timers, &lines->tick);
	for (unsigned i = 0; i < lines->home_count; i++)
		transport_free(lines->transports[i]);
	free(lines->line);
	free(lines);
}

void lines_count(const struct lines *lines, struct lines_counters *counters)
{
	*counters = lines->counters;
}
