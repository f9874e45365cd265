/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is freed all at once: what a configuration is made of. */
#ifndef XDPARK_CONFIG_MEMORY_H
#define XDPARK_CONFIG_MEMORY_H

#include <stddef.h>

struct memory;

/* NULL: no memory. */
struct memory *memory_new(void);
/* Frees everything that was taken from it. NULL is legal. */
void memory_free(struct memory *memory);

/* `count` zeroed entries of `size` bytes; NULL: no memory (count 0 gives a valid pointer). */
void *memory_take(struct memory *memory, size_t count, size_t size);

/* A copy of `length` bytes of text, NUL-terminated; NULL: no memory. */
char *memory_text(struct memory *memory, const char *text, size_t length);

/* As sprintf, into new memory; NULL: no memory. */
char *memory_format(struct memory *memory, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
