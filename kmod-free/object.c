/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/object.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/relay.skel.h"
#include "kmod-free/log.h"

enum { LINE_BYTES = 512, LINES_TOLD = 20 };

/* libbpf says many lines at once, the verifier thousands: one line an event, and the last of them, which
 * tell. */
static int message_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	enum log_level as = level == LIBBPF_WARN ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;
	char value[LINE_BYTES], *text, *rest, *line;
	unsigned lines = 0;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, arguments) < 0)
		return 0;
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line && lines-- <= LINES_TOLD)
			log_event(as, NULL, "libbpf", "text=%s", log_value(value, sizeof(value), line));
	free(text);
	return 0;
}

void object_log(void)
{
	libbpf_set_print(message_log);
}

int object_open(struct object *object, unsigned endpoints, unsigned chunks)
{
	static const char *const by_endpoint[] = {"endpoints", "rests", "streams", "due", "hints"};
	struct relay_bpf *skeleton = relay_bpf__open();
	int error = 0;

	if (!skeleton)
		return -errno;
	for (unsigned i = 0; !error && i < sizeof(by_endpoint) / sizeof(*by_endpoint); i++)
		error = bpf_map__set_max_entries(
		        bpf_object__find_map_by_name(skeleton->obj, by_endpoint[i]), endpoints);
	if (!error)
		error = bpf_map__set_max_entries(skeleton->maps.starts, XD_STARTS(endpoints));
	if (!error)
		error = bpf_map__set_max_entries(skeleton->maps.chunks, chunks);
	if (error) {
		relay_bpf__destroy(skeleton);
		return error;
	}
	*object = (struct object){.skeleton = skeleton,
	        .bpf = skeleton->obj,
	        .endpoints = endpoints,
	        .chunks = chunks,
	        .program = -1};
	return 0;
}

/* Maps a whole array. libbpf's own mapping of it would not do: entries are at multiples of 8 bytes. */
static void *array_map(const struct bpf_map *map, int protection)
{
	size_t bytes = ((size_t)bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map);
	void *at = mmap(NULL, bytes, protection, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static void array_unmap(const struct bpf_map *map, const void *at)
{
	if (at)
		munmap((void *)at,
		        ((size_t)bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map));
}

uint64_t object_build(void)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
	const unsigned char *bytes;
	size_t size;

	bytes = relay_bpf__elf_bytes(&size);
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 1099511628211ULL;
	return hash;
}

void object_adopt_program(struct object *object, int program)
{
	bpf_program__set_autoload(object->skeleton->progs.relay, false);
	object->program = program;
	object->program_adopted = true;
}

int object_load(struct object *object)
{
	const int both = PROT_READ | PROT_WRITE;
	struct relay_bpf *skeleton = object->skeleton;
	int error = relay_bpf__load(skeleton);

	if (error)
		return error;
	/* Frozen before anybody maps it: from then on only the program writes. EPERM: adopted, frozen before.
	 */
	if (bpf_map_freeze(bpf_map__fd(skeleton->maps.streams)) && errno != EPERM)
		return -errno;
	if (!object->program_adopted)
		object->program = bpf_program__fd(skeleton->progs.relay);
	object->due = array_map(skeleton->maps.due, both);
	object->starts = array_map(skeleton->maps.starts, PROT_READ);
	object->todo = array_map(skeleton->maps.todo, both);
	object->nexthops = array_map(skeleton->maps.nexthops, both);
	object->addresses = array_map(skeleton->maps.addresses, both);
	object->settings = array_map(skeleton->maps.settings, both);
	object->streams = array_map(skeleton->maps.streams, PROT_READ);
	if (!object->due || !object->starts || !object->todo || !object->nexthops || !object->addresses ||
	        !object->settings || !object->streams)
		return -ENOMEM;
	return 0;
}

void object_close(struct object *object)
{
	struct relay_bpf *skeleton = object->skeleton;

	if (!skeleton)
		return;
	array_unmap(skeleton->maps.due, object->due);
	array_unmap(skeleton->maps.starts, object->starts);
	array_unmap(skeleton->maps.todo, object->todo);
	array_unmap(skeleton->maps.nexthops, object->nexthops);
	array_unmap(skeleton->maps.addresses, object->addresses);
	array_unmap(skeleton->maps.settings, object->settings);
	array_unmap(skeleton->maps.streams, object->streams);
	if (object->program_adopted)
		close(object->program);
	relay_bpf__destroy(skeleton);
	*object = (struct object){.program = -1};
}

int object_map(const struct object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object->bpf, name);
}

uint64_t object_total(const struct object *object, uint32_t row)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t sum = 0, *values;

	if (cpus <= 0)
		return 0;
	values = calloc((size_t)cpus, sizeof(*values));
	if (values && !bpf_map_lookup_elem(object_map(object, "totals"), &row, values))
		for (int i = 0; i < cpus; i++)
			sum += values[i];
	free(values);
	return sum;
}
