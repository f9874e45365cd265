/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log for both daemons: one line an event on stderr, key=value, never a secret. */
#ifndef XDPARK_LOG_H
#define XDPARK_LOG_H

#include <stdarg.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Whom an event is about; lies in the object (leg, bridge, parked call). NULL members are left out. */
struct log_subject {
	const char *tenant; /* domain */
	const char *call;   /* the call id that the operator sees, the same in every event of the call */
};

/* What strangers can trigger is limited: at most `burst` lines a second, the rest is counted. */
struct log_limit {
	uint32_t burst;    /* lines a second; 0 means 5 */
	uint32_t lines;    /* in this second */
	uint64_t second;   /* CLOCK_MONOTONIC */
	uint64_t left_out; /* told with the next line that goes out */
};

/* Sets program name ("xdparkd") and the least severe level that is written. */
void log_open(const char *program, enum log_level level);

/*
 * Writes `time=... level=... program=... event=EVENT tenant=... call=... KEY=VALUE...`. `format` yields
 * the key=value pairs (may be ""). Control bytes in it are escaped, so that nobody forges a line.
 */
void log_event(enum log_level level, const struct log_subject *subject, const char *event, const char *format,
        ...) __attribute__((format(printf, 4, 5)));
void log_eventv(enum log_level level, const struct log_subject *subject, const char *event,
        const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

/* As log_event(LOG_LEVEL_WARN), within `limit`. */
void log_limited(struct log_limit *limit, const struct log_subject *subject, const char *event,
        const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Copies a foreign string for use as a value: quoted and escaped where it holds spaces, quotes, `=` or
 * control bytes, cut to fit. Returns `to` (size bytes).
 */
const char *log_value(char *to, unsigned size, const char *value);

#define log_error(subject, event, ...) log_event(LOG_LEVEL_ERROR, subject, event, __VA_ARGS__)
#define log_warn(subject, event, ...)  log_event(LOG_LEVEL_WARN, subject, event, __VA_ARGS__)
#define log_info(subject, event, ...)  log_event(LOG_LEVEL_INFO, subject, event, __VA_ARGS__)
#define log_debug(subject, event, ...) log_event(LOG_LEVEL_DEBUG, subject, event, __VA_ARGS__)

#endif
