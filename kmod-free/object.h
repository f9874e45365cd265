/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay's BPF object: opened, sized by the options, loaded; its maps mapped. */
#ifndef XDPARK_OBJECT_H
#define XDPARK_OBJECT_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/layout.h"

struct relay_bpf;

struct object {
	struct relay_bpf *skeleton;
	struct bpf_object *bpf;
	unsigned endpoints; /* entries of endpoints, rests, streams, due, hints */
	unsigned chunks;
	int program;          /* fd of `relay` */
	bool program_adopted; /* it was loaded by the daemon before us */
	/* mapped, NULL before object_load() */
	uint64_t *due;
	const uint64_t *starts;
	struct xd_todo *todo;
	struct xd_nexthop *nexthops;
	struct xd_address *addresses;
	struct xd_settings *settings;
	const struct xd_stream *streams;
};

/* Feeds libbpf's messages to the log. */
void object_log(void);

/* Opens the object and sizes its maps. Pins are adopted between this and object_load(). 0 or a negative
 * errno. */
int object_open(struct object *object, unsigned endpoints, unsigned chunks);

/* What tells this build's program from others. */
uint64_t object_build(void);

/*
 * Instead of loading the program: uses this one of the same build, which works on the adopted maps already.
 * The fd is the object's from then on. Before object_load().
 */
void object_adopt_program(struct object *object, int program);

/* Loads and maps. Returns 0 or a negative errno. */
int object_load(struct object *object);

/* Of what was opened; legal on a zeroed struct. What is pinned or attached lives on. */
void object_close(struct object *object);

/* The fd of a map by its name, or a negative errno. */
int object_map(const struct object *object, const char *name);

/* Sum over all CPUs of one row of `totals`. */
uint64_t object_total(const struct object *object, uint32_t row);

#endif
