/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions in JSON that wait for their answers, by id. */
#ifndef XDPARK_DATAPLANE_ASKS_H
#define XDPARK_DATAPLANE_ASKS_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/timer.h"

struct dataplane_asks;
struct json_t;

typedef void (*dataplane_answered)(void *context, const struct json_t *answer, int error);

/* NULL: out of memory. */
struct dataplane_asks *dataplane_asks_new(struct timers *timers);

/* Every question is answered with -ENOTCONN first. NULL is legal. */
void dataplane_asks_free(struct dataplane_asks *asks);

/* A question was sent (or will be): *id goes with it. `answered` comes once, never before this returns.
 * -ENOMEM. */
int dataplane_asks_add(struct dataplane_asks *asks, dataplane_answered answered, void *context, uint32_t *id);

/* It couldn't be sent after all: `answered` doesn't come. */
void dataplane_asks_forget(struct dataplane_asks *asks, uint32_t id);

/* An answer came. Unknown ids are nothing; what isn't a JSON object is told as NULL and -EBADMSG. */
void dataplane_asks_tell(struct dataplane_asks *asks, uint32_t id, const char *text, size_t bytes);

/* The connection is lost: all that wait are answered with `error`. */
void dataplane_asks_fail(struct dataplane_asks *asks, int error);

#endif
