/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer of xdparkd says under a key; 0, NULL or false if it doesn't. */
#ifndef XDPARK_TOOLS_ANSWER_H
#define XDPARK_TOOLS_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

uint64_t answer_count(const json_t *object, const char *key);
const char *answer_text(const json_t *object, const char *key);
bool answer_flag(const json_t *object, const char *key);

#endif
