/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bencode, as rtpengine's ng protocol speaks it: a dictionary of strings, numbers and lists. Written into a
 * buffer of the caller's; read where it lies, from anybody.
 */
#ifndef XDPARK_RIG_BENCODE_H
#define XDPARK_RIG_BENCODE_H

#include <stdbool.h>
#include <stddef.h>

/* What is written. Zeroed but for `text` and `size` it is empty. */
struct bencode {
	char *text; /* no NUL at its end */
	size_t size, used;
	bool full; /* something didn't fit: what is there is worth nothing */
};

/* A dictionary or a list begins ('d', 'l') or ends ('e'). */
void bencode_mark(struct bencode *bencode, char mark);
void bencode_string(struct bencode *bencode, const char *text);
void bencode_number(struct bencode *bencode, long number);

/*
 * The string that stands behind `key` in the dictionary that `text` is: *value points into it. False: there
 * is no such key, or something else than a string behind it, or this isn't bencode.
 */
bool bencode_find(const char *text, size_t length, const char *key, const char **value, size_t *value_length);

#endif
