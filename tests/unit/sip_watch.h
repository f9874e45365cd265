/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between the two sides: watched, and some of it swallowed. */
#ifndef XDPARK_TESTS_SIP_WATCH_H
#define XDPARK_TESTS_SIP_WATCH_H

#include "tests/unit/sip_sides.h"

/* Messages that begin with a text (or whose CSeq ends with it): counted, and so many of them swallowed. */
struct filter {
	const char *starts, *holds;
	int seen, swallow;
	uint64_t at[64]; /* when */
	char last[4096];
};

static struct filter filter;

static inline bool on_watch(void *context, const char *bytes, size_t length)
{
	struct filter *f = context;

	if (length < strlen(f->starts) || memcmp(bytes, f->starts, strlen(f->starts)) != 0)
		return false;
	if (f->holds && !memmem(bytes, length, f->holds, strlen(f->holds)))
		return false;
	assert_true(f->seen < 64 && length < sizeof(f->last));
	f->at[f->seen++] = net.now - 1000;
	memcpy(f->last, bytes, length);
	f->last[length] = '\0';
	return f->seen <= f->swallow;
}

/* From now on; NULL: `holds` anything. */
static inline void watch(const char *starts, const char *holds, int swallow)
{
	filter = (struct filter){.starts = starts, .holds = holds, .swallow = swallow};
	net.watch = on_watch;
	net.watcher = &filter;
}

/* cmocka set-up and tear-down, over UDP. */
static inline int sides_setup(void **state)
{
	(void)state;
	sides_open(1, false);
	return 0;
}

static inline int sides_teardown(void **state)
{
	(void)state;
	sides_close();
	return 0;
}

#endif
