/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpf/layout.h"
#include "kmod-free/log.h"

enum { ENTRY_PATH = PINS_PATH + 64 };

static const char layout_prefix[] = "layout-", link_prefix[] = "link-", program_prefix[] = "program-";

/* Opens and locks the directory: fd, or a negative errno with a reason. */
static int directory_take(const char *directory, char reason[PINS_REASON])
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	struct statfs at;

	if (fd < 0) {
		error = -errno;
		snprintf(reason, PINS_REASON, "%s: %s: run xdpark-dp --prepare --user USER as root first",
		        directory, strerror(-error));
		return error;
	}
	if (fstatfs(fd, &at) || at.f_type != BPF_FS_MAGIC) {
		snprintf(reason, PINS_REASON,
		        "%s is not on bpffs: run xdpark-dp --prepare --user USER as root first", directory);
		close(fd);
		return -ENOTDIR;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
		snprintf(reason, PINS_REASON, "another xdpark-dp runs with --pins %s", directory);
		close(fd);
		return error;
	}
	return fd;
}

/* Calls `each` with the names in a directory that start with `prefix`. Returns how many, or a negative errno.
 */
static int names_each(
        const char *path, const char *prefix, void (*each)(void *data, const char *name), void *data)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix))) {
			each(data, entry->d_name);
			count++;
		}
	closedir(directory);
	return count;
}

static void other_layout_find(void *data, const char *name)
{
	unsigned *other = data, version = (unsigned)strtoul(name + strlen(layout_prefix), NULL, 10);

	if (version != XD_LAYOUT_VERSION)
		*other = version;
}

static void name_ignore(void *data, const char *name)
{
	(void)data;
	(void)name;
}

int pins_open(struct pins *pins, const char *directory, char reason[PINS_REASON])
{
	unsigned other = XD_LAYOUT_VERSION;
	int lock = directory_take(directory, reason), error;

	if (lock < 0)
		return lock;
	names_each(directory, layout_prefix, other_layout_find, &other);
	if (other != XD_LAYOUT_VERSION) {
		snprintf(reason, PINS_REASON,
		        "the maps pinned in %s have layout %u, this program's layout is %u: when the calls "
		        "have ended, run "
		        "xdpark-dp --detach",
		        directory, other, XD_LAYOUT_VERSION);
		close(lock);
		return -ESTALE;
	}
	snprintf(pins->path, sizeof(pins->path), "%s/%s%u", directory, layout_prefix, XD_LAYOUT_VERSION);
	if (mkdir(pins->path, 0700) && errno != EEXIST) {
		error = -errno;
		snprintf(reason, PINS_REASON, "%s: %s: run xdpark-dp --prepare --user USER as root first",
		        pins->path, strerror(-error));
		close(lock);
		return error;
	}
	pins->lock = lock;
	pins->adopted = names_each(pins->path, "", name_ignore, NULL) > 0;
	return 0;
}

void pins_close(struct pins *pins)
{
	if (pins->lock >= 0)
		close(pins->lock);
	pins->lock = -1;
}

/* Only maps that are declared are pinned: those that libbpf makes for globals belong to one program. */
static bool map_is_ours(const struct bpf_map *map)
{
	return !bpf_map__is_internal(map);
}

/* Whether a pinned map is what the object wants; the reason names both. */
static int map_compare(const struct bpf_map *map, int fd, char reason[PINS_REASON])
{
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &bytes)) {
		snprintf(reason, PINS_REASON, "pinned map %s can't be read: %s", bpf_map__name(map),
		        strerror(errno));
		return -errno;
	}
	if (info.type == bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	        info.value_size == bpf_map__value_size(map) && info.max_entries == bpf_map__max_entries(map))
		return 0;
	snprintf(reason, PINS_REASON,
	        "the pinned map %s has %u entries of %u bytes, the options ask for %u of %u: start with the "
	        "options that it "
	        "was made with, or run xdpark-dp --detach when the calls have ended",
	        bpf_map__name(map), info.max_entries, info.value_size, bpf_map__max_entries(map),
	        bpf_map__value_size(map));
	return -ESTALE;
}

