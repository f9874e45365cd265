/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, VALUE_BYTES = 256, DEFAULT_BURST = 5 };

static const char *program_name = "xdpark";
static enum log_level least_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_open(const char *program, enum log_level level)
{
	program_name = program;
	least_level = level;
}

/*
 * Bytes of the well-formed UTF-8 sequence at `p`, 0 if there is none. C1 controls (U+0080 to U+009F) do not
 * count: terminals obey them.
 */
static unsigned utf8_length(const unsigned char *p)
{
	unsigned more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;

	if (p[0] < 0xc2 || p[0] > 0xf4 || (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xe0 && p[1] < 0xa0) ||
	        (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	        (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (unsigned i = 1; i <= more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

/* One character of `from` as it may stand in a line: *taken bytes read; returns bytes written (at most 4). */
static unsigned escape_one(char *to, const unsigned char *from, bool quoted, unsigned *taken)
{
	static const char hex[] = "0123456789abcdef";
	unsigned length = from[0] < 0x80 ? from[0] >= 0x20 && from[0] != 0x7f : utf8_length(from);

	*taken = length ? length : 1;
	if (quoted && (from[0] == '"' || from[0] == '\\')) {
		to[0] = '\\';
		to[1] = (char)from[0];
		return 2;
	}
	if (length) {
		memcpy(to, from, length);
		return length;
	}
	to[0] = '\\';
	to[1] = 'x';
	to[2] = hex[from[0] >> 4];
	to[3] = hex[from[0] & 15];
	return 4;
}

/* How many bytes at `p` stand for themselves. */
static unsigned plain_run(const unsigned char *p, bool quoted)
{
	unsigned run = 0;

	while (p[run] >= 0x20 && p[run] < 0x7f && !(quoted && (p[run] == '"' || p[run] == '\\')))
		run++;
	return run;
}

/* Appends `from` to `to` (size bytes in all, `used` of them), escaped; leaves `spare` bytes. */
static unsigned escape(char *to, unsigned size, unsigned used, const char *from, bool quoted, unsigned spare)
{
	const unsigned char *p = (const unsigned char *)from;
	char one[4];

	for (;;) {
		unsigned run = plain_run(p, quoted), room = size > used + spare ? size - used - spare : 0;
		unsigned taken, length;

		if (run > room)
			run = room;
		memcpy(to + used, p, run);
		used += run;
		p += run;
		if (!*p)
			break;
		length = escape_one(one, p, quoted, &taken);
		if (used + length + spare > size)
			break;
		memcpy(to + used, one, length);
		used += length;
		p += taken;
	}
	return used;
}

static bool value_is_plain(const char *value)
{
	if (!*value)
		return false;
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '\\' || *p == '=')
			return false;
	return true;
}

const char *log_value(char *to, unsigned size, const char *value)
{
	unsigned used = 0;

	if (!size)
		return "";
	if (!value)
		value = "";
	if (value_is_plain(value)) {
		used = escape(to, size, 0, value, false, 1);
	} else if (size >= 3) {
		to[used++] = '"';
		used = escape(to, size, used, value, true, 2);
		to[used++] = '"';
	}
	to[used] = '\0';
	return to;
}

/* Keys are ours, values cut: what begins a line fits into half of it. */
static unsigned add_pair(char *line, unsigned used, const char *key, const char *value)
{
	if (!value)
		return used;
	line[used++] = ' ';
	used += (unsigned)(stpcpy(line + used, key) - (line + used));
	line[used++] = '=';
	log_value(line + used, VALUE_BYTES, value);
	return used + (unsigned)strlen(line + used);
}

/* The time to the second is written once a second. */
static unsigned add_time(char *line)
{
	static _Thread_local struct {
		time_t second;
		unsigned length;
		char text[sizeof("time=2026-11-26T00:00:00") + 8];
	} last;
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!last.length || now.tv_sec != last.second) {
		gmtime_r(&now.tv_sec, &utc);
		last.length =
		        (unsigned)strftime(last.text, sizeof(last.text), "time=%Y-%m-%dT%H:%M:%S", &utc);
		last.second = now.tv_sec;
	}
	memcpy(line, last.text, last.length);
	return last.length + (unsigned)snprintf(line + last.length, LINE_BYTES - last.length, ".%03ldZ",
	                             now.tv_nsec / 1000000);
}

static unsigned line_start(
        char *line, enum log_level level, const struct log_subject *subject, const char *event)
{
	unsigned used = add_time(line);

	used = add_pair(line, used, "level", level_names[level]);
	used = add_pair(line, used, "program", program_name);
	used = add_pair(line, used, "event", event);
	if (subject) {
		used = add_pair(line, used, "tenant", subject->tenant);
		used = add_pair(line, used, "call", subject->call);
	}
	return used;
}

static void line_write(enum log_level level, const struct log_subject *subject, const char *event,
        uint64_t left_out, const char *format, va_list arguments)
{
	char line[LINE_BYTES], pairs[LINE_BYTES / 2];
	unsigned used = line_start(line, level, subject, event);
	ssize_t written;

	vsnprintf(pairs, sizeof(pairs), format, arguments);
	if (pairs[0])
		line[used++] = ' ';
	used = escape(line, LINE_BYTES, used, pairs, false, 40);
	if (left_out)
		used += (unsigned)snprintf(
		        line + used, LINE_BYTES - used, " left_out=%llu", (unsigned long long)left_out);
	line[used++] = '\n';
	/* One write a line, so that lines of several threads never mix. Nobody is left to tell of a failure.
	 */
	written = write(STDERR_FILENO, line, used);
	(void)written;
}

void log_eventv(enum log_level level, const struct log_subject *subject, const char *event,
        const char *format, va_list arguments)
{
	if (level <= least_level)
		line_write(level, subject, event, 0, format, arguments);
}

void log_event(
        enum log_level level, const struct log_subject *subject, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_eventv(level, subject, event, format, arguments);
	va_end(arguments);
}

void log_limited(struct log_limit *limit, const struct log_subject *subject, const char *event,
        const char *format, ...)
{
	struct timespec now;
	va_list arguments;

	if (least_level < LOG_LEVEL_WARN)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (limit->second != (uint64_t)now.tv_sec) {
		limit->second = (uint64_t)now.tv_sec;
		limit->lines = 0;
	}
	if (limit->lines >= (limit->burst ? limit->burst : DEFAULT_BURST)) {
		limit->left_out++;
		return;
	}
	limit->lines++;
	va_start(arguments, format);
	line_write(LOG_LEVEL_WARN, subject, event, limit->left_out, format, arguments);
	va_end(arguments);
	limit->left_out = 0;
}
