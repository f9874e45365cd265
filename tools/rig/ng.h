/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of rtpengine's ng protocol: a request is a bencoded dictionary behind a cookie, in a UDP datagram,
 * and is sent again until the answer with that cookie comes. One request at a time.
 */
#ifndef XDPARK_RIG_NG_H
#define XDPARK_RIG_NG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct ng;

enum { NG_ERROR = 160 };

/* 0 or a negative errno. */
int ng_open(struct ng **ng, const struct sockaddr_in *server);

/* NULL is legal. */
void ng_close(struct ng *ng);

/* A new request, and what it says; a key comes once. */
void ng_begin(struct ng *ng, const char *command);
void ng_string(struct ng *ng, const char *key, const char *value);
void ng_number(struct ng *ng, const char *key, long value);
void ng_list(struct ng *ng, const char *key, const char *only); /* a list of one string */

/*
 * Sends the request and waits for its answer, `wait_ms` at most. 0: the answer's result is "ok" or "pong".
 * -ETIMEDOUT; -EREMOTEIO: another result, whose reason stands in `error` (NG_ERROR); -EMSGSIZE: the request
 * is too long; or another negative errno.
 */
int ng_ask(struct ng *ng, unsigned wait_ms, char *error);

/* A string of the last answer, until the next request. False: it isn't there. */
bool ng_answer(const struct ng *ng, const char *key, const char **value, size_t *length);

#endif
