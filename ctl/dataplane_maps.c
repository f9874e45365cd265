/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/dataplane_maps.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t map_bytes(const struct handover_welcome *welcome, enum handover_fd which)
{
	size_t bytes = 0, page = (size_t)sysconf(_SC_PAGESIZE);

	if (which == HANDOVER_FD_ENDPOINTS)
		bytes = welcome->endpoints * sizeof(struct xd_endpoint);
	else if (which == HANDOVER_FD_RESTS)
		bytes = welcome->endpoints * sizeof(struct xd_rest);
	else if (which == HANDOVER_FD_DUE)
		bytes = welcome->endpoints * sizeof(uint64_t);
	else if (which == HANDOVER_FD_STARTS)
		bytes = XD_STARTS(welcome->endpoints) * sizeof(uint64_t);
	else if (which == HANDOVER_FD_STREAMS)
		bytes = welcome->endpoints * sizeof(struct xd_stream);
	else if (which == HANDOVER_FD_CHUNKS)
		bytes = welcome->chunks * sizeof(struct xd_chunk);
	return (bytes + page - 1) / page * page;
}

uint64_t dataplane_map_identity(int fd)
{
	char line[128];
	struct stat status;
	uint64_t identity = 0;
	FILE *file;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "map_id:", 7)) {
			identity = strtoull(line + 7, NULL, 10);
			break;
		}
	if (file)
		fclose(file);
	if (!identity && !fstat(fd, &status))
		identity = status.st_ino;
	return identity;
}

/* The kernel refuses to map more of a BPF map than there is; of a file only the size tells. */
static int map_one(struct dataplane_map *map, int fd, size_t bytes, int protection)
{
	struct stat status;
	void *memory;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISREG(status.st_mode) && (size_t)status.st_size < bytes)
		return -EINVAL;
	memory = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*map = (struct dataplane_map){memory, bytes, dataplane_map_identity(fd)};
	return 0;
}

/* Puts `map` in the place of `old`, with what we wrote there. */
static int map_replace(struct dataplane_map *old, struct dataplane_map *map, bool ours)
{
	if (ours)
		memcpy(map->memory, old->memory, old->bytes);
	if (mremap(map->memory, map->bytes, map->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, old->memory) ==
	        MAP_FAILED)
		return -errno;
	old->identity = map->identity;
	*map = (struct dataplane_map){0};
	return 1;
}

int dataplane_maps_take(struct dataplane_maps *maps, const struct handover_welcome *welcome, const int *fds)
{
	struct dataplane_maps taken = {0};
	int error = 0, replaced = 0;

	for (unsigned i = 0; i < HANDOVER_FD_EVENTS && error >= 0; i++) {
		if (maps->map[i].memory && maps->map[i].bytes != map_bytes(welcome, i))
			error = -EINVAL;
		else if (!maps->map[i].memory || maps->map[i].identity != dataplane_map_identity(fds[i]))
			error = map_one(&taken.map[i], fds[i], map_bytes(welcome, i),
			        i == HANDOVER_FD_STREAMS ? PROT_READ : PROT_READ | PROT_WRITE);
	}
	for (unsigned i = 0; i < HANDOVER_FD_EVENTS && error >= 0; i++) {
		if (!taken.map[i].memory)
			continue;
		if (!maps->map[i].memory) {
			maps->map[i] = taken.map[i];
			taken.map[i] = (struct dataplane_map){0};
			continue;
		}
		error = map_replace(&maps->map[i], &taken.map[i], i != HANDOVER_FD_STREAMS);
		replaced += error > 0;
	}
	dataplane_maps_free(&taken);
	return error < 0 ? error : replaced;
}

void dataplane_maps_free(struct dataplane_maps *maps)
{
	for (unsigned i = 0; i < HANDOVER_FD_EVENTS; i++)
		if (maps->map[i].memory)
			munmap(maps->map[i].memory, maps->map[i].bytes);
	*maps = (struct dataplane_maps){0};
}
