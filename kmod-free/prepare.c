/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmod-free/prepare.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int fail(const char *what, const char *path)
{
	int error = -errno;

	log_error(NULL, "prepare", "step=%s path=%s error=\"%s\"%s", what, path, strerror(-error),
	        error == -EPERM || error == -EACCES ? " remedy=\"run --prepare as root\"" : "");
	return error;
}

/* The directory above `path`. */
static void parent_of(const char *path, char parent[OPTIONS_PATH])
{
	char *slash;

	snprintf(parent, OPTIONS_PATH, "%s", path);
	slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
}

/* Whatever lies in it would be hidden. */
static int directory_check_empty(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	if (!directory)
		return fail("opendir", path);
	while (empty && (entry = readdir(directory)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(directory);
	if (empty)
		return 0;
	log_error(NULL, "prepare",
	        "path=%s error=\"not on bpffs, and not empty: a bpffs mounted there would hide what it "
	        "holds\" "
	        "remedy=\"give --pins a directory on bpffs, or below an empty one\"",
	        path);
	return -ENOTEMPTY;
}

static int bpffs_mount(const char *parent)
{
	struct statfs at;
	struct stat mode;
	int error;

	if (mkdir(parent, 0755) && errno != EEXIST)
		return fail("mkdir", parent);
	if (statfs(parent, &at))
		return fail("statfs", parent);
	if (at.f_type != BPF_FS_MAGIC) {
		error = directory_check_empty(parent);
		if (error)
			return error;
		if (mount("bpf", parent, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0711"))
			return fail("mount", parent);
		log_info(NULL, "prepare", "step=mount path=%s type=bpf", parent);
	}
	/* Debian mounts it for root alone. Passing through shows nobody what lies there, nor opens it. */
	if (stat(parent, &mode))
		return fail("stat", parent);
	if ((mode.st_mode & 0011) != 0011 && chmod(parent, (mode.st_mode & 07777) | 0011))
		return fail("chmod", parent);
	return 0;
}

/* /run, /tmp and their like are nobody's to give away. */
static int directory_check(const char *path)
{
	char *real = realpath(path, NULL);
	struct stat mode;
	bool common = real && (!strchr(real + 1, '/') || stat(real, &mode) || (mode.st_mode & S_IWOTH));

	free(real);
	if (!common)
		return 0;
	log_error(NULL, "prepare",
	        "path=%s error=\"a directory of the whole system\" remedy=\"give one of its own\"", path);
	return -EPERM;
}

static int directory_give(const char *path, mode_t mode, uid_t user, gid_t group)
{
	int error = directory_check(path);

	if (error)
		return error;
	if (mkdir(path, mode) && errno != EEXIST)
		return fail("mkdir", path);
	if (chown(path, user, group))
		return fail("chown", path);
	if (chmod(path, mode))
		return fail("chmod", path);
	log_info(NULL, "prepare", "step=directory path=%s uid=%u gid=%u", path, user, group);
	return 0;
}

int prepare(const struct options *options)
{
	char parent[OPTIONS_PATH];
	int error;

	parent_of(options->pins, parent);
	error = bpffs_mount(parent);
	if (!error)
		error = directory_give(options->pins, 0700, options->user, options->user_group);
	if (error)
		return error;
	parent_of(options->socket_path, parent);
	/* Both daemons make a socket there: each its own, and neither takes away the other's. */
	if (options->socket_group_given)
		return directory_give(parent, 01775, 0, options->socket_group);
	return directory_give(parent, 0755, options->user, options->user_group);
}
