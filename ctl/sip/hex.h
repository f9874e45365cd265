/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes in hex. */
#ifndef XDPARK_SIP_HEX_H
#define XDPARK_SIP_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Lower case, and a NUL: 2 * count + 1 bytes. */
void hex_write(const uint8_t *bytes, size_t count, char *text);

/* Exactly `count` bytes, in either case, and nothing behind. 0 or -EINVAL. */
int hex_read(const char *text, uint8_t *bytes, size_t count);

#endif
