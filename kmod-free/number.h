/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers on a command line. */
#ifndef XDPARK_NUMBER_H
#define XDPARK_NUMBER_H

#include <stdint.h>

/* A decimal number from `least` to `most` and nothing behind it. Returns 0 or -EINVAL. */
int number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *number);

/* A size in bytes from `least` to `most`, with K, M or G behind it or none. Returns 0 or -EINVAL. */
int number_parse_size(const char *text, uint64_t least, uint64_t most, uint64_t *size);

#endif
