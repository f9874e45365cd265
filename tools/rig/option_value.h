/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind an option, read. False: it can't be that, and a sentence on standard error says why. */
#ifndef XDPARK_RIG_OPTION_VALUE_H
#define XDPARK_RIG_OPTION_VALUE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/rig/options.h"

/* Says that the value can't be taken; false. */
bool option_refuse(const char *option, const char *value, const char *want);

/* A number, or a whole one, of `least` to `most`. */
bool option_number(const char *option, const char *text, double least, double most, double *number);
bool option_count(const char *option, const char *text, unsigned least, unsigned most, unsigned *count);

/* "A" or "A-B": IPv4 addresses, RIG_ADDRESSES at most. */
bool option_addresses(const char *text, struct in_addr addresses[RIG_ADDRESSES], unsigned *count);

/* "IP" or "IP:PORT", IPv4; `port`: where none is given. */
bool option_server(const char *option, const char *text, unsigned port, struct sockaddr_in *server);

/* 0 to 90 percent; *share: of 1. */
bool option_share(const char *option, const char *text, double *share);

/* ms of a packet that a playlist can have. */
bool option_ptime(const char *text, unsigned *ptime);

/* Text that fits into `copy` with its NUL. */
bool option_text(const char *option, const char *text, char *copy, size_t size);

/* *refer: "refer", or else "invite". */
bool option_method(const char *text, bool *refer);

/* What goes into messages as it is: letters, digits and `punctuation`. *name: the text, which stays whose it
 * was. */
bool option_name(const char *option, const char *text, const char *punctuation, const char **name);

#endif
