/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the relay's paths cost in terms of bpf/reference.bpf.c, by kind of CPU: atomic operations, divisions
 * and reading the clock cost more on some, in terms of the reference. A file of lines CPU PATH RATIO.
 */
#ifndef XDPARK_TESTS_RATIOS_H
#define XDPARK_TESTS_RATIOS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	RATIOS_CPU = 64,  /* bytes of the name of a kind of CPU */
	RATIOS_NAME = 64, /* bytes of the name of a path */
};

struct ratio {
	char name[RATIOS_NAME];
	double value;
};

/* This machine's kind of CPU by /proc/cpuinfo: VENDOR-FAMILY-MODEL, `unknown` if that doesn't say. */
void ratios_cpu(char cpu[RATIOS_CPU]);

/*
 * Fills the values of `ratios` (`count` of them, whose names are set) with what `file` has of this kind of
 * CPU, or, if it has none, with the largest of any. Returns whether it is this kind's; exits with 2 if the
 * file can't be read, or has nothing of a path.
 */
bool ratios_read(const char *file, const char *cpu, struct ratio *ratios, size_t count);

/* Puts `ratios` in the place of what `file` has of this kind of CPU. Exits with 2 if it can't. */
void ratios_write(const char *file, const char *cpu, const struct ratio *ratios, size_t count);

#endif
