/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks xdparkd over its unix socket. */
#ifndef XDPARK_TOOLS_CLIENT_H
#define XDPARK_TOOLS_CLIENT_H

#include <jansson.h>

/*
 * GET of `target`, or POST when `body` isn't NULL. The answer's JSON in *answer, to be decref'ed. An exit
 * code; on failure a sentence has been printed to stderr.
 */
int client_ask(const char *socket_path, const char *target, const char *body, json_t **answer);

#endif
