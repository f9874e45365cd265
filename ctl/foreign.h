/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that strangers chose, made fit for JSON, which is UTF-8 throughout. */
#ifndef XDPARK_FOREIGN_H
#define XDPARK_FOREIGN_H

struct json_t;

/*
 * A JSON string of any bytes: what is not UTF-8 becomes U+FFFD. NULL gives a JSON null. A new reference, or
 * NULL for no memory.
 */
struct json_t *foreign_string(const char *text);

#endif
