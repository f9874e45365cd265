/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 65536, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t used, size; /* of the bytes after the header */
	_Alignas(ALIGNMENT) char bytes[];
};

struct memory {
	struct block *blocks; /* the newest first */
};

struct memory *memory_new(void)
{
	return calloc(1, sizeof(struct memory));
}

void memory_free(struct memory *memory)
{
	struct block *block, *next;

	if (!memory)
		return;
	for (block = memory->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	free(memory);
}

static struct block *memory_grow(struct memory *memory, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->size = size;
	block->next = memory->blocks;
	memory->blocks = block;
	return block;
}

void *memory_take(struct memory *memory, size_t count, size_t size)
{
	struct block *block = memory->blocks;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!block || block->size - block->used < bytes)
		block = memory_grow(memory, bytes);
	if (!block)
		return NULL;
	block->used += bytes;
	return block->bytes + block->used - bytes;
}

char *memory_text(struct memory *memory, const char *text, size_t length)
{
	char *copy = memory_take(memory, length + 1, 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

char *memory_format(struct memory *memory, const char *format, ...)
{
	va_list arguments, again;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	if (length >= 0)
		text = memory_take(memory, (size_t)length + 1, 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	va_end(arguments);
	return text;
}