int pins_adopt(struct pins *pins, struct bpf_object *object, char reason[PINS_REASON])
{
	struct bpf_map *map;

	pins->whole = true;
	bpf_object__for_each_map(map, object)
	{
		char path[ENTRY_PATH];
		int fd, error;

		if (!map_is_ours(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", pins->path, bpf_map__name(map));
		fd = bpf_obj_get(path);
		if (fd < 0 && errno == ENOENT) {
			pins->whole = false;
			continue;
		}
		if (fd < 0) {
			error = -errno;
			snprintf(reason, PINS_REASON, "%s: %s", path, strerror(-error));
			return error;
		}
		error = map_compare(map, fd, reason);
		if (!error)
			error = bpf_map__reuse_fd(map, fd);
		close(fd);
		if (error)
			return error;
	}
	return 0;
}

int pins_keep(const struct pins *pins, struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		char path[ENTRY_PATH];

		if (!map_is_ours(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", pins->path, bpf_map__name(map));
		if (bpf_obj_pin(bpf_map__fd(map), path) && errno != EEXIST) {
			int error = -errno;

			log_error(NULL, "pin", "path=%s error=\"%s\"", path, strerror(-error));
			return error;
		}
	}
	return 0;
}

/* The kernel's name of the file says what was pinned. */
static bool is_map(int fd)
{
	char path[32], name[32] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, name, sizeof(name) - 1) > 0 && !strcmp(name, "anon_inode:bpf-map");
}

struct maps_drop {
	const struct pins *pins;
	const struct bpf_object *object;
};

static void map_drop_unknown(void *data, const char *name)
{
	const struct maps_drop *drop = data;
	char path[ENTRY_PATH + 256];
	int fd;

	if (bpf_object__find_map_by_name(drop->object, name))
		return;
	snprintf(path, sizeof(path), "%s/%s", drop->pins->path, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	if (is_map(fd) && !unlink(path))
		log_info(NULL, "pin-dropped", "path=%s", path);
	close(fd);
}

void pins_maps_drop(const struct pins *pins, const struct bpf_object *object)
{
	struct maps_drop drop = {pins, object};

	names_each(pins->path, "", map_drop_unknown, &drop);
}

static void program_path(const struct pins *pins, uint64_t build, char path[ENTRY_PATH])
{
	snprintf(path, ENTRY_PATH, "%s/%s%016llx", pins->path, program_prefix, (unsigned long long)build);
}

int pins_program_get(const struct pins *pins, uint64_t build)
{
	char path[ENTRY_PATH];
	int fd;

	/* A map that isn't pinned would be a new one, and the program would have the old. */
	if (!pins->whole)
		return -ENOENT;
	program_path(pins, build, path);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

static void link_path(const struct pins *pins, uint32_t ifindex, char path[ENTRY_PATH])
{
	snprintf(path, ENTRY_PATH, "%s/%s%u", pins->path, link_prefix, ifindex);
}

int pins_link_get(const struct pins *pins, uint32_t ifindex)
{
	char path[ENTRY_PATH];
	int fd;

	link_path(pins, ifindex, path);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int pins_link_keep(const struct pins *pins, uint32_t ifindex, int link)
{
	char path[ENTRY_PATH];

	link_path(pins, ifindex, path);
	return bpf_obj_pin(link, path) ? -errno : 0;
}

int pins_link_drop(const struct pins *pins, uint32_t ifindex)
{
	char path[ENTRY_PATH];

	link_path(pins, ifindex, path);
	return unlink(path) ? -errno : 0;
}

struct link_search {
	const char *directory;
	uint32_t ifindex;
	int link; /* fd, or a negative errno */
};

static void link_search_layout(void *data, const char *name)
{
	struct link_search *search = data;
	char path[ENTRY_PATH + 256];

	if (search->link >= 0)
		return;
	snprintf(path, sizeof(path), "%.150s/%.64s/%s%u", search->directory, name, link_prefix,
	        search->ifindex);
	search->link = bpf_obj_get(path);
	if (search->link < 0)
		search->link = -errno;
}

int pins_link_find(const char *directory, uint32_t ifindex)
{
	struct link_search search = {directory, ifindex, -ENOENT};
	int count = names_each(directory, layout_prefix, link_search_layout, &search);

	return count < 0 ? count : search.link;
}

struct link_caller {
	void (*each)(void *data, uint32_t ifindex);
	void *data;
};

static void link_name_take(void *data, const char *name)
{
	const struct link_caller *caller = data;

	caller->each(caller->data, (uint32_t)strtoul(name + strlen(link_prefix), NULL, 10));
}

int pins_links_each(const struct pins *pins, void (*each)(void *data, uint32_t ifindex), void *data)
{
	struct link_caller caller = {each, data};
	int count = names_each(pins->path, link_prefix, link_name_take, &caller);

	return count < 0 ? count : 0;
}

struct removal {
	const char *path;
	int error;
};

static void pin_remove(void *data, const char *name)
{
	struct removal *removal = data;
	char path[ENTRY_PATH + 256];

	snprintf(path, sizeof(path), "%.220s/%.200s", removal->path, name);
	/* The last reference to a link goes with its pin, which detaches some time later: do it now. */
	if (!strncmp(name, link_prefix, strlen(link_prefix))) {
		int link = bpf_obj_get(path);

		if (link >= 0) {
			bpf_link_detach(link);
			close(link);
		}
	}
	if (unlink(path))
		removal->error = -errno;
}

int pins_program_keep(const struct pins *pins, uint64_t build, int program)
{
	struct removal removal = {pins->path, 0};
	char path[ENTRY_PATH];

	names_each(pins->path, program_prefix, pin_remove, &removal);
	program_path(pins, build, path);
	return bpf_obj_pin(program, path) ? -errno : 0;
}

void pins_discard(const struct pins *pins)
{
	struct removal removal = {pins->path, 0};

	names_each(pins->path, "", pin_remove, &removal);
	rmdir(pins->path);
}

static void layout_remove(void *data, const char *name)
{
	struct removal *removal = data;
	char path[ENTRY_PATH + 256];
	struct removal inner = {path, 0};

	snprintf(path, sizeof(path), "%.220s/%.200s", removal->path, name);
	names_each(path, "", pin_remove, &inner);
	if (inner.error)
		removal->error = inner.error;
	else if (rmdir(path))
		removal->error = -errno;
}

int pins_remove(const char *directory, char reason[PINS_REASON])
{
	struct removal removal = {directory, 0};
	int lock = directory_take(directory, reason);

	if (lock < 0)
		return lock;
	names_each(directory, layout_prefix, layout_remove, &removal);
	if (removal.error)
		snprintf(reason, PINS_REASON, "%s: not everything could be removed: %s", directory,
		        strerror(-removal.error));
	close(lock);
	return removal.error;
}
