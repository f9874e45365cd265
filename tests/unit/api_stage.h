/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the API and of `xdpark` share: the API on a unix socket, over a system that is made up.
 * Clients block, so they run beside the loop: in a thread, or as another process.
 */
#ifndef XDPARK_TEST_API_STAGE_H
#define XDPARK_TEST_API_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

#include "ctl/api/api.h"

struct api_stage {
	struct event_base *base;
	struct api *api;
	char folder[64], path[96];
	/* what the dataplane does: */
	int refuses;        /* asking fails with this errno */
	int fails;          /* answers come as this error */
	bool never;         /* nothing comes, until api_stage_tell() */
	const char *answer; /* JSON; NULL: one made for the question */
	char asked[4][256]; /* the questions that came */
	unsigned asked_count;
	/* who waits for an answer */
	void (*answered)(void *context, const struct json_t *answer, int error);
	void *answered_context;
	/* what was asked of the lists */
	char tenant[64];
	uint32_t limit;
	bool empty; /* lists are empty */
	bool evil;  /* the caller's name means harm */
	bool no_memory;
};

extern struct api_stage api_stage;

/* For cmocka: opens the API on a socket in a new folder, and closes all of it. */
int api_stage_open(void **state);
int api_stage_close(void **state);

/* Gives the one who waits his answer now; NULL: an error. */
void api_stage_tell(const char *answer, int error);

/*
 * Sends bytes and returns all that comes until the API closes (to be freed). `half`: leaves the writing side
 * open. *ms: how long it took.
 */
char *api_stage_exchange(const void *bytes, size_t length, bool half, uint64_t *ms);

/* A client's connection, which blocks. */
int api_stage_connect(void);

/* Turns the API's loop so many times, a millisecond each. */
void api_stage_turn(int times);

/* The body of a GET as JSON (to be decref'ed), its status in *status. */
json_t *api_stage_get(const char *target, int *status);

/* Runs a command in the shell beside the loop; its output (to be freed), its exit code in *code. */
char *api_stage_shell(const char *command, int *code);

#endif
