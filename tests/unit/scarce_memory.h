/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc() that fails when the test says so, and counts what lives: included by one file of a test program,
 * it replaces malloc in all of it, libraries too. Over jemalloc's own names, which only the plain build has;
 * under SAN=1 memory is never scarce.
 */
#ifndef XDPARK_TESTS_SCARCE_MEMORY_H
#define XDPARK_TESTS_SCARCE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static struct {
	bool watched;      /* allocations count, those after `spare` more fail */
	uint64_t spare;    /* allocations that still succeed */
	uint64_t failures; /* since watching began */
	int64_t living;    /* blocks, always counted */
} memory;

#ifndef __SANITIZE_ADDRESS__
enum { MEMORY_IS_SCARCE = 1 };

void *mallocx(size_t size, int flags);
void *rallocx(void *block, size_t size, int flags);
void dallocx(void *block, int flags);

static bool memory_refuses(void)
{
	if (!memory.watched)
		return false;
	if (memory.spare) {
		memory.spare--;
		return false;
	}
	memory.failures++;
	return true;
}

static void *memory_take(size_t size, int flags)
{
	void *block = memory_refuses() ? NULL : mallocx(size ? size : 1, flags);

	memory.living += block != NULL;
	return block;
}

void *malloc(size_t size)
{
	return memory_take(size, 0);
}

void *calloc(size_t count, size_t size)
{
	enum { ZERO = 0x40 }; /* MALLOCX_ZERO */
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : memory_take(bytes, ZERO);
}

void *realloc(void *block, size_t size)
{
	if (!block)
		return malloc(size);
	return memory_refuses() ? NULL : rallocx(block, size ? size : 1, 0);
}

void free(void *block)
{
	if (!block)
		return;
	memory.living--;
	dallocx(block, 0);
}

/* For osip_set_allocators(): its allocations never fail, for it loses memory when they do. */
static void *memory_spared_malloc(size_t size)
{
	memory.living++;
	return mallocx(size ? size : 1, 0);
}

static void *memory_spared_realloc(void *block, size_t size)
{
	return block ? rallocx(block, size ? size : 1, 0) : memory_spared_malloc(size);
}
#else
#define memory_spared_malloc  malloc
#define memory_spared_realloc realloc
enum { MEMORY_IS_SCARCE = 0 };
#endif

/* From now on `spare` allocations succeed and no more. */
static inline void memory_watch(uint64_t spare)
{
	memory.failures = 0;
	memory.spare = spare;
	memory.watched = true;
}

/* Whether any allocation failed since. */
static inline bool memory_failed(void)
{
	memory.watched = false;
	return memory.failures != 0;
}

#endif
